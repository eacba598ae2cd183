"""PagerDuty's V3 webhooks: is it really from them, and what does it say in our words.

https://developer.pagerduty.com/docs/webhooks-overview and
https://developer.pagerduty.com/docs/verifying-webhook-signatures
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.incident import Actor, EntryKind, Status
from bot.ports import Inbound, PageEvent
from bot.providers.pagerduty.parse import page_from_event, priority_name
from bot.providers.pagerduty.values import actor, moment, obj, objects, some, text

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: dict[str, EntryKind] = {
    "incident.triggered": EntryKind.TRIGGERED,
    "incident.acknowledged": EntryKind.ACKNOWLEDGED,
    "incident.unacknowledged": EntryKind.UNACKNOWLEDGED,
    "incident.annotated": EntryKind.ANNOTATED,
    "incident.delegated": EntryKind.DELEGATED,
    "incident.escalated": EntryKind.ESCALATED,
    "incident.priority_updated": EntryKind.PRIORITY,
    "incident.reassigned": EntryKind.REASSIGNED,
    "incident.reopened": EntryKind.REOPENED,
    "incident.resolved": EntryKind.RESOLVED,
    "incident.responder.added": EntryKind.RESPONDER_ADDED,
    "incident.responder.replied": EntryKind.RESPONDER_REPLIED,
    "incident.role.assigned": EntryKind.ROLE,
    "incident.service_updated": EntryKind.SERVICE,
    "incident.status_update_published": EntryKind.STATUS_UPDATE,
}
#: The status such an event is about; other events say what it is, but did not bring it about.
_BRINGS: dict[str, Status] = {
    "incident.triggered": Status.TRIGGERED,
    "incident.acknowledged": Status.ACKNOWLEDGED,
    "incident.unacknowledged": Status.TRIGGERED,
    "incident.reopened": Status.TRIGGERED,
    "incident.resolved": Status.RESOLVED,
}
_WITH_TARGET = {EntryKind.REASSIGNED, EntryKind.ESCALATED, EntryKind.DELEGATED}
_WITH_ID = {EntryKind.ANNOTATED, EntryKind.STATUS_UPDATE}


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of the header's ``v1=`` signatures is ours, by any of ``secrets``.

    In constant time. Without a header or a secret nothing is genuine. PagerDuty sends several
    signatures while a secret is being rotated; no time is signed, so replays are told by event id.
    """
    parts = [part.strip().encode("utf-8", "replace") for part in (header or "").split(",")]
    genuine = False
    for secret in secrets:
        if not secret:
            continue
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        expected = f"v1={digest}".encode()
        for part in parts:
            genuine |= hmac.compare_digest(expected, part)
    return genuine


def parse_event(body: bytes, *, now: datetime | None = None) -> Inbound:
    """Read one event; a type nobody knows gives an ``Inbound`` without ``event``.

    Raises ValueError with a reason only when the body is not JSON, or lacks ``event.id`` or
    ``event.event_type`` as text or ``event.data`` as an object. Everything else that is missing
    or odd is tolerated, since PagerDuty disables a subscription after three refusals. ``now``
    stands in for a time that cannot be read.
    """
    event = _envelope(body)
    kind_name, data = text(event["event_type"]), obj(event["data"])
    at = moment(event.get("occurred_at")) or now or datetime.now(UTC)
    agent = actor(event.get("agent"))
    page = None
    if _is_incident(kind_name, data):
        page = page_from_event(data, brings=_BRINGS.get(kind_name), at=at, by=agent)
    return Inbound(
        id=text(event["id"]),
        type=kind_name,
        occurred_at=at,
        page_id=page.id if page else _page_id(data),
        event=_event(kind_name, data, at, agent),
        page=page,
        service_id=some(data.get("id")) if kind_name.startswith("service.") else None,
    )


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        reason = "the body is not JSON"
        raise ValueError(reason) from None
    event = obj(parsed).get("event")
    if not isinstance(event, dict):
        reason = "the body has no object 'event'"
        raise ValueError(reason)  # noqa: TRY004 - one kind of error for whoever calls
    for name in ("id", "event_type"):
        value = event.get(name)
        if not isinstance(value, str) or not text(value).strip():
            reason = f"event.{name} is not a text"
            raise ValueError(reason)
    if not isinstance(event.get("data"), dict):
        reason = "event.data is not an object"
        raise ValueError(reason)  # noqa: TRY004
    return event


def _is_incident(kind: str, data: dict[str, Any]) -> bool:
    """Whether the data is the incident itself, not something that refers to one."""
    if not some(data.get("id")):
        return False
    named = text(data.get("type"))
    if named:
        return named == "incident"
    return kind.startswith("incident.") and "incident" not in data and "status" in data


def _page_id(data: dict[str, Any]) -> str | None:
    direct = some(obj(data.get("incident")).get("id"))
    roles = objects(data.get("incident_role_assignments"))
    return direct or next((i for r in roles if (i := some(obj(r.get("incident")).get("id")))), None)


def _event(name: str, data: dict[str, Any], at: datetime, agent: Actor | None) -> PageEvent | None:
    kind = KINDS.get(name)
    if kind is None:
        return None
    doer, target = _people(kind, data, agent)
    return PageEvent(
        kind=kind,
        at=at,
        actor=doer,
        target=target,
        text=_words(kind, data),
        vendor_id=some(data.get("id")) if kind in _WITH_ID else None,
    )


def _people(
    kind: EntryKind, data: dict[str, Any], agent: Actor | None
) -> tuple[Actor | None, Actor | None]:
    if kind in _WITH_TARGET:
        people = [actor(one) for one in objects(data.get("assignees"))]
        return agent, next((one for one in people if one is not None), None)
    if kind is EntryKind.RESPONDER_ADDED:
        return agent, actor(data.get("user")) or actor(data.get("escalation_policy"))
    if kind is EntryKind.RESPONDER_REPLIED:
        return actor(data.get("user")) or agent, None
    if kind is EntryKind.ROLE:
        roles = objects(data.get("incident_role_assignments"))
        return agent, actor(roles[0].get("assignee")) if roles else None
    return agent, None


def _words(kind: EntryKind, data: dict[str, Any]) -> str:
    if kind is EntryKind.ROLE:
        roles = objects(data.get("incident_role_assignments"))
        return text(obj(roles[0].get("role")).get("summary")) if roles else ""
    if kind is EntryKind.RESOLVED:
        merged = obj(obj(data.get("resolve_reason")).get("incident"))
        into = text(merged.get("summary")) or text(merged.get("id"))
        return f"Merged into {into}" if into else ""
    source: dict[EntryKind, Any] = {
        EntryKind.ANNOTATED: data.get("content"),
        EntryKind.STATUS_UPDATE: data.get("message"),
        EntryKind.RESPONDER_ADDED: data.get("message"),
        EntryKind.RESPONDER_REPLIED: data.get("state"),
        EntryKind.PRIORITY: priority_name(data.get("priority")) or "none",
        EntryKind.SERVICE: obj(data.get("service")).get("summary"),
        EntryKind.DELEGATED: obj(data.get("escalation_policy")).get("summary"),
    }
    return text(source.get(kind))
