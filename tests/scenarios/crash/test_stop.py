"""SIGTERM while calls are under way: a clean end in time, and nothing lost or doubled by it."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.databases import cluster_or_skip
from tests.scenarios.crash.life import Life, complaints, life, others_share, record
from tests.scenarios.crash.stories import DECLARE, difference, doubled_topics

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.crash.life import Recorded
    from tests.scenarios.crash.process import Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
#: PRODUCT.md: a stop takes at most this long, seconds.
STOP_SECONDS = 10.0
RESTART_SECONDS = 10.0
SLOW_MS = 400

_expected: dict[str, Recorded] = {}


async def expected(folder: Path, smithy: Forge) -> Recorded:
    """What a declaration leaves behind when nobody stops the bot."""
    if not _expected:
        async with life(folder / "undisturbed", None, smithy) as one:
            _expected.update(await record(one))
    return _expected[DECLARE.name]


async def stopped(one: Life, story_calls: int) -> float:
    """Declare, and stop the bot after so many calls; returns how long that took of a machine for itself."""
    bot = await one.start()
    await one.ready(bot)
    await one.rest()
    await DECLARE.prepare(one.stage)
    before = len(await one.stage.calls())
    acting = asyncio.create_task(DECLARE.act(one.stage))

    async def begun() -> bool:
        return len(await one.stage.calls()) >= before + story_calls

    assert await one.until(begun, time.monotonic() + 20)
    began = time.monotonic()
    bot.kill(signal.SIGTERM)
    code = await bot.end()
    took = time.monotonic() - began
    assert code == 0, bot.said()
    assert (await acting)["ok"]
    return took / others_share()


@pytest.mark.parametrize("kind", DATABASES)
async def test_a_stop_while_calls_are_under_way(kind: str, tmp_path: Path, smithy: Forge) -> None:
    whole = (await expected(tmp_path, smithy)).picture
    url = cluster_or_skip().fresh() if kind == "postgres" else None
    async with life(tmp_path / "life", url, smithy) as one:
        latencies = {f"{vendor}_latency_ms": SLOW_MS for vendor in ("slack", "pagerduty", "github")}
        await one.stage._call("POST", "/api/settings", latencies)
        assert await stopped(one, story_calls=3) <= STOP_SECONDS
        await one.stage._call("POST", "/api/settings", dict.fromkeys(latencies, 0))
        await _whole_again(one, whole)


async def test_a_stop_while_a_vendor_does_not_answer(tmp_path: Path, smithy: Forge) -> None:
    whole = (await expected(tmp_path, smithy)).picture
    async with life(tmp_path / "life", None, smithy) as one:
        await one.stage.fault("github.POST /repos/*/*/issues", "hold_after")
        await one.stage.fault("slack.conversations.create", "hold_after", skip=1)
        assert await stopped(one, story_calls=3) <= STOP_SECONDS
        await one.stage._call("DELETE", "/api/faults")
        await _whole_again(one, whole)


async def _whole_again(one: Life, whole: list[str]) -> None:
    bot = await one.start()
    await one.ready(bot)

    async def same() -> bool:
        return await one.picture() == whole

    in_time = await one.until(same, one.ready_at + RESTART_SECONDS * others_share())
    assert in_time, (
        f"{difference(whole, await one.picture())}\n{await one.unfinished()}\n{bot.said()}"
    )
    await one.rest()
    assert not difference(whole, await one.picture())
    assert not doubled_topics(await one.stage.state())
    assert await one.dead() == []
    assert await complaints(one.stage) == []
