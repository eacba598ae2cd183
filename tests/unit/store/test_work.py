"""The unit of work: commits before it returns, groups, patience, and an orderly end."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from bot.domain.effects import Effect, EffectKind
from bot.errors import Busy, UserError
from bot.store.tables import OnceRow
from bot.store.work import TRIES, Work
from tests.unit.store.house import NOW, effects_in, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any

    from bot.store.tx import Tx


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


class Gate:
    """Holds the one writer thread inside a transaction until it is opened."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.open = threading.Event()

    def __call__(self, tx: Tx) -> None:
        del tx
        self.inside.set()
        assert self.open.wait(20)

    async def held(self, work: Work) -> asyncio.Task[None]:
        task = asyncio.create_task(work.write(self))
        await asyncio.to_thread(self.inside.wait, 20)
        return task


def setter(name: str) -> Any:
    return lambda tx: tx.set_value(name, {"is": name})


async def test_what_returned_is_committed(work: Work) -> None:
    await work.write(setter("a"))
    other = Work(work.url, work.clock)
    assert await other.read(lambda tx: tx.value("a")) == {"is": "a"}
    other.close()


async def test_one_that_fails_in_a_group_is_rolled_back_alone(work: Work) -> None:
    gate = Gate()
    held = await gate.held(work)

    def failing(tx: Tx) -> None:
        tx.set_value("bad", {"is": "bad"})
        msg = "no"
        raise UserError(msg)

    jobs = [asyncio.create_task(work.write(setter(n))) for n in ("a", "b")]
    bad = asyncio.create_task(work.write(failing))
    jobs.append(asyncio.create_task(work.write(setter("c"))))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(held, *jobs)
    with pytest.raises(UserError, match="no"):
        await bad
    values = await work.read(lambda tx: [tx.value(n) for n in ("a", "b", "c", "bad")])
    assert values == [{"is": "a"}, {"is": "b"}, {"is": "c"}, None]


async def test_a_constraint_broken_in_a_group_hurts_nobody_else(work: Work) -> None:
    gate = Gate()
    held = await gate.held(work)

    def twice(tx: Tx) -> None:
        for _ in range(2):
            tx.session.add(OnceRow(key="k", at=NOW))
            tx.session.flush()
            tx.session.expunge_all()

    bad = asyncio.create_task(work.write(twice))
    good = asyncio.create_task(work.write(setter("a")))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(held, good)
    with pytest.raises(IntegrityError):
        await bad
    assert await work.write(lambda tx: tx.remember("k", None)), "nothing of it was kept"
    assert await work.read(lambda tx: tx.value("a")) == {"is": "a"}


async def test_one_that_fails_alone_leaves_nothing(work: Work) -> None:
    def failing(tx: Tx) -> None:
        tx.set_value("bad", {})
        raise KeyError("x")

    with pytest.raises(KeyError):
        await work.write(failing)
    assert await work.read(lambda tx: tx.value("bad")) is None


