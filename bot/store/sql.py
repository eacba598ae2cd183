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
SUBSCRIPTION = _table(tables.SubscriptionRow)
ROOM_MEMBER = _table(tables.RoomMemberRow)
ACCESS = _table(tables.AccessRow)
REMINDER = _table(tables.ReminderRow)
POSTMORTEM = _table(tables.PostmortemRow)
ARCHIVING = _table(tables.ArchivingRow)
DRILL = _table(tables.DrillRow)
AFFECTED = _table(tables.AffectedRow)
TALLY = _table(tables.TallyRow)
ACTION_ITEM = _table(tables.ActionItemRow)
ENTRY = _table(tables.EntryRow)
EFFECT = _table(tables.EffectRow)
ONCE = _table(tables.OnceRow)
INBOUND = _table(tables.InboundRow)
ALERT = _table(tables.AlertRow)
ALERT_GROUP = _table(tables.AlertGroupRow)
PAGE = _table(tables.PageRow)
PAGE_DELIVERY = _table(tables.PageDeliveryRow)
PERSON = _table(tables.PersonRow)
IDENTITY = _table(tables.IdentityRow)
HAND_LINK = _table(tables.HandLinkRow)
PAGER_USER = _table(tables.PagerUserRow)
PERSON_SETTING = _table(tables.PersonSettingRow)
GROUP = _table(tables.GroupRow)
ROSTER_OVERRIDE = _table(tables.RosterOverrideRow)
ROSTER_MADE = _table(tables.RosterMadeRow)
ROSTER_VERSION = _table(tables.RosterVersionRow)
ROSTER_CALENDAR = _table(tables.RosterCalendarRow)
VALUE = _table(tables.ValueRow)
BUDGET = _table(tables.BudgetRow)


def is_postgresql(session: Session) -> bool:
    """Whether this is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _insert(session: Session) -> Any:
    return postgresql.insert if is_postgresql(session) else sqlite.insert


@cache
def _insert_new(insert: Any, table: Any) -> Any:
    # The rows themselves are asked for: psycopg does not count those of several parameter sets.
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)


@cache
def _upsert(insert: Any, table: Any, columns: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def insert_new(session: Session, table: Any, rows: list[dict[str, Any]]) -> int:
    """Insert the rows that break no constraint, all with the same columns; how many those were."""
    if not rows:
        return 0
    return len(session.execute(_insert_new(_insert(session), table), rows).all())


def insert_one(session: Session, table: Any, row: dict[str, Any]) -> Any:
    """Insert a row that breaks no constraint; its primary key, None when it breaks one."""
    return session.execute(_insert_new(_insert(session), table), row).scalar()


def upsert(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or change those of the same primary key; all with the same columns."""
    if rows:
        session.execute(_upsert(_insert(session), table, tuple(rows[0])), rows)


def count(result: object) -> int:
    """How many rows one execution of an UPDATE or DELETE touched."""
    return int(cast("CursorResult[Any]", result).rowcount)
