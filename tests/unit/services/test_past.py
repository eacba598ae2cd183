"""What happened before Muster came is taken over whole, once, and told to nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from bot.domain.budget import IMPORT_LIMITS, limit_of
from bot.domain.incident import Actor, EntryKind, Origin, Status
from bot.services.past import Past, Taken
from bot.store import sql, statistics
from tests.unit.store.house import NOW, a_page, an_event, build_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.incident import Entry, Incident
    from bot.domain.page import Page
    from tests.unit.store.house import Home

LONG_AGO = NOW - timedelta(days=20)
LEE = Actor(name="Lee", pagerduty_id="PLEE")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = build_home(tmp_path)
    yield made
    made.work.close()


@pytest.fixture
def past(home: Home) -> Past:
    return Past(home.house, home.paging)


def at(minutes: float) -> Any:
    return LONG_AGO + timedelta(minutes=minutes)


def closed_page(page_id: str = "P7", **changes: Any) -> Page:
    """Triggered twenty days ago, acknowledged after 3 minutes, resolved after an hour, with a note between."""
    events = (
        replace(an_event(EntryKind.TRIGGERED), at=LONG_AGO, vendor_id="R1"),
        replace(an_event(EntryKind.ACKNOWLEDGED), at=at(3), actor=LEE, vendor_id="R2"),
        replace(
            an_event(EntryKind.ANNOTATED), at=at(9), actor=LEE, text="key expired", vendor_id="N1"
        ),
        replace(an_event(EntryKind.RESOLVED), at=at(60), actor=LEE, vendor_id="R3"),
    )
    page = a_page(
        page_id,
        status=Status.RESOLVED,
        created_at=LONG_AGO,
        changed_at=at(60),
        acknowledged_at=at(3),
        acknowledged_by=LEE,
        resolved_at=at(60),
        changed_by=LEE,
        priority="P1",
    )
    return replace(page, events=events, **changes)


async def taken_over(home: Home, number: int = 1) -> tuple[Incident, list[Entry]]:
    return await home.incident(number), await home.work.read(lambda tx: tx.entries(number))


async def effects(home: Home) -> int:
    query = select(func.count()).select_from(sql.EFFECT)
    return await home.work.read(lambda tx: int(tx.session.execute(query).scalar() or 0))


async def test_a_closed_page_becomes_an_incident_with_its_times_and_timeline(
    home: Home, past: Past
) -> None:
    assert await past.take(closed_page()) is Taken.IMPORTED
    incident, entries = await taken_over(home)
    assert (incident.status, incident.origin) == (Status.RESOLVED, Origin.PAGERDUTY)
    assert (incident.started_at, incident.created_at) == (LONG_AGO, LONG_AGO)
    assert (incident.acknowledged_at, incident.resolved_at) == (at(3), at(60))
    assert (incident.updated_at, incident.last_event) == (at(60), "resolved")
    assert (incident.pager.id, incident.priority) == ("P7", "P1")
    assert (incident.opens_channel, incident.ticket) == (False, None)
    told = [(e.kind, e.at, e.vendor_at) for e in entries[:-1]]
    assert told == [
        (EntryKind.TRIGGERED, LONG_AGO, LONG_AGO),
        (EntryKind.ACKNOWLEDGED, at(3), at(3)),
        (EntryKind.ANNOTATED, at(9), at(9)),
        (EntryKind.RESOLVED, at(60), at(60)),
    ]
    assert (entries[-1].kind, entries[-1].target) == (
        EntryKind.OTHER,
        "taken over from PagerDuty #7",
    )
    assert await effects(home) == 0, "nothing is announced, paged or opened"


async def test_reports_count_it_on_its_day(home: Home, past: Past) -> None:
    await past.take(closed_page())
    found = await home.work.read(statistics.statistics)
    assert (found.total.count, found.total.open) == (1, 0)
    assert found.total.seconds_to_acknowledge == pytest.approx(180)
    assert found.total.seconds_to_resolve == pytest.approx(3600)
    assert {day for day, _ in found.declared} == {LONG_AGO.date()}


async def test_twice_is_once_and_what_is_here_is_left_alone(home: Home, past: Past) -> None:
    assert await past.unknown([closed_page(), a_page("P8")]) == [closed_page(), a_page("P8")]
    await past.take(closed_page())
    before = await taken_over(home)
    assert await past.take(closed_page(title="Another title")) is Taken.KNOWN
    assert await taken_over(home) == before
    assert await past.unknown([closed_page(), a_page("P8")]) == [a_page("P8")]


async def test_an_open_one_is_found_by_whatever_happens_to_it_later(home: Home, past: Past) -> None:
    await past.take(a_page("P9", created_at=LONG_AGO, changed_at=LONG_AGO))
    incident, _ = await taken_over(home)
    assert (incident.status, incident.acknowledged_at) == (Status.TRIGGERED, None)
    later = a_page(
        "P9", status=Status.ACKNOWLEDGED, created_at=LONG_AGO, changed_at=NOW, acknowledged_at=NOW,
        acknowledged_by=LEE,
    )  # fmt: skip
    await home.work.write(
        lambda tx: home.paging.apply_page(tx, tx.by_page("P9") or incident, later)
    )
    incident, _ = await taken_over(home)
    assert (incident.status, incident.acknowledged_at) == (Status.ACKNOWLEDGED, NOW)
    assert await home.keys("slack.announce") == []


async def test_what_the_rules_leave_out_is_left_out(home: Home, past: Past) -> None:
    home.router.answer = "ignore"
    assert await past.take(closed_page()) is Taken.IGNORED
    home.router.answer = "channel"
    await home.work.write(lambda tx: tx.set_value("ignored:P7", {"at": "then"}))
    assert await past.take(closed_page()) is Taken.IGNORED


async def test_what_was_opened_from_here_is_not_taken_for_the_pagers(tmp_path: Path) -> None:
    from bot.domain import plan
    from bot.domain.incident import PagerKind, PagerLink

    home = build_home(tmp_path)
    past = Past(home.house, home.paging)
    await home.declare()
    await home.change(pager=PagerLink(kind=PagerKind.PAGERDUTY, service_id="S1"))
    ours = plan.page_key(await home.incident())
    assert await past.take(closed_page(key=ours)) is Taken.KNOWN
    home.work.close()


async def test_it_draws_on_the_budget_of_the_running_bot_and_leaves_room(
    home: Home, past: Past
) -> None:
    most = limit_of("pagerduty.import").calls
    taken = 0
    while not await past.wait_for_room(IMPORT_LIMITS, 3):
        taken += 3
    assert taken == most
    wait = await past.wait_for_room(IMPORT_LIMITS, 3)
    assert 0 < wait <= limit_of("pagerduty.import").seconds
    assert await past.wait_for_room(IMPORT_LIMITS[:2], 3) == 0, "the bot itself still may read"
    home.clock.advance(wait)
    assert await past.wait_for_room(IMPORT_LIMITS, 3) == 0
