"""Log entries, notes and responders of one incident into ``PageEvent``s, oldest first, none twice.

https://developer.pagerduty.com/api-reference/c661e065403b5-list-log-entries-for-an-incident

Notes are taken from the list of notes where it can be read and from ``annotate`` log entries
otherwise, never from both. Types nobody knows are skipped. Nothing here raises.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.incident import Actor, EntryKind
from bot.ports import PageEvent
from bot.providers.pagerduty.parse import priority_name
from bot.providers.pagerduty.values import actor, moment, obj, objects, some, text

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: dict[str, EntryKind] = {
    "trigger": EntryKind.TRIGGERED,
    "acknowledge": EntryKind.ACKNOWLEDGED,
    "acknowledgement": EntryKind.ACKNOWLEDGED,  # the schema spells it so, the examples do not
    "unacknowledge": EntryKind.UNACKNOWLEDGED,
    "annotate": EntryKind.ANNOTATED,
    "assign": EntryKind.REASSIGNED,
    "delegate": EntryKind.DELEGATED,
    "escalate": EntryKind.ESCALATED,
    "reopen": EntryKind.REOPENED,
    "resolve": EntryKind.RESOLVED,
    "priority_change": EntryKind.PRIORITY,
    "urgency_change": EntryKind.URGENCY,
}
_WITH_TARGET = {EntryKind.REASSIGNED, EntryKind.ESCALATED, EntryKind.DELEGATED}
_CHANGED_TO = re.compile(r"\bpriority\b.*? to \"?([^\"]+?)\"?(?: by |\.|$)", re.IGNORECASE)
_SAME_MOMENT = timedelta(seconds=5)


def events(
    log_entries: Sequence[dict[str, Any]],
    notes: Sequence[dict[str, Any]] | None,
    incident: dict[str, Any],
) -> tuple[PageEvent, ...]:
    """All that happened; ``notes`` None means that the notes could not be read."""
    # Both lists come newest first, in whole seconds: turned round, sorting keeps their order.
    turned = log_entries[::-1]
    told = [event for entry in turned if (event := _from_entry(entry, notes)) is not None]
    told = _without_automatic(sorted(told, key=lambda event: event.at))
    told += [event for note in (notes or ())[::-1] if (event := _from_note(note)) is not None]
    for responder in objects(incident.get("incidents_responders")):
        told += _from_responder(responder)
    return tuple(sorted(told, key=lambda event: event.at))


def _from_entry(entry: dict[str, Any], notes: Sequence[dict[str, Any]] | None) -> PageEvent | None:
    name = text(entry.get("type")).removesuffix("_reference").removesuffix("_log_entry")
    kind, at = KINDS.get(name), moment(entry.get("created_at"))
    if name == "field_value_change" and _changes_priority(entry):
        kind = EntryKind.PRIORITY
    if kind is None or at is None or (kind is EntryKind.ANNOTATED and notes is not None):
        return None
    return PageEvent(
        kind=kind,
        at=at,
        actor=actor(entry.get("agent")),
        target=_first_assignee(entry) if kind in _WITH_TARGET else None,
        text=_words(entry, kind),
        vendor_id=some(entry.get("id")),
    )


def _from_note(note: dict[str, Any]) -> PageEvent | None:
    at = moment(note.get("created_at"))
    if at is None:
        return None
    return PageEvent(
        kind=EntryKind.ANNOTATED,
        at=at,
        actor=actor(note.get("user")),
        text=text(note.get("content")),
        vendor_id=some(note.get("id")),
    )


def _from_responder(responder: dict[str, Any]) -> list[PageEvent]:
    """A request to join and its answer (``incidents_responders`` of the incident)."""
    person = actor(responder.get("user"))
    asked, answered = moment(responder.get("requested_at")), moment(responder.get("updated_at"))
    state, told = text(responder.get("state")), []
    if person is not None and asked is not None:
        told.append(
            PageEvent(
                kind=EntryKind.RESPONDER_ADDED,
                at=asked,
                actor=actor(responder.get("requester")),
                target=person,
                text=text(responder.get("message")),
            )
        )
    if person is not None and answered is not None and state not in {"", "pending"}:
        told.append(
            PageEvent(kind=EntryKind.RESPONDER_REPLIED, at=answered, actor=person, text=state)
        )
    return told


def _without_automatic(told: Sequence[PageEvent]) -> list[PageEvent]:
    """Fold what PagerDuty logs beside the thing itself.

    Triggering and reopening also log the assignment to whoever is on call, which no webhook tells
    and nobody did; a trigger after a resolve is a reopening.
    """
    kept: list[PageEvent] = []
    resolved, opened = False, None
    for event in told:
        one = event
        if one.kind is EntryKind.TRIGGERED and resolved:
            one = _reopened(one)
        if one.kind in {EntryKind.TRIGGERED, EntryKind.REOPENED}:
            resolved, opened = False, one.at
        elif one.kind is EntryKind.RESOLVED:
            resolved = True
        elif one.kind is EntryKind.REASSIGNED and _follows(one.at, opened):
            opened = None  # only the first one belongs to the opening
            continue
        kept.append(one)
    return kept


def _follows(at: datetime, opened: datetime | None) -> bool:
    return opened is not None and at - opened <= _SAME_MOMENT


def _reopened(event: PageEvent) -> PageEvent:
    return PageEvent(
        kind=EntryKind.REOPENED, at=event.at, actor=event.actor, vendor_id=event.vendor_id
    )


def _first_assignee(entry: dict[str, Any]) -> Actor | None:
    people = [actor(one) for one in objects(entry.get("assignees"))]
    people += [actor(one.get("assignee")) for one in objects(entry.get("assignments"))]
    return next((one for one in people if one is not None), None)


def _words(entry: dict[str, Any], kind: EntryKind) -> str:
    channel = obj(entry.get("channel"))
    if kind is EntryKind.PRIORITY:
        named = _new_priority(entry)
        return named or text(entry.get("summary"))
    if kind is EntryKind.URGENCY:
        return text(channel.get("urgency")) or text(entry.get("summary"))
    if kind not in {EntryKind.ANNOTATED, EntryKind.RESOLVED}:
        return ""
    written = text(entry.get("note")) or text(channel.get("content")) or text(channel.get("note"))
    if not written and text(channel.get("type")) == "note":
        written = text(channel.get("summary"))
    return written


def _changes_priority(entry: dict[str, Any]) -> bool:
    return _new_priority(entry) != ""


def _new_priority(entry: dict[str, Any]) -> str:
    """The name of the new priority, wherever the entry keeps it (its shape is not published)."""
    channel = obj(entry.get("channel"))
    for place in (entry, channel, obj(channel.get("changeset"))):
        for name in ("new_priority", "priority"):
            if found := priority_name(place.get(name)):
                return found
    said = _CHANGED_TO.search(text(entry.get("summary")))
    return said.group(1) if said else ""
