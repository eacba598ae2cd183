"""Incidents as evidence: read with their chain, and put back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from bot.domain import evidence
from bot.domain.evidence import EvidenceError
from bot.store import sql
from bot.store.convert import as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.store.tx import Tx

_TIMES = {
    table: {column.name for column in table.columns if column.name.endswith("_at")} | {"at"}
    for table in (sql.INCIDENT, sql.ENTRY, sql.ACTION_ITEM)
}
#: What the database gives, so that no two databases agree on it.
_OWN = {sql.INCIDENT: set(), sql.ENTRY: {"id"}, sql.ACTION_ITEM: {"id", "incident"}}
_UNREADABLE = "The export holds values this version cannot read, so nothing was restored."


def read(tx: Tx, number: int) -> dict[str, Any]:
    """The export of one incident; NotFound when there is none."""
    tx.incident(number, lock=False)
    incident = select(sql.INCIDENT).where(sql.INCIDENT.c.number == number)
    [row] = tx.session.execute(incident).mappings()
    items = _rows(tx, sql.ACTION_ITEM, number)
    places = {_item_key(each["id"]): _item_key(n) for n, each in enumerate(items, 1)}
    entries = [
        _renamed(_exported(sql.ENTRY, each), places) for each in _rows(tx, sql.ENTRY, number)
    ]
    return evidence.document(
        _exported(sql.INCIDENT, dict(row)),
        entries,
        [_exported(sql.ACTION_ITEM, each) for each in items],
    )


def _rows(tx: Tx, table: Any, number: int) -> list[Mapping[str, Any]]:
    query = select(table).where(table.c.incident == number).order_by(table.c.id)
    return [dict(row) for row in tx.session.execute(query).mappings()]


def _exported(table: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: as_json(value) for name, value in row.items() if name not in _OWN[table]}


def _item_key(of: int) -> str:
    """How events name an action item: in an export by its place, in a database by its id."""
    return f"action:{of}"


def _renamed(event: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The event, naming the same action item in other words."""
    known = str(event.get("vendor_id"))
    return event | {"vendor_id": names[known]} if known in names else event


def restore(tx: Tx, document: Any) -> int:
    """Put an exported incident back under its number, with its action items; nothing is sent anywhere.

    Raises EvidenceError when the document is no export, was changed, or the number is in use here.
    """
    found = evidence.checked(document)
    number = int(found.incident["number"])
    if tx.incident_or_none(number) is not None:
        msg = f"INC-{number} exists here already, so nothing was restored."
        raise EvidenceError(msg)
    columns = _columns(sql.INCIDENT, found.incident)
    tx.session.execute(insert(sql.INCIDENT), [columns])
    tx.tallies.added(columns)
    names = _restore_items(tx, number, found.items)
    events = [_columns(sql.ENTRY, _renamed(event, names)) for event in found.events]
    if events:
        tx.session.execute(insert(sql.ENTRY), events)
    if sql.is_postgresql(tx.session):  # SQLite goes on after the largest number by itself
        largest = select(func.max(sql.INCIDENT.c.number)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(text("'incident'"), text("'number'"))
        tx.session.execute(select(func.setval(sequence, largest)))
    return number


def _restore_items(tx: Tx, number: int, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Keep them as they were, issues and messages included; by its place in the export how each is named here."""
    names = {}
    for place, item in enumerate(items, 1):
        columns = _columns(sql.ACTION_ITEM, item) | {"incident": number}
        try:
            result: Any = tx.session.execute(insert(sql.ACTION_ITEM), columns)
        except IntegrityError:  # something that an item cannot be without
            raise EvidenceError(_UNREADABLE) from None
        names[_item_key(place)] = _item_key(result.inserted_primary_key[0])
    return names


def _columns(table: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {column.name for column in table.columns} - _OWN[table]
    if unknown := sorted(set(values) - known):
        msg = f"The export holds what this version does not know ({', '.join(unknown)[:200]}). Update Muster first."
        raise EvidenceError(msg)
    try:
        return {name: _value(table, name, value) for name, value in values.items()}
    except (TypeError, ValueError):
        raise EvidenceError(_UNREADABLE) from None


def _value(table: Any, name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and name in _TIMES[table] else value
