"""What of the pager's news is news to us: told by semantic key (kind, who, whom, vendor time). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.incident import Entry, EntryKind, Incident, Origin, Status
from bot.domain.page import PageEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor
    from bot.domain.page import Page

#: PagerDuty's log entries have whole seconds, its webhooks milliseconds; both tell of one event.
SAME_MOMENT = timedelta(seconds=5)
#: Notes Muster writes at the pager for itself start with this; they are no news when they come back.
OWN_NOTE = "Muster: "
#: How long before the vendor's time our own entry may have been written (queueing, retries, clocks apart).
ECHO_WINDOW = timedelta(minutes=10)

_ESCALATIONS = {EntryKind.ESCALATED, EntryKind.DELEGATED}


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """An entry written here is now known to have reached the pager, at the vendor's time."""

    entry: int
    vendor_at: datetime
    vendor_id: str | None


def same_event(entry: Entry, event: PageEvent) -> bool:
    """Whether a timeline entry and a vendor's event tell of the same thing."""
    if entry.kind is not event.kind:
        return False
    if entry.vendor_id and event.vendor_id and entry.vendor_id == event.vendor_id:
        return True
    if _different_target(entry, event) or _different_text(entry, event):
        return False
    if entry.vendor_at is None:  # ours: told to the pager, the echo comes back under its From user
        return (
            entry.origin is not Origin.PAGERDUTY
            and -SAME_MOMENT <= event.at - entry.at <= ECHO_WINDOW
        )
    if (
        entry.actor
        and event.actor
        and not entry.actor.is_same(event.actor)
        and entry.origin is Origin.PAGERDUTY
    ):
        return False
    return abs(entry.vendor_at - event.at) <= SAME_MOMENT


def _different_target(entry: Entry, event: PageEvent) -> bool:
    if entry.actor_target and event.target:
        return not entry.actor_target.is_same(event.target)
    return False


def _different_text(entry: Entry, event: PageEvent) -> bool:
    if entry.kind not in {EntryKind.ANNOTATED, EntryKind.STATUS_UPDATE}:
        return False
    ours, theirs = _folded(entry.text), _folded(event.text)
    return bool(ours and theirs) and not (theirs.startswith(ours) or ours.startswith(theirs))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def new_events(
    incident: Incident, known: Sequence[Entry], events: Sequence[PageEvent], born: datetime
) -> tuple[list[PageEvent], list[Confirmation]]:
    """Events that are not in the timeline, and confirmations of entries that were ours."""
    fresh: list[PageEvent] = []
    confirmed: list[Confirmation] = []
    seen: list[PageEvent] = []
    taken: set[int] = set()
    ids = {event.vendor_id for event in events if event.vendor_id}
    for event in events:
        if _is_birth(incident, event, born) or _is_ours(incident, event):
            continue
        if any(_same_twice(event, other) for other in seen) or _is_shadow(event, events, known):
            continue
        seen.append(event)
        match = _by_id(event, known) or next(
            (
                e
                for e in known
                if e.id not in taken and e.vendor_id not in ids and same_event(e, event)
            ),
            None,
        )
        if match is None:
            fresh.append(event)
            continue
        if match.id is not None:
            taken.add(match.id)
            if match.vendor_at is None or (event.vendor_id and not match.vendor_id):
                confirmed.append(
                    Confirmation(entry=match.id, vendor_at=event.at, vendor_id=event.vendor_id)
                )
    return fresh, confirmed


def _by_id(event: PageEvent, known: Sequence[Entry]) -> Entry | None:
    """The entry the vendor's own id names; only the others are compared by their facts."""
    if not event.vendor_id:
        return None
    return next((e for e in known if e.vendor_id == event.vendor_id and e.kind is event.kind), None)


def _same_twice(event: PageEvent, other: PageEvent) -> bool:
    """The same event two times in one delivery."""
    if event.vendor_id and other.vendor_id and event.kind is other.kind:
        return event.vendor_id == other.vendor_id
    return (
        event.kind is other.kind
        and abs(event.at - other.at) <= SAME_MOMENT
        and event.actor == other.actor
        and event.target == other.target
        and event.text == other.text
    )


