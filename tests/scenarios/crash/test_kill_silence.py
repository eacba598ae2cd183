"""A bot that is killed around its call to Alertmanager leaves one silence there, and none after **Unsilence**.

The same when an alert joins the group later: one silence, for both.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.scenarios.crash.life import life
from tests.scenarios.crash.test_kill_alerts import ALERT, SETTINGS, TOKEN, deliver
from tests.stage import BOB
from tests.workspace import cards, channel_named, text_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.scenarios.crash.life import Life
    from tests.scenarios.crash.process import Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

CONFIG = """
alerts:
  sources:
    alertmanager: {{auth: {{bearer: {token}}}, api_url: "{url}"}}
"""
SECONDS = 30


@dataclass
class Manager:
    """An Alertmanager as far as silences go."""

    listed: list[dict[str, Any]] = field(default_factory=list)
    posts: int = 0

    @property
    def active(self) -> list[str]:
        return [each["id"] for each in self.listed if each["status"]["state"] == "active"]

    @property
    def instances(self) -> list[str]:
        """What the active ones say of that label."""
        active = (each for each in self.listed if each["status"]["state"] == "active")
        found = (m for each in active for m in each["matchers"] if m["name"] == "instance")
        return [m["value"] for m in found]

    async def silences(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response(self.listed)
        self.posts += 1
        asked = await request.json()
        for each in self.listed:
            if each["id"] == asked.get("id"):  # one that is changed is over, and another begins
                each["status"] = {"state": "expired"}
        made = {**asked, "id": f"s-{self.posts}", "status": {"state": "active"}}
        self.listed.append(made)
        return web.json_response({"silenceID": made["id"]})

    async def expire(self, request: web.Request) -> web.Response:
        [one] = [each for each in self.listed if each["id"] == request.match_info["id"]]
        if one["status"]["state"] == "expired":
            return web.json_response("already expired", status=500)
        one["status"] = {"state": "expired"}
        return web.Response()

    def server(self) -> TestServer:
        app = web.Application()
        app.router.add_route("*", "/api/v2/silences", self.silences)
        app.router.add_delete("/api/v2/silence/{id}", self.expire)
        return TestServer(app)


async def shown(one: Life, *words: str) -> dict[str, Any]:
    """The card once it says that."""

    def look(state: dict[str, Any]) -> Any:
        found = cards(state, "alerts")
        return found[0] if found and all(w in text_of(found[0]) for w in words) else None

    card: dict[str, Any] = await one.stage.until(look, timeout=SECONDS)
    return card


def at(instance: str) -> dict[str, Any]:
    """The alert of another instance, which belongs to the same group."""
    labels = {**ALERT["labels"], "instance": instance}
    return {**ALERT, "labels": labels, "fingerprint": instance}


async def press(one: Life, label: str, *words: str) -> None:
    card, channel = await shown(one, *words), channel_named(await one.stage.state(), "alerts")
    assert channel
    await one.stage.press(label, user=BOB, channel=channel["id"], ts=card["ts"])


@pytest.mark.timeout(120)
@pytest.mark.parametrize("place", ["call.before", "call.after"])
async def test_a_death_around_the_call_leaves_one_silence(
    tmp_path: Path, smithy: Forge, place: str
) -> None:
    manager = Manager()
    here = f"{place} alertmanager.silence"
    async with (
        manager.server() as server,
        life(tmp_path, None, smithy, **SETTINGS, MUSTER_FAILPOINT_AFTER=here) as one,
    ):
        (tmp_path / "muster.yml").write_text(CONFIG.format(url=server.make_url(""), token=TOKEN))
        bot = await one.start(place=1)
        await one.ready(bot)
        assert await deliver(one)
        await press(one, "Silence", "QueueTooLong")
        await one.stage.submit({"Silence for": "1 hour"}, user=BOB)
        assert await bot.end() == -9, bot.said()
        failpoint = one.stage.environ.pop("MUSTER_FAILPOINT_AFTER")
        bot = await one.start()
        await one.ready(bot)
        await shown(one, "silenced by", "also at alertmanager")
        assert (len(manager.active), manager.posts) == (1, 1)
        bot.kill()
        await bot.end()
        one.stage.environ["MUSTER_FAILPOINT_AFTER"] = failpoint
        bot = await one.start(place=1)
        await one.ready(bot)
        await press(one, "Unsilence", "silenced by")
        assert await bot.end() == -9, bot.said()
        del one.stage.environ["MUSTER_FAILPOINT_AFTER"]
        await one.ready(await one.start())
        assert await one.until(one.idle, time.monotonic() + SECONDS)
        assert (manager.active, manager.posts) == ([], 1)
        assert await one.dead() == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "place", [pytest.param("call.before", marks=pytest.mark.long), "call.after"]
)
async def test_a_death_while_one_that_joined_is_silenced(
    tmp_path: Path, smithy: Forge, place: str
) -> None:
    manager = Manager()
    async with manager.server() as server, life(tmp_path, None, smithy, **SETTINGS) as one:
        (tmp_path / "muster.yml").write_text(CONFIG.format(url=server.make_url(""), token=TOKEN))
        bot = await one.start()
        await one.ready(bot)
        assert await deliver(one, at("db-1"))
        await press(one, "Silence", "QueueTooLong")
        await one.stage.submit({"Silence for": "1 hour"}, user=BOB)
        await shown(one, "silenced by", "also at alertmanager")
        [first] = manager.listed
        assert manager.instances == ["db-1"]
        bot.kill()
        await bot.end()
        one.stage.environ["MUSTER_FAILPOINT_AFTER"] = f"{place} alertmanager.silence"
        bot = await one.start(place=1)
        await one.ready(bot)
        answered = await deliver(one, at("db-2"))
        assert await bot.end() == -9, bot.said()
        del one.stage.environ["MUSTER_FAILPOINT_AFTER"]
        await one.ready(await one.start())
        if not answered:  # it died before its answer was out; senders tell again
            assert await deliver(one, at("db-2"))

        async def both() -> bool:
            return [each.split("|") for each in manager.instances] == [["db\\-1", "db\\-2"]]

        assert await one.until(both, time.monotonic() + SECONDS), manager.listed
        assert await one.until(one.idle, time.monotonic() + SECONDS)
        assert (len(manager.active), manager.posts) == (1, 2), manager.listed
        last = manager.listed[-1]
        assert [last[name] for name in ("endsAt", "comment", "createdBy")] == [
            first[name] for name in ("endsAt", "comment", "createdBy")
        ]
        await press(one, "Unsilence", "silenced by", "2 firing")
        assert await one.until(gone(manager), time.monotonic() + SECONDS)
        assert await one.dead() == []


def gone(manager: Manager) -> Callable[[], Awaitable[bool]]:
    """Whether no silence is left there."""

    async def none() -> bool:
        return manager.active == []

    return none
