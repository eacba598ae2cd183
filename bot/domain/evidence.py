"""An incident as evidence: all of its events in a hash chain, exported and restored. Standard library only, pure.

Each event's digest is SHA-256 over the digest of the one before and its own facts as canonical JSON, so an event that
was changed, left out or put in later breaks every digest after it. The chain is written with the events themselves.
The seal covers what they led to: the incident, and its action items.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT: Final = "muster.incident/2"
#: Exports from before action items were part of them; they stay readable, under the seal they were given.
WITHOUT_ITEMS: Final = "muster.incident/1"
#: What an event's digest covers. What the pager told later of the same event (its time, its id) is not part of it.
FACTS: Final = (
    "incident",
    "kind",
    "at",
    "recorded_at",
    "actor",
    "actor_target",
    "origin",
    "target",
    "text",
)


class EvidenceError(UserError):
    """The document is no export, or it was changed."""


def digest(before: str, facts: Mapping[str, Any]) -> str:
    """The digest of an event after the one with the digest ``before`` ("" for the first); times as ISO 8601 text."""
    covered = {name: facts[name] for name in FACTS}
    return hashlib.sha256(f"{before}\n{_canonical(covered)}".encode()).hexdigest()


def seal(
    head: str, incident: Mapping[str, Any], items: Sequence[Mapping[str, Any]] | None = None
) -> str:
    """The digest over the last event's and the state the events led to; without items as exports had none."""
    parts = [head, _canonical(dict(incident))]
    if items is not None:
        parts.append(_canonical([dict(item) for item in items]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def broken_at(events: Sequence[Mapping[str, Any]]) -> int | None:
    """The position (from one) of the first event that does not fit to those before, None when all do.

    Events without a digest are from before there was a chain; they may only stand at the beginning.
    """
    before = ""
    for position, event in enumerate(events, 1):
        found = event.get("digest")
        if not found and not before:
            continue
        if found != digest(before, event):
            return position
        before = found
    return None


def document(
    incident: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The export: plain JSON values. Its action items are known by their place in it, from one."""
    return {
        "format": FORMAT,
        "incident": dict(incident),
        "events": [dict(event) for event in events],
        "action_items": [dict(item) for item in items],
        "seal": seal(_head(events), incident, items),
    }


def _head(events: Sequence[Mapping[str, Any]]) -> str:
    return str(events[-1].get("digest") or "") if events else ""


@dataclass(frozen=True)
class Checked:
    """An export that is whole."""

    incident: dict[str, Any]
    events: list[dict[str, Any]]
    items: list[dict[str, Any]]


def checked(found: Any) -> Checked:
    """What an export holds; EvidenceError when it is none or its chain or its seal is broken."""
    if not isinstance(found, dict) or found.get("format") not in (FORMAT, WITHOUT_ITEMS):
        msg = f"This is no export of Muster (format {FORMAT}). Use the file muster export wrote with --format json."
        raise EvidenceError(msg)
    incident, events = found.get("incident"), found.get("events")
    items = found.get("action_items") if found["format"] == FORMAT else []
    if not (isinstance(incident, dict) and _whole(events, incident) and _are_objects(items)):
        raise EvidenceError(
            "Parts of the export are missing, so nothing was restored. Export it again."
        )
    if any(event["incident"] != incident["number"] for event in events):
        msg = "The export holds events of another incident, so nothing was restored."
        raise EvidenceError(msg)
    if position := broken_at(events):
        msg = (
            f"Event {position} of {len(events)} was changed after it was written, or one before it is missing. "
            "Nothing was restored."
        )
        raise EvidenceError(msg)
    sealed = items if found["format"] == FORMAT else None
    if found.get("seal") != seal(_head(events), incident, sealed):
        what = "The incident itself or its action items were changed"
        msg = f"{what}, or events at the end are missing. Nothing was restored."
        raise EvidenceError(msg)
    return Checked(incident, events, items)


def _whole(events: Any, incident: dict[str, Any]) -> TypeGuard[list[dict[str, Any]]]:
    number = incident.get("number")
    counted = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31
    return counted and _are_objects(events) and all(set(FACTS) <= set(event) for event in events)


def _are_objects(found: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(found, list) and all(isinstance(each, dict) for each in found)