def _is_shadow(event: PageEvent, events: Sequence[PageEvent], known: Sequence[Entry]) -> bool:
    """An escalation is logged as an assignment too; one line is enough, whichever way it came."""
    if event.kind in _ESCALATIONS:
        return any(
            e.kind is EntryKind.REASSIGNED
            and e.origin is Origin.PAGERDUTY
            and e.vendor_at is not None
            and _near(event, e.vendor_at, e.actor_target)
            for e in known
        )
    if event.kind is not EntryKind.REASSIGNED:
        return False
    return any(e.kind in _ESCALATIONS and _near(event, e.at, e.target) for e in events) or any(
        e.kind in _ESCALATIONS
        and e.vendor_at is not None
        and _near(event, e.vendor_at, e.actor_target)
        for e in known
    )


def _near(event: PageEvent, at: datetime, target: Actor | None) -> bool:
    """At the same moment, and not surely to somebody else."""
    elsewhere = event.target is not None and target is not None and not event.target.is_same(target)
    return abs(event.at - at) <= SAME_MOMENT and not elsewhere


def _is_birth(incident: Incident, event: PageEvent, born: datetime) -> bool:
    """The trigger itself, the priority it came with and an assignment nobody made are no news.

    What somebody did right after the trigger is.
    """
    if event.kind is EntryKind.TRIGGERED:
        return True
    given = (event.kind is EntryKind.PRIORITY and event.text == (incident.priority or "none")) or (
        event.kind in {EntryKind.ESCALATED, EntryKind.REASSIGNED} and event.actor is None
    )
    return given and abs(event.at - born) <= timedelta(seconds=2)


def _is_ours(incident: Incident, event: PageEvent) -> bool:
    """A note we wrote at the pager ourselves, or the resolution PagerDuty turned into a note."""
    if event.kind is not EntryKind.ANNOTATED:
        return False
    return event.text.startswith(OWN_NOTE) or bool(
        incident.resolution and _folded(event.text).startswith(_folded(incident.resolution))
    )


def told_as_severity(
    event: PageEvent, known: Sequence[Entry], severity_of: Callable[[str | None], str | None]
) -> bool:
    """A severity set here comes back from the pager as the priority it stands for."""
    return event.kind is EntryKind.PRIORITY and any(
        e.kind is EntryKind.SEVERITY
        and e.origin is not Origin.PAGERDUTY
        and e.target == severity_of(event.text)
        and -SAME_MOMENT <= event.at - e.at <= ECHO_WINDOW
        for e in known
    )


def derived_events(incident: Incident, page: Page) -> list[PageEvent]:
    """Events told by the difference alone, for a vendor that gives no history."""
    at = page.changed_at or page.created_at
    events = []
    if page.status is Status.ACKNOWLEDGED and incident.status is not Status.ACKNOWLEDGED:
        who = page.acknowledged_by or page.changed_by
        events.append(
            PageEvent(kind=EntryKind.ACKNOWLEDGED, at=page.acknowledged_at or at, actor=who)
        )
    if page.status is Status.RESOLVED and incident.status is not Status.RESOLVED:
        events.append(
            PageEvent(kind=EntryKind.RESOLVED, at=page.resolved_at or at, actor=page.changed_by)
        )
    if page.status is Status.TRIGGERED and incident.status is Status.RESOLVED:
        events.append(PageEvent(kind=EntryKind.REOPENED, at=at, actor=page.changed_by))
    open_there = page.status is not Status.RESOLVED
    if (
        open_there
        and incident.owners
        and page.assignees
        and not _same_people(incident.owners, page.assignees)
    ):
        target = page.assignees[0]
        events.append(
            PageEvent(kind=EntryKind.REASSIGNED, at=at, actor=page.changed_by, target=target)
        )
    if page.priority != incident.priority and (page.priority or incident.priority):
        events.append(PageEvent(kind=EntryKind.PRIORITY, at=at, text=page.priority or "none"))
    return events


def _same_people(ours: Sequence[Actor], theirs: Sequence[Actor]) -> bool:
    return len(ours) == len(theirs) and all(any(a.is_same(b) for b in theirs) for a in ours)
