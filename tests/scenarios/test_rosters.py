"""Who is on call without a vendor: rosters, standing in, swapping turns, who it was; calendars in and out."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from bot.domain.effects import EffectKind
from bot.errors import SettingsError
from bot.store import sql
from tests.scenarios.test_reminders import LateClock
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import room_of, text_of, told, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BERLIN = ZoneInfo("Europe/Berlin")
ALONE = {"PAGERDUTY_API_TOKEN": None, "PAGERDUTY_WEBHOOK_SECRET": None, "GITHUB_TOKEN": None}
#: A Monday long ago; the two take turns by the week from then on.
FIRST = date(2024, 1, 1)
TURNS = ("alice@example.com", "bob@example.com")
PRIMARY = Roster(
    name="primary",
    time_zone="Europe/Berlin",
    layers=(RosterLayer(people=TURNS, start=FIRST.isoformat()),),
    line=3,
)
SHOP = Service(id="shop", title="Shop", escalation_policy="web")


def house(*more: Roster) -> Catalog:
    return Catalog(
        rosters={"primary": PRIMARY, **{each.name: each for each in more}},
        services={"shop": SHOP},
        policies={
            "web": EscalationPolicy(name="web", levels=(Level(notify=("roster:primary",)),)),
        },
    )


class Watch:
    """A stage at a Monday noon, just after the hand-over, whose clock is ours."""

    def __init__(self, s: Stage, clock: LateClock) -> None:
        self.s, self.clock = s, clock
        self.monday = (
            clock.now().astimezone(BERLIN).replace(hour=9, minute=0, second=0, microsecond=0)
        )
        weeks = (self.monday.date() - FIRST).days // 7
        self.on_duty, self.next = ((ALICE, BOB), (BOB, ALICE))[weeks % 2]

    def stamp(self, days: int = 0, hour: int = 9) -> str:
        """How Slack is given the moment so many days after that Monday."""
        at = (self.monday + timedelta(days=days)).replace(hour=hour)
        return f"<!date^{int(at.timestamp())}^"

    async def asked(self, words: str, *, user: str = ALICE, channel: str = GENERAL) -> str:
        """What a command answered at once."""
        answer = await self.s.command(f"/incident oncall {words}", user=user, channel=channel)
        return text_of(answer["ack"])


@contextlib.asynccontextmanager
async def watch(folder: Path, *more: Roster, **changes: Any) -> AsyncIterator[Watch]:
    clock = LateClock()
    async with stage(folder, catalog=house(*more), clock=clock, **(ALONE | changes)) as s:
        yield Watch(s, clock)
        await s.quiet()
        assert await s.problems() == []


async def test_the_roster_says_who_is_on_call_pages_them_and_brings_them_in(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        shown = await w.asked("")
        assert f"Level 1: <@{w.on_duty}> until {w.stamp(7)}" in shown
        assert f"primary: <@{w.on_duty}> until {w.stamp(7)}" in shown
        assert f"then <@{w.next}>" in shown
        assert f"primary: <@{w.on_duty}>" in await w.asked("PRIMARY")
        w.clock.pass_by(days=7)
        assert f"primary: <@{w.next}> until {w.stamp(14)}" in await w.asked("shop")
        await w.s.command("/incident declare", user=CAROL)
        await w.s.until(lambda state: state["views"], user=CAROL)
        await w.s.submit({"Title": "Checkout is down", "Service": "shop"}, user=CAROL)
        name = await w.s.announced("Checkout is down")
        [page] = await w.s.until(lambda state: told_directly(state, "You are paged"), user=w.next)
        assert "Checkout is down" in page
        state = await w.s.settled(name)
        room = room_of(state, name)
        assert room
        assert {CAROL, w.next} <= set(room["members"])
        assert w.on_duty not in room["members"], "whose turn is over"


async def test_home_says_who_is_on_call_and_until_when(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        await w.s.act("open_home", user=DAVE)
        home = await w.s.until(lambda state: "*On call*" in str(state["home"]) and state, user=DAVE)
        shown = str(home["home"])
        assert f"web: <@{w.on_duty}>" in shown
        assert w.stamp(7) in shown


async def test_somebody_stands_in_until_friday_on_their_own_clock(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        made = await w.asked("override @carol until Friday 9:00", user=BOB)
        assert f"<@{CAROL}> is on call in primary from" in made
        assert f"until {w.stamp(4)}" in made, "nine in Berlin, where Bob is"
        assert f"instead of <@{w.on_duty}>" in made
        assert f"primary: <@{CAROL}> until {w.stamp(4)}" in await w.asked("")
        listed = await w.asked("overrides")
        assert "1 override in force or to come" in listed
        assert f"(by <@{BOB}>)" in listed
        assert "all that time already, so nothing was changed" in await w.asked(
            "override @carol for 2h"
        )
        w.clock.pass_by(days=4)
        assert f"primary: <@{w.on_duty}>" in await w.asked("")
        assert "No override is in force" in await w.asked("overrides")
        past = (w.monday + timedelta(days=1)).replace(hour=3, minute=12)
        was = await w.asked(f"at {past:%Y-%m-%d %H:%M} primary", user=BOB)
        assert "*Who was on call*" in was
        assert f"<!date^{int(past.timestamp())}^" in was
        assert f"primary: <@{CAROL}>" in was


async def test_an_override_is_taken_back_by_its_button(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        await w.asked("override @dave primary from tomorrow 9:00 for 2 days", user=BOB)
        assert f"primary: <@{w.on_duty}> until {w.stamp(1)}" in await w.asked("")
        await w.s.command("/incident oncall overrides")
        await w.s.press("Remove", channel=GENERAL)
        [told_] = await w.s.until(lambda state: told(state, "Override removed"))
        assert f"<@{DAVE}>" in told_
        assert f"primary: <@{w.on_duty}> until {w.stamp(7)}" in await w.asked("")


async def test_two_swap_their_next_turns_and_back(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        made = await w.asked("swap @alice @bob")
        assert f"<@{w.on_duty}> is on call in primary from {w.stamp(7)}" in made
        assert f"<@{w.next}> is on call in primary from {w.stamp(14)}" in made
        w.clock.pass_by(days=7)
        assert f"primary: <@{w.on_duty}> until {w.stamp(14)}" in await w.asked("")
        await w.s.press("Remove swap", channel=GENERAL)
        await w.s.until(lambda state: told(state, "Swap removed"))
        assert f"primary: <@{w.next}> until {w.stamp(14)}" in await w.asked("")
        assert "has no turn ahead in primary" in await w.asked("swap @alice @dave")
        day = (w.monday + timedelta(days=15)).date()
        later = (w.monday + timedelta(days=22)).date()
        names = {ALICE: "@alice", BOB: "@bob"}
        turns = f"on {day} 12:00 and {later} 12:00"
        wrong = await w.asked(f"swap {names[w.next]} {names[w.on_duty]} primary {turns}")
        assert "is not on call in primary then" in wrong
        right = await w.asked(f"swap {names[w.on_duty]} {names[w.next]} {turns}")
        assert f"<@{w.next}> is on call in primary from {w.stamp(14)}" in right
        assert f"<@{w.on_duty}> is on call in primary from {w.stamp(21)}" in right


async def test_every_form_does_the_same(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        s = w.s
        await s.command("/incident oncall")
        await s.press("Override", channel=GENERAL)
        await s.until(lambda state: state["views"])
        empty = await s.submit({"On call": CAROL})
        assert "Until" in str(empty) or "until when" in str(empty)
        until = int((w.monday + timedelta(days=2)).timestamp())
        over = await s.submit({"On call": CAROL, "Until": until, "From": until + 60})
        assert "ends before it begins" in str(over["errors"])
        whole = {"On call": CAROL, "From": until - 86_400, "Until": until, "Instead of": w.on_duty}
        await s.submit(whole)
        await s.until(lambda state: "is on call in primary" in str(state["views"]))
        await s.fresh()
        assert f"then <@{CAROL}>" in await w.asked("")
        await s.press("Swap", channel=GENERAL)
        await s.until(lambda state: "Swap turns" in str(state["views"]))
        twice = await s.submit({"Person": ALICE, "Other person": ALICE, "Roster": "primary"})
        assert "two different people" in str(twice) + str((await s.state())["views"])
        await s.fresh()
        await s.command("/incident oncall swap")
        await s.until(lambda state: "Swap turns" in str(state["views"]))
        await s.submit({"Person": ALICE, "Other person": BOB, "Roster": "primary"})
        await s.until(lambda state: w.stamp(14) in str(state["views"]))
        await s.fresh()
        await s.command("/incident oncall")
        await s.press("Who was on call", channel=GENERAL)
        await s.until(lambda state: "Who was on call" in str(state["views"]))
        at = int((w.monday - timedelta(days=1)).timestamp())
        await s.submit({"When": at})
        shown = await s.until(
            lambda state: f"<!date^{at}^" in str(state["views"]) and state["views"]
        )
        assert f"primary: <@{w.next}>" in str(shown), "the week before"
        await s.fresh()
        await s.command("/incident oncall")
        await s.press("Overrides", channel=GENERAL)
        await s.until(lambda state: told(state, "3 overrides in force or to come"))


async def test_what_is_not_clear_is_asked_and_nothing_is_done(tmp_path: Path) -> None:
    nights = Roster(name="nights", layers=PRIMARY.layers)
    async with watch(tmp_path, nights) as w:
        for words, expected in [
            ("override @carol until Friday 9:00", "Say which roster is meant: primary, nights."),
            ("override @carol nihgts for 4h", "There is no roster nihgts. Did you mean nights?"),
            ("override @carol nights until Friday", "Add the time, as in Friday 9:00."),
            ("override @carol nights", "Say until when, or for how long"),
            ("override @carol nights until yesterday 9:00", "ends before it begins"),
            ("override carol until Friday 9:00", "Name who is on call with @"),
            ("override @frank nights for 4h", "Frank Left is deactivated"),
            ("swap @alice", "Name the two with @"),
            ("swap @alice @alice nights", "two different people"),
            ("at Friday nights", "Friday is a whole day. Add the time"),
            ("at soon", "I cannot read the time"),
            ("at 03:12 nihgts", "There is no roster nihgts. Did you mean nights?"),
        ]:
            assert expected in await w.asked(words), words
        guest = await w.asked("override @carol nights for 4h", user="U0GRACE00")
        assert "Guests cannot change who is on call" in guest
        assert "No override is in force" in await w.asked("overrides")
        both = await w.asked("at 03:12 shop")
        assert "primary:" in both
        assert "nights:" not in both
        assert "will be" in await w.asked("at tomorrow 9:00")
        # In an incident's channel the roster of its service is meant.
        await w.s.command("/incident declare")
        await w.s.until(lambda state: state["views"])
        await w.s.submit({"Title": "Shop is slow", "Service": "shop"})
        name = await w.s.announced("Shop is slow")
        room = room_of(await w.s.settled(name), name)
        assert room
        made = await w.asked("override @carol for 4h", channel=room["id"])
        assert f"<@{CAROL}> is on call in primary" in made


class Calendar:
    """A calendar on a server of its own."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, datetime, datetime]] = []
        self.broken = False

    async def serve(self, request: web.Request) -> web.Response:
        del request
        if self.broken:
            return web.Response(status=503)
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN"]
        for n, (summary, since, until) in enumerate(self.entries):
            lines += [
                "BEGIN:VEVENT", f"UID:{n}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}",
                f"DTSTART:{since.astimezone(UTC):%Y%m%dT%H%M%SZ}", f"DTEND:{until.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                "END:VEVENT",
            ]  # fmt: skip
        body = "\r\n".join([*lines, "END:VCALENDAR", ""])
        return web.Response(text=body, content_type="text/calendar")


