"""One stage per module for stories that do not disturb each other; a fresh count for each story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.exercised import Record
from tests.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="session")
def record() -> Iterator[Record]:
    """Everything that comes in over Socket Mode, for tests/exercised.py."""
    kept = Record()
    kept.listen()
    yield kept
    kept.stop()
    kept.keep()


@pytest.fixture(autouse=True)
def _recorded(record: Record, request: pytest.FixtureRequest) -> None:
    record.ran(request.path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The stage of a module."""
    async with stage(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(house: Stage) -> Stage:
    """The module's stage at the beginning of a story."""
    await house.fresh()
    return house
