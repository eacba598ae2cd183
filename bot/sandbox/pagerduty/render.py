"""Incidents and what hangs on them as the REST API shows them.

Shapes: https://developer.pagerduty.com/api-reference/ (components of the OpenAPI document).
"""

from collections.abc import Collection

from bot.sandbox.pagerduty.model import (
    Alert,
    Incident,
    Json,
    LogEntry,
    Note,
    Policy,
    Responder,
    ResponderRequest,
    Stamp,
    StatusUpdate,
    User,
)
from bot.sandbox.pagerduty.things import KINDS, Things
from bot.sandbox.pagerduty.times import iso


class Render(Things):
    """Turns every kind of object into JSON."""

    def stamps(self, stamps: list[Stamp], field: str, *, full: bool) -> list[Json]:
        """Assignments or acknowledgements."""
        return [{"at": iso(s.at), field: self.either(s.user, full=full)} for s in stamps]

    def incident(self, incident: Incident, include: Collection[str] = ()) -> Json:
        """An incident, with the objects of `include[]` spelled out."""
        people = "users" in include
        return (
            self.heads(incident)
            | self._lifecycle(incident)
            | {
                "service": self.either(incident.service, full="services" in include),
                "assignments": self.stamps(
                    incident.assignments, "assignee", full=people or "assignees" in include
                ),
                "acknowledgements": self.stamps(
                    incident.acknowledgements,
                    "acknowledger",
                    full=people or "acknowledgers" in include,
                ),
                "last_status_change_by": self.either(
                    incident.changed_by or incident.service,
                    full=people or "agents" in include,
                ),
                "escalation_policy": self.either(
                    incident.policy, full="escalation_policies" in include
                ),
                "teams": [self.either(incident.service.team, full="teams" in include)],
                "priority": None
                if incident.priority is None
                else self.either(incident.priority, full="priorities" in include),
                "first_trigger_log_entry": self._first_entry(incident, include),
                "incidents_responders": [
                    self.responder(incident, one) for one in incident.responders
                ],
                "responder_requests": [self.request(incident, one) for one in incident.requests],
                "subscriber_requests": [],
            }
            | (
                {"body": {"type": "incident_body", "details": incident.body}}
                if "body" in include and incident.body is not None
                else {}
            )
        )

    def _lifecycle(self, incident: Incident) -> Json:
        """The plain fields of an incident."""
        alerts = incident.alerts
        triggered = sum(alert.status == "triggered" for alert in alerts)
        pending = (
            [{"type": "unacknowledge", "at": iso(incident.snoozed_until)}]
            if incident.snoozed_until and incident.status == "acknowledged"
            else []
        )
        return {
            "incident_number": incident.number,
            "title": incident.title,
            "description": incident.title,
            "created_at": iso(incident.created_at),
            "updated_at": iso(incident.updated_at),
            "status": incident.status,
            "incident_key": incident.key,
            "assigned_via": "direct_assignment" if incident.direct else "escalation_policy",
            "last_status_change_at": iso(incident.changed_at),
            "resolved_at": iso(incident.resolved_at),
            "alert_counts": {
                "all": len(alerts),
                "triggered": triggered,
                "resolved": len(alerts) - triggered,
            },
            "is_mergeable": incident.mergeable,
            "incident_type": {"name": incident.type_name},
            "pending_actions": pending,
            "alert_grouping": None,
            "resolve_reason": self.resolve_reason(incident),
            "conference_bridge": incident.bridge,
            "urgency": incident.urgency,
        }

    def resolve_reason(self, incident: Incident) -> Json | None:
        """Why it is resolved when nobody resolved it: it was merged."""
        if incident.merged_into is None:
            return None
        return {"type": "merge_resolve_reason", "incident": self.ref(incident.merged_into)}

    def _first_entry(self, incident: Incident, include: Collection[str]) -> Json:
        """How the incident was triggered."""
        entry = incident.log[0]
        if "first_trigger_log_entries" in include:
            return self.log_entry(entry, ("channels",))
        return self.log_heads(entry, reference=True)

    def log_heads(self, entry: LogEntry, *, reference: bool = False) -> Json:
        """What every log entry has."""
        own, incident = entry.id, entry.incident.id
        return {
            "id": own,
            "type": f"{entry.type}_reference" if reference else entry.type,
            "summary": entry.summary,
            "self": f"{self.base}/log_entries/{own}?incident_id={incident}",
            "html_url": f"{self.base}/ui/incidents/{incident}/log_entries/{own}",
        }

    def log_entry(self, entry: LogEntry, include: Collection[str] = ()) -> Json:
        """A log entry; `include[]=channels` shows how it came in."""
        incident = entry.incident
        shown = entry.channel
        if "channels" not in include:
            shown = {key: shown[key] for key in ("type", "summary") if key in shown}
        agent = entry.agent if entry.agent is not None else incident.service
        return (
            self.log_heads(entry)
            | {
                "created_at": iso(entry.at),
                "agent": self.ref(agent),
                "channel": shown,
                "service": self.either(incident.service, full="services" in include),
                "incident": self.incident(incident)
                if "incidents" in include
                else self.ref(incident),
                "teams": [self.either(incident.service.team, full="teams" in include)],
                "contexts": [],
                "event_details": {"description": incident.title},
            }
            | ({"note": entry.note} if entry.note is not None else {})
            | {name: self._plain(value) for name, value in entry.extra.items()}
        )

    def _plain(self, value: object) -> object:
        """Extra fields of a log entry: objects become references."""
        if isinstance(value, list):
            return [self._plain(one) for one in value]
        return self.ref(value) if isinstance(value, User | Policy) else value

    def note(self, note: Note) -> Json:
        """A note; one written by a service has a bot user."""
        if note.service is not None:
            user = self.ref(note.service) | {"type": "bot_user_reference"}
        else:
            user = self.ref(note.user) if note.user else {}
        return {
            "id": note.id,
            "user": user,
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": note.content,
            "created_at": iso(note.at),
            "updated_at": iso(note.updated_at),
        }

    def alert(self, alert: Alert) -> Json:
        """An alert."""
        return {
            "id": alert.id,
            "type": "alert",
            "summary": alert.summary,
            "self": f"{self.base}/incidents/{alert.incident.id}/alerts/{alert.id}",
            "html_url": f"{self.base}/ui/alerts/{alert.id}",
            "created_at": iso(alert.created_at),
            "status": alert.status,
            "alert_key": alert.key,
            "service": self.ref(alert.service),
            "body": {"type": "alert_body", "contexts": [], "details": alert.details},
            "incident": self.ref(alert.incident),
            "suppressed": False,
            "severity": alert.severity,
        }

    def responder(self, incident: Incident, responder: Responder) -> Json:
        """Somebody asked to help. Webhooks call the state `accepted` what REST calls `joined`."""
        return {
            "state": "joined" if responder.state == "accepted" else responder.state,
            "user": self.ref(responder.user),
            "incident": self.ref(incident),
            "updated_at": iso(responder.updated_at),
            "message": responder.message,
            "requester": self.ref_or_none(responder.requester),
            "requested_at": iso(responder.requested_at),
        }

    def request(self, incident: Incident, request: ResponderRequest) -> Json:
        """A responder request: targets have the *full* type here, not a reference's."""
        targets = [
            {
                "responder_request_target": {
                    "type": KINDS[type(target)][0],
                    "id": target.id,
                    "summary": self.summary(target),
                    "incidents_responders": [self.responder(incident, one) for one in asked],
                }
            }
            for target, asked in request.targets
        ]
        return {
            "incident": self.ref(incident),
            "requester": self.ref_or_none(request.requester),
            "requested_at": iso(request.at),
            "message": request.message,
            "responder_request_targets": targets,
        }

    def status_update(self, update: StatusUpdate) -> Json:
        """A status update; subject and html_message only when they were given."""
        more = {"subject": update.subject, "html_message": update.html_message}
        return {
            "id": update.id,
            "message": update.message,
            "sender": self.ref_or_none(update.sender),
            "created_at": iso(update.at),
        } | {name: value for name, value in more.items() if value is not None}