async def test_a_calendar_says_who_is_on_call_and_its_last_copy_goes_on(tmp_path: Path) -> None:
    there = Calendar()
    app = web.Application()
    app.router.add_get("/a-secret.ics", there.serve)
    server = TestServer(app)
    await server.start_server()
    kept = Roster(name="kept", ical=str(server.make_url("/a-secret.ics")))
    start = LateClock().now()
    there.entries = [
        ("On call: Carol Okafor", start - timedelta(hours=1), start + timedelta(days=9)),
        ("Somebody new", start + timedelta(days=9), start + timedelta(days=10)),
    ]
    try:
        async with watch(tmp_path, kept) as w:
            await read_calendars(w)
            shown = await w.asked("kept")
            assert f"kept: <@{CAROL}> until <!date^{int(there.entries[0][2].timestamp())}^" in shown
            assert "I do not know who is meant by: Somebody new" in shown
            there.broken = True
            w.clock.pass_by(hours=3)
            await read_calendars(w)
            shown = await w.asked("kept")
            assert f"kept: <@{CAROL}> until" in shown
            assert (
                "the calendar cannot be fetched (it answered 503); this is its copy of 3 h" in shown
            )
            assert "secret" not in shown
            await w.s.command("/incident doctor")
            [report] = await w.s.until(lambda state: told(state, "Settings"), timeout=30)
            assert "it answered 503" in report
            assert "a-secret" not in report
            there.broken, there.entries = (
                False,
                [("dave@example.com", start, start + timedelta(days=2))],
            )
            w.clock.pass_by(minutes=11)
            await read_calendars(w)
            assert f"kept: <@{DAVE}> until" in await w.asked("kept")
    finally:
        await server.close()


