"""Which boundaries and gaps are told, and when; who belongs into a user group; what a roster covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import roster_duties as duties
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from bot.domain.incident import Affected
from bot.domain.roster import Override, Rota, Shift
from bot.domain.roster_duties import AHEAD, Memory, NewsKind, look, window
from tests.unit.store.house import an_incident

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
A, B, C = "ana@example.com", "ben@example.com", "cy@example.com"
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
WEEKLY = Roster(
    name="primary",
    layers=(RosterLayer(people=(A, B), handover="Mon 09:00", start="2026-01-05"),),
)
OFFICE = Roster(
    name="office",
    layers=(
        RosterLayer(
            people=(A,),
            rotate="daily",
            handover="09:00",
            start="2026-01-05",
            only={"days": ("Mon", "Tue", "Wed", "Thu", "Fri"), "from": "09:00", "to": "17:00"},
        ),
    ),
)


class Watch:
    """A roster looked at from time to time."""

    def __init__(self, roster: Roster, at: datetime) -> None:
        self.roster, self.at = roster, at
        self.overrides: list[Override] = []
        self.memory: Memory | None = None

    def look(self, at: datetime | None = None) -> list[tuple[str, datetime, tuple[str, ...]]]:
        """What is told; looking again at the same moment tells nothing."""
        self.at = at or self.at
        rota = Rota(self.roster, self.overrides)
        news, self.memory = self.once(rota)
        assert self.once(rota)[0] == [], "told once"
        assert Memory.from_value(self.memory.as_value()) == self.memory
        return [(each.kind.value, each.since, each.people) for each in news]

    def once(self, rota: Rota) -> tuple[list[duties.News], Memory]:
        shifts = rota.shifts(*window(self.memory, self.at))
        return look(self.memory, shifts, self.at, self.roster.time_zone)


def test_the_first_look_tells_nothing_of_the_past() -> None:
    watch = Watch(WEEKLY, MONDAY + 2 * DAY)
    assert watch.look() == []
    assert watch.memory == Memory(at=MONDAY + 2 * DAY, people=(A,))


def test_a_hand_over_is_told_at_its_moment_and_once() -> None:
    watch = Watch(WEEKLY, MONDAY - HOUR)
    watch.look()
    assert watch.look(MONDAY - timedelta(seconds=1)) == []
    assert watch.look(MONDAY) == [("handover", MONDAY, (A,))]
    assert watch.look(MONDAY + HOUR) == []
    assert watch.look(MONDAY + WEEK) == [("handover", MONDAY + WEEK, (B,))]


def test_who_was_on_call_before_is_known() -> None:
    watch = Watch(WEEKLY, MONDAY - HOUR)
    watch.look()
    watch.at = MONDAY + HOUR
    [news], _ = watch.once(Rota(WEEKLY))
    assert (news.before, news.people, news.until) == ((B,), (A,), MONDAY + WEEK)


def test_after_an_absence_only_the_shift_that_still_runs_is_told() -> None:
    watch = Watch(WEEKLY, MONDAY - HOUR)
    watch.look()
    assert watch.look(MONDAY + 2 * WEEK + 3 * DAY) == [("handover", MONDAY + 2 * WEEK, (A,))]
    assert watch.look(MONDAY + 2 * WEEK + 4 * DAY) == []


def test_an_override_that_begins_now_is_a_boundary_and_its_end_another() -> None:
    watch = Watch(WEEKLY, MONDAY + DAY)
    watch.look()
    begin, end = MONDAY + DAY + HOUR, MONDAY + 2 * DAY
    watch.overrides = [Override(person=C, since=begin, until=end)]
    assert watch.look(begin) == [("handover", begin, (C,))]
    assert watch.look(end + HOUR) == [("handover", end, (A,))]


def test_a_change_under_a_running_shift_is_told_from_now_on() -> None:
    watch = Watch(WEEKLY, MONDAY - HOUR)
    watch.look()
    watch.look(MONDAY + HOUR)
    watch.roster = replace(WEEKLY, layers=(replace(WEEKLY.layers[0], people=(C, B)),))
    now = MONDAY + 2 * HOUR
    assert watch.look(now) == [("handover", now, (C,))]


def test_an_override_that_is_taken_back_is_told() -> None:
    watch = Watch(WEEKLY, MONDAY + DAY)
    watch.look()
    watch.overrides = [Override(person=C, since=watch.at + HOUR, until=MONDAY + 3 * DAY)]
    watch.look(MONDAY + DAY + 2 * HOUR)
    gone = MONDAY + DAY + 3 * HOUR
    watch.overrides = [replace(watch.overrides[0], until=gone)]
    assert watch.look(gone) == [("handover", gone, (A,))]


def test_a_gap_is_told_a_day_before_and_when_it_begins_and_its_end_is_a_hand_over() -> None:
    gap, end = MONDAY + 4 * DAY + 8 * HOUR, MONDAY + WEEK
    watch = Watch(WEEKLY, MONDAY)
    watch.look()
    watch.roster = OFFICE
    early = watch.look(gap - AHEAD - HOUR)
    assert ("ahead", gap, ()) not in early
    assert ("ahead", gap, ()) in watch.look(gap - AHEAD)
    assert watch.look(gap) == [("gap", gap, ())]
    assert ("handover", end, (A,)) in watch.look(end)


def test_a_roster_that_is_in_a_gap_when_it_is_first_seen_says_so() -> None:
    saturday = MONDAY + 5 * DAY
    [(kind, since, people)] = Watch(OFFICE, saturday).look()
    assert (kind, since, people) == ("gap", saturday, ())


def test_gaps_of_every_evening_are_told_ahead_once_in_a_week() -> None:
    watch = Watch(OFFICE, MONDAY)
    ahead: list[datetime] = []
    for hours in range(24 * 14):
        ahead += [since for kind, since, _ in watch.look(MONDAY + hours * HOUR) if kind == "ahead"]
    evening, weekend = MONDAY + 8 * HOUR, MONDAY + 4 * DAY + 8 * HOUR
    assert sorted(ahead) == [evening, weekend, evening + WEEK, weekend + WEEK, evening + 2 * WEEK]


def test_a_roster_without_a_change_in_sight_is_quiet_for_ever() -> None:
    alone = replace(WEEKLY, layers=(replace(WEEKLY.layers[0], people=(A,)),))
    watch = Watch(alone, MONDAY)
    assert [watch.look(MONDAY + n * 20 * DAY) for n in range(10)] == [[]] * 10


shifts_of_days = st.lists(
    st.tuples(st.sampled_from([(), (A,), (B,), (A, B)]), st.integers(1, 200)),
    min_size=1,
    max_size=12,
)


@given(shifts_of_days, st.lists(st.integers(1, 300), max_size=30), st.data())
def test_whenever_somebody_looks_every_running_shift_is_told_once_and_no_other(
    lengths: list[tuple[tuple[str, ...], int]], looks: list[int], data: st.DataObject
) -> None:
    """Looks at any times by any number of replicas: one story."""
    shifts: list[Shift] = []
    since = MONDAY
    for people, hours in lengths:
        if shifts and shifts[-1].people == people:
            continue
        shifts.append(Shift(since=since, until=since + hours * HOUR, people=people))
        since = shifts[-1].until
    now = MONDAY + timedelta(minutes=data.draw(st.integers(0, 60)))
    memory: Memory | None = None
    told: list[tuple[NewsKind, datetime]] = []
    passed: list[Shift] = []
    for step in [0, *looks]:
        now += step * HOUR / 4
        running = [s for s in shifts if s.since <= now < s.until]
        if not running:
            break
        news, memory = look(memory, _cut(shifts, *window(memory, now)), now, "UTC")
        assert look(memory, _cut(shifts, *window(memory, now)), now, "UTC") == ([], memory)
        here = [(n.kind, n.since) for n in news if n.kind is not NewsKind.GAP_AHEAD]
        assert all(since <= now for _, since in here)
        if running[0] in passed:
            assert here == []
        elif passed:
            kind = NewsKind.HAND_OVER if running[0].people else NewsKind.GAP
            assert here == [(kind, running[0].since)]
        passed.append(running[0])
        ahead = [n for n in news if n.kind is NewsKind.GAP_AHEAD]
        assert all(now < n.since <= now + AHEAD and not n.people for n in ahead)
        told += [(n.kind, n.since) for n in news]
    assert len(told) == len(set(told))


def _cut(shifts: list[Shift], since: datetime, until: datetime) -> list[Shift]:
    return [
        replace(s, since=max(s.since, since), until=min(s.until, until))
        for s in shifts
        if s.since < until and s.until > since
    ]


def test_a_group_holds_everybody_on_call_in_any_of_its_rosters() -> None:
    rosters = [
        replace(WEEKLY, name="one", user_group="oncall"),
        replace(WEEKLY, name="two", user_group="oncall"),
        replace(WEEKLY, name="three", user_group="night"),
        replace(WEEKLY, name="four"),
    ]
    duty = {"one": (B, A), "two": (B,), "four": (C,)}
    assert duties.groups(rosters, duty) == {"oncall": (A, B), "night": ()}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("permission_denied", "only administrators"),
        ("no_permission", "only administrators"),
        ("plan_upgrade_required", "Slack plan"),
        ("missing_scope", "usergroups:write"),
        ("no_such_subteam", "no such user group"),
        ("invalid_users", "guest"),
        ("failed_for_some_users", "guest"),
        ("single_channel_guests_cannot_be_added", "guest"),
        ("subteam_max_users_exceeded", "more people"),
        ("invented_tomorrow", "invented_tomorrow"),
    ],
)
def test_a_refusal_says_why_and_how_to_mend_it(code: str, says: str) -> None:
    why, mend = duties.refusal("oncall", code)
    assert "@oncall" in why
    assert says in why
    assert mend


def covering() -> Catalog:
    def policy(name: str, *rosters: str) -> EscalationPolicy:
        levels = tuple(Level(notify=(f"roster:{each}",)) for each in rosters)
        return EscalationPolicy(name=name, levels=levels)

    return Catalog(
        policies={
            "default": policy("default", "first"),
            "db": policy("db", "dba", "second"),
        },
        services={
            "web": Service(id="web", title="Web"),
            "db": Service(id="db", title="Database", escalation_policy="db"),
        },
    )


@pytest.mark.parametrize(
    ("roster", "service", "covered"),
    [
        ("first", "web", True),
        ("first", "db", False),
        ("first", None, True),
        ("first", "unheard of", True),
        ("dba", "db", True),
        ("second", "db", True),
        ("dba", "web", False),
        ("dba", None, False),
        ("unnamed", "web", True),
        ("unnamed", "db", True),
        ("unnamed", None, True),
    ],
)
def test_a_roster_covers_what_its_policies_page_for(
    roster: str, service: str | None, *, covered: bool
) -> None:
    incident = an_incident(service=service, service_title=service)
    assert duties.covers(covering(), roster, incident) is covered
    assert duties.covers_service(covering(), roster, service) is covered


def test_a_further_service_of_an_incident_counts() -> None:
    incident = an_incident(
        service="web", service_title="Web", more_services=(Affected(id="db", title="Database"),)
    )
    assert duties.covers(covering(), "dba", incident)
