"""Rows to domain values and back."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from bot.domain import evidence
from bot.domain.incident import (
    Actor,
    Affected,
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
from bot.domain.plan import actor_data, actor_from

if TYPE_CHECKING:
    from collections.abc import Mapping


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """A text both databases take: no NUL, no lone surrogates (JSON may carry either)."""
    return text if text is None else text.replace("\x00", "").encode("utf-8", "replace").decode()


def fold_title(title: str) -> str:
    """The title after folding case, spaces and digits: what "similar" compares (PRODUCT.md, "Precisely")."""
    return re.sub(r"\d+", "0", re.sub(r"\s+", " ", title.casefold())).strip()[:200]


def to_incident(row: Any) -> Incident:
    """The domain value of a row."""
    if row.number is None:
        msg = "an incident row without number was read"
        raise ValueError(msg)
    ticket = None
    if row.ticket_repo:
        ticket = TicketLink(repo=row.ticket_repo, number=row.ticket_number, url=row.ticket_url)
    return Incident(
        number=row.number,
        title=row.title,
        status=Status(row.status),
        phase=Phase(row.phase),
        last_event=row.last_event,
        severity=row.severity,
        urgency=Urgency(row.urgency),
        priority=row.priority,
        service=row.service,
        service_title=row.service_title,
        more_services=tuple(Affected(**each) for each in row.more_services or ()),
        description=row.description,
        private=row.private,
        drill=row.drill,
        origin=Origin(row.origin),
        reporter=actor_from(row.reporter),
        owners=tuple(Actor(**a) for a in row.owners or ()),
        roles={role: Actor(**a) for role, a in (row.roles or {}).items()},
        opens_channel=row.opens_channel,
        pager=PagerLink(kind=PagerKind(row.pager_kind), id=row.pager_id, **(row.pager or {})),
        ticket=ticket,
        places=Places(channel=row.channel, channel_name=row.channel_name, **(row.places or {})),
        started_at=row.started_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        detected_at=row.detected_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=actor_from(row.acknowledged_by),
        mitigated_at=row.mitigated_at,
        resolved_at=row.resolved_at,
        resolved_by=actor_from(row.resolved_by),
        resolution=row.resolution,
        status_changed_at=row.status_changed_at,
        status_changed_by=actor_from(row.status_changed_by),
        vendor_at=row.vendor_at,
        merged_into=row.merged_into,
        next_update_at=row.next_update_at,
        version=row.version,
    )


def _known(data: dict[str, Any], *apart: str) -> dict[str, Any]:
    return {k: v for k, v in data.items() if k not in apart and v is not None}


def incident_columns(incident: Incident) -> dict[str, Any]:
    """The columns of an incident, without number and version."""
    ticket = incident.ticket
    return {
        "title": storable(incident.title),
        "title_key": fold_title(storable(incident.title)),
        "status": incident.status.value,
        "phase": incident.phase.value,
        "last_event": incident.last_event,
        "severity": storable(incident.severity),
        "urgency": incident.urgency.value,
        "priority": storable(incident.priority),
        "service": storable(incident.service),
        "service_title": storable(incident.service_title),
        "more_services": [
            {"id": storable(each.id), "title": storable(each.title)}
            for each in incident.more_services
        ]
        or None,
        "description": storable(incident.description),
        "resolution": storable(incident.resolution),
        "private": incident.private,
        "drill": incident.drill,
        "origin": incident.origin.value,
        "opens_channel": incident.opens_channel,
        "reporter": actor_data(incident.reporter),
        "owners": [actor_data(a) for a in incident.owners],
        "roles": {role: actor_data(a) for role, a in incident.roles.items()},
        "pager_kind": incident.pager.kind.value,
        "pager_id": incident.pager.id,
        "pager": _known(asdict(incident.pager), "kind", "id"),
        "ticket_repo": ticket.repo if ticket else None,
        "ticket_number": ticket.number if ticket else None,
        "ticket_url": ticket.url if ticket else None,
        "channel": incident.places.channel,
        "channel_name": incident.places.channel_name,
        "places": _known(asdict(incident.places), "channel", "channel_name"),
        "started_at": incident.started_at,
        "created_at": incident.created_at,
        "updated_at": incident.updated_at,
        "detected_at": incident.detected_at,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": actor_data(incident.acknowledged_by),
        "mitigated_at": incident.mitigated_at,
        "resolved_at": incident.resolved_at,
        "resolved_by": actor_data(incident.resolved_by),
        "status_changed_at": incident.status_changed_at,
        "status_changed_by": actor_data(incident.status_changed_by),
        "vendor_at": incident.vendor_at,
        "merged_into": incident.merged_into,
        "next_update_at": incident.next_update_at,
    }


def to_entry(row: Any) -> Entry:
    """The domain value of a timeline row."""
    return Entry(
        id=row.id,
        incident=row.incident,
        kind=EntryKind(row.kind),
        at=row.at,
        actor=actor_from(row.actor),
        actor_target=actor_from(row.actor_target),
        origin=Origin(row.origin),
        target=row.target,
        text=row.text,
        vendor_at=row.vendor_at,
        vendor_id=row.vendor_id,
    )


def entry_columns(entry: Entry, incident: int, recorded_at: Any) -> dict[str, Any]:
    """The columns of a new timeline row."""
    return {
        "incident": incident,
        "kind": entry.kind.value,
        "at": entry.at,
        "recorded_at": recorded_at,
        "actor": actor_data(entry.actor),
        "actor_target": actor_data(entry.actor_target),
        "origin": entry.origin.value,
        "target": storable(entry.target),
        "text": storable(entry.text),
        "vendor_at": entry.vendor_at,
        "vendor_id": storable(entry.vendor_id),
    }


def entry_facts(columns: Mapping[str, Any]) -> dict[str, Any]:
    """What the chain of evidence covers of an entry's columns, as JSON values."""
    return {name: as_json(columns[name]) for name in evidence.FACTS}


def as_json(value: Any) -> Any:
    """A column's value as JSON: times as ISO 8601 in UTC."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
