"""The numbers kept day by day are always what counting anew would give."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.domain.incident import Status
from bot.store import evidence, migrate, sql
from bot.store.convert import incident_columns
from bot.store.tally import COUNTS, NAME_LENGTH, Key, Tallies, amounts, key_of
from tests.unit.store.house import NOW, an_incident, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.incident import Incident
    from bot.store.tx import Tx
    from bot.store.work import Work

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DONE: dict[str, Any] = {"status": Status.RESOLVED, "resolved_at": NOW + 4 * MINUTE}


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


def kept(tx: Tx) -> dict[Key, tuple[int, ...]]:
    """What the tallies say, without rows that came down to nothing."""
    rows = tx.session.execute(select(sql.TALLY)).mappings()
    found = {Key(r["day"], r["severity"], r["service"]): tuple(r[n] for n in COUNTS) for r in rows}
    return {key: counts for key, counts in found.items() if any(counts)}


def recounted(tx: Tx) -> dict[Key, tuple[int, ...]]:
    """Every incident counted anew."""
    found: dict[Key, tuple[int, ...]] = {}
    for row in tx.session.execute(select(sql.INCIDENT)).mappings():
        if not row["private"]:
            before = found.get(key_of(row), (0,) * len(COUNTS))
            found[key_of(row)] = tuple(map(sum, zip(before, amounts(row), strict=True)))
    return found


async def exact(work: Work) -> dict[Key, tuple[int, ...]]:
    found = await work.read(kept)
    assert found == await work.read(recounted)
    return found


async def save(work: Work, incident: Incident) -> Incident:
    return await work.write(lambda tx: tx.save(incident))


async def test_an_incident_is_counted_and_every_change_of_it(work: Work) -> None:
    incident = await work.write(lambda tx: tx.add(an_incident(severity="SEV1", service="checkout")))
    day = NOW.strftime("%Y-%m-%d")
    assert await exact(work) == {Key(day, "SEV1", "checkout"): (1, 1, 0, 0, 0, 0)}
    changes: list[dict[str, Any]] = [
        {"acknowledged_at": NOW + MINUTE, "status": Status.ACKNOWLEDGED},
        DONE,
        {"status": Status.TRIGGERED, "resolved_at": None},  # reopened
        {"severity": "SEV2"},
        {"service_title": "Checkout"},
        {"acknowledged_at": NOW + timedelta(microseconds=1500)},  # corrected
        {"created_at": NOW - 3 * DAY},
        {"private": True},
        {"title": "another one"},
        {"private": False},
    ]
    for change in changes:
        incident = await save(work, replace(incident, **change))
        found = await exact(work)
        assert len(found) == (0 if incident.private else 1)
    [(key, counts)] = found.items()
    assert key == Key((NOW - 3 * DAY).strftime("%Y-%m-%d"), "SEV2", "Checkout")
    assert counts == (1, 1, 1, round((3 * DAY).total_seconds() * 1000) + 2, 0, 0)


async def test_several_changes_in_one_transaction_are_one(work: Work) -> None:
    def change(tx: Tx) -> None:
        one = tx.add(an_incident(severity="SEV1"))
        one = tx.save(replace(one, severity="SEV2"))
        tx.add(an_incident(severity="SEV2"))
        tx.save(replace(one, **DONE))

    await work.write(change)
    found = await exact(work)
    assert {key.severity: counts[:2] for key, counts in found.items()} == {"SEV2": (2, 1)}


async def test_what_is_rolled_back_was_never_counted(work: Work) -> None:
    def fail(tx: Tx) -> None:
        tx.add(an_incident())
        msg = "no"
        raise ValueError(msg)

    with pytest.raises(ValueError, match="no"):
        await work.write(fail)
    assert await exact(work) == {}


async def test_a_restored_incident_is_counted(work: Work, tmp_path: Path) -> None:
    await work.write(lambda tx: tx.add(an_incident(severity="SEV1", **DONE)))
    document = await work.read(lambda tx: evidence.read(tx, 1))
    (tmp_path / "other").mkdir()
    other = open_work(tmp_path / "other")
    try:
        await other.write(lambda tx: evidence.restore(tx, document))
        assert len(await exact(other)) == 1
    finally:
        other.close()


async def test_the_day_is_that_of_utc_and_names_are_cut(work: Work) -> None:
    east = datetime(2026, 3, 2, 1, tzinfo=UTC).astimezone(timezone(-8 * timedelta(hours=1)))
    columns = incident_columns(an_incident(created_at=east, service="s" * 999))
    assert key_of(columns) == Key("2026-03-02", "", "s" * NAME_LENGTH)
    await work.write(lambda tx: tx.add(an_incident(service="s" * 999)))
    await exact(work)


async def test_what_there_was_before_the_tallies_is_counted_by_the_migration(work: Work) -> None:
    for n in range(7):
        more = {"severity": "SEV1", **DONE} if n % 2 else {"acknowledged_at": NOW + n * MINUTE}
        at = NOW - n * 0.3 * DAY
        await work.write(
            lambda tx, at=at, n=n, more=more: tx.add(
                an_incident(created_at=at, private=n == 3, **more)
            )
        )
    before = await exact(work)
    config = Config()
    config.set_main_option("script_location", str(migrate.HERE))
    revisions = ScriptDirectory.from_config(config).walk_revisions()
    [ours] = [r for r in revisions if r.path.endswith("_tallies.py")]
    with work.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, str(ours.down_revision))
    migrate.upgrade(work.engine)
    after = await work.read(kept)
    assert after.keys() == before.keys()
    for key, counts in before.items():
        assert after[key] == pytest.approx(counts, abs=2), "a millisecond may be rounded otherwise"


def test_a_change_that_counts_for_nothing_writes_nothing() -> None:
    tallies = Tallies()
    columns = incident_columns(an_incident())
    tallies.added(columns)
    tallies._count(columns, -1)  # as when it is added and taken away in one transaction
    tallies.write(None)  # type: ignore[arg-type] # nothing is asked of it


times = st.none() | st.integers(-5, 400_000).map(lambda n: NOW + timedelta(milliseconds=n * 7.3))
fields = st.fixed_dictionaries(
    {
        "severity": st.sampled_from([None, "SEV1", "SEV2"]),
        "service": st.sampled_from([None, "checkout", "search"]),
        "service_title": st.sampled_from([None, "", "Checkout"]),
        "private": st.booleans(),
        "status": st.sampled_from(list(Status)),
        "acknowledged_at": times,
        "resolved_at": times,
        "created_at": st.integers(0, 5).map(lambda n: NOW - n * 0.6 * DAY),
    }
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 3), fields), min_size=1, max_size=12))
async def test_whatever_happens_the_tallies_are_what_counting_gives(
    steps: list[tuple[int, dict[str, Any]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = open_work(Path(folder))
        known: list[Incident] = []

        def change(tx: Tx) -> None:
            for which, values in steps:
                if which >= len(known):
                    known.append(tx.add(an_incident(**values)))
                else:
                    known[which] = tx.save(replace(known[which], **values))

        try:
            await work.write(change)
            await exact(work)
        finally:
            work.close()
