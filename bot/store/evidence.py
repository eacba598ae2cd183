"""Incidents as evidence: read with their chain, and put back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text

from bot.domain import evidence
from bot.domain.evidence import EvidenceError
from bot.store import sql
from bot.store.convert import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.store.tx import Tx

_TIMES = {
    table: {column.name for column in table.columns if column.name.endswith("_at")} | {"at"}
    for table in (sql.INCIDENT, sql.ENTRY)
}


def read(tx: Tx, number: int) -> dict[str, Any]:
    """The export of one incident; NotFound when there is none."""
    tx.incident(number, lock=False)
    incident = select(sql.INCIDENT).where(sql.INCIDENT.c.number == number)
    events = select(sql.ENTRY).where(sql.ENTRY.c.incident == number).order_by(sql.ENTRY.c.id)
    [row] = tx.session.execute(incident).mappings()
    entries = [
        {name: as_json(value) for name, value in entry.items() if name != "id"}
        for entry in tx.session.execute(events).mappings()
    ]
    return evidence.document({name: as_json(value) for name, value in row.items()}, entries)


def restore(tx: Tx, document: Any) -> int:
    """Put an exported incident back under its number; nothing is sent anywhere.

    Raises EvidenceError when the document is no export, was changed, or the number is in use here.
    """
    incident, events = evidence.checked(document)
    number = int(incident["number"])
    if tx.incident_or_none(number) is not None:
        msg = f"INC-{number} exists here already, so nothing was restored."
        raise EvidenceError(msg)
    columns = _columns(sql.INCIDENT, incident)
    tx.session.execute(insert(sql.INCIDENT), [columns])
    tx.tallies.added(columns)
    if events:
        tx.session.execute(insert(sql.ENTRY), [_columns(sql.ENTRY, event) for event in events])
    if sql.is_postgresql(tx.session):  # SQLite goes on after the largest number by itself
        largest = select(func.max(sql.INCIDENT.c.number)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(text("'incident'"), text("'number'"))
        tx.session.execute(select(func.setval(sequence, largest)))
    return number


def _columns(table: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {column.name for column in table.columns} - ({"id"} if table is sql.ENTRY else set())
    if unknown := sorted(set(values) - known):
        msg = f"The export holds what this version does not know ({', '.join(unknown)[:200]}). Update Muster first."
        raise EvidenceError(msg)
    try:
        return {name: _value(table, name, value) for name, value in values.items()}
    except (TypeError, ValueError):
        msg = "The export holds values this version cannot read, so nothing was restored."
        raise EvidenceError(msg) from None


def _value(table: Any, name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and name in _TIMES[table] else value
