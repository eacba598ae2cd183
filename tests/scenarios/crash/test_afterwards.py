"""A real bot is killed with SIGKILL while a post-mortem is drafted and put out: afterwards each thing is there once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.scenarios.crash.life import Life, life
from tests.stage import BOB
from tests.workspace import room_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.crash.process import Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240), pytest.mark.long]

REPO = "acme/incidents"
#: Of all places drafting passes; the first is before anything was committed, the last after all is done.
DEATHS = 6


async def _over(one: Life) -> str:
    """An incident that is resolved, all its steps done."""
    name = await one.stage.declare("SEV2 Checkout is down")
    await one.rest()
    await one.stage.command(f"/incident resolve {name} done", user=BOB)
    await one.rest()
    return name


async def _draft(one: Life, name: str) -> None:
    await one.stage.command(f"/incident postmortem {name} The pool was too small", user=BOB)


async def _there(one: Life, name: str) -> list[str]:
    """What is there of it in Slack and GitHub, one line each."""
    state = await one.stage.state()
    room = room_of(state, name)
    assert room
    lines = ["canvas"] if "The pool was too small" in str(room["canvas"]) else []
    [repo] = [r for r in state["github"]["repositories"] if r["full_name"] == REPO]
    for issue in repo["issues"]:
        if issue["title"].startswith(f"Post-mortem {name}:"):
            lines += ["pull", *(f"file {path}" for path in issue["files"])]
    said = [text_of(m) for m in state["messages"].get(room["id"], ()) if not m["ephemeral"]]
    for words in ("drafted the post-mortem", "in this channel's canvas", "pull request acme"):
        lines += [words] * sum(words in one_said for one_said in said)
    return sorted(lines)


async def test_killed_while_a_post_mortem_is_put_out(tmp_path: Path, smithy: Forge) -> None:
    async with life(tmp_path / "life", None, smithy) as one:
        bot = await one.start(gate="whole")
        await one.ready(bot)
        name = await _over(one)
        one.open_gate("whole")
        await _draft(one, name)
        await one.rest()
        places = len(one.places("whole"))
        whole = await _there(one, name)
        expected = [line.replace(name, "INC-n") for line in whole]
        assert len(whole) == 6, whole
        for death in range(DEATHS):
            name = await _over(one)
            bot.kill()
            await bot.end()
            gate = f"death-{death}"
            doomed = await one.start(place=1 + death * (places - 1) // (DEATHS - 1), gate=gate)
            await one.ready(doomed)
            await one.rest()
            one.open_gate(gate)
            await _draft(one, name)
            await one.until(lambda doomed=doomed: _ended(doomed), time.monotonic() + 10)
            doomed.kill()  # with other coincidences there is a place less, and it lives on
            await doomed.end()
            bot = await one.start()
            await one.ready(bot)
            await one.rest()
            if not await _there(one, name):  # killed before the commit: nothing, and the same again
                await _draft(one, name)
                await one.rest()
            found = [line.replace(name, "INC-n") for line in await _there(one, name)]
            assert found == expected, (death, one.places(gate))
        assert await one.dead() == []


async def _ended(bot: object) -> bool:
    return bool(bot.ended.done())  # type: ignore[attr-defined]
