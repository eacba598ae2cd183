"""The Events API: which events the app gets, and what happens when it does not acknowledge.

https://docs.slack.dev/apis/events-api/
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.sandbox.slack import payloads
from bot.sandbox.slack.model import Channel, Json
from bot.sandbox.slack.socketmode import Delivery, SocketMode
from bot.sandbox.slack.workspace import Workspace


@dataclass(slots=True)
class Batch:
    """The events of one thing a person did: first deliveries, and copies of each to send."""

    repeat: int
    first: list[asyncio.Future[Delivery]] = field(default_factory=list)


class Events:
    """Sends the workspace's events to the app.

    An event that is not acknowledged is sent again after each of ``retry_seconds`` (Slack:
    almost at once, after 1 minute and after 5 minutes) with ``retry_attempt`` counting up.
    """

    def __init__(self, ws: Workspace, socket: SocketMode, retry_seconds: tuple[float, ...]) -> None:
        """Become the workspace's event sink."""
        self._ws = ws
        self._socket = socket
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._batch: Batch | None = None
        ws.event_sink = self.send

    @contextmanager
    def during(self, repeat: int) -> Iterator[Batch]:
        """Collect the events of what happens inside, which must not await anything."""
        self._batch = Batch(repeat)
        try:
            yield self._batch
        finally:
            self._batch = None

    def send(self, event_name: str, event: Callable[[], Json], channel: Channel | None) -> None:
        """Send an event the app subscribed to; of a channel only while the bot is in it."""
        if not self._ws.manifest.wants(event_name):
            return
        if channel is not None and self._ws.bot.id not in channel.members:
            return
        payload = payloads.event_callback(self._ws, event())
        loop = asyncio.get_running_loop()
        first: asyncio.Future[Delivery] = loop.create_future()
        repeat = 0
        if self._batch is not None:
            self._batch.first.append(first)
            repeat = self._batch.repeat
        task = loop.create_task(self._deliver(payload, first, repeat))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json, first: asyncio.Future[Delivery], repeat: int) -> None:
        reason = ""
        for attempt, delay in enumerate((0.0, *self._retry_seconds)):
            if attempt:
                await asyncio.sleep(delay)
            delivery = await self._socket.deliver(
                "events_api",
                payload,
                repeat=repeat if not attempt else 0,
                accepts_response_payload=False,
                retry=(attempt, reason),
            )
            if not attempt:
                first.set_result(delivery)
            if delivery.error is None:
                return
            reason = "timeout"

    async def idle(self) -> None:
        """Wait until every event under way is acknowledged or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up on what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
