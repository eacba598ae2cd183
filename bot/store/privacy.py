"""Reads around private incidents. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.domain.storm import Storm
from bot.store import sql
from bot.store.convert import to_incident

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_I, _V = sql.INCIDENT.c, sql.VALUE.c
#: More private incidents than that are not read again by the hour; events tell of them all.
SOME = 500


def public_in(tx: Tx, channels: Collection[str]) -> list[str]:
    """Channels among these that belong to an incident that is not private."""
    query = select(_I.channel).where(_I.channel.in_(list(channels)), _I.private.is_(False))
    return list(tx.session.execute(query).scalars()) if channels else []


def rooms(tx: Tx) -> list[Incident]:
    """Private incidents with a channel, the newest first."""
    query = select(sql.INCIDENT).where(_I.private.is_(True), _I.channel.is_not(None))
    rows: Any = tx.session.execute(query.order_by(_I.number.desc()).limit(SOME))
    return [to_incident(row) for row in rows]


def merged_into(tx: Tx, number: int) -> list[int]:
    """Incidents that are not private and were merged into that one."""
    query = select(_I.number).where(_I.merged_into == number, _I.private.is_(False))
    return list(tx.session.execute(query.order_by(_I.number)).scalars())


def storms_naming(tx: Tx, number: int) -> list[tuple[str, Storm]]:
    """Storms (by the name they are remembered under) in whose summary that incident is listed."""
    query = select(_V.name, _V.value).where(_V.name.startswith("storm"), _V.value.is_not(None))
    found = [(row.name, Storm.from_value(row.value)) for row in tx.session.execute(query)]
    return [(name, storm) for name, storm in found if number in storm.listed]
