"""A real bot is killed with SIGKILL at every step of what people do (see ``stories.py``).

An undisturbed life is recorded first: what is to be seen in Slack, PagerDuty and GitHub after each
story, every place a process can die at (before and after each effect and each commit), and every
vendor call (it is done, but the answer never arrives). Then lives are lived in which the bot dies
once in each story. Killed before the commit: nothing exists, and the same again gives exactly one.
Killed later: within ten seconds of the restart everything is as in the undisturbed life.

The sample starts ``python -m bot run`` anew each time; the full run forks it (see ``forge.py``).
``MUSTER_CRASH_SEED`` chooses the sample's places; a failure names it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.databases import cluster_or_skip
from tests.scenarios.crash.life import Recorded, die, life, record
from tests.scenarios.crash.process import Forge, Fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.scenarios.crash.life import Point
    from tests.scenarios.crash.process import Starter

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

#: On PostgreSQL a life waits for leases to run out: that is for the long run.
DATABASES = [
    "sqlite",
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.long]),
]
#: The full run in parts, so that pytest-xdist can share it out.
PARTS = 6
#: Lives at once: on SQLite they compute, on PostgreSQL they mostly wait for leases to run out.
AT_ONCE = {"sqlite": 3, "postgres": 8}
#: A life takes a few seconds; a loaded machine is given this much.
LIFE_SECONDS = 240

_recordings: dict[str, dict[str, Recorded]] = {}


async def recording(kind: str, starter: Starter, folder: Path) -> dict[str, Recorded]:
    """The undisturbed life on that kind of database, lived once per test process."""
    if kind not in _recordings:
        url = cluster_or_skip().fresh() if kind == "postgres" else None
        async with life(folder / "undisturbed", url, starter) as one:
            _recordings[kind] = await record(one)
    return _recordings[kind]


async def lived(
    folder: Path,
    kind: str,
    starter: Starter,
    recorded: Mapping[str, Recorded],
    points: Mapping[str, Point],
    took: list[float],
) -> list[str]:
    """One life with a death in each story; what was wrong with it, and ``took`` how long."""
    cluster = cluster_or_skip() if kind == "postgres" else None
    url = cluster.fresh() if cluster else None
    try:
        async with life(folder, url, starter) as one, asyncio.timeout(LIFE_SECONDS):
            try:
                return await die(one, recorded, points)
            finally:
                took += one.took
    finally:
        if cluster and url:
            cluster.drop(url)


def sample(recorded: Mapping[str, Recorded], seed: int) -> list[dict[str, Point]]:
    """Two lives: the first and the last place of some stories, and places between by the seed."""
    chance = random.Random(seed)
    lives: list[dict[str, Point]] = [{}, {}]
    for story, shape in zip(recorded, itertools.cycle(("first", "any", "last")), strict=False):
        points = recorded[story].points
        ends = {"first": points[0], "last": points[-1], "any": chance.choice(points)}
        lives[0][story] = ends[shape]
        lives[1][story] = chance.choice(points)
    return lives


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", DATABASES)
async def test_killed_at_some_places(kind: str, tmp_path: Path, smithy: Forge) -> None:
    """A few places, with the very command people run."""
    # No part of the test's name: processes that share a run out must find the same names, at midnight as well.
    seed = int(os.environ.get("MUSTER_CRASH_SEED") or dt.datetime.now(dt.UTC).toordinal())
    recorded = await recording(kind, smithy, tmp_path)
    lives = sample(recorded, seed)
    if kind == "postgres":
        del lives[0]
    wrong = await asyncio.gather(
        *(
            lived(tmp_path / f"life-{n}", kind, Fresh(), recorded, points, [])
            for n, points in enumerate(lives)
        )
    )
    said = "\n\n".join(line for lines in wrong for line in lines)
    assert not any(wrong), f"MUSTER_CRASH_SEED={seed}: {said}"


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", DATABASES)
async def test_killed_at_every_place(
    kind: str,
    part: int,
    tmp_path: Path,
    smithy: Forge,
    record_property: Callable[[str, object], None],
) -> None:
    """Every place and every call of every story."""
    recorded = await recording(kind, smithy, tmp_path)
    most = max(len(story.points) for story in recorded.values())
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    took: list[float] = []
    room = asyncio.Semaphore(max(1, AT_ONCE[kind] // workers))

    async def one(number: int) -> list[str]:
        points = {name: _nth(story.points, number) for name, story in recorded.items()}
        async with room:
            return await lived(tmp_path / f"life-{number}", kind, smithy, recorded, points, took)

    outcomes = await asyncio.gather(
        *(one(number) for number in range(part, most, PARTS)), return_exceptions=True
    )
    wrong = [
        line for found in outcomes for line in (found if isinstance(found, list) else [repr(found)])
    ]
    record_property("deaths", len(took))
    record_property("slowest_seconds", round(max(took, default=0.0), 2))
    assert not wrong, f"{len(wrong)} of {len(outcomes)} lives:\n\n" + "\n\n".join(wrong)


def _nth(points: Sequence[Point], number: int) -> Point:
    """Stories with fewer points than the longest begin again."""
    return points[number % len(points)]
