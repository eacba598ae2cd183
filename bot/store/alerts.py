"""Alerts and their groups, read and changed inside a transaction."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, delete, func, insert, or_, select, update

from bot.domain.alert_groups import Group, digest
from bot.domain.alert_state import Stored
from bot.domain.alerts import SEVERITIES, Alert, AlertStatus
from bot.domain.plan import actor_data, actor_from
from bot.errors import NotFound
from bot.store import pages, sql
from bot.store.convert import storable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.store.tx import Tx

_A, _G = sql.ALERT.c, sql.ALERT_GROUP.c
#: Longer payloads are not copied: what came in is kept whole in ``inbound``.
LONGEST_PAYLOAD = 64 * 1024
_RESOLVED = AlertStatus.RESOLVED.value
_ADD = insert(sql.ALERT)
_SAVE = update(sql.ALERT).where(_A.id == bindparam("of"))
_ADD_GROUP = insert(sql.ALERT_GROUP)
_SAVE_GROUP = update(sql.ALERT_GROUP).where(_G.id == bindparam("of"))
_GROUP = select(sql.ALERT_GROUP).where(_G.id == bindparam("of"))
_COLLECTING = select(sql.ALERT_GROUP).where(_G.digest == bindparam("of"), _G.collecting.is_(True))
#: Worst first, then what is open longest.
_RANK = case(
    {name: n for n, name in enumerate(SEVERITIES)}, value=_A.severity, else_=len(SEVERITIES)
)


def is_open(now: datetime) -> Any:
    """Open, or over only for this moment of its flapping."""
    return or_(_A.status != _RESOLVED, _A.calm_at > now)


# --- alerts --------------------------------------------------------------------------------------------------


def known(tx: Tx, source: str, external_ids: Iterable[str]) -> dict[str, Stored]:
    """The alerts of those identities as they are known, locked."""
    ids = sorted(set(external_ids))
    found: dict[str, Stored] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        query = (
            select(sql.ALERT)
            .where(_A.source == source, _A.external_id.in_(some))
            .order_by(_A.id)
            .with_for_update()
        )
        found |= {row.external_id: _stored(row) for row in tx.session.execute(query)}
    return found


def keep(tx: Tx, stored: Stored) -> Stored:
    """Add it, or change what is known of it."""
    values = _columns(stored)
    if stored.id:
        tx.session.execute(_SAVE, values | {"of": stored.id})
        return stored
    result: Any = tx.session.execute(_ADD, values)
    return replace(stored, id=result.inserted_primary_key[0])


def of_group(tx: Tx, group_id: int, limit: int) -> tuple[Stored, ...]:
    """Alerts of a group: open ones first, the worst of them first."""
    over = case((_A.status == _RESOLVED, 1), else_=0)
    query = (
        select(sql.ALERT)
        .where(_A.group == group_id)
        .order_by(over, _RANK, _A.since, _A.id)
        .limit(limit)
    )
    return tuple(_stored(row) for row in tx.session.execute(query))


def any_open(tx: Tx, group_id: int) -> bool:
    """Whether an alert of that group counts as open."""
    query = select(_A.id).where(_A.group == group_id, is_open(tx.now)).limit(1)
    return tx.session.execute(query).first() is not None


def senders(tx: Tx, group_id: int) -> list[str]:
    """The sources of a group's alerts."""
    query = select(_A.source).where(_A.group == group_id).distinct().order_by(_A.source)
    return [str(name) for name in tx.session.execute(query).scalars()]


# --- groups --------------------------------------------------------------------------------------------------


def group(tx: Tx, group_id: int, *, lock: bool = True) -> Group:
    """The group; NotFound when there is none (any more)."""
    query = _GROUP.with_for_update() if lock else _GROUP
    row = tx.session.execute(query, {"of": group_id}).first() if group_id < 2**31 else None
    if row is None:
        msg = "Those alerts are not there any more. /incident alerts lists what fires now."
        raise NotFound(msg)
    return to_group(row)


def collecting(tx: Tx, key: str) -> Group | None:
    """The group that alerts of that key are put into now, locked."""
    row = tx.session.execute(_COLLECTING.with_for_update(), {"of": digest(key)}).first()
    return to_group(row) if row else None


def add_group(tx: Tx, draft: Group) -> Group:
    """Open a group."""
    result: Any = tx.session.execute(_ADD_GROUP, _group_columns(draft))
    return replace(draft, id=result.inserted_primary_key[0])


def save_group(tx: Tx, changed: Group) -> Group:
    """Save it; its version is one more."""
    changed = replace(changed, version=changed.version + 1)
    tx.session.execute(_SAVE_GROUP, _group_columns(changed) | {"of": changed.id})
    return changed


def of_incident(tx: Tx, number: int) -> list[Group]:
    """The groups attached to an incident, the oldest first."""
    query = select(sql.ALERT_GROUP).where(_G.incident == number).order_by(_G.id)
    return [to_group(row) for row in tx.session.execute(query)]


def over_since(tx: Tx, number: int) -> datetime | None:
    """When the last alert of an incident ended; None while one is open, or when it has none."""
    query = (
        select(func.count(), func.sum(case((is_open(tx.now), 1), else_=0)), func.max(_A.changed_at))
        .select_from(sql.ALERT.join(sql.ALERT_GROUP, _A.group == _G.id))
        .where(_G.incident == number)
    )
    total, still_open, newest = tx.session.execute(query).one()
    if not total or still_open:
        return None
    over: datetime | None = newest
    return over


