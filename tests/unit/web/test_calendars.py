"""A roster as a calendar: opened by its own token only, and read back as what it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from icalendar import Calendar
from starlette.applications import Starlette

from bot.domain.calendar_people import Known, people_of
from bot.domain.catalog import Catalog, Roster, RosterLayer
from bot.domain.incident import Actor
from bot.domain.roster import Rota
from bot.domain.roster_views import ShiftView
from bot.ports import Member
from bot.providers.calendar import entries
from bot.services.standing_in import StandingIn
from bot.services.subscribing import CalendarLinks
from bot.web.calendars import AHEAD, RosterCalendars, calendar
from tests.unit.store.house import NOW, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ODD = "A/B & Söhne?"
PEOPLE = ("ana@example.com", "ben@example.com")
LAYER = RosterLayer(people=PEOPLE, start="2025-01-06", rotate="daily", handover="09:00")
CATALOG = Catalog(
    rosters={
        n: Roster(name=n, layers=(LAYER,), time_zone="Europe/Berlin") for n in ("primary", ODD)
    }
)
LINKS = CalendarLinks("secret", "http://muster")


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    home = build_home(tmp_path, catalog=CATALOG)
    await home.people.remember(
        [Member(id="U0ANA", name="a", real_name='Ana "Ace"; López, Jr.\nX', email=PEOPLE[0])]
    )
    app = Starlette(routes=RosterCalendars(StandingIn(home.house), LINKS).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        yield client
    home.work.close()


@pytest.mark.parametrize("name", ["primary", ODD])
async def test_the_link_opens_it_and_it_reads_back_as_the_roster(
    http: httpx.AsyncClient, name: str
) -> None:
    answer = await http.get(LINKS.link(name) or "")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert str(Calendar.from_ical(answer.content)["X-WR-CALNAME"]) == f"On call: {name}"
    since, until = NOW, NOW + timedelta(days=170)
    found = entries(answer.content, since, until, "UTC")
    stints, unmapped = people_of(found, [Known(email=each) for each in PEOPLE], NOW)
    assert unmapped == []
    plan, back = Rota(CATALOG.rosters[name]), Rota(Roster(name="back"), (), stints)
    assert back.shifts(since, until) == plan.shifts(since, until)
    assert "Ana" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/calendars/primary.ics", 401),
        ("/calendars/primary.ics?token=", 401),
        ("/calendars/primary.ics?token=guess", 401),
        (f"/calendars/primary.ics?token={LINKS.token(ODD)}", 401),
        ("/calendars/nobodys.ics?token=guess", 401),
        (f"/calendars/nobodys.ics?token={LINKS.token('nobodys')}", 404),
        (f"/calendars/primary?token={LINKS.token('primary')}", 404),
    ],
)
async def test_nothing_is_told_without_its_token(
    http: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await http.get(f"http://muster{path}")
    assert answer.status_code == status
    assert "VEVENT" not in answer.text


def test_somebody_who_is_always_on_call_is_shown() -> None:
    always = ShiftView(since=NOW, until=NOW + AHEAD, people=(Actor(name="Ana"),))
    [event] = calendar("solo", [always], NOW).walk("VEVENT")
    assert str(event["SUMMARY"]) == "On call: Ana"


def test_gaps_are_no_entries_and_an_entry_keeps_its_identity() -> None:
    ana = (Actor(name="Ana", email=PEOPLE[0]),)
    cuts = [datetime(2026, 3, day, 9, tzinfo=UTC) for day in range(1, 5)]
    shifts = [
        ShiftView(since=cuts[0], until=cuts[1], people=ana),
        ShiftView(since=cuts[1], until=cuts[2]),
        ShiftView(since=cuts[2], until=cuts[3], people=ana),
    ]
    (event,) = calendar("primary", shifts, NOW).walk("VEVENT")
    assert event.start == cuts[2]
    later = [shifts[1], ShiftView(since=cuts[2], until=cuts[3] + AHEAD, people=ana)]
    (same,) = calendar("primary", later, NOW + timedelta(days=1)).walk("VEVENT")
    assert same["UID"] == event["UID"]
