"""Requests to be let in to private incidents. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.access import AccessState, Request
from bot.domain.plan import actor_data, actor_from
from bot.store import sql

if TYPE_CHECKING:
    from bot.store.tx import Tx

_A = sql.ACCESS.c


def request(tx: Tx, number: int, slack_id: str) -> Request | None:
    """What somebody asked, locked for whoever changes it by the lock on the incident."""
    query = select(sql.ACCESS).where(_A.incident == number, _A.slack_id == slack_id)
    row = tx.session.execute(query).first()
    if row is None:
        return None
    return Request(
        incident=row.incident,
        slack_id=row.slack_id,
        state=AccessState(row.state),
        times=row.times,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        answered_by=actor_from(row.answered_by),
        channel=row.channel,
        ts=row.ts,
    )


def keep(tx: Tx, wanted: Request) -> None:
    """Store a request as it is now."""
    row = {
        "incident": wanted.incident,
        "slack_id": wanted.slack_id,
        "state": wanted.state.value,
        "times": wanted.times,
        "asked_at": wanted.asked_at,
        "answered_at": wanted.answered_at,
        "answered_by": actor_data(wanted.answered_by),
        "channel": wanted.channel,
        "ts": wanted.ts,
    }
    sql.upsert(tx.session, sql.ACCESS, [row])
