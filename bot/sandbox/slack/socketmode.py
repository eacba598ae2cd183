"""Socket Mode: tickets, connections, envelopes and their acknowledgements.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import contextlib
import json
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bot.sandbox.slack.clock import Clock, Feed, Problems, Timing
from bot.sandbox.slack.connection import Connection
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Json

MAX_CONNECTIONS = 10
TICKET_SECONDS = 30.0
#: So long at most a process that stood still counts as one that listened.
LISTEN_SECONDS = 0.1
#: Envelopes of which a late acknowledgement is still told from an invented one.
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an envelope.

    ``error`` is None when the app acknowledged in time, ``operation_timeout`` when it did not,
    ``dispatch_failed`` when no connection was there. ``acks`` holds one payload per copy that was
    acknowledged; only the first one counts.
    """

    envelope_id: str
    error: str | None
    acks: list[Json | None]

    @property
    def ack(self) -> Json | None:
        """The payload of the first acknowledgement."""
        return self.acks[0] if self.acks else None


@dataclass(slots=True, eq=False)
class _Waiting:
    expected: int
    acks: list[Json | None] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)


class SocketMode:
    """All connections of the app, and the envelopes under way."""

    def __init__(
        self, clock: Clock, feed: Feed, problems: Problems, *, app_id: str, timing: Timing
    ) -> None:
        """Start without connections."""
        self._clock = clock
        self._feed = feed
        self._problems = problems
        self._app_id = app_id
        self._timing = timing
        self.ack_seconds = timing.ack_seconds
        self._refreshes: set[asyncio.Task[None]] = set()
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self._waiting: dict[str, _Waiting] = {}
        self._settled: OrderedDict[str, str] = OrderedDict()
        self.connections: list[Connection] = []

    @property
    def connected(self) -> bool:
        """Whether the app is there."""
        return bool(self.connections)

    # -- connections -------------------------------------------------------------------------

    def new_ticket(self) -> str:
        """A ticket for one connection, as handed out by ``apps.connections.open``."""
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = self._clock.monotonic() + TICKET_SECONDS
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint."""
        expires = self._tickets.pop(request.query.get("ticket", ""), None)
        if expires is None or expires < self._clock.monotonic():
            self._problems.add("socket_ticket", "Socket Mode ticket unknown, used or expired")
            return web.json_response(SlackError("invalid_ticket").body(), status=403)
        # Pings are answered by hand: a half-open connection must not answer them.
        ws = web.WebSocketResponse(autoping=False, timeout=1.0, max_msg_size=16 * 2**20)
        await ws.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        connection = Connection(ws, request)
        self.connections.append(connection)
        connection.send(self._hello())
        self._feed.changed()
        writer = asyncio.create_task(self._write(connection))
        pinger = asyncio.create_task(self._ping(connection))
        try:
            async for message in ws:
                await self._receive(connection, message)
        finally:
            self.connections.remove(connection)
            for task in (writer, pinger):
                task.cancel()
            self._feed.changed()
        return ws

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    async def _write(self, connection: Connection) -> None:
        while True:
            frame = await connection.outgoing.get()
            if not connection.silent:
                with contextlib.suppress(ConnectionError):
                    await connection.ws.send_str(frame)

    async def _ping(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(self._timing.ping_seconds)
            if not connection.silent:
                with contextlib.suppress(ConnectionError):
                    await connection.ws.ping(b"Ping from applink-sandbox")

    async def _receive(self, connection: Connection, message: WSMessage) -> None:
        if connection.silent:
            return
        if message.type is WSMsgType.PING:
            with contextlib.suppress(ConnectionError):
                await connection.ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            self._acknowledge(message.data)

    async def control(self, action: str) -> int:
        """Do something unpleasant to every connection.

        Args:
            action: ``warning`` or ``refresh`` (Slack is about to renew the connection and closes
                it shortly after), ``drop`` (connection reset), ``silent`` (half-open: nothing
                passes either way any more, pings included).

        Returns:
            How many connections it concerned.
        """
        targets = list(self.connections)
        for connection in targets:
            if action == "drop":
                connection.abort()
            elif action == "silent":
                connection.silent = True
            else:
                reason = "refresh_requested" if action == "refresh" else "warning"
                host = {"host": "applink-sandbox"}
                connection.send({"type": "disconnect", "reason": reason, "debug_info": host})
                if action == "refresh":
                    connection.leaving = True
                    task = asyncio.create_task(self._end_later(connection))
                    self._refreshes.add(task)
                    task.add_done_callback(self._refreshes.discard)
        return len(targets)

    async def _end_later(self, connection: Connection) -> None:
        """An old connection still takes acknowledgements for a while."""
        await asyncio.sleep(self._timing.refresh_seconds)
        with contextlib.suppress(ConnectionError):
            await connection.ws.close()

    async def close(self) -> None:
        """Close every connection, as at the end of the process."""
        for task in self._refreshes:
            task.cancel()
        closing = [connection.ws.close() for connection in self.connections]
        await asyncio.gather(*closing, return_exceptions=True)

    # -- envelopes ---------------------------------------------------------------------------

    async def deliver(
        self,
        envelope_type: str,
        payload: Json,
        *,
        repeat: int = 0,
        accepts_response_payload: bool = True,
        retry: tuple[int, str] | None = None,
    ) -> Delivery:
        """Send an envelope and wait for its acknowledgement.

        Args:
            envelope_type: ``slash_commands``, ``interactive`` or ``events_api``.
            payload: what the app gets.
            repeat: how many further copies of the same envelope follow at once.
            accepts_response_payload: whether an acknowledgement may carry an answer.
            retry: ``retry_attempt`` and ``retry_reason``, for events.
        """
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": envelope_type,
            "payload": payload,
            "accepts_response_payload": accepts_response_payload,
        }
        if retry is not None:
            envelope["retry_attempt"], envelope["retry_reason"] = retry
        envelope_id = str(envelope["envelope_id"])
        if not self.connections:
            return Delivery(envelope_id, "dispatch_failed", [])
        waiting = self._waiting[envelope_id] = _Waiting(expected=1 + repeat)
        for _ in range(1 + repeat):
            self._next().send(envelope)
        await self._listen(waiting)
        del self._waiting[envelope_id]
        if waiting.acks:
            self._settle(envelope_id, "acknowledged")
            return Delivery(envelope_id, None, waiting.acks)
        self._settle(envelope_id, "late")
        self._problems.add(
            "no_ack", f"{_describe(envelope)} was not acknowledged in {self.ack_seconds:g} s"
        )
        return Delivery(envelope_id, "operation_timeout", [])

    async def _listen(self, waiting: _Waiting) -> None:
        """Wait for the acknowledgements, as long as an app has for them.

        While this process stands still (a busy machine) it hears nothing, so that time is not the app's.
        """
        left = self.ack_seconds
        while left > 0 and not waiting.enough.is_set():
            step = min(left, LISTEN_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiting.enough.wait(), step)
            left -= step

    def _next(self) -> Connection:
        """Each envelope goes to one connection, in turn; not to one that is about to close."""
        staying = [item for item in self.connections if not item.leaving] or self.connections
        self._turn += 1
        return staying[self._turn % len(staying)]

    def _settle(self, envelope_id: str, how: str) -> None:
        self._settled[envelope_id] = how
        if len(self._settled) > REMEMBERED:
            self._settled.popitem(last=False)

    def _acknowledge(self, text: str) -> None:
        frame = _parse(text)
        envelope_id = frame.get("envelope_id")
        if not isinstance(envelope_id, str):
            self._problems.add("bad_frame", f"not an acknowledgement: {text[:200]}")
            return
        waiting = self._waiting.get(envelope_id)
        if waiting is not None:
            payload = frame.get("payload")
            waiting.acks.append(payload if isinstance(payload, dict) and payload else None)
            if len(waiting.acks) >= waiting.expected:
                waiting.enough.set()
        elif self._settled.get(envelope_id) == "late":
            self._problems.add("late_ack", f"acknowledged after {self.ack_seconds:g} s")
        elif envelope_id not in self._settled:
            self._problems.add("unknown_envelope", f"acknowledged unknown envelope {envelope_id}")


def _parse(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}


def _describe(envelope: Json) -> str:
    payload = envelope["payload"]
    detail = payload.get("command") or payload.get("type") or ""
    if detail == "event_callback":
        detail = payload["event"].get("type", "")
    return f"{envelope['type']} {detail}".strip()
