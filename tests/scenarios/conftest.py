"""One stage per module for stories that do not disturb each other; a fresh count for each story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.exercised import Record
from tests.stage import Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


#: Whole files the short run leaves to the long one: what happens beside and after the main job, and every variation
#: of bad input. They are no less checked, on both databases.
LATER = {
    "test_archiving.py", "test_bad_input_api.py", "test_bad_input_presses.py", "test_both_pagers.py", "test_drills.py",
    "test_export.py", "test_faults.py", "test_faults_keys.py", "test_github_in.py", "test_kill_overrides.py",
    "test_lanes.py", "test_linking.py", "test_make_private.py", "test_page_taken.py", "test_page_ways.py",
    "test_pager_overrides.py", "test_payload_gallery.py", "test_polling.py", "test_postmortem.py", "test_replicas.py",
    "test_request_access.py", "test_rosters_live.py", "test_stop.py", "test_terminal.py", "test_times.py",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them before pytest chooses by marks."""
    for item in items:
        if item.path.name in LATER and "scenarios" in item.path.parts:
            item.add_marker(pytest.mark.later)


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
