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
from bot.domain.news import (
    SAME_MOMENT,
    Confirmation,
    derived_events,
    new_events,
    same_event,
    told_as_severity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.effects import Effect
    from bot.domain.incident import Actor
    from bot.domain.page import Page, PageEvent

_STATUS_OF = {
    EntryKind.ACKNOWLEDGED: Status.ACKNOWLEDGED,
    EntryKind.RESOLVED: Status.RESOLVED,
    EntryKind.REOPENED: Status.TRIGGERED,
    EntryKind.UNACKNOWLEDGED: Status.TRIGGERED,
}
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
class Reconciled:
    """The outcome: what to save, and which own entries are confirmed."""

    decision: Decision
    confirmed: tuple[Confirmation, ...] = ()
    changed: bool = False


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
    news = [e for e in candidates if not told_as_severity(e, known, severity_of)]
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
    if any(e.kind is EntryKind.STATUS_UPDATE for e in fresh):
        after = replace(
            after, next_update_at=None
        )  # an update from there keeps the promise as well
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
    """Whether a payload is newer than what is known.

    Pages are read with whole seconds, payloads come with milliseconds: of the second in which a page last changed
    nobody can tell which was first, and the reading that follows every payload decides.
    """
    known = incident.vendor_at
    if told_at is None or known is None:
        return told_at is not None
    within = not known.microsecond and told_at.microsecond
    return told_at >= (known + timedelta(seconds=1) if within else known)


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
    if (
        page.assignees
        and page.status is not Status.RESOLVED
        and not _acted_without_account(incident, page)
    ):
        changes["owners"] = tuple(person(a) for a in page.assignees)
    return _with_status(replace(incident, **changes), page, person)  # type: ignore[arg-type]


def _acted_without_account(incident: Incident, page: Page) -> bool:
    """Whoever acknowledged here without an account there owns it, though the pager names whom the bot acted as."""
    who = incident.acknowledged_by
    stands = incident.status is page.status is Status.ACKNOWLEDGED
    return stands and who is not None and who.slack_id is not None and who.pagerduty_id is None


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
            after,
            phase=Phase.RESOLVED,
            resolved_at=page.resolved_at or at,
            resolved_by=by,
            next_update_at=None,
        )
    return replace(
        after,
        acknowledged_by=None,
        mitigated_at=None if incident.phase is Phase.RESOLVED else incident.mitigated_at,
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
