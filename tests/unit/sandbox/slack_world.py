"""A sandbox on a free port, the real SDK clients against it, and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import Running, SandboxConfig, serve
from bot.sandbox.slack.clock import Clock, Timing

Json = dict[str, Any]

FAST = Timing(
    ack_seconds=0.15,
    retry_seconds=(0.0, 0.02),
    ping_seconds=0.05,
    refresh_seconds=0.05,
)


class StillClock(Clock):
    """Time that only passes when a test says so."""

    def __init__(self) -> None:
        """Start at a fixed moment."""
        self._now = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
        self._seconds = 1000.0

    def now(self) -> datetime:
        """The set time."""
        return self._now

    def monotonic(self) -> float:
        """The set seconds."""
        return self._seconds

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._seconds += seconds


@dataclass(frozen=True)
class World:
    """A running sandbox and what tests reach it with."""

    running: Running
    http: aiohttp.ClientSession
    clock: StillClock

    @property
    def api_url(self) -> str:
        """``SLACK_API_URL``."""
        return f"{self.running.url}/slack/api/"

    def client(self) -> AsyncWebClient:
        """The real Web API client, without retries."""
        return AsyncWebClient(token="xoxb-test", base_url=self.api_url, retry_handlers=[])

    async def call(self, method: str, *, token: str = "xoxb-test", **arguments: Any) -> Json:
        """A Web API call in JSON, errors as they come."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.post(
            f"{self.api_url}{method}", json=arguments, headers=headers
        ) as response:
            body: Json = await response.json()
            return body

    async def act(self, path: str, **body: Any) -> Json:
        """Something a person does."""
        async with self.http.post(f"/api/{path}", json=body) as response:
            answer: Json = await response.json()
            return answer

    async def state(self, user: str = "alice") -> Json:
        """What a person sees."""
        async with self.http.get("/api/state", params={"user": user}) as response:
            body: Json = await response.json()
            return body

    async def seen(self, user: str, channel: str) -> list[str]:
        """The texts a person sees in a channel, without what Slack wrote itself."""
        messages = (await self.state(user))["messages"].get(channel, [])
        return [message["text"] for message in messages if not message["subtype"]]

    async def problems(self) -> list[str]:
        """The kinds of the bot's mistakes."""
        async with self.http.get("/api/problems") as response:
            return [problem["kind"] for problem in await response.json()]

    async def calls(self) -> list[Json]:
        """The call log."""
        async with self.http.get("/api/calls") as response:
            entries: list[Json] = await response.json()
            return entries

    async def channel(self, name: str = "inc-1", **more: Any) -> str:
        """A channel of the bot."""
        created = await self.call("conversations.create", name=name, **more)
        assert created["ok"], created
        return str(created["channel"]["id"])

    async def wire(self, *, patient: bool = False) -> aiohttp.ClientWebSocketResponse:
        """A bare Socket Mode connection, after its hello; patient when acks will come."""
        if patient:
            self.be_patient()
        opened = await self.call("apps.connections.open", token="xapp-test")
        socket = await self.http.ws_connect(opened["url"], autoping=False)
        assert (await frame(socket))["type"] == "hello"
        return socket

    def be_patient(self) -> None:
        """Let Slack wait as long as a busy machine needs; nobody means to be late."""
        self.running.sandbox.slack.socket.ack_seconds = 3.0

    @asynccontextmanager
    async def bolt(self, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
        """Connect a Bolt app over Socket Mode."""
        self.be_patient()
        handler = AsyncSocketModeHandler(app, "xapp-test", ping_interval=5)
        handler.client.web_client.base_url = self.api_url
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await until(lambda: self.running.sandbox.slack.socket.connected)
        try:
            yield handler
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    def app(self) -> AsyncApp:
        """A Bolt app that talks to this sandbox."""
        return AsyncApp(client=self.client(), process_before_response=False)


@asynccontextmanager
async def world(**changes: Any) -> AsyncIterator[World]:
    """A fresh sandbox: Slack only, no limits, short waits, unless told otherwise."""
    clock = StillClock()
    base = SandboxConfig(port=0, manifest=None, limits=False, vendors=(), clock=clock, timing=FAST)
    running = await serve(replace(base, **changes))
    async with aiohttp.ClientSession(running.url) as http:
        try:
            yield World(running, http, clock)
        finally:
            await running.close()


async def until(condition: Any, seconds: float = 2.0) -> None:
    """Wait for something that is about to happen."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


async def frame(
    socket: aiohttp.ClientWebSocketResponse, seconds: float = 10.0, *, of: str | None = None
) -> Json:
    """The next frame of a Socket Mode connection, pings left out; with ``of`` the next of that type.

    Events of what happened before may still arrive when somebody presses.
    """
    async with asyncio.timeout(seconds):
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                body: Json = message.json()
                if of in {None, body.get("type")}:
                    return body
                continue
            assert message.type is aiohttp.WSMsgType.PING, message


def error_of(error: SlackApiError) -> str:
    """Slack's error code."""
    return str(error.response["error"])


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def button(label: str = "Press", action_id: str = "press", **more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action_id, **more}


def field(label: str, element: Json, block_id: str | None = None, **more: Any) -> Json:
    """An input block."""
    block: Json = {"type": "input", "label": plain(label), "element": element, **more}
    return block | ({"block_id": block_id} if block_id else {})


def modal(*blocks: Json, title: str = "Declare", **more: Any) -> Json:
    """A modal."""
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": plain(title),
        "submit": plain("Go"),
        "blocks": list(blocks),
        **more,
    }