async def test_what_waits_longer_than_its_patience_is_busy_and_stores_nothing(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    held = await gate.held(work)
    times = iter([100.0])
    now = {"is": 0.0}
    monkeypatch.setattr("bot.store.work.time.monotonic", lambda: next(times, now["is"]))
    waiting = asyncio.create_task(work.write(setter("late"), patience=2.0))
    patient = asyncio.create_task(work.write(setter("patient")))
    await asyncio.sleep(0)
    now["is"] = 103.0
    gate.open.set()
    with pytest.raises(Busy, match="nothing was changed"):
        await waiting
    await asyncio.gather(held, patient)
    assert await work.read(lambda tx: tx.value("late")) is None
    assert await work.read(lambda tx: tx.value("patient")) == {"is": "patient"}


async def test_a_lock_is_tried_again_and_then_told(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.work.time.sleep", lambda _: None)
    calls = []

    def locked(tx: Tx) -> None:
        calls.append(tx)
        raise OperationalError("x", {}, Exception("database is locked"))

    with pytest.raises(Busy):
        await work.write(locked)
    assert len(calls) == TRIES

    def at_last(tx: Tx) -> str:
        calls.append(tx)
        if len(calls) < TRIES + 3:
            raise OperationalError("x", {}, Exception("database is locked"))
        tx.set_value("at last", {})
        return "done"

    assert await work.write(at_last) == "done"
    assert await work.read(lambda tx: tx.value("at last")) == {}


async def test_a_wrong_statement_in_a_group_fails_alone(work: Work) -> None:
    def wrong(tx: Tx) -> None:
        tx.set_value("wrong", {})
        tx.session.execute(text("select * from no_such_table"))

    gate = Gate()
    held = await gate.held(work)
    bad = asyncio.create_task(work.write(wrong))
    good = asyncio.create_task(work.write(setter("good")))
    await asyncio.sleep(0)
    gate.open.set()
    with pytest.raises(DatabaseError, match="no_such_table"):
        await bad
    await asyncio.gather(held, good)
    assert await work.read(lambda tx: tx.value("good")) == {"is": "good"}
    assert await work.read(lambda tx: tx.value("wrong")) is None


async def test_a_wrong_statement_is_told_to_whoever_wrote_it(work: Work) -> None:
    def wrong(tx: Tx) -> None:
        raise DatabaseError("x", {}, Exception("malformed"))

    with pytest.raises(DatabaseError):
        await work.write(wrong)
    await work.write(setter("after"))


async def test_a_commit_that_fails_is_told_to_everybody(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        if name == "commit.before":
            raise RuntimeError("disk full")

    monkeypatch.setattr("bot.store.work.failpoints.reach", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        await work.write(setter("a"))
    monkeypatch.undo()
    assert await work.read(lambda tx: tx.value("a")) is None


async def test_reading_goes_on_while_somebody_writes(work: Work) -> None:
    await work.write(setter("a"))
    gate = Gate()
    held = await gate.held(work)
    assert await work.read(lambda tx: tx.value("a")) == {"is": "a"}
    gate.open.set()
    await held


async def test_a_reader_changes_nothing(work: Work) -> None:
    await work.read(lambda tx: tx.set_value("x", {}))
    assert await work.read(lambda tx: tx.value("x")) is None


async def test_the_worker_is_woken_after_the_commit_and_only_by_effects(work: Work) -> None:
    woken: list[int] = []
    work.on_effects = lambda: woken.append(1)
    await work.write(setter("a"))
    assert woken == []
    effect = Effect(kind=EffectKind.ANNOUNCE, key="k", lane="l")
    await work.write(lambda tx: tx.emit([effect]))
    assert woken == [1]
    await work.write(lambda tx: tx.emit([effect]))
    assert woken == [1], "a known key is no news"
    assert len(await effects_in(work)) == 1


async def test_a_write_nobody_waits_for_any_more_is_not_begun(work: Work) -> None:
    gate = Gate()
    held = await gate.held(work)
    gone = asyncio.create_task(work.write(setter("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    gate.open.set()
    await held
    await work.write(setter("after"))
    assert await work.read(lambda tx: tx.value("gone")) is None


async def test_a_write_under_way_survives_whoever_waited_for_it(work: Work) -> None:
    gate = Gate()
    held = await gate.held(work)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    gate.open.set()
    await work.write(setter("after"))
    assert await work.read(lambda tx: tx.value("after")) == {"is": "after"}


async def test_closing_finishes_what_was_queued(tmp_path: Path) -> None:
    work = open_work(tmp_path)
    gate = Gate()
    held = await gate.held(work)
    jobs = [asyncio.create_task(work.write(setter(f"v{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(work.close))
    gate.open.set()
    await asyncio.gather(held, closing, *jobs)
    again = Work(work.url, work.clock)
    assert await again.read(lambda tx: tx.value("v4")) == {"is": "v4"}
    again.close()


async def test_a_work_that_was_never_used_closes_too(tmp_path: Path) -> None:
    open_work(tmp_path).close()


async def test_the_transaction_knows_the_houses_time(work: Work) -> None:
    assert await work.write(lambda tx: tx.now) == NOW
    assert await work.read(lambda tx: tx.session.execute(text("SELECT 1")).scalar()) == 1
