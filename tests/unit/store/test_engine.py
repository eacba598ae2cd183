"""Engines, the UTC column, and that no update is ever lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from bot.errors import SettingsError
from bot.store.engine import SQLITE_BUSY_MS, UtcDateTime, database_url, is_sqlite, open_engine
from tests.unit.store.house import NOW, open_work

if TYPE_CHECKING:
    from pathlib import Path

    from bot.store.tx import Tx


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("sqlite:///muster.db", "sqlite:///muster.db"),
        ("postgresql://u:p@h/n", "postgresql+psycopg://u:p@h/n"),
        ("postgres://u:p@h:5433/n?x=1", "postgresql+psycopg://u:p@h:5433/n?x=1"),
        ("postgresql+psycopg://h/n", "postgresql+psycopg://h/n"),
    ],
)
def test_the_address_as_everybody_writes_it(written: str, used: str) -> None:
    assert database_url(written) == used
    assert is_sqlite(used) == written.startswith("sqlite")


@pytest.mark.parametrize("wrong", ["", "muster.db", "mysql://h/n", "http://x"])
def test_another_address_is_refused_with_how_to_mend_it(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        database_url(wrong)
    assert "sqlite:///muster.db" in caught.value.problems[0].mend


def test_times_go_in_as_utc_and_come_back_aware() -> None:
    column, lite, big = UtcDateTime(), sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call]
    berlin = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    noon = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert column.process_bind_param(berlin, lite) == noon.replace(tzinfo=None)
    assert column.process_bind_param(berlin, big) == noon
    assert column.process_bind_param(None, lite) is None
    stored = column.process_result_value(noon.replace(tzinfo=None), lite)
    assert stored == noon
    assert stored is not None
    assert stored.tzinfo is UTC
    assert column.process_result_value(berlin, big) == noon
    assert column.process_result_value(None, big) is None


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        UtcDateTime().process_bind_param(NOW.replace(tzinfo=None), sqlite.dialect())


@pytest.mark.sqlite
def test_sqlite_is_opened_to_be_safe(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    engine.dispose()
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": SQLITE_BUSY_MS,
        "foreign_keys": 1,
    }


def test_postgresql_is_not_called_before_it_is_used() -> None:
    engine = open_engine("postgresql+psycopg://u:p@127.0.0.1:1/nothing")
    assert engine.dialect.name == "postgresql"
    engine.dispose()


def _add_one(tx: Tx) -> int:
    n = int((tx.value("counter") or {"n": 0})["n"]) + 1
    tx.set_value("counter", {"n": n})
    return n


@pytest.mark.sqlite
async def test_two_hundred_at_once_are_two_hundred(tmp_path: Path) -> None:
    work = open_work(tmp_path)
    results = await asyncio.gather(*(work.write(_add_one) for _ in range(200)))
    assert sorted(results) == list(range(1, 201))
    assert await work.read(lambda tx: tx.value("counter")) == {"n": 200}
    work.close()


@pytest.mark.sqlite
async def test_two_processes_on_one_file_lose_nothing_either(tmp_path: Path) -> None:
    from bot.store.work import Work

    first = open_work(tmp_path)
    second = Work(first.url, first.clock)
    await asyncio.gather(*(work.write(_add_one) for _ in range(100) for work in (first, second)))
    assert await first.read(lambda tx: tx.value("counter")) == {"n": 200}
    first.close()
    second.close()
