"""People, services and the like as the REST API shows them.

Shapes: https://developer.pagerduty.com/api-reference/ (components of the OpenAPI document). Every
object has `id, type, summary, self, html_url`; a reference has nothing else and its type ends in
`_reference`.
"""

from collections.abc import Collection
from typing import assert_never

from bot.sandbox.pagerduty.model import (
    Incident,
    Json,
    Policy,
    Priority,
    Schedule,
    Service,
    Team,
    User,
)
from bot.sandbox.pagerduty.times import iso

Thing = User | Team | Priority | Schedule | Policy | Service | Incident
Whole = User | Team | Priority | Schedule | Policy | Service

KINDS: dict[type, tuple[str, str]] = {
    User: ("user", "users"),
    Team: ("team", "teams"),
    Priority: ("priority", "priorities"),
    Schedule: ("schedule", "schedules"),
    Policy: ("escalation_policy", "escalation_policies"),
    Service: ("service", "services"),
    Incident: ("incident", "incidents"),
}


class Things:
    """Turns objects into JSON; knows the addresses they are shown at."""

    def __init__(self, base_url: str) -> None:
        """`base_url` is the public base of this stand-in, without a slash at the end."""
        self.base = base_url.rstrip("/")

    def summary(self, thing: Thing) -> str:
        """The one line that stands for an object."""
        if isinstance(thing, Incident):
            return f"[#{thing.number}] {thing.title}"
        return thing.name

    def heads(self, thing: Thing, *, reference: bool = False) -> Json:
        """What every object has."""
        kind, plural = KINDS[type(thing)]
        shown = "service-directory" if isinstance(thing, Service) else plural
        html = None if isinstance(thing, Priority) else f"{self.base}/ui/{shown}/{thing.id}"
        return {
            "id": thing.id,
            "type": f"{kind}_reference" if reference else kind,
            "summary": self.summary(thing),
            "self": f"{self.base}/{plural}/{thing.id}",
            "html_url": html,
        }

    def ref(self, thing: Thing) -> Json:
        """A reference."""
        return self.heads(thing, reference=True)

    def ref_or_none(self, thing: Thing | None) -> Json | None:
        """A reference, or null."""
        return None if thing is None else self.ref(thing)

    def full(self, thing: Whole) -> Json:
        """The whole object."""
        match thing:
            case User():
                return self.user(thing)
            case Team():
                return self.heads(thing) | {"name": thing.name, "description": None}
            case Priority():
                more = {"name": thing.name, "description": thing.description, "color": thing.color}
                return self.heads(thing) | more
            case Schedule():
                return self.schedule(thing)
            case Policy():
                return self.policy(thing)
            case Service():
                return self.service(thing)
            case _:
                assert_never(thing)

    def either(self, thing: Whole, *, full: bool) -> Json:
        """The whole object when it was asked for by include[], else a reference."""
        return self.full(thing) if full else self.ref(thing)

    def user(self, user: User) -> Json:
        """A user."""
        method = {
            "id": f"{user.id[:6]}E",
            "type": "email_contact_method_reference",
            "summary": "Default",
            "self": f"{self.base}/users/{user.id}/contact_methods/{user.id[:6]}E",
            "html_url": None,
        }
        return self.heads(user) | {
            "name": user.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "color": "purple",
            "role": user.role,
            "avatar_url": f"{self.base}/ui/avatars/{user.id}.png",
            "description": None,
            "invitation_sent": False,
            "job_title": "",
            "created_via_sso": False,
            "teams": [],
            "contact_methods": [method],
            "notification_rules": [],
        }

    def schedule(self, schedule: Schedule) -> Json:
        """A schedule as the list shows it, without its layers."""
        return self.heads(schedule) | {
            "name": schedule.name,
            "time_zone": schedule.time_zone,
            "description": "",
            "users": [self.ref(user) for user in schedule.users],
            "escalation_policies": [],
            "teams": [],
        }

    def policy(self, policy: Policy, *, targets: bool = False) -> Json:
        """An escalation policy; `include[]=targets` shows whole users and schedules."""
        rules = [
            {
                "id": rule.id,
                "escalation_delay_in_minutes": rule.delay_minutes,
                "targets": [self.either(target, full=targets) for target in rule.targets],
                "escalation_rule_assignment_strategy": "assign_to_everyone",
            }
            for rule in policy.rules
        ]
        return self.heads(policy) | {
            "name": policy.name,
            "escalation_rules": rules,
            "services": [],
            "num_loops": 0,
            "on_call_handoff_notifications": "if_has_services",
            "teams": [self.ref(policy.team)],
            "description": None,
        }

    def service(self, service: Service, include: Collection[str] = ()) -> Json:
        """A service."""
        return self.heads(service) | {
            "name": service.name,
            "description": service.description,
            "created_at": iso(service.created_at),
            "status": service.status,
            "auto_resolve_timeout": None,
            "acknowledgement_timeout": None,
            "alert_creation": "create_alerts_and_incidents",
            "escalation_policy": self.either(service.policy, full="escalation_policies" in include),
            "teams": [self.either(service.team, full="teams" in include)],
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "integrations": [],
            "addons": [],
            "scheduled_actions": [],
            "support_hours": None,
            "last_incident_timestamp": None,
        }
