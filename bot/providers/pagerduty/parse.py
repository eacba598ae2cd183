"""PagerDuty's incidents into ``Page``, as REST and as webhooks write them.

REST says ``incident_number`` and ``assignments[].assignee`` where a webhook says ``number`` and
``assignees[]`` (https://developer.pagerduty.com/docs/webhooks-overview). Nothing here raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.incident import Actor, Status
from bot.ports import OnCall, Page, PagerUser, Subscription
from bot.ports_pager import Override, Schedule, Shift
from bot.providers.pagerduty.values import (
    actor,
    address,
    moment,
    number,
    obj,
    objects,
    some,
    status,
    text,
    urgency,
)

if TYPE_CHECKING:
    from datetime import datetime


def page_from_rest(data: dict[str, Any], *, now: datetime) -> Page:
    """An incident of ``GET /incidents/{id}``; ``now`` stands in for a missing creation time."""
    acknowledged_at, acknowledged_by = _first_acknowledgement(data)
    changed_at = moment(data.get("last_status_change_at"))
    resolved_at = moment(data.get("resolved_at"))
    state = status(data.get("status"))
    if state is Status.RESOLVED:
        resolved_at = resolved_at or changed_at
    return Page(
        **_common(data),
        number=number(data.get("incident_number")),
        status=state,
        assignees=_actors(one.get("assignee") for one in objects(data.get("assignments"))),
        created_at=moment(data.get("created_at")) or changed_at or now,
        changed_at=changed_at,
        changed_by=actor(data.get("last_status_change_by")),
        acknowledged_at=acknowledged_at,
        acknowledged_by=acknowledged_by,
        resolved_at=resolved_at if state is Status.RESOLVED else None,
        description=_description(data),
    )


def page_from_event(
    data: dict[str, Any], *, brings: Status | None, at: datetime, by: Actor | None
) -> Page:
    """An incident as a webhook carries it; ``at`` and ``by`` are the event's.

    ``brings`` is the status the event is about (None when it is about something else).
    """
    state = status(data.get("status"), brings or Status.TRIGGERED)
    changed = state is brings
    acknowledged = changed and state is Status.ACKNOWLEDGED
    return Page(
        **_common(data),
        number=number(data.get("number")),
        status=state,
        assignees=_actors(objects(data.get("assignees"))),
        created_at=moment(data.get("created_at")) or at,
        changed_at=at if changed else None,
        changed_by=by if changed else None,
        acknowledged_at=at if acknowledged else None,
        acknowledged_by=by if acknowledged else None,
        resolved_at=at if changed and state is Status.RESOLVED else None,
    )


def user(value: dict[str, Any]) -> PagerUser:
    """A person of ``GET /users``."""
    found = text(value.get("id"))
    name = some(value.get("name")) or some(value.get("summary")) or found
    gone = bool(value.get("deleted_at"))
    return PagerUser(id=found, name=name, email=text(value.get("email")), active=not gone)


def on_call(value: dict[str, Any]) -> OnCall:
    """An entry of ``GET /oncalls``; without an end the person is always on call."""
    policy, schedule = obj(value.get("escalation_policy")), obj(value.get("schedule"))
    return OnCall(
        user=user(obj(value.get("user"))),
        level=number(value.get("escalation_level")) or 1,
        policy_id=text(policy.get("id")),
        policy_name=some(policy.get("name")) or text(policy.get("summary")),
        schedule=some(schedule.get("name")) or some(schedule.get("summary")),
        until=moment(value.get("end")),
    )


def schedule(value: dict[str, Any]) -> Schedule:
    """A schedule of ``GET /schedules``."""
    found = text(value.get("id"))
    name = some(value.get("name")) or some(value.get("summary")) or found
    return Schedule(id=found, name=name, time_zone=some(value.get("time_zone")) or "UTC")


def shift(value: dict[str, Any]) -> Shift | None:
    """A rendered schedule entry; None for one without a beginning, an end or a person."""
    since, until, who = moment(value.get("start")), moment(value.get("end")), obj(value.get("user"))
    if since is None or until is None or since >= until or not some(who.get("id")):
        return None
    return Shift(since=since, until=until, users=(user(who),))


def override(value: dict[str, Any]) -> Override | None:
    """An override; one that cannot be changed any more has no id."""
    known = shift(value)
    if known is None:
        return None
    found = text(value.get("id"))
    return Override(id=found, user=known.users[0], since=known.since, until=known.until)


def subscription(value: dict[str, Any]) -> Subscription:
    """A webhook subscription; the secret is there in the answer to its creation only."""
    method, events = obj(value.get("delivery_method")), value.get("events")
    return Subscription(
        id=text(value.get("id")),
        url=text(method.get("url")),
        active=value.get("active") is not False,
        events=tuple(text(e) for e in events) if isinstance(events, list) else (),
        description=text(value.get("description")),
        disabled=method.get("temporarily_disabled") is True,
        secret=some(method.get("secret")),
    )


def policy(value: dict[str, Any]) -> tuple[str, str, int]:
    """(id, name, number of levels) of an escalation policy."""
    name = some(value.get("name")) or text(value.get("summary"))
    return text(value.get("id")), name, len(objects(value.get("escalation_rules")))


def priority_name(value: Any) -> str | None:
    """The name of a priority, given as a reference, an object or plain text."""
    data = obj(value)
    return some(data.get("summary")) or some(data.get("name")) or some(value)


def _common(data: dict[str, Any]) -> dict[str, Any]:
    service, policy_ref = obj(data.get("service")), obj(data.get("escalation_policy"))
    found = text(data.get("id"))
    return {
        "id": found,
        "title": some(data.get("title")) or some(data.get("summary")) or f"Incident {found}",
        "urgency": urgency(data.get("urgency")),
        "url": address(data.get("html_url")),
        "key": some(data.get("incident_key")),
        "service_id": some(service.get("id")),
        "service_name": some(service.get("name")) or some(service.get("summary")),
        "priority": priority_name(data.get("priority")),
        "policy_id": some(policy_ref.get("id")),
        "policy_name": some(policy_ref.get("name")) or some(policy_ref.get("summary")),
    }


def _actors(values: Any) -> tuple[Actor, ...]:
    return tuple(one for one in map(actor, values) if one is not None)


def _first_acknowledgement(data: dict[str, Any]) -> tuple[datetime | None, Actor | None]:
    known = [
        (at, actor(one.get("acknowledger")))
        for one in objects(data.get("acknowledgements"))
        if (at := moment(one.get("at"))) is not None
    ]
    return min(known, key=lambda pair: pair[0]) if known else (None, None)


def _description(data: dict[str, Any]) -> str:
    """What the opener wrote; PagerDuty's own ``description`` only repeats the title."""
    details = text(obj(data.get("body")).get("details"))
    if details:
        return details
    written = text(data.get("description"))
    return "" if written == text(data.get("title")) else written
