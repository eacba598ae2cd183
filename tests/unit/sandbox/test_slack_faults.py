"""Every kind of fault, the call log, latency and held calls."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.unit.sandbox.slack_world import World, until, world

pytestmark = pytest.mark.asyncio
CREATE = "slack.conversations.create"


async def plan(here: World, target: str, kind: str, **more: Any) -> None:
    answer = await here.act("faults", target=target, kind=kind, **more)
    assert answer["ok"], answer


async def names(here: World) -> set[str]:
    return {channel["name"] for channel in (await here.state())["channels"]}


async def raw(here: World, name: str) -> aiohttp.ClientResponse:
    """Create a channel and give the whole response, read."""
    async with here.http.post(
        f"{here.api_url}conversations.create",
        json={"name": name},
        headers={"Authorization": "Bearer xoxb-1"},
    ) as response:
        await response.read()
        return response


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("429", 429, '{"ok": false, "error": "ratelimited"}'),
        ("500", 500, "Internal Server Error"),
        ("401", 200, '{"ok": false, "error": "invalid_auth"}'),
        ("error:restricted_action", 200, '{"ok": false, "error": "restricted_action"}'),
        ("garbage", 200, "<html>"),
    ],
)
async def test_answers_of_a_failing_slack(kind: str, status: int, text: str) -> None:
    async with world() as here:
        await plan(here, CREATE, kind, retry_after=7)
        response = await raw(here, "x")
        assert response.status == status
        assert text in await response.text()
        assert response.headers.get("Retry-After") == ("7" if kind == "429" else None)
        assert "x" not in await names(here)
        assert (await raw(here, "x")).status == 200
        assert "x" in await names(here)
        assert await here.problems() == []
        assert (await here.calls())[0]["error"] == f"fault:{kind}"


async def test_reset_before_and_lost_after() -> None:
    async with world() as here:
        for kind, done in (("reset", False), ("lost", True)):
            await plan(here, CREATE, kind)
            with pytest.raises(aiohttp.ClientConnectionError):
                await raw(here, kind)
            assert (kind in await names(here)) is done
        assert [call["status"] for call in await here.calls()] == [None, None]


async def test_timeout_never_answers_and_never_does_it() -> None:
    async with world() as here:
        await plan(here, CREATE, "timeout")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await raw(here, "x")
        assert "x" not in await names(here)


async def test_slow_is_done_first_and_answered_late() -> None:
    async with world() as here:
        await plan(here, CREATE, "slow", seconds=0.1)
        calling = asyncio.create_task(raw(here, "x"))
        await until(lambda: here.running.sandbox.slack.ws.channel("x"))
        assert not calling.done()
        assert (await calling).status == 200


@pytest.mark.parametrize(("kind", "done"), [("hold_before", False), ("hold_after", True)])
async def test_held_calls_wait_for_release(kind: str, *, done: bool) -> None:
    async with world() as here:
        await plan(here, CREATE, kind)
        calling = asyncio.create_task(raw(here, "x"))
        await until(
            lambda: any(one["kind"] == "held" for one in here.running.sandbox.faults.shown())
        )
        assert ("x" in await names(here)) is done
        assert (await here.act("faults/release"))["released"] == 1
        assert (await calling).status == 200
        assert "x" in await names(here)


async def test_skip_and_times() -> None:
    async with world() as here:
        await plan(here, "slack.*", "500", skip=1, times=2)
        assert [(await raw(here, f"c{n}")).status for n in range(4)] == [200, 500, 500, 200]
        await plan(here, "slack.conversations.*", "500", times=9)
        assert (await here.state())["faults"][0]["times"] == 9
        async with here.http.delete("/api/faults") as response:
            assert (await response.json())["ok"]
        assert (await here.state())["faults"] == []
        assert (await raw(here, "d")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"target": "slack.x", "kind": "explode"},
        {"target": "jira.x", "kind": "500"},
        {"target": "slack", "kind": "500"},
    ],
)
async def test_senseless_faults_are_refused(body: dict[str, str]) -> None:
    async with world() as here:
        assert (await here.act("faults", **body))["ok"] is False


async def test_a_star_is_one_part_of_a_path() -> None:
    async with world(vendors=("pagerduty", "github")) as here:
        await plan(here, "github.GET /repos/*/*", "500", times=9)
        await plan(here, "pagerduty.*", "429", times=9, retry_after=3)

        async def status(path: str) -> int:
            async with here.http.get(path, headers={"Authorization": "Token x"}) as response:
                return response.status

        assert await status("/github/repos/acme/checkout-api") == 500
        assert await status("/github/repos/acme/checkout-api/issues") != 500
        assert await status("/pagerduty/incidents") == 429
        operations = [call["operation"] for call in await here.calls()]
        assert operations == [
            "github.GET /repos/acme/checkout-api",
            "github.GET /repos/acme/checkout-api/issues",
            "pagerduty.GET /incidents",
        ]


async def test_latency_and_the_call_log() -> None:
    async with world() as here:
        settings = await here.act("settings", slack_latency_ms=60, webhooks=False)
        assert settings["settings"]["slack_latency_ms"] == 60
        started = asyncio.get_running_loop().time()
        channel = await here.channel()
        assert asyncio.get_running_loop().time() - started >= 0.06
        await here.act("settings", slack_latency_ms=0)
        await here.call("chat.postMessage", channel=channel)
        calls = await here.calls()
        assert [(call["n"], call["operation"], call["error"]) for call in calls] == [
            (1, "slack.conversations.create", None),
            (2, "slack.chat.postMessage", "no_text"),
        ]
        assert calls[1]["key"] == channel
        assert calls[1]["status"] == 200
        async with here.http.get("/api/calls", params={"since": "1"}) as response:
            assert [call["n"] for call in await response.json()] == [2]


async def test_closing_lets_held_and_timed_out_calls_go() -> None:
    async with world() as here:
        await plan(here, CREATE, "hold_before")
        await plan(here, CREATE, "timeout")
        calling = [asyncio.create_task(raw(here, name)) for name in ("a", "b")]
        await until(lambda: len(here.running.sandbox.faults.calls) == 2)
    await asyncio.gather(*calling, return_exceptions=True)
