"""The migrations build exactly what the tables say, once, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlmodel import SQLModel

from bot.store import migrate, sql, tables
from bot.store.engine import database_url, open_engine
from bot.store.rosters import address_key
from tests.databases import postgres_cluster, postgres_url

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine

__all__ = ["postgres_cluster", "postgres_url"]

LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)


def differences(engine: Engine) -> list[Any]:
    """What alembic would still change to reach the tables as they are declared."""
    assert tables.IncidentRow.metadata is SQLModel.metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def test_an_empty_database_becomes_what_the_tables_say(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/new.db")
    assert migrate.current(engine) is None
    assert migrate.upgrade(engine) is True
    assert migrate.current(engine) == migrate.head()
    assert differences(engine) == []
    engine.dispose()


def test_running_again_does_nothing(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/new.db")
    migrate.upgrade(engine)
    with engine.connect() as connection:
        before = connection.execute(text("SELECT name, sql FROM sqlite_master")).all()
        connection.rollback()
    assert migrate.upgrade(engine) is False
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name, sql FROM sqlite_master")).all() == before
    engine.dispose()


def test_a_missing_column_would_be_noticed(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/new.db")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE person DROP COLUMN tz"))
    assert differences(engine) != []
    engine.dispose()


def test_migrations_are_numbered_without_gaps() -> None:
    files = sorted((migrate.HERE / "versions").glob("*.py"))
    numbers = [path.name.partition("_")[0] for path in files if path.name[0].isdigit()]
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    assert migrate.head() == numbers[-1]
    for before, path in zip([None, *numbers], files, strict=False):
        source = path.read_text(encoding="utf-8")
        assert f'revision = "{path.name[:4]}"' in source
        assert f"down_revision = {f'{chr(34)}{before}{chr(34)}' if before else None}" in source


def known_rosters_after_0016(engine: Engine) -> list[Any]:
    """What a database of before 0016 knows of a roster made in Slack once it is brought up to date."""
    migrate.upgrade(engine, "0015")
    row = {"name": "night", "value": {"time_zone": "UTC", "ical": "https://x.example/secret"}}
    made = row | {"made_at": LONG_AGO, "changed_at": LONG_AGO + timedelta(days=1), "version": 2}
    with engine.begin() as connection:
        connection.execute(sql.ROSTER_MADE.insert(), made)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        return list(connection.execute(sql.ROSTER_VERSION.select()))


def check_known_rosters(engine: Engine) -> None:
    [version] = known_rosters_after_0016(engine)
    engine.dispose()
    assert (version.roster, version.since) == ("night", LONG_AGO + timedelta(days=1))
    assert version.value == {
        "time_zone": "UTC",
        "calendar": address_key("https://x.example/secret"),
    }


def test_rosters_made_before_are_known_since_they_were_changed(tmp_path: Path) -> None:
    check_known_rosters(open_engine(f"sqlite:///{tmp_path}/old.db"))


@pytest.mark.postgres
def test_on_postgresql_as_well(postgres_url: str) -> None:
    check_known_rosters(open_engine(database_url(postgres_url)))


@pytest.mark.postgres
def test_postgresql_becomes_the_same(postgres_url: str) -> None:
    engine = open_engine(database_url(postgres_url))
    assert migrate.upgrade(engine) is True
    assert differences(engine) == []
    assert migrate.upgrade(engine) is False
    engine.dispose()
