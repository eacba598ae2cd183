"""Engines for SQLite and PostgreSQL, the UTC column type and the naming convention.

SQLite is opened in WAL mode with ``synchronous=FULL``; every write transaction starts with ``BEGIN IMMEDIATE``
(with the default deferred begin, concurrent read-modify-writes lose updates without an error).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeDecorator

from bot.errors import Problem, SettingsError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Dialect, Engine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: Below Slack's three seconds, so that a press never dies waiting for a lock.
SQLITE_BUSY_MS = 1_800


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in Python; naive UTC text in SQLite, ``timestamptz`` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive datetimes; convert aware ones to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a datetime without time zone reached the database"
            raise ValueError(msg)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def database_url(text: str) -> str:
    """The URL as everybody writes it, with the driver SQLAlchemy needs; SettingsError when it is no URL of ours."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError([_wrong_url()]) from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise SettingsError([_wrong_url()])
    return url.render_as_string(hide_password=False)


def _wrong_url() -> Problem:
    return Problem(
        "DATABASE_URL",
        "is not an address of SQLite or PostgreSQL.",
        "Write sqlite:///muster.db or postgresql://user:password@host/name.",
    )


def is_sqlite(url: str) -> bool:
    """Whether the address names SQLite."""
    return url.startswith("sqlite")


def open_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine ready for ``Work``; nothing is connected yet.

    SQLite runs in autocommit below SQLAlchemy; the transaction is begun by the event handler here, IMMEDIATE for
    writers (``execution_options(read=True)`` marks readers, whose transactions stay deferred).
    """
    if not is_sqlite(url):
        return create_engine(url, pool_size=pool_size, max_overflow=4, pool_pre_ping=True)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        connect_args={
            "check_same_thread": False,
            "timeout": SQLITE_BUSY_MS / 1000,
            "isolation_level": None,
        },
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={SQLITE_BUSY_MS}",
        "foreign_keys=ON",
        "cache_size=-8000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("read", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
