"""What the bodies of POST and PUT /incidents ask for.

https://developer.pagerduty.com/api-reference/a7d81b0e9200f-create-an-incident and
.../8a0e1aa2ec666-update-an-incident. An update is first checked as a whole, then done: a bulk
request is all or nothing.
"""

from collections.abc import Callable
from typing import TypeVar

from bot.sandbox.pagerduty import errors
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.lifecycle import Draft
from bot.sandbox.pagerduty.model import Incident, Json, Policy, Priority, Service, User

T = TypeVar("T")
Step = Callable[[], None]
STATUSES = {"triggered", "acknowledged", "resolved"}
URGENCIES = {"high", "low"}


def reference(value: object, kind: str, known: dict[str, T]) -> T:
    """The object a reference points at."""
    label = kind.replace("_", " ").capitalize()
    if not isinstance(value, dict) or not value.get("id"):
        raise errors.invalid(f"{label} can't be blank.")
    if value.get("type", kind) not in {kind, f"{kind}_reference"}:
        raise errors.invalid(f"{label} must be a {kind}_reference.")
    found = known.get(str(value["id"]))
    if found is None:
        raise errors.invalid(f"{label} not found.")
    return found


def user_of(desk: Desk, value: object) -> User:
    """An active user by reference."""
    user = reference(value, "user", desk.account.users)
    if not user.active:
        raise errors.invalid("User not found.")
    return user


def assignees(desk: Desk, given: object) -> list[User]:
    """The users of an `assignments` list."""
    if not isinstance(given, list) or not given:
        raise errors.invalid("Assignments can't be blank.")
    return [user_of(desk, one.get("assignee") if isinstance(one, dict) else None) for one in given]


def priority_of(desk: Desk, value: object) -> Priority | None:
    """A priority by reference or by name; null is none."""
    if value is None:
        return None
    known = desk.account.priorities
    if isinstance(value, str):
        found = next((one for one in known.values() if one.name == value), None)
    else:
        found = known.get(str(value.get("id"))) if isinstance(value, dict) else None
    if found is None:
        raise errors.unknown_priority()
    return found


