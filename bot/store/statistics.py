"""The numbers of the last days: whole days from the tallies, the beginning of the first one from its incidents."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, func, literal, select

from bot.domain.report import DAYS, Group, Statistics
from bot.store import sql
from bot.store.tally import NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from bot.store.tx import Tx

N, T = sql.INCIDENT.c, sql.TALLY.c
#: More services than that say nothing in a table.
SERVICES = 25


def statistics(tx: Tx, *, days: int = DAYS) -> Statistics:
    """How the last ``days`` went; private incidents and drills are not counted.

    However many incidents there are, at most one day's are looked at.
    """
    since = tx.now - timedelta(days=days)
    first_whole_day = since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    rows = chain(
        tx.session.execute(_counted(tx, since, first_whole_day)),
        tx.session.execute(_tallied(first_whole_day)),
    )
    found = [_Count(*row) for row in rows]
    declared: dict[tuple[date, str], int] = {}
    for each in found:
        key = (date.fromisoformat(str(each.day)), each.severity)
        declared[key] = declared.get(key, 0) + int(each.incidents)
    return Statistics(
        days=days,
        since=since,
        until=tx.now,
        total=_group("", found),
        severities=_groups(found, lambda each: each.severity),
        services=_groups(found, lambda each: each.service)[:SERVICES],
        declared=declared,
    )


class _Count(NamedTuple):
    """Incidents of one day, severity and service; sums are seconds."""

    day: str
    severity: str
    service: str
    incidents: int
    open: int
    acknowledged: int
    to_acknowledge: float | None
    resolved: int
    to_resolve: float | None


def _tallied(first: datetime) -> Any:
    return select(
        T.day, T.severity, T.service, T.incidents, T.open,
        T.acknowledged, T.acknowledge_ms / 1000.0, T.resolved, T.resolve_ms / 1000.0,
    ).where(T.day >= first.strftime("%Y-%m-%d"), T.incidents > 0)  # fmt: skip


def _counted(tx: Tx, since: datetime, until: datetime) -> Any:
    severity = func.substr(func.coalesce(N.severity, ""), 1, NAME_LENGTH).label("severity")
    service = func.substr(func.coalesce(N.service_title, N.service, ""), 1, NAME_LENGTH).label(
        "service"
    )
    detected = func.coalesce(N.detected_at, N.created_at)  # as people corrected it
    return (
        select(
            literal(since.strftime("%Y-%m-%d")),
            severity,
            service,
            func.count(),
            func.sum(case((N.status != "resolved", 1), else_=0)),
            func.count(N.acknowledged_at),
            func.sum(_seconds(tx, detected, N.acknowledged_at)),
            func.count(N.resolved_at),
            func.sum(_seconds(tx, detected, N.resolved_at)),
        )
        # Said so, SQLite looks by time instead of through everything that is not private.
        .where(
            N.created_at >= since,
            N.created_at < until,
            N.private.is_not(True),
            N.drill.is_not(True),
        )
        .group_by(severity, service)
    )


def _groups(found: Iterable[_Count], name: Callable[[_Count], str]) -> tuple[Group, ...]:
    """The most frequent first."""
    by: dict[str, list[_Count]] = {}
    for each in found:
        by.setdefault(name(each), []).append(each)
    groups = (_group(label, counts) for label, counts in by.items())
    return tuple(sorted(groups, key=lambda group: (-group.count, group.label)))


def _group(label: str, counts: Sequence[_Count]) -> Group:
    acknowledged, resolved = sum(c.acknowledged for c in counts), sum(c.resolved for c in counts)
    return Group(
        label=label,
        count=sum(c.incidents for c in counts),
        open=sum(c.open for c in counts),
        seconds_to_acknowledge=_mean([c.to_acknowledge for c in counts], acknowledged),
        seconds_to_resolve=_mean([c.to_resolve for c in counts], resolved),
    )


def _mean(sums: Iterable[float | None], count: int) -> float | None:
    return round(sum(float(each or 0) for each in sums) / count, 3) if count else None


def _seconds(tx: Tx, start: Any, end: Any) -> Any:
    """Seconds between two times; NULL when one of them is."""
    if sql.is_postgresql(tx.session):
        return func.extract("epoch", end - start)
    return (func.julianday(end) - func.julianday(start)) * 86_400.0
