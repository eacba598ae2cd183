"""One WebSocket of the app, and how to break a TCP connection."""

import asyncio
import contextlib
import json
import socket
import struct
from dataclasses import dataclass, field

from aiohttp import web

from bot.sandbox.slack.model import Json


def abort_connection(request: web.Request) -> None:
    """Reset the TCP connection of a request, so that the client sees ECONNRESET."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        # Zero linger turns the close into a RST.
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass(slots=True, eq=False)
class Connection:
    """One WebSocket of the app."""

    ws: web.WebSocketResponse
    request: web.Request
    outgoing: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    silent: bool = False
    leaving: bool = False

    def send(self, frame: Json) -> None:
        """Queue a frame; frames keep their order."""
        self.outgoing.put_nowait(json.dumps(frame))

    def abort(self) -> None:
        """Break the TCP connection without a closing handshake."""
        abort_connection(self.request)
