"""A real bot is killed in the middle of a drill: it goes on after the restart, and reports once.

The drill runs by itself from the command to its report. Whatever the bot died of, there is one announcement, one
channel, one page, one status update and one report, and the report says the same.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.scenarios.crash.life import Life, life
from tests.scenarios.test_slack_alone import ALONE
from tests.stage import ALICE
from tests.workspace import cards, channel_named, header, messages_in, text_of, told_directly

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.crash.process import Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

CONFIG = "drills: {acknowledge_after: 1s, end_after: 3s}\n"
COMMAND = "/incident drill now"
#: Where a drill could be lost or doubled: around its own decisions, and after a vendor took what it was asked for.
PLACES = (
    "",
    "call.after slack.announce",
    "call.after slack.deliver_page",
    "call.before muster.run_drill",
    "call.after muster.run_drill",
    "call.after slack.drill_news",
)
MORE = (
    "call.after slack.create_channel",
    "call.after slack.post_card",
    "call.after slack.mirror_update",
    "call.after slack.write_canvas",
    "call.before slack.drill_news",
    "call.after slack.notice_archiving",
)
AT_ONCE = 3
SECONDS = 40
EXPECTED = {
    "announced": [":rotating_light: INC-1 [DRILL] Test incident"],
    "rooms": ["drill-1-test-incident"],
    "cards": [":rotating_light: INC-1 [DRILL] Test incident"],
    "paged": 1,
    "updates": 1,
    "notices": 1,
    "reports": ["🧯 Drill INC-1: 1 of 11 steps did not work"],
    "real": [],
}


async def seen(one: Life) -> dict[str, Any]:
    """What people see of it."""
    state = await one.stage.state(ALICE)
    told = [header(card) for card in cards(state, "fire-drill")]
    messages = messages_in(state, channel_named(state, "drill-1"))
    room = [text_of(m) for m in messages if not m["ephemeral"]]  # who joins is told the latest
    return {
        "announced": [each for each in told if "step" not in each],
        "rooms": [c["name"] for c in state["channels"] if c["name"].startswith("drill-")],
        "cards": [header(card) for card in cards(state, "drill-1")],
        "paged": len(told_directly(state, "pages you")),
        "updates": len([said for said in room if "to see that status updates arrive" in said]),
        "notices": len([said for said in room if "will be archived" in said]),
        "reports": [each for each in told if "step" in each],
        "real": cards(state, "incidents"),
    }


async def lived(folder: Path, smithy: Forge, place: str) -> dict[str, Any]:
    """One life that ends at a place ("": at none), and what there was to be seen in the end."""
    more = {"MUSTER_FAILPOINT_AFTER": place} if place else {}
    async with life(folder, None, smithy, **ALONE, **more) as one:
        (folder / "muster.yml").write_text(CONFIG)  # life has written its own
        bot = await one.start(place=1 if place else 0)
        await one.ready(bot)
        await one.rest()
        answer = await one.stage.command(COMMAND)
        assert answer["ok"], answer
        if place:
            assert await bot.end() == -9, bot.said()
            del one.stage.environ["MUSTER_FAILPOINT_AFTER"]
            await one.ready(await one.start())

        async def done() -> bool:
            return await one.idle() and await seen(one) == EXPECTED

        await one.until(done, time.monotonic() + SECONDS)
        assert await one.dead() == []
        return await seen(one)


async def wrong(folder: Path, smithy: Forge, places: tuple[str, ...]) -> list[str]:
    """What was wrong with the lives that ended at those places."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(nth: int, place: str) -> str:
        async with room:
            found = await lived(folder / f"life-{nth}", smithy, place)
        return "" if found == EXPECTED else f"killed at {place or 'no place'}: {found}"

    found = await asyncio.gather(*(one(nth, place) for nth, place in enumerate(places)))
    return [each for each in found if each]


@pytest.mark.timeout(150)
async def test_a_drill_survives_a_death_in_the_middle(tmp_path: Path, smithy: Forge) -> None:
    assert await wrong(tmp_path, smithy, ("call.after muster.run_drill",)) == []


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_a_drill_survives_a_death_where_it_matters_most(
    tmp_path: Path, smithy: Forge
) -> None:
    assert await wrong(tmp_path, smithy, PLACES) == []


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_drill_survives_a_death_at_its_other_steps(tmp_path: Path, smithy: Forge) -> None:
    assert await wrong(tmp_path, smithy, MORE) == []
