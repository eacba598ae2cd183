"""The numbers of the last days, counted by the database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import Status
from bot.store.statistics import SERVICES, statistics
from tests.unit.store.house import NOW, an_incident, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.work import Work

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


async def add(work: Work, **changes: Any) -> None:
    await work.write(lambda tx: tx.add(an_incident(**changes)))


async def test_nothing_happened(work: Work) -> None:
    found = await work.read(statistics)
    assert (found.days, found.since, found.until) == (30, NOW - 30 * DAY, NOW)
    assert (found.total.count, found.total.open) == (0, 0)
    assert found.total.seconds_to_acknowledge is None
    assert (found.severities, found.services, found.declared) == ((), (), {})


async def test_counts_and_means_by_severity_and_service(work: Work) -> None:
    done = {"status": Status.RESOLVED, "resolved_at": NOW + 4 * MINUTE}
    await add(work, severity="SEV1", service="checkout", acknowledged_at=NOW + MINUTE, **done)
    await add(work, severity="SEV1", service_title="Search", acknowledged_at=NOW + 3 * MINUTE)
    await add(work, service="checkout")
    await add(work, severity="SEV1", private=True, acknowledged_at=NOW + 99 * MINUTE)
    await add(work, severity="SEV2", created_at=NOW - 31 * DAY, acknowledged_at=NOW)
    found = await work.read(statistics)
    assert (found.total.count, found.total.open) == (3, 2)
    assert found.total.seconds_to_acknowledge == pytest.approx(120, abs=0.01)
    assert found.total.seconds_to_resolve == pytest.approx(240, abs=0.01)
    assert [(g.label, g.count, g.open) for g in found.severities] == [("SEV1", 2, 1), ("", 1, 1)]
    assert [(g.label, g.count) for g in found.services] == [("checkout", 2), ("Search", 1)]
    assert found.services[1].seconds_to_resolve is None
    assert found.declared == {(NOW.date(), "SEV1"): 2, (NOW.date(), ""): 1}


async def test_days_are_those_of_utc(work: Work) -> None:
    midnight = NOW.replace(hour=0)
    await add(work, severity="SEV1", created_at=midnight)
    await add(work, severity="SEV1", created_at=midnight - timedelta(microseconds=1))
    await add(work, severity="SEV1", created_at=midnight - 3 * DAY)
    found = await work.read(lambda tx: statistics(tx, days=2))
    day = NOW.date()
    assert found.declared == {(day, "SEV1"): 1, (day - DAY, "SEV1"): 1}


async def test_only_the_most_frequent_services_are_told(work: Work) -> None:
    for n in range(SERVICES + 3):
        await add(work, service=f"service-{n:02}")
    await add(work, service="service-27")
    found = await work.read(statistics)
    assert len(found.services) == SERVICES
    assert (found.services[0].label, found.services[0].count) == ("service-27", 2)
