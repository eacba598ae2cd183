"""A real bot is killed while an override of PagerDuty is made and taken back: once each, and whoever asked is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.crash.life import Life, life
from tests.stage import ALICE, BOB
from tests.workspace import told, told_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.crash.process import Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

SECONDS = 40
MADE = f"✅ <@{BOB}> is on call in Search primary from"
REMOVED = f"✅ Override removed: <@{BOB}> is on call in Search primary from"
COMMAND = "/incident oncall override @bob Search primary from tomorrow 9:00 until tomorrow 18:00"


def at_pagerduty(one: Life) -> list[Any]:
    vendor: Any = one.stage.sandbox.sandbox.vendors["pagerduty"]
    schedules = vendor.desk.account.schedules.values()
    return next(list(each.overrides) for each in schedules if each.name == "Search primary")


async def heard(one: Life, part: str) -> None:
    """Nothing is left to do, and whoever asked was told."""

    async def done() -> bool:
        return await one.idle() and bool(told(await one.stage.state(ALICE), part))

    await one.until(done, time.monotonic() + SECONDS)


async def reborn(one: Life, bot: Any) -> Any:
    """It died where it should; the next one is there."""
    assert await bot.end() == -9, bot.said()
    del one.stage.environ["MUSTER_FAILPOINT_AFTER"]
    after = await one.start()
    await one.ready(after)
    return after


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "place",
    [
        "call.after pagerduty.remove_override",
        pytest.param("call.before pagerduty.remove_override", marks=pytest.mark.long),
        pytest.param("call.after pagerduty.override", marks=pytest.mark.long),
    ],
)
async def test_an_override_is_made_and_taken_back_once(
    tmp_path: Path, smithy: Forge, place: str
) -> None:
    async with life(tmp_path, None, smithy, MUSTER_FAILPOINT_AFTER=place) as one:
        bot = await one.start(place=1)
        await one.ready(bot)
        await one.rest()
        assert (await one.stage.command(COMMAND))["ok"]
        if place.endswith(".override"):
            bot = await reborn(one, bot)
        await heard(one, MADE)
        assert len(at_pagerduty(one)) == 1
        where = told_with(await one.stage.state(ALICE), "Remove")
        assert (await one.stage.press("Remove", **where))["ok"]
        if not place.endswith(".override"):
            bot = await reborn(one, bot)
        await heard(one, REMOVED)
        assert at_pagerduty(one) == []
        assert await one.dead() == []
