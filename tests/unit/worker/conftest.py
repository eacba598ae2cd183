"""A shop of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.services.base import Options
from tests.unit.worker.fakes import Shop, build_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, MutableMapping
    from pathlib import Path
    from typing import Any

EVERYTHING = Options(
    pagerduty=True,
    pagerduty_service="S1",
    github=True,
    github_owner="acme",
    github_repo="acme/incidents",
)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """PagerDuty, GitHub and Slack are there."""
    built = build_shop(tmp_path, options=EVERYTHING)
    await built.home.people.mirror(built.chat, built.pager)  # type: ignore[arg-type]
    built.chat.calls.clear()
    built.pager.calls.clear()
    yield built
    built.home.work.close()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Shop]:
    """Slack alone: no pager account, no GitHub."""
    built = build_shop(tmp_path)
    built.world.pager = built.world.tickets = None
    yield built
    built.home.work.close()


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, as events (printing a traceback takes seconds)."""
    with capture_logs() as kept:
        yield kept
