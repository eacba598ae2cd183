"""Rosters made in Slack as they are edited. Runs inside a transaction; ``bot.store.rosters`` reads them for duty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from bot.domain.plan import actor_data, actor_from
from bot.store import roster_versions, sql
from bot.store.rosters import as_value, from_value

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Roster
    from bot.domain.incident import Actor
    from bot.store.tx import Tx

_M = sql.ROSTER_MADE.c


@dataclass(frozen=True, kw_only=True)
class Made:
    """A roster made in Slack, who changed it last, and how often it was changed (1: made)."""

    roster: Roster
    version: int
    changed_by: Actor | None
    changed_at: datetime


def one(tx: Tx, name: str, *, lock: bool = False) -> Made | None:
    """The one of that name."""
    query = select(sql.ROSTER_MADE).where(_M.name == name)
    row: Any = tx.session.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    return Made(
        roster=from_value(row.name, row.value or {}),
        version=row.version,
        changed_by=actor_from(row.changed_by or row.made_by),
        changed_at=row.changed_at,
    )


def add(tx: Tx, roster: Roster, by: Actor) -> bool:
    """Keep a new one; False when there is one of that name."""
    row = {
        "name": roster.name,
        "value": as_value(roster),
        "made_by": actor_data(by),
        "made_at": tx.now,
        "changed_by": actor_data(by),
        "changed_at": tx.now,
        "version": 1,
    }
    if sql.insert_one(tx.session, sql.ROSTER_MADE, row) is None:
        return False
    roster_versions.keep(tx, roster.name, roster)
    return True


def change(tx: Tx, roster: Roster, by: Actor) -> None:
    """Another content for the one of that name, which is locked."""
    values = {"value": as_value(roster), "changed_by": actor_data(by), "changed_at": tx.now}
    tx.session.execute(
        update(sql.ROSTER_MADE)
        .where(_M.name == roster.name)
        .values(**values, version=_M.version + 1)
    )
    roster_versions.keep(tx, roster.name, roster)


def drop(tx: Tx, name: str) -> bool:
    """Delete it; False when it was gone."""
    gone = sql.count(tx.session.execute(delete(sql.ROSTER_MADE).where(_M.name == name))) > 0
    roster_versions.keep(tx, name, None)
    return gone
