"""What sweeps keep of an incident: a small state, and when to look again. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.store import sql

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.store.tx import Tx


def state(tx: Tx, table: Any, number: int) -> dict[str, Any] | None:
    """What is kept; whoever changes it has locked the incident."""
    found: dict[str, Any] | None = tx.session.execute(
        select(table.c.state).where(table.c.incident == number)
    ).scalar()
    return found


def keep(
    tx: Tx, table: Any, incident: Incident, kept: dict[str, Any], due: datetime | None
) -> None:
    """Keep it, and when to look again if the incident does not change before."""
    row = {
        "incident": incident.number,
        "due": due,
        "looked_at": incident.updated_at,
        "state": kept,
    }
    sql.upsert(tx.session, table, [row])
