"""Who is on call: hand-overs on the clock of the zone, across daylight saving of both hemispheres."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.catalog import Roster, RosterLayer
from bot.domain.roster import (
    DAYS,
    Override,
    Rota,
    Shift,
    Stint,
    moment,
    on_duty,
    shifts,
)

BERLIN, SYDNEY = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney")
A, B, C, D = (f"{name}@example.com" for name in ("ana", "ben", "cleo", "dan"))
#: Both hemispheres, half an hour of summer time, none, an odd offset, midnight changes, and one that skips a day.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago", "Australia/Lord_Howe",
    "Asia/Kolkata", "Asia/Kathmandu", "America/Havana", "Africa/Cairo", "Pacific/Auckland", "UTC",
    "Africa/Casablanca", "Antarctica/Troll",
)  # fmt: skip


def naive(text: str) -> datetime:
    """A time on the wall."""
    return datetime.fromisoformat(text)


def roster(*layers: RosterLayer, zone: str = "Europe/Berlin", **more: Any) -> Roster:
    return Roster(name="primary", time_zone=zone, layers=layers, **more)


def layer(*people: str, start: str = "2026-01-05", **more: Any) -> RosterLayer:
    return RosterLayer(people=people, start=start, **more)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return moment(naive(text), zone)


WEEKLY = roster(layer(A, B, C))
DAILY = roster(layer(A, B, rotate="daily", handover="09:00"))


class TestRotations:
    @pytest.mark.parametrize(
        ("when", "who"),
        [
            ("2026-01-05T08:59", ()),
            ("2026-01-05T09:00", (A,)),
            ("2026-01-12T08:59", (A,)),
            ("2026-01-12T09:00", (B,)),
            ("2026-01-26T09:00", (A,)),
            # Twelve weeks and the change to summer time later the hand-over still is at nine on the clock.
            ("2026-03-30T08:59", (C,)),
            ("2026-03-30T09:00", (A,)),
        ],
    )
    def test_a_week_is_handed_over_at_nine_all_the_year(
        self, when: str, who: tuple[str, ...]
    ) -> None:
        assert on_duty(WEEKLY, at(when)) == who

    def test_a_date_alone_starts_with_the_handover_of_that_day_and_a_first_turn_may_be_short(
        self,
    ) -> None:
        wednesday = roster(layer(A, B, start="2026-01-07"))
        assert shifts(wednesday, at("2026-01-06T00:00"), at("2026-01-13T00:00")) == [
            Shift(since=at("2026-01-06T00:00"), until=at("2026-01-07T09:00")),
            Shift(since=at("2026-01-07T09:00"), until=at("2026-01-12T09:00"), people=(A,)),
            Shift(since=at("2026-01-12T09:00"), until=at("2026-01-13T00:00"), people=(B,)),
        ]

    def test_a_start_with_a_time_or_an_offset_is_that_moment(self) -> None:
        early = roster(layer(A, B, start="2026-01-05T00:00"))
        assert on_duty(early, at("2026-01-05T08:00")) == (A,)
        assert on_duty(early, at("2026-01-05T09:00")) == (B,)
        offset = roster(layer(A, B, start="2026-01-05T10:00+05:00"))
        assert on_duty(offset, datetime(2026, 1, 5, 5, tzinfo=UTC)) == (A,)
        assert on_duty(offset, datetime(2026, 1, 5, 4, 59, tzinfo=UTC)) == ()

    def test_days_of_23_and_25_hours_are_one_turn_each(self) -> None:
        for day, hours in (("2026-03-28", 23), ("2026-10-24", 25)):
            begin = at(f"{day}T09:00")
            first, *_ = shifts(DAILY, begin, begin + timedelta(days=3))
            assert first.until - first.since == timedelta(hours=hours)

    def test_twelve_hours_stay_at_nine_and_twenty_one_on_the_southern_clock_too(self) -> None:
        halves = roster(layer(A, B, rotate="12h", handover="09:00"), zone="Australia/Sydney")
        # Summer time ends there on 5 April 2026, and begins on 4 October.
        for month in (4, 10):
            begin = at(f"2026-{month:02d}-03T09:00", SYDNEY)
            found = shifts(halves, begin, begin + timedelta(days=5))
            clocks = {s.since.astimezone(SYDNEY).time().isoformat("minutes") for s in found}
            assert clocks == {"09:00", "21:00"}
            assert [s.people for s in found[:3]] in ([(A,), (B,), (A,)], [(B,), (A,), (B,)])

    def test_two_weeks_from_a_named_day(self) -> None:
        fortnight = roster(layer(A, B, rotate="2w", handover="Wed 10:00", start="2026-01-07"))
        assert [s.until for s in shifts(fortnight, at("2026-01-07T10:00"), at("2026-02-10T00:00"))] == [
            at("2026-01-21T10:00"), at("2026-02-04T10:00"), at("2026-02-10T00:00"),
        ]  # fmt: skip

    def test_a_handover_the_clocks_skip_is_when_they_are_put_forward(self) -> None:
        gap = roster(layer(A, B, rotate="daily", handover="02:30", start="2026-03-28"))
        change = datetime(2026, 3, 29, 1, tzinfo=UTC)
        assert on_duty(gap, change - timedelta(seconds=1)) == (A,)
        assert on_duty(gap, change) == (B,)
        assert moment(naive("2026-03-29T02:30"), BERLIN) == change

    def test_a_handover_that_comes_twice_is_the_first_one(self) -> None:
        fold = roster(layer(A, B, rotate="daily", handover="02:30", start="2026-10-24"))
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert on_duty(fold, first - timedelta(seconds=1)) == (A,)
        assert on_duty(fold, first) == (B,)
        assert on_duty(fold, first + timedelta(minutes=59)) == (B,), "02:29 came again"

    def test_a_day_that_never_was_is_nobodys_turn(self) -> None:
        apia = roster(
            layer(A, B, C, rotate="daily", handover="09:00", start="2011-12-28"),
            zone="Pacific/Apia",
        )
        zone = ZoneInfo("Pacific/Apia")
        jump = at("2011-12-31T00:00", zone)
        people = [
            s.people for s in shifts(apia, at("2011-12-28T09:00", zone), jump + timedelta(days=1))
        ]
        # The 30th was left out: its hand-over is at the jump, nine hours before that of the 31st.
        assert people == [(A,), (B,), (C,), (A,)]


class TestLayers:
    WEEKEND = layer(D, rotate="daily", only={"days": ("Sat", "Sun"), "from": "09:00", "to": "21:00"})  # fmt: skip

    def test_later_layers_win_where_they_apply(self) -> None:
        both = roster(layer(A, B, C), self.WEEKEND)
        told = {
            "2026-01-10T08:59": A, "2026-01-10T09:00": D, "2026-01-10T20:59": D,
            "2026-01-10T21:00": A, "2026-01-11T12:00": D, "2026-01-12T12:00": B,
        }  # fmt: skip
        assert {when: on_duty(both, at(when))[0] for when in told} == told

    def test_hours_across_midnight_belong_to_the_day_they_begin_on(self) -> None:
        nights = roster(layer(A, rotate="daily", only={"days": ("Fri",), "from": "22:00", "to": "06:00"}))  # fmt: skip
        told = {
            "2026-01-09T21:59": (), "2026-01-09T22:00": (A,), "2026-01-10T05:59": (A,),
            "2026-01-10T06:00": (), "2026-01-10T22:00": (), "2026-01-09T05:00": (),
        }  # fmt: skip
        assert {when: on_duty(nights, at(when)) for when in told} == told

    @pytest.mark.parametrize(
        ("only", "hours"),
        [
            ({"days": ("Mon",)}, 24),
            ({"from": "10:00"}, 14 * 7),
            ({"to": "10:00"}, 10 * 7),
            ({"from": "10:00", "to": "10:00", "days": ("Tue",)}, 24),
            ({"from": "00:00", "to": "24:00"}, 168),
        ],
    )
    def test_what_hours_leave_out(self, only: dict[str, object], hours: int) -> None:
        # A week that ends and begins at midnight, long after the start and without a change of clocks.
        begin = at("2026-02-02T00:00")
        found = shifts(
            roster(layer(A, rotate="daily", only=only)), begin, begin + timedelta(days=7)
        )
        there = sum((s.until - s.since for s in found if s.people), timedelta())
        assert there == timedelta(hours=hours)

    def test_the_sun_is_followed_by_layers_with_hours_and_nobody_is_missing(self) -> None:
        day = layer(A, rotate="daily", only={"from": "08:00", "to": "16:00"})
        evening = layer(B, rotate="daily", only={"from": "16:00", "to": "00:00"})
        night = layer(C, rotate="daily", only={"from": "00:00", "to": "08:00"})
        begin = at("2026-03-27T08:00")
        found = shifts(roster(day, evening, night), begin, begin + timedelta(days=5))
        assert [s.people[0] for s in found[:6]] == [A, B, C, A, B, C]
        assert all(s.people for s in found)

    def test_the_whole_turn_is_not_ended_by_hours_of_another_layer(self) -> None:
        rota = Rota(roster(layer(A, B, C), self.WEEKEND))
        whole = Shift(since=at("2026-01-12T09:00"), until=at("2026-01-19T09:00"), people=(B,))
        assert rota.turn(at("2026-01-18T22:00")) == whole
        assert rota.turn(at("2026-01-17T10:00")).people == (D,)  # type: ignore[union-attr]
        assert rota.turn(at("2025-01-17T10:00")) is None


class TestOverrides:
    def test_the_rosters_own_come_first_and_later_ones_win(self) -> None:
        own = {
            "person": "Cleo@example.com",
            "from": "2026-12-24T09:00",
            "until": "2026-12-27T09:00",
        }
        christmas = roster(layer(A, B), overrides=(own,))
        eve = at("2026-12-24T09:00")
        assert on_duty(christmas, eve) == (C,)
        later = Override(person=D, since=eve, until=eve + timedelta(hours=1))
        assert on_duty(christmas, eve, [later]) == (D,)
        assert on_duty(christmas, eve + timedelta(hours=1), [later]) == (C,)
        assert on_duty(christmas, at("2026-12-27T09:00")) in {(A,), (B,)}

    def test_who_is_replaced_is_replaced_only_where_they_would_be_on_call(self) -> None:
        begin, end = at("2026-01-05T09:00"), at("2026-01-19T09:00")
        swap = Override(person=D, since=begin, until=end, replaces=A)
        assert [s.people for s in shifts(WEEKLY, begin, end, [swap])] == [(D,), (B,)]

    def test_nobody_is_named_twice(self) -> None:
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        hour = timedelta(hours=1)
        stints = [Stint(person=p, since=noon, until=noon + hour) for p in (A, B)]
        calendar = Rota(
            roster(), [Override(person=A, since=noon, until=noon + hour, replaces=B)], stints
        )
        assert calendar.on_duty(noon) == (A,)


class TestCalendars:
    def test_entries_that_overlap_are_all_on_call(self) -> None:
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        hour = timedelta(hours=1)
        stints = [
            Stint(person=B, since=noon + hour, until=noon + 3 * hour),
            Stint(person=A, since=noon, until=noon + 2 * hour),
        ]
        rota = Rota(roster(), (), stints)
        found = rota.shifts(noon - hour, noon + 4 * hour)
        assert [s.people for s in found] == [(), (A,), (A, B), (B,), ()]
        assert rota.current(noon).until == noon + hour
        assert rota.current(noon + 5 * hour).until is None


# --- properties ------------------------------------------------------------------------------------------------

people = st.lists(
    st.sampled_from([f"p{n}@example.com" for n in range(9)]), min_size=1, max_size=6, unique=True
)
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
starts = st.datetimes(naive("2025-01-01"), naive("2026-06-01")).map(
    lambda d: d.replace(second=0, microsecond=0).isoformat()
)
begins = st.datetimes(naive("2026-01-01"), naive("2027-03-01"), timezones=st.just(UTC)).map(
    lambda d: d.replace(microsecond=0)
)


@st.composite
def full_layers(draw: st.DrawFn) -> RosterLayer:
    """A layer that applies always, from long before anybody asks."""
    rotate = draw(st.sampled_from(["daily", "weekly", "1h", "12h", "36h", "5d", "2w"]))
    day = f"{draw(st.sampled_from(DAYS))} " if rotate in {"weekly", "5d", "2w"} else ""
    return RosterLayer(
        people=tuple(draw(people)),
        rotate=rotate,
        handover=day + draw(clocks),
        start=draw(st.datetimes(naive("2024-01-01"), naive("2025-12-01"))).date().isoformat(),
    )


@st.composite
def limited_layers(draw: st.DrawFn) -> RosterLayer:
    rotate = draw(st.sampled_from(["daily", "weekly", "12h"]))
    only: dict[str, object] = {}
    if draw(st.booleans()):
        only["days"] = tuple(draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True)))
    if draw(st.booleans()):
        only["from"] = draw(clocks)
    if draw(st.booleans()):
        only["to"] = draw(st.one_of(clocks, st.just("24:00")))
    handover = (
        f"{draw(st.sampled_from(DAYS))} {draw(clocks)}" if rotate == "weekly" else draw(clocks)
    )
    return RosterLayer(
        people=tuple(draw(people)), rotate=rotate, handover=handover, start=draw(starts), only=only or None
    )  # fmt: skip


@st.composite
def overrides_from(draw: st.DrawFn, begin: datetime) -> Override:
    since = begin + timedelta(minutes=draw(st.integers(-5000, 30000)))
    return Override(
        person=f"o{draw(st.integers(0, 3))}@example.com",
        since=since,
        until=since + timedelta(minutes=draw(st.integers(1, 9000))),
        replaces=draw(st.none() | st.sampled_from([f"p{n}@example.com" for n in range(9)])),
    )


zones = st.sampled_from(ZONES)


def agrees(rota: Rota, found: list[Shift], since: datetime, until: datetime) -> None:
    """No hole, no overlap, nothing cut in two, and the same answer at both sides of every boundary."""
    assert found[0].since == since
    assert found[-1].until == until
    for before, after in pairwise(found):
        assert before.until == after.since
        assert before.people != after.people
    second = timedelta(seconds=1)
    for shift in found:
        assert shift.since < shift.until
        middle = shift.since + (shift.until - shift.since) / 2
        for moment_ in (shift.since, middle, max(shift.until - second, shift.since)):
            assert rota.on_duty(moment_) == shift.people


@settings(max_examples=150, deadline=None)
@given(zone=zones, one=full_layers(), since=begins, days=st.integers(1, 250))
def test_a_full_layer_leaves_no_gap_and_everybody_has_their_turn(
    zone: str, one: RosterLayer, since: datetime, days: int
) -> None:
    days = min(days, 20) if one.rotate == "1h" else days
    until = since + timedelta(days=days)
    rota = Rota(roster(one, zone=zone))
    found = rota.shifts(since, until)
    agrees(rota, found, since, until)
    assert all(len(s.people) == 1 for s in found)
    order = [one.people.index(s.people[0]) for s in found]
    if len(one.people) > 1:
        # In an hour that is skipped short turns are skipped with it; nothing else ever breaks the order.
        steps = {(b - a) % len(one.people) for a, b in pairwise(order)}
        assert steps <= {1 % len(one.people)} or one.rotate == "1h"
    if one.rotate != "1h":
        turns = Counter(order[1:-1])
        assert not turns or max(turns.values()) - min(turns.get(n, 0) for n in range(len(one.people))) <= 1  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    zone=zones,
    layers=st.lists(st.one_of(limited_layers(), full_layers()), max_size=3),
    since=begins,
    data=st.data(),
)
def test_shifts_and_on_duty_agree_everywhere_and_overrides_win_exactly_while_they_hold(
    zone: str, layers: list[RosterLayer], since: datetime, data: st.DataObject
) -> None:
    until = since + timedelta(days=12)
    over = data.draw(st.lists(overrides_from(since), max_size=4))
    rota = Rota(roster(*layers, zone=zone), over)
    agrees(rota, rota.shifts(since, until), since, until)
    plain = Rota(roster(*layers, zone=zone))
    tick = timedelta(seconds=1)
    for n, each in enumerate(over):
        for when in (each.since, each.until - tick):
            later = [o for o in over[n + 1 :] if o.holds(when)]
            if each.replaces is None and not later:
                assert rota.on_duty(when) == (each.person,)
        for when in (each.since - tick, each.until):
            if not any(o.holds(when) for o in over):
                assert rota.on_duty(when) == plain.on_duty(when)


@settings(max_examples=100, deadline=None)
@given(
    zone=zones,
    local=st.datetimes(naive("2026-01-01"), naive("2027-01-01")),
    minutes=st.integers(1, 180),
)
def test_wall_clock_times_keep_their_order(zone: str, local: datetime, minutes: int) -> None:
    own = ZoneInfo(zone)
    local = local.replace(microsecond=0)
    assert moment(local, own) <= moment(local + timedelta(minutes=minutes), own)
