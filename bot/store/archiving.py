"""Which channels are worth a look because they may be archived, and what was said about it. Inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bot.domain.archiving import BACKLOG, Memory
from bot.store import looks, sql

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_N, _A = sql.INCIDENT.c, sql.ARCHIVING.c


def worth_a_look(tx: Tx, after: timedelta | None, limit: int) -> list[int]:
    """Numbers of incidents whose time has come or that changed since the last look; the oldest first."""
    changed = _N.updated_at > _A.looked_at
    waiting = (
        select(_N.number)
        .select_from(sql.ARCHIVING.join(sql.INCIDENT, _A.incident == _N.number))
        .where(_A.due.is_not(None), or_(_A.due <= tx.now, changed))
        .order_by(_N.number)
        .limit(limit)
    )
    found = list(tx.session.execute(waiting).scalars())
    if after is None:
        return found
    ended = (
        select(_N.number)
        .select_from(sql.INCIDENT.outerjoin(sql.ARCHIVING, _A.incident == _N.number))
        .where(
            _N.status == "resolved",
            _N.resolved_at >= tx.now - after - BACKLOG,
            _N.channel.is_not(None),
            or_(_A.incident.is_(None), (_A.due.is_(None)) & changed),
        )
        .order_by(_N.number)
        .limit(limit)
    )
    return [*found, *tx.session.execute(ended).scalars()]


def memory(tx: Tx, number: int) -> Memory:
    """What is kept; whoever changes it has locked the incident."""
    return Memory.from_value(looks.state(tx, sql.ARCHIVING, number))


def keep(tx: Tx, incident: Incident, state: Memory, due: datetime | None) -> None:
    """Keep it, and when to look again if the incident does not change before."""
    looks.keep(tx, sql.ARCHIVING, incident, state.as_value(), due)