async def read_calendars(w: Watch) -> None:
    """The sweep comes by, twice as with two replicas."""
    assert w.s.bot
    await w.s.bot.sweeps.calendars()
    await w.s.bot.sweeps.calendars()
    await w.s.quiet()


async def test_the_calendar_to_subscribe_to_is_linked_and_opens_with_its_token_only(
    tmp_path: Path,
) -> None:
    async with watch(tmp_path, PUBLIC_URL="https://muster.example.com") as w:
        shown = await w.asked("")
        found = re.search(
            r"https://muster\.example\.com(/calendars/primary\.ics\?token=\w+)", shown
        )
        assert found
        async with httpx.AsyncClient(base_url=w.s.bot_url, trust_env=False) as http:
            answer = await http.get(found[1])
            assert answer.status_code == 200
            assert "Bob Martin" in answer.text
            assert "BEGIN:VEVENT" in answer.text
            refused = await http.get(found[1][:-1])
            assert refused.status_code == 401


async def test_without_a_public_address_no_calendar_is_offered(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        assert "/calendars/" not in await w.asked("")


async def test_a_name_in_muster_yml_and_in_slack_stops_the_start_with_its_line(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, catalog=house(), **ALONE) as s:
        assert s.bot
        now = s.bot.work.clock.now()
        row: Json = {
            "name": "primary", "value": {}, "made_by": None, "made_at": now, "changed_at": now, "version": 0,
        }  # fmt: skip
        await s.bot.work.write(lambda tx: tx.session.execute(sql.ROSTER_MADE.insert(), row))
        await s.stop_bot()
        with pytest.raises(
            SettingsError, match=r"muster\.yml:3: rosters\.primary is also the name"
        ):
            await s.start_bot()


def test_readings_of_calendars_are_effects() -> None:
    assert EffectKind.READ_CALENDAR.provider == "calendar"
