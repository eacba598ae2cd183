"""V3 webhook events.

https://developer.pagerduty.com/docs/webhooks/v3-overview/: the names differ from the REST API's
(`number`, `assignees` instead of `incident_number`, `assignments`).
"""

from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.pagerduty import ids
from bot.sandbox.pagerduty.model import (
    Agent,
    Incident,
    Json,
    Note,
    Responder,
    Service,
    StatusUpdate,
)
from bot.sandbox.pagerduty.render import Render
from bot.sandbox.pagerduty.times import iso, iso_ms

TRIM_AT = 25_000
"""Bodies up to 55 KB are guaranteed; longer text arrives cut, with `trimmed: true`."""

EVENT_TYPES = frozenset(
    f"incident.{name}"
    for name in [
        "acknowledged",
        "action_invocation.created",
        "action_invocation.terminated",
        "action_invocation.updated",
        "annotated",
        "conference_bridge.updated",
        "custom_field_values.updated",
        "delegated",
        "escalated",
        "incident_type.changed",
        "priority_updated",
        "reassigned",
        "reopened",
        "resolved",
        "responder.added",
        "responder.replied",
        "role.assigned",
        "service_updated",
        "status_update_published",
        "task.completed",
        "task.created",
        "task.updated",
        "triggered",
        "unacknowledged",
        "workflow.completed",
        "workflow.started",
    ]
) | frozenset(
    ("service.created", "service.custom_field_values.updated", "service.deleted", "service.updated")
)


@dataclass(eq=False)
class Event:
    """One event, before it is signed and sent; `key` is what its order is kept for."""

    id: str
    type: str
    key: str
    service: Service | None
    at: datetime
    body: Json


def envelope(
    render: Render, event_type: str, data: Json, agent: Agent, at: datetime, client: str | None
) -> Event:
    """Wrap `data` as PagerDuty does."""
    own = ids.event(int(at.timestamp() * 1000))
    about = data.get("incident") or data
    body = {
        "event": {
            "id": own,
            "event_type": event_type,
            "resource_type": event_type.partition(".")[0],
            "occurred_at": iso_ms(at),
            "agent": render.ref_or_none(agent),
            "client": {"name": client} if client else None,
            "data": data,
        }
    }
    return Event(own, event_type, about.get("id", "pagey"), None, at, body)


def incident(render: Render, incident: Incident) -> Json:
    """`data` of the events about the incident itself: no summary there."""
    heads = render.heads(incident)
    del heads["summary"]
    return heads | {
        "number": incident.number,
        "status": incident.status,
        "incident_key": incident.key,
        "created_at": iso(incident.created_at),
        "reopened_at": iso(incident.reopened_at),
        "title": incident.title,
        "service": render.ref(incident.service),
        "assignees": [render.ref(stamp.user) for stamp in incident.assignments],
        "escalation_policy": render.ref(incident.policy),
        "teams": [render.ref(incident.service.team)],
        "priority": render.ref_or_none(incident.priority),
        "urgency": incident.urgency,
        "conference_bridge": incident.bridge,
        "resolve_reason": render.resolve_reason(incident),
        "incident_type": {"name": incident.type_name},
    }


def about(render: Render, incident: Incident) -> Json:
    """The reference to the incident in all other events: its summary is the bare title."""
    return {"incident": render.ref(incident) | {"summary": incident.title}}


def note(render: Render, incident: Incident, note: Note) -> Json:
    """`data` of incident.annotated."""
    text = note.content
    return about(render, incident) | {
        "id": note.id,
        "content": text[:TRIM_AT],
        "trimmed": len(text) > TRIM_AT,
        "type": "incident_note",
    }


def responder(render: Render, incident: Incident, responder: Responder) -> Json:
    """`data` of incident.responder.added and .replied."""
    return about(render, incident) | {
        "user": render.ref(responder.user),
        "escalation_policy": render.ref_or_none(responder.policy),
        "message": responder.message,
        "state": responder.state,
        "type": "incident_responder",
    }


def status_update(render: Render, incident: Incident, update: StatusUpdate) -> Json:
    """`data` of incident.status_update_published."""
    return about(render, incident) | {
        "id": update.id,
        "message": update.message[:TRIM_AT],
        "trimmed": len(update.message) > TRIM_AT,
        "type": "incident_status_update",
    }


def conference_bridge(render: Render, incident: Incident) -> Json:
    """`data` of incident.conference_bridge.updated."""
    bridge = incident.bridge or {}
    number = bridge.get("conference_number")
    return about(render, incident) | {
        "conference_numbers": [{"label": "", "number": number}] if number else None,
        "conference_url": bridge.get("conference_url"),
        "type": "incident_conference_bridge",
    }


def service(render: Render, service: Service) -> Json:
    """`data` of service.created, .updated and .deleted."""
    return render.heads(service) | {
        "alert_creation": "create_alerts_and_incidents",
        "teams": [render.ref(service.team)],
    }


def ping() -> Json:
    """`data` of pagey.ping."""
    return {"message": "Hello from your friend Pagey!", "type": "ping"}
