"""An engine that is closed after the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.mapping.engine import Engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Engine()
    yield made
    await made.close()
