"""Two processes and ten thousand effects: each is claimed once, and lanes keep their order."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, text

from bot.domain.effects import Effect, EffectKind
from bot.ports import SystemClock
from bot.store import effects, migrate
from bot.store.engine import database_url
from bot.store.work import Work
from tests.databases import cluster_or_skip
from tests.scenarios.crash.process import _whole

if TYPE_CHECKING:
    from bot.store.tx import Tx

pytestmark = pytest.mark.timeout(300)

EFFECTS, LANES = 10_000, 100
#: Lanes in which later effects are more urgent than earlier ones.
EAGER = 4
WORKER = Path(__file__).with_name("lane_worker.py")
DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@dataclass(frozen=True)
class Event:
    """What a worker did with an effect, and between which moments."""

    what: str
    effect: int
    lane: str
    attempt: int
    began: int
    ended: int
    worker: str


def planned() -> list[Effect]:
    """The lanes take turns, so that every claim has to look for the first of each."""
    return [
        Effect(
            kind=EffectKind.TELL,
            key=f"lane/{n % LANES}/{n}",
            lane=f"lane/{n % LANES}",
            rank=0 if n % LANES > EAGER else 10 - n // 1000,  # urgency never overtakes in a lane
        )
        for n in range(EFFECTS)
    ]


async def filled(url: str) -> Work:
    """A database with all of them waiting."""
    work = Work(url, SystemClock())
    await asyncio.to_thread(migrate.upgrade, work.engine)

    def fill(tx: Tx) -> None:
        rows = [effects._row(effect, tx.now) for effect in planned()]
        tx.session.execute(insert(effects.E), rows)
        tx.session.execute(text("ANALYZE effect"))  # what autovacuum does in a longer life

    await work.write(fill)
    return work


async def ready(url: str, folder: Path, name: str) -> asyncio.subprocess.Process:
    """A worker process that has loaded and waits for the word to begin."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(WORKER), url, name, str(folder / f"{name}.log"), env=_whole({}),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert await process.stdout.readline() == b"ready\n"
    return process


async def worked(process: asyncio.subprocess.Process, folder: Path, name: str) -> list[Event]:
    """Have it begin, and wait for its end."""
    await process.communicate(b"go\n")
    assert process.returncode == 0
    events = []
    for line in (folder / f"{name}.log").read_text().splitlines():
        what, effect, lane, attempt, began, ended = line.split()
        numbers = (int(effect), lane, int(attempt), int(began), int(ended))
        events.append(Event(what, *numbers, name))
    return events


@pytest.mark.parametrize("kind", DATABASES)
async def test_each_effect_is_claimed_once_and_lanes_keep_their_order(
    kind: str, tmp_path: Path
) -> None:
    address = cluster_or_skip().fresh() if kind == "postgres" else f"sqlite:///{tmp_path}/muster.db"
    url = database_url(address)
    work = await filled(url)
    names = ("one", "two")
    both = await asyncio.gather(*(ready(url, tmp_path, name) for name in names))
    logs = await asyncio.gather(
        *(worked(process, tmp_path, name) for process, name in zip(both, names, strict=True))
    )

    def undone(tx: Tx) -> int:
        query = select(func.count()).where(effects.E.c.state != "done")
        return int(tx.session.execute(query).scalar() or 0)

    assert await work.read(undone) == 0
    work.close()
    judge([event for log in logs for event in log])
    shares = [sum(event.what == "claim" for event in log) for log in logs]
    assert min(shares) > EFFECTS // 20, f"one process did nearly all the work: {shares}"


def judge(events: list[Event]) -> None:
    claims = [event for event in events if event.what == "claim"]
    assert len(claims) == EFFECTS
    assert len({event.effect for event in claims}) == EFFECTS
    assert {event.attempt for event in claims} == {1}
    settled = {event.effect: event for event in events if event.what == "settle"}
    assert len(settled) == EFFECTS
    lanes: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(claims, key=lambda one: one.effect):
        lanes[event.lane].append(event)
    assert len(lanes) == LANES
    for lane in lanes.values():
        for first, then in itertools.pairwise(lane):
            # The claim was committed after the settlement of the one before had begun.
            assert then.ended > settled[first.effect].began, f"{then} before {first} was settled"
