"""The pager's news: what is the same event, what wins, and that no path doubles another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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
    Urgency,
)
from bot.domain.lifecycle import acknowledge, annotate, reassign, resolve
from bot.domain.news import OWN_NOTE, derived_events, same_event
from bot.domain.page import Page, PageEvent
from bot.domain.reconcile import Reconciled, reconcile
from tests.unit.store.house import NOW, a_page, an_event, an_incident

PD_ANA = Actor(name="Ana Diaz", pagerduty_id="PANA")
PD_BEN = Actor(name="Ben Okafor", pagerduty_id="PBEN")
ANA = Actor(name="Ana", slack_id="U0ANA", pagerduty_id="PANA")
BEN = Actor(name="Ben", slack_id="U0BEN", pagerduty_id="PBEN")
MIRROR = {"PANA": ANA, "PBEN": BEN}


def person(actor: Actor) -> Actor:
    return MIRROR.get(actor.pagerduty_id or "", actor)


def severity_of(priority: str | None) -> str | None:
    return {"P1": "SEV1", "P2": "SEV2"}.get(priority or "")


def from_pager(**changes: Any) -> Incident:
    plain = an_incident(
        origin=Origin.PAGERDUTY,
        pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P1"),
        vendor_at=NOW,
        status_changed_at=NOW,
    )
    return replace(plain, **changes)


@dataclass
class Ours:
    """Our side: the incident and its timeline, as the database would keep them."""

    incident: Incident = field(default_factory=from_pager)
    entries: list[Entry] = field(default_factory=list)

    def append(self, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            self.entries.append(replace(entry, id=len(self.entries) + 1))

    def take(
        self,
        page: Page | None,
        events: list[PageEvent] | tuple[PageEvent, ...] = (),
        *,
        authoritative: bool = False,
        pending: bool = False,
        derive: bool | None = None,
    ) -> Reconciled:
        outcome = reconcile(
            self.incident,
            self.entries,
            page,
            events,
            NOW + timedelta(hours=1),
            authoritative=authoritative,
            ours_pending=pending,
            derive=authoritative if derive is None else derive,
            severity_of=severity_of,
            person=person,
        )
        for confirmation in outcome.confirmed:
            index = confirmation.entry - 1
            self.entries[index] = replace(
                self.entries[index],
                vendor_at=confirmation.vendor_at,
                vendor_id=confirmation.vendor_id,
            )
        self.incident = outcome.decision.incident
        self.append(outcome.decision.entries)
        return outcome

    def read(self, page: Page, **more: Any) -> Reconciled:
        return self.take(page, page.events, authoritative=True, **more)

    @property
    def told(self) -> list[str]:
        return [e.kind.value for e in self.entries]


# --- the same event -------------------------------------------------------------------------------


def an_entry(kind: EntryKind = EntryKind.ACKNOWLEDGED, **more: Any) -> Entry:
    facts = {"at": NOW, "vendor_at": NOW, "origin": Origin.PAGERDUTY, "actor": ANA, **more}
    return Entry(kind=kind, **facts)


@pytest.mark.parametrize(
    ("entry", "event", "same"),
    [
        # webhooks have milliseconds, log entries whole seconds
        (an_entry(), an_event(EntryKind.ACKNOWLEDGED, 0.4, actor=PD_ANA), True),
        (an_entry(), an_event(EntryKind.ACKNOWLEDGED, -4.9, actor=PD_ANA), True),
        (an_entry(), an_event(EntryKind.ACKNOWLEDGED, 5.1, actor=PD_ANA), False),
        (an_entry(), an_event(EntryKind.RESOLVED, 0, actor=PD_ANA), False),
        (an_entry(), an_event(EntryKind.ACKNOWLEDGED, 0, actor=PD_BEN), False),
        (an_entry(), an_event(EntryKind.ACKNOWLEDGED, 0), True),
        # the vendor's own id decides
        (
            an_entry(EntryKind.ANNOTATED, vendor_id="N1", text="a"),
            an_event(EntryKind.ANNOTATED, 900, text="b", vendor_id="N1"),
            True,
        ),
        (
            an_entry(EntryKind.ANNOTATED, vendor_id="N1", text="+1"),
            an_event(EntryKind.ANNOTATED, 1, text="+1", vendor_id="R2", actor=PD_ANA),
            True,  # the id of a log entry is not that of the note
        ),
        # whom it concerns, and what was written
        (
            an_entry(EntryKind.REASSIGNED, actor_target=BEN),
            an_event(EntryKind.REASSIGNED, 0, actor=PD_ANA, target=PD_ANA),
            False,
        ),
        (
            an_entry(EntryKind.REASSIGNED, actor_target=BEN),
            an_event(EntryKind.REASSIGNED, 0, actor=PD_ANA, target=PD_BEN),
            True,
        ),
        (
            an_entry(EntryKind.ANNOTATED, text="Looks like DNS"),
            an_event(EntryKind.ANNOTATED, 0, actor=PD_ANA, text="looks  like dns"),
            True,
        ),
        (
            an_entry(EntryKind.ANNOTATED, text="Looks like DNS"),
            an_event(EntryKind.ANNOTATED, 0, actor=PD_ANA, text="It is the disk"),
            False,
        ),
        # written here, not confirmed yet: whoever the pager says did it
        (
            an_entry(origin=Origin.SLACK, vendor_at=None),
            an_event(EntryKind.ACKNOWLEDGED, 300, actor=PD_BEN),
            True,
        ),
        (
            an_entry(origin=Origin.SLACK, vendor_at=None),
            an_event(EntryKind.ACKNOWLEDGED, 601, actor=PD_ANA),
            False,
        ),
        (
            an_entry(origin=Origin.SLACK, vendor_at=None),
            an_event(EntryKind.ACKNOWLEDGED, -6, actor=PD_ANA),
            False,
        ),
        (an_entry(vendor_at=None), an_event(EntryKind.ACKNOWLEDGED, 0, actor=PD_ANA), False),
        # confirmed: the From user of the echo need not be who pressed
        (an_entry(origin=Origin.SLACK), an_event(EntryKind.ACKNOWLEDGED, 1, actor=PD_BEN), True),
    ],
)
def test_whether_an_entry_and_an_event_are_one(entry: Entry, event: PageEvent, same: bool) -> None:
    assert same_event(entry, event) is same


# --- what wins ------------------------------------------------------------------------------------


def test_a_read_page_wins_over_everything() -> None:
    ours = Ours(from_pager(vendor_at=NOW + timedelta(hours=9)))
    page = a_page(
        status=Status.ACKNOWLEDGED,
        urgency=Urgency.LOW,
        priority="P1",
        assignees=(PD_BEN,),
        changed_at=NOW + timedelta(seconds=60),
        changed_by=PD_BEN,
        acknowledged_by=PD_BEN,
    )
    outcome = ours.read(page)
    after = ours.incident
    assert outcome.changed
    assert (after.status, after.urgency, after.priority) == (
        Status.ACKNOWLEDGED,
        Urgency.LOW,
        "P1",
    )
    assert (after.severity, after.owners, after.acknowledged_by) == ("SEV1", (BEN,), BEN)
    assert after.acknowledged_at == NOW + timedelta(seconds=60)
    assert (after.pager.number, after.pager.url) == (7, page.url)
    assert (after.pager.policy_id, after.pager.service_id) == ("E1", "S1")


def test_an_older_payload_tells_news_and_changes_no_state() -> None:
    ours = Ours(from_pager())
    ours.take(None, [an_event(EntryKind.ANNOTATED, 500, actor=PD_ANA, text="hm")])
    late = an_event(EntryKind.ACKNOWLEDGED, 60, actor=PD_ANA)
    ours.take(a_page(status=Status.ACKNOWLEDGED, changed_at=late.at), [late])
    assert ours.told == ["annotated", "acknowledged"]
    assert ours.incident.status is Status.TRIGGERED
    assert ours.incident.last_event == "annotated"
    assert ours.incident.vendor_at == NOW + timedelta(seconds=500)


@pytest.mark.parametrize(
    ("later", "status"), [(0.1, Status.ACKNOWLEDGED), (0.999, Status.ACKNOWLEDGED), (1.1, Status.TRIGGERED)]
)  # fmt: skip
def test_within_the_whole_second_of_a_reading_no_payload_is_newer(
    later: float, status: Status
) -> None:
    """A page that is opened and acknowledged within a second: word of its opening may come after that."""
    ours = Ours()
    at = NOW + timedelta(seconds=60)
    ours.read(a_page(status=Status.ACKNOWLEDGED, assignees=(PD_ANA,), changed_at=at))
    word = an_event(EntryKind.TRIGGERED, 60 + later)
    ours.take(a_page(status=Status.TRIGGERED, assignees=(PD_BEN,), changed_at=at), [word])
    assert ours.incident.status is status


def test_the_newest_payload_wins_until_the_page_is_read() -> None:
    ours = Ours()
    event = an_event(EntryKind.RESOLVED, 60, actor=PD_ANA)
    outcome = ours.take(
        a_page(status=Status.RESOLVED, changed_at=event.at, changed_by=PD_ANA), [event]
    )
    assert (ours.incident.status, ours.incident.phase) == (Status.RESOLVED, Phase.RESOLVED)
    assert ours.incident.resolved_by == ANA
    assert ours.incident.last_event == "resolved"
    assert {e.kind for e in outcome.decision.effects} == {
        EffectKind.REFRESH_ANNOUNCEMENT,
        EffectKind.REFRESH_CARD,
    }


def test_nothing_is_overwritten_while_our_own_change_is_on_its_way() -> None:
    ours = Ours(from_pager(status=Status.ACKNOWLEDGED, owners=(ANA,)))
    page = a_page(events=(an_event(EntryKind.ANNOTATED, 5, text="hm", vendor_id="N1"),))
    outcome = ours.read(page, pending=True)
    assert ours.incident.status is Status.ACKNOWLEDGED
    assert ours.told == ["annotated"]
    assert outcome.changed


def test_an_unchanged_page_changes_nothing() -> None:
    ours = Ours()
    page = a_page()
    ours.read(page)
    outcome = ours.read(page)
    assert not outcome.changed
    assert not any((outcome.decision.effects, outcome.decision.entries, outcome.confirmed))


def test_reopening_at_the_pager_forgets_the_ending() -> None:
    ours = Ours(
        from_pager(
            status=Status.RESOLVED,
            phase=Phase.RESOLVED,
            resolved_at=NOW,
            resolved_by=ANA,
            resolution="done",
            acknowledged_by=ANA,
            ticket=TicketLink(repo="acme/x", number=3),
            places=Places(channel="C1"),
        )
    )
    outcome = ours.read(a_page(changed_at=NOW + timedelta(seconds=60), changed_by=PD_BEN))
    after = ours.incident
    assert (after.status, after.phase) == (Status.TRIGGERED, Phase.INVESTIGATING)
    assert (after.resolved_at, after.resolved_by, after.resolution) == (None, None, "")
    assert after.acknowledged_by is None
    assert ours.told == ["reopened"]
    kinds = [e.kind for e in outcome.decision.effects]
    assert EffectKind.CHANGE_TICKET in kinds
    assert EffectKind.SET_TOPIC in kinds
    [change] = [e for e in outcome.decision.effects if e.kind is EffectKind.CHANGE_TICKET]
    assert change.payload["verb"] == "reopen"


def test_a_resolved_page_closes_the_ticket_and_keeps_the_owner() -> None:
    ours = Ours(from_pager(owners=(ANA,), ticket=TicketLink(repo="acme/x", number=3)))
    outcome = ours.read(
        a_page(status=Status.RESOLVED, assignees=(), resolved_at=NOW + timedelta(seconds=9))
    )
    assert ours.incident.owners == (ANA,)
    assert ours.incident.resolved_at == NOW + timedelta(seconds=9)
    [change] = [e for e in outcome.decision.effects if e.kind is EffectKind.CHANGE_TICKET]
    assert change.payload["verb"] == "resolve"


def test_acknowledging_after_a_resolve_opens_it_again() -> None:
    ours = Ours(from_pager(status=Status.RESOLVED, phase=Phase.RESOLVED, resolved_at=NOW))
    ours.read(a_page(status=Status.ACKNOWLEDGED, acknowledged_at=NOW, acknowledged_by=PD_ANA))
    assert ours.incident.phase is Phase.INVESTIGATING
    assert ours.incident.resolved_at is None


def test_an_unmapped_priority_leaves_the_severity_of_people() -> None:
    ours = Ours(from_pager(severity="SEV2"))
    ours.read(a_page(priority="P5"))
    assert (ours.incident.priority, ours.incident.severity) == ("P5", "SEV2")
    ours.read(a_page(priority="P1"))
    assert ours.incident.severity == "SEV1"


def test_no_page_and_an_event_is_news_alone() -> None:
    ours = Ours()
    outcome = ours.take(None, [an_event(EntryKind.ANNOTATED, 30, text="hi", vendor_id="N1")])
    assert ours.told == ["annotated"]
    assert outcome.decision.incident.vendor_at == NOW + timedelta(seconds=30)


# --- what is no news ------------------------------------------------------------------------------


def test_the_birth_is_no_news_and_what_somebody_did_right_after_is() -> None:
    ours = Ours(from_pager(priority="P1"))
    events = [
        an_event(EntryKind.TRIGGERED, 0),
        an_event(EntryKind.REASSIGNED, 1, target=PD_ANA),
        an_event(EntryKind.PRIORITY, 2, text="P1"),
        an_event(EntryKind.ESCALATED, 1),
    ]
    assert not ours.take(None, events).changed
    assert ours.told == []
    ours.take(None, [an_event(EntryKind.ESCALATED, 1, actor=PD_ANA)])
    ours.take(None, [an_event(EntryKind.PRIORITY, 1, actor=PD_ANA, text="P2")])
    ours.take(None, [an_event(EntryKind.REASSIGNED, 30, target=PD_ANA)])
    assert ours.told == ["escalated", "priority_updated", "reassigned"]


def test_a_severity_set_here_is_not_told_again_as_the_priority_it_stands_for() -> None:
    ours = Ours(from_pager())
    here = {"origin": Origin.SLACK, "vendor_at": None}
    ours.append((an_entry(EntryKind.SEVERITY, target="SEV1", **here),))
    assert not ours.take(None, [an_event(EntryKind.PRIORITY, 6, text="P1")]).decision.entries
    assert ours.take(None, [an_event(EntryKind.PRIORITY, 7, text="P2")]).decision.entries


def test_our_own_notes_are_no_news() -> None:
    ours = Ours(from_pager(resolution="Rolled back"))
    events = [
        an_event(EntryKind.ANNOTATED, 9, text=f"{OWN_NOTE}INC-1 is in #incident-1"),
        an_event(EntryKind.ANNOTATED, 9, text="rolled  back by Ana"),
    ]
    assert not ours.take(None, events).changed


@pytest.mark.parametrize("kind", [EntryKind.ESCALATED, EntryKind.DELEGATED])
@pytest.mark.parametrize("order", [1, -1])
def test_an_escalation_is_one_line_though_it_is_logged_as_an_assignment_too(
    kind: EntryKind, order: int
) -> None:
    logged = [
        an_event(kind, 60, actor=PD_ANA, target=PD_BEN, vendor_id="R1"),
        an_event(EntryKind.REASSIGNED, 60, actor=PD_ANA, target=PD_BEN, vendor_id="R2"),
    ]
    at_once, by_webhook = Ours(), Ours()
    at_once.take(None, logged[::order])
    assert at_once.told == [kind.value]
    by_webhook.take(None, [an_event(kind, 60.7, actor=PD_ANA, target=PD_BEN)])
    by_webhook.take(None, logged[::order])
    assert by_webhook.told == [kind.value]


def test_a_reassignment_to_somebody_else_right_after_an_escalation_is_news() -> None:
    ours = Ours()
    ours.take(
        None,
        [
            an_event(EntryKind.ESCALATED, 60, actor=PD_ANA, target=PD_BEN),
            an_event(EntryKind.REASSIGNED, 63, actor=PD_BEN, target=PD_ANA),
        ],
    )
    assert ours.told == ["escalated", "reassigned"]


def test_two_notes_with_the_same_words_are_two() -> None:
    ours = Ours()
    notes = (
        an_event(EntryKind.ANNOTATED, 60, actor=PD_ANA, text="+1", vendor_id="N1"),
        an_event(EntryKind.ANNOTATED, 61, actor=PD_ANA, text="+1", vendor_id="N2"),
    )
    ours.take(None, [notes[0]])
    ours.take(None, [notes[1]])
    ours.read(a_page(events=notes))
    assert ours.told == ["annotated", "annotated"]


# --- our own echoes -------------------------------------------------------------------------------


@pytest.mark.parametrize("paths", [("webhook", "log"), ("log", "webhook"), ("webhook", "webhook")])
def test_an_action_made_here_is_not_echoed(paths: tuple[str, str]) -> None:
    ours = Ours()
    decision = acknowledge(ours.incident, ANA, NOW + timedelta(seconds=60))
    ours.incident = decision.incident
    ours.append(decision.entries)
    echo = {
        "webhook": an_event(EntryKind.ACKNOWLEDGED, 63.250, actor=PD_BEN),
        "log": an_event(EntryKind.ACKNOWLEDGED, 63, actor=PD_BEN, vendor_id="R9"),
    }
    for path in paths:
        page = a_page(status=Status.ACKNOWLEDGED, assignees=(PD_ANA,), changed_at=echo[path].at)
        ours.take(page, [echo[path]], authoritative=path == "log")
    assert ours.told == ["acknowledged"]
    [entry] = ours.entries
    assert entry.actor == ANA
    assert entry.vendor_at in {e.at for e in echo.values()}
    assert ours.incident.acknowledged_by == ANA


def test_a_note_and_a_hand_over_made_here_are_not_echoed() -> None:
    ours = Ours()
    for decision in (
        annotate(ours.incident, "Looks like DNS", ANA, NOW + timedelta(seconds=30)),
        reassign(ours.incident, BEN, ANA, NOW + timedelta(seconds=90)),
    ):
        ours.incident = decision.incident
        ours.append(decision.entries)
    ours.read(
        a_page(
            assignees=(PD_BEN,),
            events=(
                an_event(
                    EntryKind.ANNOTATED, 33, actor=PD_ANA, text="Looks like DNS", vendor_id="N1"
                ),
                an_event(EntryKind.REASSIGNED, 95, actor=PD_ANA, target=PD_BEN, vendor_id="R2"),
            ),
        )
    )
    assert ours.told == ["annotated", "reassigned"]
    assert [e.vendor_id for e in ours.entries] == ["N1", "R2"]


def test_a_resolution_made_here_comes_back_as_event_and_note_and_is_told_once() -> None:
    ours = Ours()
    decision = resolve(ours.incident, ANA, NOW + timedelta(seconds=60), note="Rolled back v42")
    ours.incident = decision.incident
    ours.append(decision.entries)
    ours.read(
        a_page(
            status=Status.RESOLVED,
            changed_at=NOW + timedelta(seconds=62),
            events=(
                an_event(EntryKind.RESOLVED, 62, actor=PD_ANA, vendor_id="R3"),
                an_event(EntryKind.ANNOTATED, 62, text="Rolled back v42", vendor_id="N7"),
            ),
        )
    )
    assert ours.told == ["resolved"]


# --- without a history ----------------------------------------------------------------------------


def test_a_difference_nobody_told_of_is_an_event() -> None:
    owned = from_pager(owners=(ANA,))
    kinds = [
        e.kind
        for e in derived_events(
            owned, a_page(status=Status.ACKNOWLEDGED, assignees=(PD_BEN,), priority="P1")
        )
    ]
    assert kinds == [EntryKind.ACKNOWLEDGED, EntryKind.REASSIGNED, EntryKind.PRIORITY]
    closed = from_pager(status=Status.RESOLVED)
    assert [e.kind for e in derived_events(closed, a_page())] == [EntryKind.REOPENED]
    assert [e.kind for e in derived_events(owned, a_page(status=Status.RESOLVED))] == [
        EntryKind.RESOLVED
    ]
    assert derived_events(from_pager(), a_page(assignees=(PD_BEN,))) == []
    assert derived_events(owned, a_page(assignees=(PD_ANA,))) == []
    [gone] = derived_events(from_pager(priority="P1"), a_page())
    assert gone.text == "none"


def test_nothing_is_derived_when_it_is_the_answer_to_our_own_write() -> None:
    ours = Ours()
    ours.read(a_page(status=Status.ACKNOWLEDGED), derive=False)
    assert ours.told == []
    assert ours.incident.status is Status.ACKNOWLEDGED


# --- any order, any duplication, any lateness -----------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """One thing that happened at the pager: as the webhook tells it, as the log does, the page."""

    webhook: PageEvent
    log: PageEvent
    page: Page


VERBS = ["acknowledge", "resolve", "reopen", "reassign", "note", "priority", "escalate"]


def at_the_pager(verbs: list[tuple[str, bool, int]]) -> list[Happening]:
    """A history PagerDuty could have: impossible steps are left out."""
    page, second, told = a_page(assignees=(PD_ANA,)), 20.0, list[Happening]()
    for n, (verb, first, millis) in enumerate(verbs):
        by, other = (PD_ANA, PD_BEN) if first else (PD_BEN, PD_ANA)
        second += 12
        exact = NOW + timedelta(seconds=second, milliseconds=millis)
        whole = NOW + timedelta(seconds=second)
        moved: dict[str, Any] = {"changed_at": whole, "changed_by": by}
        kind, facts = EntryKind.OTHER, dict[str, Any]()
        closed = page.status is Status.RESOLVED
        if verb == "acknowledge" and page.status is Status.TRIGGERED:
            kind = EntryKind.ACKNOWLEDGED
            page = replace(
                page,
                status=Status.ACKNOWLEDGED,
                acknowledged_at=whole,
                acknowledged_by=by,
                **moved,
            )
        elif verb == "resolve" and not closed:
            kind = EntryKind.RESOLVED
            page = replace(page, status=Status.RESOLVED, resolved_at=whole, **moved)
        elif verb == "reopen" and closed:
            kind = EntryKind.REOPENED
            page = replace(page, status=Status.TRIGGERED, resolved_at=None, **moved)
        elif verb in {"reassign", "escalate"} and not closed:
            kind = EntryKind.REASSIGNED if verb == "reassign" else EntryKind.ESCALATED
            facts = {"target": other}
            page = replace(page, status=Status.TRIGGERED, assignees=(other,), **moved)
        elif verb == "note":
            kind, facts = EntryKind.ANNOTATED, {"text": f"note {n}", "vendor_id": f"N{n}"}
        elif verb == "priority":
            name = "P1" if first else "P2"
            if page.priority != name:
                kind, facts = EntryKind.PRIORITY, {"text": name}
                page = replace(page, priority=name)
        if kind is EntryKind.OTHER:
            continue
        webhook = PageEvent(kind=kind, at=exact, actor=by, **facts)
        log = PageEvent(kind=kind, at=whole, actor=by, **({"vendor_id": f"R{n}"} | facts))
        told.append(Happening(webhook, log, page))
    return told


def final(history: list[Happening]) -> Page:
    return replace(history[-1].page, events=tuple(h.log for h in history))


def timeline(ours: Ours) -> list[tuple[Any, ...]]:
    lines = [
        (e.at.replace(microsecond=0), e.kind, e.actor, e.actor_target, e.text) for e in ours.entries
    ]
    return sorted(lines, key=lambda line: line[0])


def state(incident: Incident) -> dict[str, Any]:
    def whole(moment: datetime | None) -> datetime | None:
        return moment.replace(microsecond=0) if moment else None

    return {
        "status": incident.status,
        "phase": incident.phase,
        # a resolved page says nothing of owners: whoever is known stays
        "owners": incident.owners if incident.is_open else (),
        "priority": incident.priority,
        "severity": incident.severity,
        "last_event": incident.last_event,
        "resolved_by": incident.resolved_by,
        "resolved_at": whole(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by if incident.is_open else None,
        "pager": incident.pager,
    }


histories = (
    st.lists(
        st.tuples(st.sampled_from(VERBS), st.booleans(), st.integers(0, 999)),
        min_size=1,
        max_size=9,
    )
    .map(at_the_pager)
    .filter(bool)
)


@settings(max_examples=80, deadline=None)
@given(history=histories, data=st.data())
def test_every_path_ends_at_the_same_timeline_and_state(
    history: list[Happening], data: st.DataObject
) -> None:
    straight = Ours()
    straight.read(final(history))

    crooked = Ours()
    which = st.lists(
        st.tuples(st.integers(0, len(history) - 1), st.booleans(), st.booleans()), max_size=14
    )
    for index, by_reading, with_page in data.draw(which, "deliveries"):
        told = history[index]
        if by_reading:  # a poll that saw the page as it was just then
            crooked.read(final(history[: index + 1]))
        else:
            crooked.take(told.page if with_page else None, [told.webhook])
    crooked.read(final(history))
    assert timeline(crooked) == timeline(straight)
    assert state(crooked.incident) == state(straight.incident)

    settled = crooked.read(final(history))
    assert not settled.changed
    assert settled.confirmed == ()


@settings(max_examples=60, deadline=None)
@example(millis=0, delay=0, repeats=["log"], by_bot=True)
@given(
    millis=st.integers(0, 999),
    delay=st.integers(0, 590),
    repeats=st.lists(st.sampled_from(["webhook", "log"]), min_size=1, max_size=6),
    by_bot=st.booleans(),
)
def test_an_echo_never_doubles_whatever_way_it_comes_and_however_often(
    millis: int, delay: int, repeats: list[str], by_bot: bool
) -> None:
    ours = Ours()
    pressed = NOW + timedelta(seconds=60)
    decision = resolve(ours.incident, ANA, pressed, note="Fixed")
    ours.incident = decision.incident
    ours.append(decision.entries)
    taken = pressed + timedelta(seconds=delay)
    agent = PD_BEN if by_bot else PD_ANA
    page = a_page(status=Status.RESOLVED, changed_at=taken, changed_by=agent, resolved_at=taken)
    webhook = PageEvent(
        kind=EntryKind.RESOLVED, at=taken + timedelta(milliseconds=millis), actor=agent
    )
    log = PageEvent(kind=EntryKind.RESOLVED, at=taken, actor=agent, vendor_id="R1")
    for way in repeats:
        if way == "webhook":
            ours.take(page, [webhook])
        else:
            ours.read(replace(page, events=(log,)))
    assert ours.told == ["resolved"]
    assert ours.incident.resolved_by == ANA


def test_a_note_that_begins_like_another_keeps_its_own_line() -> None:
    ours = Ours()
    longer = an_event(EntryKind.ANNOTATED, 61, actor=PD_ANA, text="DNS it is", vendor_id="N2")
    shorter = an_event(EntryKind.ANNOTATED, 60, actor=PD_ANA, text="DNS", vendor_id="N1")
    ours.take(None, [longer])
    ours.read(a_page(events=(shorter, longer)))
    assert sorted(e.text for e in ours.entries) == ["DNS", "DNS it is"]


def test_one_event_twice_in_one_delivery_is_one() -> None:
    ours = Ours()
    event = an_event(EntryKind.ACKNOWLEDGED, 60, actor=PD_ANA)
    ours.take(None, [event, event])
    ours.take(None, [event, event])
    assert ours.told == ["acknowledged"]


def test_a_derived_hand_over_is_not_told_again_as_the_escalation_it_was() -> None:
    ours = Ours(from_pager(owners=(ANA,)))
    ours.read(a_page(assignees=(PD_BEN,), changed_at=NOW + timedelta(seconds=60)))
    ours.take(None, [an_event(EntryKind.ESCALATED, 60.4, actor=PD_ANA, target=PD_BEN)])
    assert ours.told == ["reassigned"]


def test_whoever_acknowledged_without_an_account_stays_the_owner() -> None:
    dave = Actor(name="Dave", slack_id="U0DAVE000")
    alice = Actor(name="Alice", slack_id="U0ALICE00", pagerduty_id="PALICE")
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    mine = Incident(
        number=7,
        title="x",
        status=Status.ACKNOWLEDGED,
        owners=(dave,),
        acknowledged_by=dave,
        acknowledged_at=at,
        started_at=at,
        created_at=at,
        updated_at=at,
    )
    page = Page(
        id="Q7",
        number=7,
        title="x",
        status=Status.ACKNOWLEDGED,
        urgency=Urgency.HIGH,
        url="",
        key=None,
        service_id=None,
        service_name=None,
        priority=None,
        assignees=(alice,),
        policy_id=None,
        policy_name=None,
        created_at=at,
        changed_at=at + timedelta(seconds=2),
    )

    def read(status: Status) -> Incident:
        told = replace(page, status=status)
        outcome = reconcile(
            mine, (), told, (), at, authoritative=True, ours_pending=False, derive=False,
            severity_of=lambda _: None, person=lambda a: a,
        )  # fmt: skip
        return outcome.decision.incident

    assert read(Status.ACKNOWLEDGED).owners == (dave,)
    assert read(Status.TRIGGERED).owners == (alice,)
