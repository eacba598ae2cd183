"""Bring the database to the newest schema. Alembic is loaded only when there is something to do (memory)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

HERE = Path(__file__).parent / "migrations"
#: PostgreSQL advisory lock: one process migrates, the others wait.
LOCK = 0x4D757374


def head() -> str:
    """The newest revision: migration files are numbered."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision the database is at, None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(engine: Engine, to: str = "head") -> bool:
    """Run what is missing (up to a revision) under a database lock; whether anything was."""
    if current(engine) == head():
        return False
    from alembic import command  # noqa: PLC0415 - 10 MB that a running bot does not need
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return True
