"""The reminders' memory: which incidents are worth a look now, and what was said. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column, or_, select

from bot.domain.incident import EntryKind, Origin
from bot.domain.reminders import POSTMORTEM_WINDOW, Memory
from bot.store import looks, sql

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Reminders
    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_N, _R, _T = sql.INCIDENT.c, sql.REMINDER.c, sql.ENTRY.c
#: In words SQLite can compare with the condition of its partial index.
_OPEN: Any = _N.status != literal_column("'resolved'")
_JOINED = sql.INCIDENT.outerjoin(sql.REMINDER, _R.incident == _N.number)


def worth_a_look(tx: Tx, rules: Reminders, limit: int) -> list[int]:
    """Numbers of incidents that changed since the last look, or whose time has come; the oldest first."""
    real = _N.drill.is_(False)  # a drill ends by itself
    changed_or_due = or_(_R.incident.is_(None), _R.due <= tx.now, _N.updated_at > _R.looked_at)
    query = (
        select(_N.number)
        .select_from(_JOINED)
        .where(_OPEN, real, _N.opens_channel.is_(True), changed_or_due)
        .order_by(_N.number)
        .limit(limit)
    )
    found = list(tx.session.execute(query).scalars())
    # What is over: to take its message back, and for the post-mortem while somebody may still write it.
    closed = _N.status == "resolved"
    over = select(_N.number).select_from(_JOINED).where(closed, real, _N.opens_channel.is_(True))
    since = tx.now - POSTMORTEM_WINDOW
    recent = _N.resolved_at >= since
    asked = _R.incident.is_not(None) if rules.postmortem_due is None else changed_or_due
    changed = over.where(recent, asked, changed_or_due).order_by(_N.number).limit(limit)
    return [*found, *tx.session.execute(changed).scalars()]


def memory(tx: Tx, number: int) -> Memory:
    """What is kept; whoever changes it has locked the incident."""
    return Memory.from_value(looks.state(tx, sql.REMINDER, number))


def keep(tx: Tx, incident: Incident, state: Memory, due: datetime | None) -> None:
    """Keep it, and when to look again if the incident does not change before."""
    looks.keep(tx, sql.REMINDER, incident, state.as_value(), due)


def remember(tx: Tx, number: int, state: Memory) -> None:
    """Keep what changed of the memory; the time of the next look stays."""
    tx.session.execute(
        sql.REMINDER.update().where(_R.incident == number).values(state=state.as_value())
    )


def last_activity(tx: Tx, incident: Incident) -> datetime:
    """When somebody did something last.

    What Muster notes of its own accord does not count, nor that somebody follows it or snoozed its reminders.
    """
    query = select(func.max(_T.recorded_at)).where(
        _T.incident == incident.number,
        _T.origin != Origin.MUSTER.value,
        _T.kind != EntryKind.AUDIT.value,
    )
    newest: datetime | None = tx.session.execute(query).scalar()
    return max(newest, incident.updated_at) if newest else incident.updated_at
