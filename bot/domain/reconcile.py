"""Compare the pager's incident with ours: one step, fed by webhooks, polling and the answers to our own writes.

Every event has a semantic key (kind, who, whom, vendor time); what is known already by that key is not written
again, so that no path doubles another and an action made from Slack is not echoed. Order is not trusted: a re-read
page wins over everything older; a webhook's payload counts only while nothing newer is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.incident import Entry, EntryKind, Incident, Origin, Phase, Status
from bot.domain.lifecycle import Decision
from bot.domain.page import PageEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.effects import Effect
    from bot.domain.incident import Actor
    from bot.domain.page import Page

#: PagerDuty's log entries have whole seconds, its webhooks milliseconds; both tell of one event.
SAME_MOMENT = timedelta(seconds=5)
#: Notes Muster writes at the pager for itself start with this; they are no news when they come back.
OWN_NOTE = "Muster: "
#: How long before the vendor's time our own entry may have been written (queueing, retries, clocks apart).
ECHO_WINDOW = timedelta(minutes=10)

_STATUS_OF = {
    EntryKind.ACKNOWLEDGED: Status.ACKNOWLEDGED,
    EntryKind.RESOLVED: Status.RESOLVED,
    EntryKind.REOPENED: Status.TRIGGERED,
    EntryKind.UNACKNOWLEDGED: Status.TRIGGERED,
}
_ESCALATIONS = {EntryKind.ESCALATED, EntryKind.DELEGATED}
_LAST_EVENTS = {
    EntryKind.TRIGGERED,
    EntryKind.ANNOTATED,
    EntryKind.ACKNOWLEDGED,
    EntryKind.REASSIGNED,
    EntryKind.ESCALATED,
    EntryKind.REOPENED,
    EntryKind.RESOLVED,
}


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """An entry written here is now known to have reached the pager, at the vendor's time."""

    entry: int
    vendor_at: datetime
    vendor_id: str | None


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The outcome: what to save, and which own entries are confirmed."""

    decision: Decision
    confirmed: tuple[Confirmation, ...] = ()
    changed: bool = False


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
    """The trigger itself, the priority it came with and an escalation nobody made are no news.

    The assignment that comes with it is in no webhook, and folded by whoever reads the history.
    """
    if event.kind is EntryKind.TRIGGERED:
        return True
    given = (event.kind is EntryKind.PRIORITY and event.text == (incident.priority or "none")) or (
        event.kind is EntryKind.ESCALATED and event.actor is None
    )
    return given and abs(event.at - born) <= timedelta(seconds=2)


def _is_ours(incident: Incident, event: PageEvent) -> bool:
    """A note we wrote at the pager ourselves, or the resolution PagerDuty turned into a note."""
    if event.kind is not EntryKind.ANNOTATED:
        return False
    return event.text.startswith(OWN_NOTE) or bool(
        incident.resolution and _folded(event.text).startswith(_folded(incident.resolution))
    )


def _told_as_severity(
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


def reconcile(  # noqa: PLR0913 - the facts of one comparison
    incident: Incident,
    known: Sequence[Entry],
    page: Page | None,
    events: Sequence[PageEvent],
    now: datetime,
    *,
    authoritative: bool,
    ours_pending: bool,
    derive: bool,
    severity_of: Callable[[str | None], str | None],
    person: Callable[[Actor], Actor],
) -> Reconciled:
    """Bring our incident in line with the pager's.

    ``authoritative`` says the page was just read (it wins); a payload counts only when nothing newer is known.
    ``ours_pending`` says changes made here have not reached the pager yet: then it tells news but does not
    overwrite the state, and is read again afterwards. ``derive`` says that a difference nobody told of is an
    event of its own (not so when the difference is the answer to our own write).
    """
    candidates = list(events)
    if derive and page is not None and not page.events and not ours_pending:
        candidates += derived_events(incident, page)
    born = page.created_at if page is not None else incident.started_at
    news = [e for e in candidates if not _told_as_severity(e, known, severity_of)]
    fresh, confirmed = new_events(incident, known, news, born)
    told_at = max((e.at for e in candidates), default=None)
    after = incident
    if page is not None and not ours_pending and (authoritative or _newer(incident, told_at)):
        after = _with_page(incident, page, severity_of, person)
        ours = [e for e in known if e.origin is not Origin.PAGERDUTY]
        theirs = [e for e in candidates if not any(same_event(o, e) for o in ours)]
        after = _entered_again(incident, after, theirs, person)
    latest = max((e for e in fresh if e.kind in _LAST_EVENTS), key=lambda e: e.at, default=None)
    newest = max((e.vendor_at or e.at for e in known if e.kind in _LAST_EVENTS), default=None)
    if latest is not None and (newest is None or latest.at >= newest):
        after = replace(after, last_event=latest.kind.value)
    times = [t for t in (incident.vendor_at, told_at, page.changed_at if page else None) if t]
    after = replace(after, vendor_at=max(times) if times else None)
    changed = _visible(after) != _visible(incident)
    if changed or fresh:
        after = replace(after, updated_at=now)
    entries = tuple(_entry(e, person) for e in sorted(fresh, key=lambda e: e.at))
    effects = _effects(incident, after) if changed or fresh else ()
    decision = Decision(incident=after, entries=entries, effects=effects)
    return Reconciled(decision=decision, confirmed=tuple(confirmed), changed=changed or bool(fresh))


def _newer(incident: Incident, told_at: datetime | None) -> bool:
    return told_at is not None and (incident.vendor_at is None or told_at >= incident.vendor_at)


def _visible(incident: Incident) -> Incident:
    """The incident without the bookkeeping of times, for "did anything people see change"."""
    return replace(incident, vendor_at=None, updated_at=incident.created_at, version=0)


def _entry(event: PageEvent, person: Callable[[Actor], Actor]) -> Entry:
    target = person(event.target) if event.target else None
    return Entry(
        kind=event.kind,
        at=event.at,
        actor=person(event.actor) if event.actor else None,
        actor_target=target,
        target=target.name if target else "",
        origin=Origin.PAGERDUTY,
        text=event.text,
        vendor_at=event.at,
        vendor_id=event.vendor_id,
    )


def _with_page(
    incident: Incident,
    page: Page,
    severity_of: Callable[[str | None], str | None],
    person: Callable[[Actor], Actor],
) -> Incident:
    """Our incident with what the pager says about it."""
    changes: dict[str, object] = {
        "urgency": page.urgency,
        "priority": page.priority,
        "pager": replace(
            incident.pager,
            id=page.id,
            number=page.number or incident.pager.number,
            url=page.url or incident.pager.url,
            service_id=page.service_id or incident.pager.service_id,
            policy_id=page.policy_id or incident.pager.policy_id,
            policy_name=page.policy_name or incident.pager.policy_name,
        ),
    }
    if page.priority and page.priority != incident.priority:
        changes["severity"] = severity_of(page.priority) or incident.severity
    if page.assignees and page.status is not Status.RESOLVED:
        changes["owners"] = tuple(person(a) for a in page.assignees)
    return _with_status(replace(incident, **changes), page, person)  # type: ignore[arg-type]


def _with_status(incident: Incident, page: Page, person: Callable[[Actor], Actor]) -> Incident:
    if page.status is incident.status:
        return incident
    at = page.changed_at or page.created_at
    by = person(page.changed_by) if page.changed_by else None
    after = replace(incident, status=page.status, status_changed_at=at, status_changed_by=by)
    if page.status is Status.ACKNOWLEDGED:
        who = page.acknowledged_by or page.changed_by
        return replace(
            after,
            acknowledged_at=incident.acknowledged_at or page.acknowledged_at or at,
            acknowledged_by=person(who) if who else None,
            resolved_at=None,
            resolved_by=None,
            phase=Phase.INVESTIGATING if incident.phase is Phase.RESOLVED else incident.phase,
        )
    if page.status is Status.RESOLVED:
        return replace(
            after, phase=Phase.RESOLVED, resolved_at=page.resolved_at or at, resolved_by=by
        )
    return replace(
        after,
        acknowledged_by=None,
        resolved_at=None,
        resolved_by=None,
        resolution="",
        phase=Phase.INVESTIGATING if incident.phase is Phase.RESOLVED else incident.phase,
    )


def _entered_again(
    before: Incident,
    after: Incident,
    events: Sequence[PageEvent],
    person: Callable[[Actor], Actor],
) -> Incident:
    """The same status as we know, but reached anew meanwhile: the last time is the one that counts."""
    since = before.status_changed_at or before.started_at
    again = [
        e for e in events if _STATUS_OF.get(e.kind) is after.status and e.at > since + SAME_MOMENT
    ]
    if after.status is not before.status or not again:
        return after
    last = max(again, key=lambda e: e.at)
    by = person(last.actor) if last.actor else None
    after = replace(after, status_changed_at=last.at, status_changed_by=by)
    if after.status is Status.RESOLVED:
        return replace(after, resolved_at=last.at, resolved_by=by)
    return replace(after, acknowledged_by=by) if after.acknowledged_by else after


def _effects(before: Incident, after: Incident) -> tuple[Effect, ...]:
    """Cards and topic follow; the ticket is closed or reopened with the incident."""
    effects = [*plan.refresh(after)]
    if after.places.channel:
        effects.append(plan.topic(after))
        effects += plan.bookmarks(after)
    if after.ticket is not None and after.opens_channel and before.is_open != after.is_open:
        effects.append(plan.change_ticket(after, "reopen" if after.is_open else "resolve"))
    return tuple(effects)
