"""A local server that misbehaves the way vendors do, and the providers under contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class FaultServer:
    """Answers everything with ``handle`` and remembers what it was asked."""

    handle: Handler
    seen: list[Seen] = field(default_factory=list)
    hang: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        """Answer everything with this JSON."""

        async def handle(_request: web.Request) -> web.StreamResponse:
            return web.json_response(
                body if body is not None else {}, status=status, headers=headers
            )

        self.handle = handle

    def html(self, status: int = 200) -> None:
        """Answer like a proxy in between."""

        async def handle(_request: web.Request) -> web.StreamResponse:
            page = "<!DOCTYPE html><html><body>Please sign in</body></html>"
            return web.Response(text=page, status=status, content_type="text/html")

        self.handle = handle

    def silent(self) -> None:
        """Never answer."""

        async def handle(_request: web.Request) -> web.StreamResponse:
            await self.hang.wait()
            return web.Response()

        self.handle = handle

    def reset(self) -> None:
        """Take the request, then break the connection."""

        async def handle(request: web.Request) -> web.StreamResponse:
            break_connection(request)
            return web.Response()

        self.handle = handle

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Remember, then answer."""
        raw = await request.text()
        try:
            body = await request.json()
        except ValueError:
            body = dict(await request.post()) or raw
        query = {name: request.query.getall(name) for name in request.query}
        self.seen.append(
            Seen(request.method, request.path, query, dict(request.headers), body),
        )
        return await self.handle(request)


def break_connection(request: web.Request) -> None:
    """Reset the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()


async def _nothing(_request: web.Request) -> web.StreamResponse:
    return web.json_response({})


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    """A fresh server on a port of its own."""
    faults = FaultServer(_nothing)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", faults.dispatch)
    running = TestServer(app)
    await running.start_server(shutdown_timeout=0.1)
    faults.url = str(running.make_url("/api"))
    yield faults
    faults.hang.set()
    await running.close()
