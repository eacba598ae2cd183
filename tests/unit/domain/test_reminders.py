"""When people are reminded of what: the pure decision, for any facts and any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.catalog import Reminders
from bot.domain.incident import Actor, Incident, Phase, Status, Urgency
from bot.domain.reminders import (
    CAN_WAIT,
    MOST,
    SNOOZE,
    SNOOZE_LONG,
    Facts,
    Memory,
    Reminder,
    Sent,
    addressee,
    began,
    due_now,
    holding,
    next_look,
    snooze_for,
    told,
    upcoming,
    working_time,
)
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident

RULES = Reminders(
    no_acknowledge=timedelta(minutes=5),
    no_commander=timedelta(minutes=10),
    no_severity=timedelta(minutes=15),
    stale=timedelta(days=7),
    postmortem_due=timedelta(days=3),
)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "nowhere/at/all",
]

moments = st.integers(-30 * 86_400, 60 * 86_400).map(lambda s: NOW + timedelta(seconds=s))
spans = st.none() | st.integers(60, 14 * 86_400).map(lambda s: timedelta(seconds=s))
records = st.builds(Sent, at=moments, count=st.integers(1, 12), quiet=st.integers(1, 5))
rules = st.builds(
    Reminders,
    no_acknowledge=spans,
    no_commander=spans,
    no_severity=spans,
    stale=spans,
    postmortem_due=spans,
)
facts = st.builds(
    Facts,
    activity=moments,
    last_update=st.none() | moments,
    update_every=spans,
    sent=st.dictionaries(st.sampled_from(Reminder), records),
    snoozed_until=st.none() | moments,
    zone=st.sampled_from(ZONES),
    wants_commander=st.booleans(),
    has_postmortem=st.booleans(),
)


@st.composite
def incidents(draw: Any) -> Incident:
    status = draw(st.sampled_from(Status))
    over = status is Status.RESOLVED
    return an_incident(
        status=status,
        phase=Phase.RESOLVED if over else Phase.INVESTIGATING,
        severity=draw(st.none() | st.just("SEV1")),
        urgency=draw(st.sampled_from(Urgency)),
        roles=draw(st.sampled_from([{}, {"commander": ANA_ACTOR}, {"communications": BEN_ACTOR}])),
        owners=draw(st.sampled_from([(), (BEN_ACTOR,)])),
        opens_channel=draw(st.booleans()),
        merged_into=draw(st.none() | st.just(9)),
        next_update_at=draw(st.none() | moments),
        status_changed_at=draw(st.none() | moments),
        resolved_at=draw(moments) if over else None,
        resolved_by=ANA_ACTOR if over else None,
    )


often = settings(max_examples=300, deadline=None)


@often
@given(incidents(), facts, rules, moments)
def test_what_is_due_and_what_comes_are_all_there_is(
    incident: Incident, known: Facts, rule: Reminders, now: datetime
) -> None:
    every = upcoming(incident, known, rule, now)
    due = due_now(incident, known, rule, now)
    assert len({one.kind for one in every}) == len(every), "each kind once"
    assert [one.at for one in every] == sorted(one.at for one in every)
    assert set(due) <= set(every)
    assert all(one.at >= one.of for one in every), "postponed, never brought forward"
    later = [one.at for one in every if one not in due]
    assert next_look(incident, known, rule, now) == min(later, default=None)


@often
@given(incidents(), facts, rules, moments)
def test_nobody_is_reminded_of_what_is_not_so(
    incident: Incident, known: Facts, rule: Reminders, now: datetime
) -> None:
    kinds = {one.kind for one in upcoming(incident, known, rule, now)}
    if not incident.opens_channel or incident.merged_into is not None:
        assert not kinds
    if incident.status is not Status.TRIGGERED:
        assert Reminder.NO_ACKNOWLEDGE not in kinds
    if incident.commander or not known.wants_commander:
        assert Reminder.NO_COMMANDER not in kinds
    if incident.severity:
        assert Reminder.NO_SEVERITY not in kinds
    if incident.next_update_at is None and known.update_every is None:
        assert Reminder.UPDATE not in kinds
    if incident.is_open or known.has_postmortem:
        assert Reminder.POSTMORTEM not in kinds
    if not incident.is_open:
        assert kinds <= {Reminder.POSTMORTEM}
    for kind in kinds - {Reminder.UPDATE}:
        assert getattr(rule, kind.value) is not None, "switched off is off"


@often
@given(incidents(), facts, rules, moments)
def test_snoozed_is_silent_and_what_can_wait_falls_into_working_hours(
    incident: Incident, known: Facts, rule: Reminders, now: datetime
) -> None:
    for one in upcoming(incident, known, rule, now):
        if known.snoozed_until:
            assert one.at >= known.snoozed_until
        if one.kind in CAN_WAIT or incident.urgency is Urgency.LOW:
            assert one.at >= now
            assert works(one.at, known.zone)


def works(at: datetime, zone: str) -> bool:
    local = at.astimezone(ZoneInfo(zone if "at/all" not in zone else "UTC"))
    return local.weekday() < 5 and 9 <= local.hour < 18


@often
@given(moments, st.sampled_from(ZONES))
def test_working_time_is_the_next_there_is(at: datetime, zone: str) -> None:
    moved = working_time(at, zone)
    assert moved >= at
    assert works(moved, zone)
    assert (moved == at) == works(at, zone)
    assert moved - at <= timedelta(days=4)
    step = at
    while step < moved:  # nothing earlier would do
        assert not works(step, zone)
        step += timedelta(minutes=30)


@often
@given(incidents(), facts, rules, moments)
def test_quiet_ones_are_told_a_few_times_and_never_again(
    incident: Incident, known: Facts, rule: Reminders, now: datetime
) -> None:
    """Play the clock: nothing happens, so each kind is said at most MOST times, and it ends."""
    known = replace(known, sent={}, snoozed_until=None, activity=min(known.activity, now))
    said: list[Reminder] = []
    for _ in range(60):
        for one in due_now(incident, known, rule, now):
            said.append(one.kind)
            since = began(incident, known, rule, one.kind)
            assert since is not None
            record = told(known, one.kind, since, now)
            known = replace(known, sent={**known.sent, one.kind: record})
        following = next_look(incident, known, rule, now)
        if following is None:
            break
        assert following > now
        now = following
    else:
        pytest.fail("it never ends")
    for kind in Reminder:
        assert said.count(kind) <= MOST[kind]
    promised = incident.next_update_at or known.update_every
    if incident.is_open and incident.opens_channel and incident.merged_into is None and promised:
        assert said.count(Reminder.UPDATE) == MOST[Reminder.UPDATE], "a promise is asked for"


@often
@given(st.lists(st.integers(1, 12), min_size=8, max_size=60))
def test_activity_holds_back_but_a_busy_incident_still_gets_its_commander(gaps: list[int]) -> None:
    """Somebody writes something every few minutes: the reminder comes between once and three times its wait."""
    incident = an_incident(status=Status.ACKNOWLEDGED, severity="SEV1")
    now, known = NOW, Facts(activity=NOW)
    for gap in gaps:
        following = now + timedelta(minutes=gap)
        look = next_look(incident, known, RULES, now)
        due = due_now(incident, known, RULES, now)
        assert due or look is not None
        first = upcoming(incident, known, RULES, now)[0]
        assert first.kind is Reminder.NO_COMMANDER
        assert timedelta(minutes=10) <= first.at - NOW <= timedelta(minutes=30)
        assert first.at - known.activity <= timedelta(minutes=10) or first.at <= now
        if first.at <= following:
            return
        now, known = following, replace(known, activity=following)
    assert now - NOW < timedelta(minutes=30)


def test_what_happens_resets_the_count_and_the_wait_grows() -> None:
    incident = an_incident(status=Status.ACKNOWLEDGED, severity="SEV1")
    sent = Sent(at=NOW + timedelta(minutes=10), count=3, quiet=3)
    quiet = Facts(activity=NOW, sent={Reminder.NO_COMMANDER: sent})
    kinds = [one.kind for one in upcoming(incident, quiet, RULES, NOW)]
    assert Reminder.NO_COMMANDER not in kinds, "three times were enough"
    stirred = replace(quiet, activity=NOW + timedelta(minutes=11))
    [again] = [
        o for o in upcoming(incident, stirred, RULES, NOW) if o.kind is Reminder.NO_COMMANDER
    ]
    assert again.at == stirred.activity + timedelta(minutes=40)
    after = told(stirred, Reminder.NO_COMMANDER, NOW, again.at)
    assert (after.count, after.quiet) == (4, 1)


def test_an_acknowledgement_taken_back_is_asked_for_anew() -> None:
    sent = {Reminder.NO_ACKNOWLEDGE: Sent(at=NOW + timedelta(minutes=5), count=3, quiet=3)}
    reopened = an_incident(status_changed_at=NOW + timedelta(hours=1), severity="SEV1")
    known = Facts(activity=NOW + timedelta(hours=1), sent=sent, wants_commander=False)
    assert holding(reopened, known, RULES) == ()
    first = upcoming(reopened, known, RULES, NOW)[0]
    assert (first.kind, first.at) == (
        Reminder.NO_ACKNOWLEDGE,
        NOW + timedelta(hours=1, minutes=5),
    )


def test_a_promise_counts_before_the_severitys_rule() -> None:
    incident = an_incident(
        status=Status.ACKNOWLEDGED, next_update_at=NOW + timedelta(hours=2), severity="SEV1"
    )
    known = Facts(activity=NOW, update_every=timedelta(minutes=30), wants_commander=False)
    [update] = [o for o in upcoming(incident, known, RULES, NOW) if o.kind is Reminder.UPDATE]
    assert update.at == NOW + timedelta(hours=2)
    unpromised = replace(incident, next_update_at=None)
    known = replace(known, last_update=NOW + timedelta(minutes=10))
    [update] = [o for o in upcoming(unpromised, known, RULES, NOW) if o.kind is Reminder.UPDATE]
    assert update.at == NOW + timedelta(minutes=40)


def test_the_right_person_is_addressed() -> None:
    carol = Actor(name="Carol", slack_id="U0CAROL")
    nobody = an_incident()
    assert all(addressee(nobody, kind) is None for kind in Reminder)
    owned = an_incident(owners=(BEN_ACTOR,))
    assert addressee(owned, Reminder.NO_ACKNOWLEDGE) == BEN_ACTOR
    led = replace(owned, roles={"commander": ANA_ACTOR, "communications": carol})
    assert addressee(led, Reminder.STALE) == ANA_ACTOR
    assert addressee(led, Reminder.UPDATE) == carol
    unknown_in_slack = an_incident(owners=(Actor(name="Somebody at PagerDuty"),))
    assert addressee(unknown_in_slack, Reminder.STALE) is None
    over = an_incident(status=Status.RESOLVED, resolved_by=BEN_ACTOR)
    assert addressee(over, Reminder.POSTMORTEM) == BEN_ACTOR


def test_snooze_is_an_hour_or_a_day() -> None:
    assert snooze_for((Reminder.NO_ACKNOWLEDGE, Reminder.STALE)) == SNOOZE
    assert snooze_for((Reminder.STALE,)) == SNOOZE_LONG
    assert snooze_for(()) == SNOOZE


@often
@given(st.dictionaries(st.sampled_from(Reminder), records), st.none() | moments, st.booleans())
def test_the_memory_survives_the_database(
    sent: dict[Reminder, Sent], until: datetime | None, closed: bool
) -> None:
    memory = Memory(
        sent=sent, shown=tuple(sent), channel="C1", ts="1.2", closed=closed,
        snoozed_until=until, snoozed_by="Ana" if until else "",
    )  # fmt: skip
    assert Memory.from_value(memory.as_value()) == memory
    assert Memory.from_value(None) == Memory()
    assume(until is not None)
    assert Memory.from_value(memory.as_value()).snoozed_until.tzinfo in {UTC, until.tzinfo}  # type: ignore[union-attr]
