"""The tables as SQLAlchemy tables, and statements that are built once.

Building a statement costs more than running it on SQLite; one that is built once is compiled once, and its
parameters arrive as plain dictionaries. Rows are read without the ORM: nothing is kept of them in the session, so a
group of functions that shares a transaction never sees a stale one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.dialects import postgresql, sqlite

from bot.store import tables

if TYPE_CHECKING:
    from sqlalchemy import CursorResult
    from sqlmodel import Session


def _table(row: object) -> Any:
    return cast("Any", row).__table__


INCIDENT = _table(tables.IncidentRow)
INVOLVEMENT = _table(tables.PersonalRow)
ENTRY = _table(tables.EntryRow)
EFFECT = _table(tables.EffectRow)
ONCE = _table(tables.OnceRow)
INBOUND = _table(tables.InboundRow)
PERSON = _table(tables.PersonRow)
GROUP = _table(tables.GroupRow)
VALUE = _table(tables.ValueRow)
BUDGET = _table(tables.BudgetRow)


def is_postgresql(session: Session) -> bool:
    """Whether this is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _insert(session: Session) -> Any:
    return postgresql.insert if is_postgresql(session) else sqlite.insert


@cache
def _insert_new(insert: Any, table: Any) -> Any:
    return insert(table).on_conflict_do_nothing()


@cache
def _insert_one(insert: Any, table: Any) -> Any:
    return insert(table).on_conflict_do_nothing().returning(table.c.id)


@cache
def _upsert(insert: Any, table: Any, columns: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def insert_new(session: Session, table: Any, rows: list[dict[str, Any]]) -> int:
    """Insert the rows that break no constraint, all with the same columns; how many those were."""
    return count(session.execute(_insert_new(_insert(session), table), rows)) if rows else 0


def insert_one(session: Session, table: Any, row: dict[str, Any]) -> int | None:
    """Insert a row that breaks no constraint; its id, None when it breaks one."""
    found: int | None = session.execute(_insert_one(_insert(session), table), row).scalar()
    return found


def upsert(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or change those of the same primary key; all with the same columns."""
    if rows:
        session.execute(_upsert(_insert(session), table, tuple(rows[0])), rows)


def count(result: object) -> int:
    """How many rows a statement touched."""
    return int(cast("CursorResult[Any]", result).rowcount or 0)
