"""Groups of alerts as they are shown: counted, listed, summed up in a storm. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, exists, func, or_, select

from bot.domain.alert_groups import Counts, GroupView
from bot.domain.alerts import AlertStatus, worst
from bot.store import alerts as alerts_store
from bot.store import sql
from bot.store.alerts import of_group, to_group
from bot.store.convert import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.alert_groups import Group
    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_A, _G = sql.ALERT.c, sql.ALERT_GROUP.c
_RESOLVED = AlertStatus.RESOLVED.value


def counts(tx: Tx, ids: Iterable[int]) -> dict[int, Counts]:
    """How many alerts stand where, for some groups at once."""
    wanted = list(ids)
    if not wanted:
        return {}
    flapping = func.sum(case((_A.calm_at > tx.now, 1), else_=0))
    query = (
        select(_A.group, _A.status, _A.severity, func.count(), flapping)
        .where(_A.group.in_(wanted))
        .group_by(_A.group, _A.status, _A.severity)
    )
    rows: dict[int, list[Any]] = {each: [] for each in wanted}
    for row in tx.session.execute(query):
        rows[row[0]].append(row)
    return {each: _counted(found) for each, found in rows.items()}


def _counted(rows: Sequence[Any]) -> Counts:
    by_status: dict[AlertStatus, int] = {}
    for _, status, _, count, _ in rows:
        by_status[AlertStatus(status)] = by_status.get(AlertStatus(status), 0) + int(count)
    return Counts(
        by_status=by_status,
        severity=worst([row[2] for row in rows if row[1] != _RESOLVED]),
        flapping=sum(int(row[4] or 0) for row in rows),
    )


def listed(
    tx: Tx,
    *,
    firing: bool = True,
    free: bool = False,
    words: str = "",
    limit: int = 20,
) -> tuple[list[GroupView], int]:
    """Groups with their counts, newest first, and how many there are in all.

    ``firing``: only those with an open alert; ``free``: only those without an open incident; ``words``: of that
    service, source or severity, or with that in their title.
    """
    conditions: list[Any] = [_G.route != "ignore"]
    if firing:
        conditions.append(exists().where(_A.group == _G.id, _A.status != _RESOLVED))
    if free:
        number, status = sql.INCIDENT.c.number, sql.INCIDENT.c.status
        is_open = exists().where(and_(number == _G.incident, status != "resolved"))
        conditions += [or_(_G.incident.is_(None), ~is_open)]
        conditions.append(or_(_G.silenced_until.is_(None), _G.silenced_until <= tx.now))
    if words:
        folded = storable(words.casefold())
        named = (func.lower(column) == folded for column in (_G.service, _G.source, _G.severity))
        conditions.append(or_(*named, func.lower(_G.title).contains(folded, autoescape=True)))
    total = int(
        tx.session.execute(
            select(func.count()).select_from(sql.ALERT_GROUP).where(*conditions)
        ).scalar()
        or 0
    )
    query = select(sql.ALERT_GROUP).where(*conditions).order_by(_G.last_at.desc(), _G.id.desc())
    groups = [to_group(row) for row in tx.session.execute(query.limit(limit))]
    return views(tx, groups), total


def firing_at(
    tx: Tx, services: Iterable[str], *, but: int, since: datetime, limit: int
) -> list[Group]:
    """Other groups that fire at services of those (folded) names, newest first; none of a private incident."""
    names = sorted({storable(each) for each in services})
    number, private = sql.INCIDENT.c.number, sql.INCIDENT.c.private
    query = (
        select(sql.ALERT_GROUP)
        .where(_G.last_at > since, _G.route != "ignore", _G.id != but)
        .where(func.lower(_G.service).in_(names))
        .where(exists().where(_A.group == _G.id, _A.status != _RESOLVED))
        .where(~exists().where(and_(number == _G.incident, private.is_(True))))
        .order_by(_G.last_at.desc(), _G.id.desc())
        .limit(limit)
    )
    return [to_group(row) for row in tx.session.execute(query)] if names else []


def of_incident(tx: Tx, incident: Incident) -> list[GroupView]:
    """The groups of an incident, counted."""
    groups = alerts_store.of_incident(tx, incident.number)
    counted = counts(tx, [each.id for each in groups])
    return [GroupView(group=each, counts=counted[each.id], incident=incident) for each in groups]


def storm(tx: Tx, since: datetime) -> tuple[int, int, tuple[tuple[str, int], ...]]:
    """Groups listed since then, how many of them fire, and the most frequent services (or titles)."""
    own = (_G.listed.is_(True), _G.opened_at >= since)
    fires = exists().where(_A.group == _G.id, _A.status != _RESOLVED)
    totals = select(func.count(), func.sum(case((fires, 1), else_=0))).where(*own)
    groups, firing = tx.session.execute(totals).one()
    name = func.coalesce(_G.service, _G.title)
    often = (
        select(name, func.count()).where(*own).group_by(name).order_by(func.count().desc(), name)
    )
    top = tuple((str(what), int(n)) for what, n in tx.session.execute(often.limit(10)))
    return int(groups), int(firing or 0), top


def storm_newest(tx: Tx, since: datetime) -> datetime | None:
    """When the newest of the listed groups was opened."""
    query = select(func.max(_G.opened_at)).where(_G.listed.is_(True), _G.opened_at >= since)
    newest: datetime | None = tx.session.execute(query).scalar()
    return newest


def views(tx: Tx, groups: Sequence[Group], *, alerts: int = 0) -> list[GroupView]:
    """Groups as they are shown in a list: with counts and their incident."""
    counted = counts(tx, [each.id for each in groups])
    return [
        GroupView(
            group=each,
            counts=counted[each.id],
            alerts=of_group(tx, each.id, alerts) if alerts else (),
            incident=tx.incident(each.incident, lock=False) if each.incident else None,
        )
        for each in groups
    ]
