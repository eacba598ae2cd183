"""Who is on call, with overrides, swaps, rosters made in Slack and calendars, on a database of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import when
from bot.domain.calendar_people import CalendarEntry
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from bot.domain.effects import EffectKind as K
from bot.domain.permissions import NotAllowed
from bot.domain.roster import Duty, Override, Shift
from bot.errors import ProviderError, Reason, UserError
from bot.ports import Member
from bot.providers.native import Native
from bot.services import calendars, rosters
from bot.services.asking import Asking
from bot.services.base import SlackUser
from bot.services.native_desk import NativeDesk
from bot.services.standing_in import StandingIn
from bot.services.subscribing import CalendarLinks
from bot.store import rosters as store
from bot.store import sql
from tests.unit.store.house import ANA, ANA_ACTOR, BEN, NOW, Home, build_home
from tests.unit.worker.fakes import build_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

A, B, C = "ana@example.com", "ben@example.com", "cleo@example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: NOW is Sunday, 1 March 2026, 12:00 UTC: week four of five, so Ana's turn ends on Monday at nine.
WEEKLY = RosterLayer(people=(A, B, C), start="2026-01-05")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALENDAR = "https://calendar.example.com/a-secret.ics"
CATALOG = Catalog(
    rosters={
        "primary": Roster(name="primary", layers=(WEEKLY,), line=7),
        "kept": Roster(name="kept", ical=CALENDAR, time_zone="Europe/Berlin"),
    },
    services={"web": Service(id="web", title="Web Shop", escalation_policy="ops")},
    policies={
        "ops": EscalationPolicy(
            name="ops", levels=(Level(notify=("roster:primary",)), Level(notify=("roster:kept", "channel:ops")))
        )
    },
    permissions={"rosters": ("everyone",)},
)  # fmt: skip
MEMBERS = [
    Member(id="U0ANA", name="ana", real_name="Ana Lopez", email=A, tz="Europe/Berlin"),
    Member(id="U0BEN", name="ben", real_name="Ben Weber", email=B),
    Member(id="U0CLEO", name="cleo", real_name="Cleo", email=C),
    Member(id="U0DAN", name="dan", real_name="Dan", email="Dan@Example.com"),
    Member(id="U0GUS", name="gus", real_name="Gus", email="gus@example.com", is_guest=True),
    Member(id="U0NIA", name="nia", real_name="Nia"),
]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = build_home(tmp_path, catalog=CATALOG)
    await home.people.remember(MEMBERS)
    yield home
    home.work.close()


@pytest.fixture
def desk(home: Home) -> StandingIn:
    return StandingIn(home.house, CalendarLinks("secret", "https://muster.example.com"))


async def on_duty(home: Home, at: datetime, name: str = "primary") -> tuple[str, ...]:
    return await home.work.read(lambda tx: rosters.on_duty(tx, home.catalog, name, at))


def span(since: datetime = NOW, until: datetime = NOW + 4 * HOUR) -> when.Span:
    return when.Span(since=since, until=until)


class TestAsking:
    async def test_a_roster_is_asked_by_its_name(self, home: Home) -> None:
        assert await on_duty(home, NOW) == (B,)
        assert await on_duty(home, NOW, "nobody's") == ()
        current = await home.work.read(lambda tx: rosters.current(tx, home.catalog, "primary", NOW))
        assert current == Duty(people=(B,), until=MONDAY)
        told = await home.work.read(
            lambda tx: rosters.shifts(tx, home.catalog, "primary", NOW, MONDAY + HOUR)
        )
        assert told == [
            Shift(since=NOW, until=MONDAY, people=(B,)),
            Shift(since=MONDAY, until=MONDAY + HOUR, people=(C,)),
        ]

    async def test_one_made_in_slack_looks_the_same(self, home: Home) -> None:
        roster = Roster(name="nights", layers=(WEEKLY,), time_zone="Asia/Tokyo", user_group="n")
        row = {
            "name": "nights", "value": store.as_value(roster), "made_by": None, "made_at": NOW,
            "changed_at": NOW, "version": 0,
        }  # fmt: skip
        await home.work.write(lambda tx: tx.session.execute(sql.ROSTER_MADE.insert(), row))
        found = await home.work.read(lambda tx: rosters.find(tx, home.catalog, "nights"))
        assert found == roster
        names = await home.work.read(lambda tx: rosters.names(tx, home.catalog))
        assert names == ["primary", "kept", "nights"]
        assert await on_duty(home, MONDAY, "nights") == (C,), "nine in Tokyo was hours ago"

    async def test_a_name_in_both_is_told_with_its_line(self, home: Home) -> None:
        assert await home.work.read(lambda tx: rosters.clashes(tx, home.catalog)) == []
        row = {
            "name": "primary", "value": {}, "made_by": None, "made_at": NOW, "changed_at": NOW, "version": 0,
        }  # fmt: skip
        await home.work.write(lambda tx: tx.session.execute(sql.ROSTER_MADE.insert(), row))
        (problem,) = await home.work.read(lambda tx: rosters.clashes(tx, home.catalog, "m.yml"))
        assert problem.where == "m.yml:7"
        assert "made in Slack" in problem.what
        examined = dict(await home.work.read(lambda tx: rosters.examined(tx, home.catalog)))
        assert "two of that name" in (examined["primary"] or "")

    async def test_a_policy_may_name_a_roster_made_in_slack_and_no_other(self, home: Home) -> None:
        policy = EscalationPolicy(
            name="late", levels=(Level(notify=("roster:nights", "person:ana@example.com")),), line=9
        )
        catalog = replace(home.catalog, policies={"late": policy})
        (problem,) = await home.work.read(lambda tx: rosters.unknown(tx, catalog, "m.yml"))
        assert problem.where == "m.yml:9"
        assert problem.what == "escalation_policies.late names the unknown roster 'nights'."
        assert "There are primary, kept." in problem.mend
        examined = dict(await home.work.read(lambda tx: rosters.examined(tx, catalog)))
        assert "unknown roster 'nights'" in (examined["muster.yml:9"] or "")
        row = {
            "name": "nights", "value": {}, "made_by": None, "made_at": NOW, "changed_at": NOW, "version": 0,
        }  # fmt: skip
        await home.work.write(lambda tx: tx.session.execute(sql.ROSTER_MADE.insert(), row))
        assert await home.work.read(lambda tx: rosters.unknown(tx, catalog)) == []

    async def test_policies_reach_whoever_is_on_call(self, home: Home) -> None:
        assert await home.people.targets(["roster:primary"]) == [("U0BEN", "Ben Weber")]
        first, second = await Asking(home.house, home.incidents, home.people).native_duties(
            home.catalog.services["web"]
        )
        assert [person.name for person in first.people] == ["Ben Weber"]
        assert (first.until, first.others) == (MONDAY, ())
        assert second.others == ("roster:kept (nobody now)", "channel:ops")

    async def test_whoever_is_on_call_is_invited_to_a_native_incident(
        self, home: Home, desk: StandingIn
    ) -> None:
        incident = await home.declare(service="web")
        asking = Asking(home.house, home.incidents, home.people)
        native = Native(
            home.work, home.catalog, NativeDesk(home.house, home.incidents, asking, desk)
        )
        assert await home.people.on_call(incident, native) == ["U0BEN"]


class TestOverrides:
    async def test_somebody_stands_in_and_it_is_said_for_whom(
        self, home: Home, desk: StandingIn
    ) -> None:
        made = await desk.override("primary", "U0DAN", span(until=MONDAY + DAY), by=ANA, once="a")
        assert made.person.name == "Dan"
        assert [person.name for person in made.instead] == ["Ben Weber", "Cleo"]
        assert await on_duty(home, NOW) == ("dan@example.com",)
        assert await on_duty(home, MONDAY + DAY) == (C,)
        assert await desk.override("primary", "U0DAN", span(), by=ANA, once="a") == made
        assert len(await desk.coming()) == 1

    async def test_a_typed_time_is_on_the_clock_of_whoever_types(
        self, home: Home, desk: StandingIn
    ) -> None:
        made = await desk.override_typed("primary", "U0DAN", "until Tuesday 9:00", by=ANA, once="a")
        assert made.until == datetime(2026, 3, 3, 8, tzinfo=UTC), "nine in Berlin"
        moment = await desk.moment("03:12", ANA, past=True)
        assert moment == datetime(2026, 3, 1, 2, 12, tzinfo=UTC)

    async def test_taken_back_it_is_as_if_it_ended_now_and_the_past_stays_true(
        self, home: Home, desk: StandingIn
    ) -> None:
        made = await desk.override("primary", "U0DAN", span(), by=ANA, once="a")
        home.clock.advance(3600)
        gone = await desk.remove(made.id, by=BEN, once="b")
        assert gone.id == made.id
        assert await desk.coming() == []
        assert await on_duty(home, NOW + HOUR - timedelta(seconds=1)) == ("dan@example.com",)
        assert await on_duty(home, NOW + HOUR) == (B,)
        assert (await desk.remove(made.id, by=BEN, once="b")).id == made.id, "pressed twice"
        with pytest.raises(UserError, match="taken back already"):
            await desk.remove(made.id, by=BEN, once="c")
        with pytest.raises(UserError, match="no such override"):
            await desk.remove(99, by=BEN, once="d")

    async def test_one_taken_back_before_it_began_never_was(
        self, home: Home, desk: StandingIn
    ) -> None:
        later = span(since=NOW + DAY, until=NOW + 2 * DAY)
        made = await desk.override("primary", "U0DAN", later, by=ANA, once="a")
        await desk.remove(made.id, by=ANA, once="b")
        assert await on_duty(home, NOW + DAY + HOUR) == (C,)

    async def test_what_cannot_be_is_told(self, home: Home, desk: StandingIn) -> None:
        del home
        for roster, person, times, told in [
            ("other", "U0DAN", span(), "There is no roster other"),
            ("primary", "U0BEN", span(), "is on call in primary all that time already"),
            ("primary", "U0NIA", span(), "do not know the e-mail address of Nia"),
            ("primary", "U0WHO", span(), "do not know that person"),
            ("primary", "U0DAN", span(until=NOW - HOUR), "ends before it begins"),
            ("primary", "U0DAN", span(since=NOW - 2 * HOUR, until=NOW - HOUR), "is over already"),
        ]:
            with pytest.raises(UserError, match=told):
                await desk.override(roster, person, times, by=ANA, once=f"{told}")
        with pytest.raises(UserError, match="Nobody in primary would be replaced"):
            await desk.override("primary", "U0DAN", span(), by=ANA, once="x", instead_of="U0ANA")
        with pytest.raises(NotAllowed, match="Guests cannot change who is on call"):
            await desk.override("primary", "U0DAN", span(), by=SlackUser("U0GUS", "Gus"), once="y")
        assert await desk.coming() == []

    async def test_two_at_once_are_both_kept_and_the_same_press_once(
        self, home: Home, desk: StandingIn
    ) -> None:
        del home
        await asyncio.gather(
            *(desk.override("primary", "U0DAN", span(), by=ANA, once="same") for _ in range(4)),
            desk.override("primary", "U0CLEO", span(), by=ANA, once="other"),
        )
        assert len(await desk.coming()) == 2


class TestSwaps:
    async def test_two_exchange_their_next_turns(self, home: Home, desk: StandingIn) -> None:
        halves = await desk.swap("primary", ("U0ANA", "U0BEN"), by=ANA, once="a")
        assert [(h.person.name, h.since) for h in halves] == [
            ("Ben Weber", MONDAY + 7 * DAY), ("Ana Lopez", MONDAY + 14 * DAY),
        ]  # fmt: skip
        assert [h.swap for h in halves] == [True, True]
        assert await on_duty(home, MONDAY - HOUR) == (B,), "the turn that runs is not swapped"
        assert await on_duty(home, MONDAY + 8 * DAY) == (B,)
        assert await on_duty(home, MONDAY + 15 * DAY) == (A,)
        again = await desk.swap("primary", ("U0ANA", "U0BEN"), by=ANA, once="a")
        assert again == halves
        await desk.remove(halves[1].id, by=BEN, once="b")
        assert await desk.coming() == [], "both halves"
        assert await on_duty(home, MONDAY + 8 * DAY) == (A,)

    async def test_turns_can_be_named_by_a_moment_in_them(
        self, home: Home, desk: StandingIn
    ) -> None:
        at = (NOW + HOUR, MONDAY + 8 * DAY)
        await desk.swap("primary", ("U0BEN", "U0ANA"), by=ANA, once="a", at=at)
        assert await on_duty(home, NOW) == (A,), "what is left of a turn that runs"
        assert await on_duty(home, MONDAY + 8 * DAY) == (B,)

    async def test_what_cannot_be_swapped_is_told(self, desk: StandingIn) -> None:
        for people, at, told in [
            (("U0ANA", "U0ANA"), (None, None), "two different people"),
            (("U0ANA", "U0DAN"), (None, None), "Dan has no turn ahead in primary"),
            (("U0ANA", "U0BEN"), (NOW, None), "Ana Lopez is not on call in primary then \\(Ben"),
            (("U0ANA", "U0BEN"), (None, NOW - 60 * DAY), "not on call in primary then"),
        ]:
            with pytest.raises(UserError, match=told):
                await desk.swap("primary", people, by=ANA, once=told, at=at)


class TestAnswers:
    async def test_now_and_then_with_where_to_subscribe(self, desk: StandingIn) -> None:
        primary, kept = await desk.now()
        assert [p.name for p in primary.people] == ["Ben Weber"]
        assert (primary.until, [p.name for p in primary.then]) == (MONDAY, ["Cleo"])
        assert kept.problem == "the calendar was not fetched yet"
        assert primary.subscribe
        assert primary.subscribe.startswith("https://muster.example.com/calendars/primary.ics?")
        assert await desk.names(CATALOG.services["web"]) == ["primary", "kept"]
        (there,) = await desk.at(["primary"], datetime(2026, 1, 5, 9, tzinfo=UTC))
        assert [p.name for p in there.people] == ["Ana Lopez"]

    async def test_a_token_opens_one_roster_only(self) -> None:
        links = CalendarLinks("secret", None)
        assert links.link("primary") is None, "nobody could reach it"
        assert links.fits("primary", links.token("primary"))
        assert not links.fits("kept", links.token("primary"))
        assert not CalendarLinks("another", None).fits("primary", links.token("primary"))
        assert not links.fits("primary", "")
        assert not links.fits("primary", "é")


class FixedCalendar:
    """Answers with its entries, or fails."""

    def __init__(self) -> None:
        self.entries: list[CalendarEntry] = []
        self.fail: ProviderError | None = None
        self.asked: list[tuple[Any, ...]] = []

    async def read(self, *asked: Any) -> list[CalendarEntry]:
        self.asked.append(asked)
        if self.fail:
            raise self.fail
        return self.entries


class TestCalendars:
    async def test_the_last_copy_is_kept_with_its_age(self, tmp_path: Path) -> None:
        shop = build_shop(tmp_path, catalog=CATALOG)
        await shop.home.people.remember(MEMBERS)
        vendor = FixedCalendar()
        shop.world.calendars = vendor

        async def read() -> str | None:
            await shop.run(K.READ_CALENDAR, None, payload={"roster": "kept"})
            return await shop.home.work.read(
                lambda tx: rosters.calendar_problem(tx, CATALOG.rosters["kept"])
            )

        vendor.fail = ProviderError("calendar", Reason.UNAVAILABLE, "it answered 503")
        assert await read() == "the calendar could not be fetched yet: it answered 503"
        vendor.fail = None
        vendor.entries = [
            CalendarEntry(since=NOW, until=NOW + HOUR, attendees=(A,)),
            CalendarEntry(since=NOW + HOUR, until=NOW + 2 * HOUR, summary="On call: Zoe"),
        ]
        assert await read() == "I do not know who is meant by: On call: Zoe"
        vendor.entries = vendor.entries[:1]
        assert await read() is None
        assert await on_duty(shop.home, NOW, "kept") == (A,)
        shop.home.clock.advance(3 * 3600)
        vendor.fail = ProviderError("calendar", Reason.UNAVAILABLE, "no answer within 8 seconds")
        told = await read()
        assert told == (
            "the calendar cannot be fetched (no answer within 8 seconds); this is its copy of 3 h ago"
        )
        assert await on_duty(shop.home, NOW, "kept") == (A,)
        address, since, until, zone = vendor.asked[0]
        assert (address, zone) == (CALENDAR, "Europe/Berlin")
        assert until - since == timedelta(days=732)
        moved = Roster(name="kept", ical="https://calendar.example.com/another.ics")
        copy = await shop.home.work.read(lambda tx: store.copy_of(tx, moved))
        assert copy == store.Copy(), "another address is another calendar"

    async def test_each_is_read_once_in_its_time_however_many_ask(self, home: Home) -> None:
        for _ in range(3):
            found = await home.work.read(lambda tx: calendars.due(tx, home.catalog))
            await home.work.write(lambda tx, found=found: tx.emit(found))  # type: ignore[misc]
        (one,) = await home.effects("calendar")
        assert one.payload == {"roster": "kept"}
        assert "secret" not in one.key
        home.clock.advance(601)
        await home.dismiss_all()
        found = await home.work.read(lambda tx: calendars.due(tx, home.catalog))
        await home.work.write(lambda tx: tx.emit(found))
        assert len(await home.effects("calendar")) == 2

    async def test_none_is_read_before_anybody_is_known_nor_twice_in_its_time(
        self, home: Home, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()
        empty = build_home(tmp_path / "empty", catalog=CATALOG)
        assert await empty.work.read(lambda tx: calendars.due(tx, CATALOG)) == []
        empty.work.close()
        assert len(await home.work.read(lambda tx: calendars.due(tx, CATALOG))) == 1
        kept = CATALOG.rosters["kept"]
        await home.work.write(lambda tx: store.keep_problem(tx, kept, "it answered 503"))
        assert await home.work.read(lambda tx: calendars.due(tx, CATALOG)) == []
        home.clock.advance(601)
        assert len(await home.work.read(lambda tx: calendars.due(tx, CATALOG))) == 1

    async def test_an_override_holds_in_a_calendar_as_well(
        self, home: Home, desk: StandingIn
    ) -> None:
        entries = [CalendarEntry(since=NOW - HOUR, until=NOW + DAY, attendees=(A, B))]
        await home.work.write(lambda tx: calendars.keep(tx, CATALOG.rosters["kept"], entries))
        made = await desk.override("kept", "U0DAN", span(), by=ANA, once="a", instead_of="U0ANA")
        assert [p.name for p in made.instead] == ["Ana Lopez"]
        assert await on_duty(home, NOW, "kept") == ("dan@example.com", B)


async def test_who_made_it_is_kept(home: Home, desk: StandingIn) -> None:
    await desk.override("primary", "U0DAN", span(), by=ANA, once="a")
    (kept,) = await home.work.read(lambda tx: store.overrides(tx, "primary"))
    assert kept.by is not None
    assert kept.by.slack_id == ANA_ACTOR.slack_id
    assert kept.override == Override(person="dan@example.com", since=NOW, until=NOW + 4 * HOUR)
