"""Logs are kept, not printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from bot.ports import Member
from tests.unit.handlers.desk import Counter
from tests.unit.store.house import build_home
from tests.unit.worker.fakes import FakePager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, MutableMapping
    from pathlib import Path
    from typing import Any

CATALOG = Catalog(
    services={
        "web": Service(id="web", title="Web Shop"),
        "db": Service(id="db", title="Database"),
    },
    policies={
        "default": EscalationPolicy(
            name="default", levels=(Level(notify=()), Level(notify=()), Level(notify=()))
        )
    },
    rosters={
        "primary": Roster(
            name="primary",
            layers=(
                RosterLayer(
                    people=("ana@example.com",),
                    rotate="daily",
                    handover="09:00",
                    start="2026-01-05",
                ),
            ),
        )
    },
)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, as events (printing a traceback takes seconds)."""
    with capture_logs() as kept:
        yield kept


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    """A desk with two people, two services and two policies."""
    home = build_home(tmp_path, catalog=CATALOG)
    built = Counter(home)
    await home.people.mirror(built.chat, FakePager())  # type: ignore[arg-type]
    await home.people.remember([Member(id="U0BEN", name="Ben", email="ben@example.com")])
    built.chat.calls.clear()
    yield built
    home.work.close()