def calm_at(tx: Tx, number: int) -> datetime | None:
    """When the last flapping alert of an incident is calm, if any flaps."""
    query = (
        select(func.max(_A.calm_at))
        .select_from(sql.ALERT.join(sql.ALERT_GROUP, _A.group == _G.id))
        .where(_G.incident == number, _A.calm_at > tx.now)
    )
    calm: datetime | None = tx.session.execute(query).scalar()
    return calm


def move(tx: Tx, gone: int, kept: int) -> list[Group]:
    """The alerts of an incident that was merged belong to the one that was kept."""
    return [save_group(tx, replace(each, incident=kept)) for each in of_incident(tx, gone)]


def prune(tx: Tx, before: datetime, *, most: int = 5_000) -> int:
    """Delete alerts that are over and were not heard of since ``before``, then groups nobody is in; bounded.

    What belongs to an incident stays with it.
    """
    own = select(_G.id).where(_G.incident.is_not(None))
    old = (
        select(_A.id)
        .where(_A.status == _RESOLVED, _A.seen_at < before)
        .where(or_(_A.group.is_(None), _A.group.not_in(own)))
        .limit(most)
    )
    gone = sql.count(tx.session.execute(delete(sql.ALERT).where(_A.id.in_(old))))
    inside = select(_A.group).where(_A.group.is_not(None))
    empty = (
        select(_G.id)
        .where(_G.last_at < before, _G.incident.is_(None), _G.id.not_in(inside))
        .limit(most)
    )
    groups = list(tx.session.execute(empty).scalars())
    for start in range(0, len(groups), 500):
        some = groups[start : start + 500]
        pages.forget_groups(tx, some)
        gone += sql.count(tx.session.execute(delete(sql.ALERT_GROUP).where(_G.id.in_(some))))
    return gone


# --- rows ----------------------------------------------------------------------------------------------------


def _stored(row: Any) -> Stored:
    alert = Alert(
        source=row.source,
        external_id=row.external_id,
        title=row.title,
        status=AlertStatus(row.status),
        description=row.description,
        severity=row.severity,
        started_at=row.started_at,
        ended_at=row.ended_at,
        updated_at=row.updated_at,
        labels=row.labels or {},
        url=row.url,
        payload=row.payload,
    )
    return Stored(
        alert=alert,
        since=row.since,
        first_seen=row.first_seen,
        seen_at=row.seen_at,
        changed_at=row.changed_at,
        id=row.id,
        group=row.group,
        deliveries=row.deliveries,
        duplicates=row.duplicates,
        fires=row.fires,
        flips=tuple(datetime.fromtimestamp(each, UTC) for each in row.flips or ()),
    )


def _columns(stored: Stored) -> dict[str, Any]:
    alert = stored.alert
    return {
        "source": storable(alert.source),
        "external_id": storable(alert.external_id),
        "group": stored.group,
        "title": storable(alert.title),
        "description": storable(alert.description),
        "severity": alert.severity,
        "status": alert.status.value,
        "labels": dict(alert.labels) or None,
        "url": storable(alert.url),
        "payload": _payload(alert.payload),
        "started_at": alert.started_at,
        "ended_at": alert.ended_at,
        "updated_at": alert.updated_at,
        "since": stored.since,
        "first_seen": stored.first_seen,
        "seen_at": stored.seen_at,
        "changed_at": stored.changed_at,
        "calm_at": stored.calm_at(),
        "deliveries": stored.deliveries,
        "duplicates": stored.duplicates,
        "fires": stored.fires,
        "flips": [each.timestamp() for each in stored.flips] or None,
    }


def _payload(payload: Any) -> str:
    """What its sender said, as JSON; read from a row it is that text already."""
    text = payload if isinstance(payload, str) else json.dumps(payload, default=str)
    return text if len(text) <= LONGEST_PAYLOAD else ""


def to_group(row: Any) -> Group:
    """The domain value of a row."""
    return Group(
        id=row.id,
        key=row.key,
        title=row.title,
        service=row.service,
        source=row.source,
        severity=row.severity,
        route=row.route,
        rule_severity=row.rule_severity,
        opened_at=row.opened_at,
        last_at=row.last_at,
        collecting=row.collecting,
        incident=row.incident,
        silenced_until=row.silenced_until,
        silenced_by=actor_from(row.silenced_by),
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=actor_from(row.acknowledged_by),
        paged_at=row.paged_at,
        channel=row.channel,
        ts=row.ts,
        listed=row.listed,
        told=row.told,
        version=row.version,
    )


def _group_columns(group: Group) -> dict[str, Any]:
    return {
        "key": storable(group.key)[:2000],
        "digest": digest(group.key),
        "title": storable(group.title),
        "service": storable(group.service),
        "source": storable(group.source),
        "severity": group.severity,
        "route": group.route,
        "rule_severity": group.rule_severity,
        "opened_at": group.opened_at,
        "last_at": group.last_at,
        "collecting": group.collecting,
        "incident": group.incident,
        "silenced_until": group.silenced_until,
        "silenced_by": actor_data(group.silenced_by),
        "acknowledged_at": group.acknowledged_at,
        "acknowledged_by": actor_data(group.acknowledged_by),
        "paged_at": group.paged_at,
        "channel": group.channel,
        "ts": group.ts,
        "listed": group.listed,
        "told": group.told,
        "version": group.version,
    }
