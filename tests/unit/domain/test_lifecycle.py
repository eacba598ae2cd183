"""The rules of an incident: each wish alone, and all of them in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain import lifecycle
from bot.domain.effects import EffectKind
from bot.domain.incident import (
    Actor,
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Phase,
    Places,
    Status,
    TicketLink,
)
from bot.domain.lifecycle import Decision, EscalationTarget
from bot.errors import AlreadyDone, FieldError, UserError
from tests.unit.store.house import NOW, an_incident, paged

ANA = Actor(name="Ana", slack_id="U0ANA")
BEN = Actor(name="Ben", slack_id="U0BEN", email="ben@example.com")
CAT = Actor(name="Cat", pagerduty_id="PCAT")
LATER = NOW + timedelta(minutes=3)


def acknowledged(**changes: Any) -> Incident:
    return lifecycle.acknowledge(an_incident(**changes), ANA, NOW).incident


def resolved(**changes: Any) -> Incident:
    return lifecycle.resolve(an_incident(**changes), ANA, NOW, note="Rolled back").incident


# --- one wish at a time ---------------------------------------------------------------------------


def test_acknowledging_makes_one_the_owner() -> None:
    decision = lifecycle.acknowledge(an_incident(), ANA, LATER)
    after = decision.incident
    assert (after.status, after.owner, after.acknowledged_by) == (Status.ACKNOWLEDGED, ANA, ANA)
    assert after.acknowledged_at == after.status_changed_at == after.updated_at == LATER
    assert after.last_event == "acknowledged"
    [entry] = decision.entries
    assert (entry.kind, entry.actor, entry.at) == (EntryKind.ACKNOWLEDGED, ANA, LATER)
    assert entry.origin is Origin.SLACK
    assert entry.vendor_at is None


def test_the_first_acknowledgement_is_the_one_that_is_measured() -> None:
    again = lifecycle.reassign(acknowledged(), BEN, ANA, LATER).incident
    after = lifecycle.acknowledge(again, BEN, LATER + timedelta(minutes=9)).incident
    assert after.acknowledged_at == NOW
    assert after.acknowledged_by == BEN


def test_acknowledging_twice_says_who_did_it_and_when() -> None:
    with pytest.raises(AlreadyDone, match="INC-1 is acknowledged already: Ana did that") as caught:
        lifecycle.acknowledge(acknowledged(), BEN, LATER)
    assert (caught.value.who, caught.value.slack_id, caught.value.at) == ("Ana", "U0ANA", NOW)


def test_who_did_it_is_muster_when_nobody_is_known() -> None:
    odd = an_incident(status=Status.ACKNOWLEDGED)
    with pytest.raises(AlreadyDone, match="Muster did that") as caught:
        lifecycle.acknowledge(odd, BEN, LATER)
    assert (caught.value.slack_id, caught.value.at) == (None, NOW)


@pytest.mark.parametrize(
    ("verb", "wish"),
    [
        ("acknowledged", lambda i: lifecycle.acknowledge(i, BEN, LATER)),
        ("reassigned", lambda i: lifecycle.reassign(i, BEN, BEN, LATER)),
        ("escalated", lambda i: lifecycle.escalate(i, EscalationTarget(level=2), BEN, LATER)),
        (
            "moved to another phase",
            lambda i: lifecycle.set_field(i, EntryKind.PHASE, "monitoring", BEN, LATER),
        ),
    ],
)
def test_what_is_resolved_takes_no_more_wishes(verb: str, wish: Any) -> None:
    with pytest.raises(AlreadyDone, match=f"cannot be {verb}.*Ana resolved it") as caught:
        wish(resolved())
    assert caught.value.at == NOW


def test_resolving_keeps_what_fixed_it() -> None:
    decision = lifecycle.resolve(acknowledged(), BEN, LATER, note="  Rolled back \n")
    after = decision.incident
    assert (after.status, after.phase) == (Status.RESOLVED, Phase.RESOLVED)
    assert (after.resolved_at, after.resolved_by, after.resolution) == (LATER, BEN, "Rolled back")
    assert decision.entries[0].text == "Rolled back"
    with pytest.raises(AlreadyDone, match="INC-1 is resolved already: Ben did that"):
        lifecycle.resolve(after, ANA, LATER)


def test_reopening_forgets_the_ending() -> None:
    decision = lifecycle.reopen(resolved(), BEN, LATER)
    after = decision.incident
    assert (after.status, after.phase) == (Status.TRIGGERED, Phase.INVESTIGATING)
    assert (after.resolved_at, after.resolved_by, after.resolution) == (None, None, "")
    assert after.acknowledged_by is None
    assert decision.entries[0].kind is EntryKind.REOPENED


def test_what_is_open_cannot_be_reopened() -> None:
    with pytest.raises(UserError, match=r"INC-1 is open \(triggered\)"):
        lifecycle.reopen(an_incident(), BEN, LATER)


def test_what_was_merged_stays_closed() -> None:
    with pytest.raises(UserError, match="merged into INC-9"):
        lifecycle.reopen(resolved(merged_into=9), BEN, LATER)


def test_reassigning_hands_it_over_and_triggers_it_again() -> None:
    decision = lifecycle.reassign(acknowledged(), BEN, ANA, LATER, message=" yours ")
    after = decision.incident
    assert (after.status, after.owners) == (Status.TRIGGERED, (BEN,))
    entry = decision.entries[0]
    assert (entry.target, entry.actor_target, entry.text) == ("Ben", BEN, "yours")
    with pytest.raises(AlreadyDone, match="is with Benjamin already"):
        lifecycle.reassign(after, replace(BEN, name="Benjamin"), ANA, LATER)


def test_escalating_to_a_level_remembers_the_level() -> None:
    decision = lifecycle.escalate(
        paged(owners=(ANA,)), EscalationTarget(level=2), ANA, LATER, message="help"
    )
    assert decision.incident.pager.level == 2
    assert decision.incident.status is Status.TRIGGERED
    assert decision.entries[0].target == "level 2"


def test_escalating_to_a_person_leaves_the_owner_alone() -> None:
    before = lifecycle.acknowledge(paged(), ANA, NOW).incident
    decision = lifecycle.escalate(before, EscalationTarget(person=BEN), ANA, LATER)
    after = decision.incident
    assert (after.status, after.owners, after.last_event) == (
        Status.ACKNOWLEDGED,
        (ANA,),
        "escalated",
    )
    assert decision.entries[0].actor_target == BEN


def test_without_a_pager_only_a_person_can_be_asked() -> None:
    with pytest.raises(UserError, match="Nobody is paged for INC-1"):
        lifecycle.escalate(an_incident(), EscalationTarget(level=2), ANA, LATER)
    after = lifecycle.escalate(an_incident(), EscalationTarget(person=BEN), ANA, LATER).incident
    assert after.last_event == "escalated"


@pytest.mark.parametrize(
    ("target", "label"),
    [
        (EscalationTarget(level=3), "level 3"),
        (EscalationTarget(policy_id="PX"), "PX"),
        (EscalationTarget(policy_id="PX", policy_name="Database"), "Database"),
        (EscalationTarget(person=BEN, policy_name="Database"), "Ben"),
    ],
)
def test_people_name_the_target(target: EscalationTarget, label: str) -> None:
    assert target.label == label


def test_a_note_needs_words() -> None:
    decision = lifecycle.annotate(an_incident(), "  looks like DNS ", ANA, LATER)
    assert decision.entries[0].text == "looks like DNS"
    assert decision.incident.last_event == "annotated"
    with pytest.raises(FieldError, match="Write the note") as caught:
        lifecycle.annotate(an_incident(), " \n\x00", ANA, LATER)
    assert caught.value.field == "note"


@pytest.mark.parametrize(
    ("kind", "value", "attribute", "target"),
    [
        (EntryKind.SEVERITY, "SEV1", "severity", "SEV1"),
        (EntryKind.PHASE, "identified", "phase", "identified"),
        (EntryKind.TITLE, "Payments", "title", "Payments"),
        (EntryKind.SUMMARY, "All of them", "description", "All of them"),
    ],
)
def test_a_field_is_set_and_told(kind: EntryKind, value: str, attribute: str, target: str) -> None:
    decision = lifecycle.set_field(an_incident(), kind, value, ANA, LATER, reason=" clear now ")
    assert getattr(decision.incident, attribute) == value
    [entry] = decision.entries
    assert (entry.kind, entry.target, entry.text) == (kind, target, "clear now")
    with pytest.raises(UserError, match="already"):
        lifecycle.set_field(decision.incident, kind, value, ANA, LATER)


def test_a_changed_field_says_what_it_was() -> None:
    decision = lifecycle.set_field(
        an_incident(severity="SEV3"), EntryKind.SEVERITY, "SEV1", ANA, LATER
    )
    assert decision.entries[0].text == "was SEV3"
    words = lifecycle.set_field(
        an_incident(description="old"), EntryKind.SUMMARY, "new", ANA, LATER
    )
    assert words.entries[0].text == ""


def test_monitoring_is_when_it_stopped_hurting() -> None:
    first = lifecycle.set_field(an_incident(), EntryKind.PHASE, "monitoring", ANA, NOW).incident
    assert (first.phase, first.mitigated_at) == (Phase.MONITORING, NOW)
    back = lifecycle.set_field(first, EntryKind.PHASE, "identified", ANA, LATER).incident
    again = lifecycle.set_field(back, EntryKind.PHASE, "monitoring", ANA, LATER).incident
    assert again.mitigated_at == NOW


@pytest.mark.parametrize(
    ("title", "clean"), [("  a \n b\t c ", "a b c"), ("x" * 500, "x" * 500), ("é", "é")]
)
def test_a_title_is_one_line(title: str, clean: str) -> None:
    assert lifecycle.checked_title(title) == clean


@pytest.mark.parametrize("title", ["", "  \n\t ", "x" * 501])
def test_a_title_that_shows_nothing_or_nowhere_is_refused(title: str) -> None:
    with pytest.raises(FieldError) as caught:
        lifecycle.checked_title(title)
    assert caught.value.field == "title"


def test_a_text_longer_than_any_vendor_takes_is_refused() -> None:
    assert lifecycle.checked_text("note", " x ") == "x"
    assert len(lifecycle.checked_text("note", "x" * 10_000)) == 10_000
    with pytest.raises(FieldError, match="10,001 characters") as caught:
        lifecycle.checked_text("message", "x" * 10_001)
    assert caught.value.field == "message"


@pytest.mark.parametrize(("origin", "known"), [(Origin.PAGERDUTY, True), (Origin.SLACK, False)])
def test_a_start_is_told_with_the_vendors_time_only_by_the_vendor(
    origin: Origin, known: bool
) -> None:
    [entry] = lifecycle.started(an_incident(origin=origin, reporter=ANA)).entries
    assert (entry.kind, entry.actor, entry.text) == (
        EntryKind.TRIGGERED,
        ANA,
        "Checkout is down",
    )
    assert (entry.vendor_at is not None) is known


def test_the_name_and_the_roles() -> None:
    incident = an_incident(roles={"commander": ANA}, owners=(BEN, ANA))
    assert (incident.name, incident.commander, incident.owner) == ("INC-1", ANA, BEN)
    assert an_incident().owner is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ANA, None, False),
        (ANA, replace(ANA, name="Other"), True),
        (Actor(name="A", email="A@X"), Actor(name="B", email="a@x"), True),
        (Actor(name="A", pagerduty_id="P"), Actor(name="A", pagerduty_id="Q"), False),
        (Actor(name="A", slack_id="U"), Actor(name="A"), True),
        (Actor(name="A"), Actor(name="B"), False),
        (Actor(name="A", slack_id="U", email="x"), Actor(name="A", slack_id="V", email="x"), True),
    ],
)
def test_who_is_the_same_person(one: Actor, other: Actor | None, same: bool) -> None:
    assert one.is_same(other) is same


# --- all of them in any order ---------------------------------------------------------------------

people = st.sampled_from([ANA, BEN, CAT])
targets = st.one_of(
    st.integers(1, 4).map(lambda n: EscalationTarget(level=n)),
    st.just(EscalationTarget(policy_id="PX", policy_name="Database")),
    people.map(lambda p: EscalationTarget(person=p)),
)
OPEN_PHASES = [p for p in Phase if p is not Phase.RESOLVED]


class IncidentLife(RuleBasedStateMachine):
    """Every wish in any order; what is refused changes nothing."""

    incident: Incident

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.entries: list[Entry] = []
        self.keys: set[str] = set()
        self.stored = 0

    @initialize(
        kind=st.sampled_from(PagerKind), channel=st.booleans(), ticket=st.booleans(), p=people
    )
    def begin(self, kind: PagerKind, channel: bool, ticket: bool, p: Actor) -> None:
        self.incident = an_incident(
            pager=PagerLink(kind=kind, id="P1" if kind is PagerKind.PAGERDUTY else None),
            places=Places(channel="C1", card_ts="1.2") if channel else Places(),
            ticket=TicketLink(repo="acme/x", number=4) if ticket else None,
            reporter=p,
        )
        self.save(lifecycle.started(self.incident))

    def save(self, decision: Decision) -> None:
        keys = [e.key for e in decision.effects]
        assert len(set(keys)) == len(keys), "a key twice in one decision"
        assert not self.keys & set(keys), "a key of an earlier version again"
        self.keys |= set(keys)
        assert all(e.incident == self.incident.number for e in decision.effects)
        assert all(e.lane.startswith("INC-1/") for e in decision.effects)
        assert len(decision.entries) == 1
        assert decision.entries[0].at == (self.now if self.stored else NOW)
        if self.stored:
            assert decision.incident.updated_at == self.now
            assert any(e.kind is EffectKind.REFRESH_ANNOUNCEMENT for e in decision.effects)
        self.entries += decision.entries
        self.stored += 1
        self.incident = replace(decision.incident, version=self.incident.version + 1)

    def wish(self, refused: bool, act: Any) -> bool:
        """Try it; ``refused`` says whether AlreadyDone is due. Whether it was done."""
        self.now += timedelta(seconds=7)
        try:
            decision = act()
        except AlreadyDone as error:
            told = error
        else:
            assert not refused
            self.save(decision)
            return True
        assert refused, str(told)
        assert told.who
        assert told.at <= self.now
        return False

    @rule(by=people)
    def acknowledge(self, by: Actor) -> None:
        taken = self.incident.status is not Status.TRIGGERED
        if self.wish(taken, lambda: lifecycle.acknowledge(self.incident, by, self.now)):
            assert self.incident.owners == (by,)

    @rule(by=people, note=st.text(max_size=20))
    def resolve(self, by: Actor, note: str) -> None:
        closed = not self.incident.is_open
        if self.wish(closed, lambda: lifecycle.resolve(self.incident, by, self.now, note=note)):
            assert self.incident.resolved_by == by

    @rule(by=people, to=people)
    def reassign(self, by: Actor, to: Actor) -> None:
        owner = self.incident.owner
        refused = not self.incident.is_open or bool(owner and owner.is_same(to))
        self.wish(refused, lambda: lifecycle.reassign(self.incident, to, by, self.now))

    @rule(by=people, to=targets)
    def escalate(self, by: Actor, to: EscalationTarget) -> None:
        nobody = self.incident.pager.kind is PagerKind.NOBODY and to.person is None
        if nobody and self.incident.is_open:
            with pytest.raises(UserError, match="Nobody is paged"):
                lifecycle.escalate(self.incident, to, by, self.now)
            return
        closed = not self.incident.is_open
        self.wish(closed, lambda: lifecycle.escalate(self.incident, to, by, self.now))

    @rule(by=people)
    def reopen(self, by: Actor) -> None:
        if self.incident.is_open:
            with pytest.raises(UserError, match="nothing to reopen"):
                lifecycle.reopen(self.incident, by, self.now)
            return
        self.wish(False, lambda: lifecycle.reopen(self.incident, by, self.now))

    @rule(by=people, words=st.text(max_size=30))
    def annotate(self, by: Actor, words: str) -> None:
        if not lifecycle.checked_text("note", words):  # NUL alone is no word
            with pytest.raises(FieldError):
                lifecycle.annotate(self.incident, words, by, self.now)
            return
        self.wish(False, lambda: lifecycle.annotate(self.incident, words, by, self.now))

    @rule(by=people, phase=st.sampled_from(OPEN_PHASES))
    def set_phase(self, by: Actor, phase: Phase) -> None:
        if self.incident.phase is phase:
            with pytest.raises(UserError, match="already"):
                lifecycle.set_field(self.incident, EntryKind.PHASE, phase.value, by, self.now)
            return
        closed = not self.incident.is_open
        self.wish(
            closed,
            lambda: lifecycle.set_field(self.incident, EntryKind.PHASE, phase.value, by, self.now),
        )

    @rule(by=people, name=st.sampled_from(["SEV1", "SEV2"]))
    def set_severity(self, by: Actor, name: str) -> None:
        if self.incident.severity == name:
            return
        self.wish(
            False,
            lambda: lifecycle.set_field(self.incident, EntryKind.SEVERITY, name, by, self.now),
        )

    @invariant()
    def resolved_is_one_thing(self) -> None:
        incident = getattr(self, "incident", None)
        if incident is None:
            return
        closed = incident.status is Status.RESOLVED
        assert closed == (incident.phase is Phase.RESOLVED)
        assert closed == (incident.resolved_at is not None)
        assert closed == (incident.resolved_by is not None)
        assert closed or not incident.resolution
        assert incident.is_open != closed

    @invariant()
    def acknowledged_has_an_owner(self) -> None:
        incident = getattr(self, "incident", None)
        if incident is not None and incident.status is Status.ACKNOWLEDGED:
            assert incident.acknowledged_by is not None
            assert incident.acknowledged_by in incident.owners
            assert incident.acknowledged_at is not None

    @invariant()
    def everything_is_in_the_timeline(self) -> None:
        assert len(self.entries) == self.stored


IncidentLife.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
test_an_incident_lives = IncidentLife.TestCase