def text_of(fields: Json, name: str) -> str:
    """A required text."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise errors.invalid(f"{name.capitalize()} can't be blank.")
    return value


def urgency_of(value: object) -> str:
    """`high` or `low`."""
    if value not in URGENCIES:
        raise errors.invalid("Urgency must be one of high, low.")
    return str(value)


def type_of(fields: Json) -> str:
    """The name of the incident type."""
    given = fields.get("incident_type")
    return str(given.get("name")) if isinstance(given, dict) else "incident_default"


def draft(desk: Desk, fields: Json) -> Draft:
    """A new incident, from the body of POST /incidents."""
    account = desk.account
    title = text_of(fields, "title")
    if fields.get("type", "incident") not in {"incident", "incident_reference"}:
        raise errors.invalid("Type must be incident.")
    service = reference(fields.get("service"), "service", account.services)
    if fields.get("assignments") and fields.get("escalation_policy"):
        raise errors.invalid("Assignments and escalation policy are mutually exclusive.")
    people = assignees(desk, fields["assignments"]) if fields.get("assignments") else []
    if len(people) > 1:
        raise errors.invalid("Only one assignee is allowed.")
    body = fields.get("body")
    policy = fields.get("escalation_policy")
    return Draft(
        title=title,
        service=service,
        urgency=urgency_of(fields.get("urgency") or "high"),
        priority=priority_of(desk, fields.get("priority")),
        key=str(fields["incident_key"]) if fields.get("incident_key") else None,
        body=str(body.get("details", "")) if isinstance(body, dict) else None,
        policy=reference(policy, "escalation_policy", account.policies) if policy else None,
        assignee=people[0] if people else None,
        bridge=fields.get("conference_bridge"),
        type_name=type_of(fields),
    )


def plan(desk: Desk, incident: Incident, fields: Json, by: User) -> list[Step]:
    """What an update would do, step by step; raises when any of it is impossible."""
    if fields.get("type") not in {"incident", "incident_reference"}:
        raise errors.invalid("Type must be incident_reference.")
    return _plain(desk, incident, fields, by) + _status(desk, incident, fields, by)


def _plain(desk: Desk, incident: Incident, fields: Json, by: User) -> list[Step]:
    """The steps for fields that do not touch status or assignment."""
    own = desk.fields
    steps: list[Step] = []
    if "title" in fields:
        title = text_of(fields, "title")
        steps.append(lambda: own.set_title(incident, title, by))
    if fields.get("service"):
        service: Service = reference(fields["service"], "service", desk.account.services)
        steps.append(lambda: own.move(incident, service, by))
    if "priority" in fields:
        priority = priority_of(desk, fields["priority"])
        steps.append(lambda: own.set_priority(incident, priority, by))
    if fields.get("urgency"):
        urgency = urgency_of(fields["urgency"])
        steps.append(lambda: own.set_urgency(incident, urgency, by))
    if "conference_bridge" in fields:
        bridge = fields["conference_bridge"]
        steps.append(lambda: own.set_bridge(incident, bridge, by))
    if fields.get("incident_type"):
        name = type_of(fields)
        steps.append(lambda: own.set_type(incident, name, by))
    return steps


def _status(desk: Desk, incident: Incident, fields: Json, by: User) -> list[Step]:
    """The steps for status and assignment."""
    status = fields.get("status")
    if status is not None and status not in STATUSES:
        raise errors.invalid_status()
    users = assignees(desk, fields["assignments"]) if fields.get("assignments") else []
    policy = (
        reference(fields["escalation_policy"], "escalation_policy", desk.account.policies)
        if fields.get("escalation_policy")
        else None
    )
    if users and policy:
        raise errors.invalid("Assignments and escalation policy are mutually exclusive.")
    if status is not None and status != "resolved" and not incident.open:
        return _reopening(desk, incident, by, status == "acknowledged", users, policy)
    return _moving(desk, incident, by, fields, users, policy) + _changing(
        desk, incident, by, status, fields
    )


def _reopening(
    desk: Desk,
    incident: Incident,
    by: User,
    acknowledged: bool,
    users: list[User],
    policy: Policy | None,
) -> list[Step]:
    if not users and not acknowledged:
        desk.account.first_level(policy or incident.policy)
    return [
        lambda: desk.lifecycle.reopen(
            incident, by, acknowledged=acknowledged, users=users, policy=policy
        )
    ]


def _moving(
    desk: Desk,
    incident: Incident,
    by: User,
    fields: Json,
    users: list[User],
    policy: Policy | None,
) -> list[Step]:
    """Reassign, delegate or escalate."""
    life = desk.lifecycle
    level = fields.get("escalation_level")
    if level is not None:
        if not isinstance(level, int) or isinstance(level, bool):
            raise errors.invalid("Escalation level must be an integer.")
        urgency = fields.get("urgency")
        if urgency != "high":
            life.check_level(incident, level)
        return [lambda: life.escalate(incident, level, by)]
    if (users or policy) and not incident.open:
        raise errors.already_resolved()
    if users:
        return [lambda: life.reassign(incident, users, by)]
    if policy:
        desk.account.first_level(policy)
        return [lambda: life.delegate(incident, policy, by)]
    return []


def _changing(
    desk: Desk, incident: Incident, by: User, status: str | None, fields: Json
) -> list[Step]:
    """Acknowledge, unacknowledge or resolve."""
    life = desk.lifecycle
    if status is None:
        return []
    if not incident.open:
        raise errors.already_resolved()
    if status == "resolved":
        resolution = fields.get("resolution")
        return [lambda: life.resolve(incident, by, resolution)]
    if status == "acknowledged":
        moved = any(fields.get(name) for name in ("assignments", "escalation_policy"))
        if not moved and any(stamp.user is by for stamp in incident.acknowledgements):
            raise errors.already_acknowledged()
        return [lambda: life.acknowledge(incident, by)]
    if incident.status == "acknowledged" and not fields.get("assignments"):
        return [lambda: life.unacknowledge(incident, by)]
    return []
