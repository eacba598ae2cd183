"""An incident as evidence: all of its events in a hash chain, exported and restored. Standard library only, pure.

Each event's digest is SHA-256 over the digest of the one before and its own facts as canonical JSON, so an event that
was changed, left out or put in later breaks every digest after it. The chain is written with the events themselves.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT: Final = "muster.incident/1"
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
    body = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()


def seal(head: str, incident: Mapping[str, Any]) -> str:
    """The digest over the last event's and the state the events led to."""
    body = json.dumps(dict(incident), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{head}\n{body}".encode()).hexdigest()


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


def document(incident: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The export: plain JSON values."""
    return {
        "format": FORMAT,
        "incident": dict(incident),
        "events": [dict(event) for event in events],
        "seal": seal(_head(events), incident),
    }


def _head(events: Sequence[Mapping[str, Any]]) -> str:
    return str(events[-1].get("digest") or "") if events else ""


def checked(found: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Incident and events of an export; EvidenceError when it is none or its chain is broken."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        msg = f"This is no export of Muster (format {FORMAT}). Use the file muster export wrote with --format json."
        raise EvidenceError(msg)
    incident, events = found.get("incident"), found.get("events")
    if not (isinstance(incident, dict) and isinstance(events, list) and _whole(incident, events)):
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
    if found.get("seal") != seal(_head(events), incident):
        msg = "The incident itself was changed, or events at the end are missing. Nothing was restored."
        raise EvidenceError(msg)
    return incident, events


def _whole(incident: dict[str, Any], events: list[Any]) -> bool:
    number = incident.get("number")
    counted = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31
    return counted and all(isinstance(event, dict) and set(FACTS) <= set(event) for event in events)
