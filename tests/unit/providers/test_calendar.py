"""Calendars as they are found in the world: recurrences, whole days, zones, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProviderError, Reason
from bot.providers import build_calendars
from bot.providers.calendar import LARGEST, Calendars, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.calendar_people import CalendarEntry

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
MONDAY = "DTSTART:20260302T090000Z\nDTEND:20260302T170000Z"
BERLIN = """\
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def ics(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\n{e}\nEND:VEVENT\n" for e in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{BERLIN}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events: str, zone: str = "UTC") -> list[CalendarEntry]:
    return entries(ics(*events), SINCE, UNTIL, zone)


def test_a_weekly_turn_stays_at_nine_across_the_change_of_the_clocks() -> None:
    found = read(
        "UID:1\nSUMMARY:On call: Ana\nDTSTART;TZID=Europe/Berlin:20260105T090000\n"
        "DTEND;TZID=Europe/Berlin:20260112T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2\n"
        "EXDATE;TZID=Europe/Berlin:20260302T090000\nATTENDEE;CN=Ana:mailto:Ana@Example.com"
    )
    assert [each.since.isoformat() for each in found] == [
        "2026-03-16T08:00:00+00:00",
        "2026-03-30T07:00:00+00:00",
        "2026-04-13T07:00:00+00:00",
        "2026-04-27T07:00:00+00:00",
    ]
    assert found[0].until.isoformat() == "2026-03-23T08:00:00+00:00"
    assert {each.attendees for each in found} == {("ana@example.com",)}


def test_one_of_a_series_may_be_moved_and_one_called_off() -> None:
    series = "UID:1\nSUMMARY:Ana\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:1\nSUMMARY:Ben\nRECURRENCE-ID:20260303T090000Z\nDTSTART:20260303T120000Z\nDTEND:20260303T170000Z"
    gone = "UID:2\nSUMMARY:Cleo\nSTATUS:CANCELLED\nDTSTART:20260305T090000Z\nDTEND:20260305T170000Z"
    assert [(each.summary, each.since.hour) for each in read(series, moved, gone)] == [
        ("Ana", 9), ("Ben", 12), ("Ana", 9),
    ]  # fmt: skip


def test_whole_days_and_times_without_a_zone_are_on_the_rosters_clock() -> None:
    whole = "UID:1\nSUMMARY:Ana\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330"
    floating = "UID:2\nSUMMARY:Ben\nDTSTART:20260402T090000\nDURATION:PT8H"
    first, second = read(whole, floating, zone="Europe/Berlin")
    assert (first.since.isoformat(), first.until.isoformat()) == (
        "2026-03-27T23:00:00+00:00", "2026-03-29T22:00:00+00:00",
    )  # fmt: skip
    assert (second.since.hour, second.until - second.since) == (7, timedelta(hours=8))


def test_rooms_and_whoever_declined_do_not_take_part() -> None:
    (one,) = read(
        "UID:1\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nORGANIZER;CN=Boss:MAILTO:boss@x.de\n"
        "ATTENDEE;CUTYPE=ROOM:mailto:room@x.de\nATTENDEE;PARTSTAT=DECLINED:mailto:no@x.de\n"
        "ATTENDEE:mailto:yes@x.de\nATTENDEE:urn:uuid:1"
    )
    assert (one.attendees, one.organizer, one.summary) == (("yes@x.de",), "boss@x.de", "")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>Sign in</html>", "no calendar I can read"),
        (b"", "no calendar I can read"),
        (b"\xff\xfe\x00", "no calendar I can read"),
        (
            ics("UID:1\nDTSTART:20260302T090000Z\nDTEND:20260302T090001Z\nRRULE:FREQ=SECONDLY"),
            "repeats every minute or second",
        ),
        (
            ics(*(f"UID:{n}\nSUMMARY:{n}\n{MONDAY}\nRRULE:FREQ=DAILY" for n in range(400))),
            "more than 10,000 entries",
        ),
    ],
)
def test_what_is_no_calendar_is_told(body: bytes, told: str) -> None:
    with pytest.raises(ProviderError) as refused:
        entries(body, SINCE, UNTIL, "UTC")
    assert refused.value.reason is Reason.INVALID
    assert told in refused.value.detail


