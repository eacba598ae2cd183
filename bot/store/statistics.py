"""The numbers of the last days, counted by the database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from bot.domain.report import DAYS, Group, Statistics
from bot.store import sql

if TYPE_CHECKING:
    from bot.store.tx import Tx

N = sql.INCIDENT.c
#: More services than that say nothing in a table.
SERVICES = 25


def statistics(tx: Tx, *, days: int = DAYS) -> Statistics:
    """How the last ``days`` went; private incidents are not counted."""
    since = tx.now - timedelta(days=days)
    [total] = _groups(tx, since)
    service = func.coalesce(N.service_title, N.service, "")
    return Statistics(
        days=days,
        since=since,
        until=tx.now,
        total=total,
        severities=_groups(tx, since, func.coalesce(N.severity, "")),
        services=_groups(tx, since, service),
        declared=_declared(tx, since),
    )


def _groups(tx: Tx, since: Any, by: Any = None) -> tuple[Group, ...]:
    facts = (
        func.count(),
        func.sum(case((N.status != "resolved", 1), else_=0)),
        func.avg(_seconds(tx, N.created_at, N.acknowledged_at)),
        func.avg(_seconds(tx, N.created_at, N.resolved_at)),
    )
    conditions = (N.created_at >= since, N.private.is_(False))
    if by is None:
        return tuple(
            _group("", row) for row in tx.session.execute(select(*facts).where(*conditions))
        )
    label = by.label("label")
    query = select(label, *facts).where(*conditions).group_by(label)
    most = query.order_by(func.count().desc(), label).limit(SERVICES)
    return tuple(_group(str(name), row) for name, *row in tx.session.execute(most))


def _group(label: str, row: Any) -> Group:
    count, still_open, acknowledged, resolved = row
    return Group(
        label=label,
        count=int(count),
        open=int(still_open or 0),
        seconds_to_acknowledge=_rounded(acknowledged),
        seconds_to_resolve=_rounded(resolved),
    )


def _declared(tx: Tx, since: Any) -> dict[tuple[date, str], int]:
    day, severity = (
        _day(tx, N.created_at).label("day"),
        func.coalesce(N.severity, "").label("severity"),
    )
    conditions = (N.created_at >= since, N.private.is_(False))
    query = select(day, severity, func.count()).where(*conditions).group_by(day, severity)
    return {
        (date.fromisoformat(str(found)), name): int(count)
        for found, name, count in tx.session.execute(query)
    }


def _day(tx: Tx, column: Any) -> Any:
    """The day in UTC, as text."""
    if sql.is_postgresql(tx.session):
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD")
    return func.date(column)


def _seconds(tx: Tx, start: Any, end: Any) -> Any:
    """Seconds between two times; NULL when one of them is."""
    if sql.is_postgresql(tx.session):
        return func.extract("epoch", end - start)
    return (func.julianday(end) - func.julianday(start)) * 86_400.0


def _rounded(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds), 3)