@pytest.mark.parametrize(
    "broken",
    [
        f"UID:2\nSUMMARY:Ben\n{MONDAY}\nRRULE:FREQ=NEVER",
        "UID:2\nSUMMARY:Ben\nDTSTART:soon",
        "UID:2\nSUMMARY:Ben",
        "UID:2\nSUMMARY:Ben\nDTSTART:20260302T090000Z\nDTEND:20260302T090000Z",
    ],
)
def test_a_broken_entry_costs_nothing_but_itself(broken: str) -> None:
    assert [each.summary for each in read(broken, f"UID:1\nSUMMARY:Ana\n{MONDAY}")] == ["Ana"]


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=60), cut=st.integers(0, 900))
def test_whatever_comes_is_entries_or_a_refusal(junk: bytes, cut: int) -> None:
    whole = ics(
        "UID:1\nSUMMARY:Ana\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nRRULE:FREQ=DAILY"
    )
    body = whole[:cut] + junk + whole[cut:]
    try:
        found = entries(body, SINCE, UNTIL, "UTC")
    except ProviderError as refused:
        found = []
        told = refused
        assert told.reason is Reason.INVALID
    assert all(each.since < each.until for each in found)


# --- over HTTP -------------------------------------------------------------------------------------------------


class Shelf:
    """Serves one body, however it is asked."""

    def __init__(self) -> None:
        self.body, self.status, self.location = ics(), 200, ""
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        if request.path == "/moved.ics":
            return web.Response(status=302, headers={"Location": self.location})
        return web.Response(status=self.status, body=self.body, content_type="text/calendar")


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    served = Shelf()
    app = web.Application()
    app.router.add_get("/{path:.*}", served.serve)
    running = TestServer(app)
    await running.start_server(shutdown_timeout=0.1)
    served.url = str(running.make_url("/"))
    yield served
    await running.close()


@pytest.fixture
async def client() -> AsyncIterator[Calendars]:
    made = build_calendars(timeout=2.0)
    yield made
    await made.aclose()
    await made.aclose()


async def test_it_is_read_and_followed_where_it_moved(shelf: Shelf, client: Calendars) -> None:
    shelf.body = ics("UID:1\nSUMMARY:Ana\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z")
    shelf.location = f"{shelf.url}now.ics"
    (one,) = await client.read(f"{shelf.url}moved.ics", SINCE, UNTIL, "UTC")
    assert one.summary == "Ana"


@pytest.mark.parametrize(
    ("spoil", "reason", "told"),
    [
        ({"status": 503}, Reason.UNAVAILABLE, "it answered 503"),
        ({"status": 404}, Reason.NOT_FOUND, "it answered 404"),
        ({"status": 401}, Reason.AUTH, "it answered 401"),
        ({"body": b"x" * (LARGEST + 1)}, Reason.INVALID, "larger than 5 MB"),
        ({"location": "moved.ics"}, Reason.INVALID, "address cannot be used"),
        ({"location": "file:///etc/passwd"}, Reason.INVALID, "address cannot be used"),
        ({"url": "http://127.0.0.1:9/"}, Reason.UNAVAILABLE, "cannot be reached"),
    ],
)
async def test_a_refusal_says_why_and_never_where(
    shelf: Shelf, client: Calendars, spoil: dict[str, Any], reason: Reason, told: str
) -> None:
    for name, value in spoil.items():
        setattr(shelf, name, value)
    path = "moved.ics" if "location" in spoil else "a-secret.ics"
    with pytest.raises(ProviderError) as refused:
        await client.read(f"{shelf.url}{path}", SINCE, UNTIL, "UTC")
    assert refused.value.reason is reason
    assert told in refused.value.detail
    assert "secret" not in str(refused.value)
