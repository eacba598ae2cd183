"""A vendor on this machine that answers from a table and remembers what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Asked:
    """One request as it arrived; ``body`` is JSON, form or nothing."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class Vendor:
    """Answers ``"METHOD /path"`` from ``answers``: a body, (status, body[, headers]) or a list.

    A list is used up one by one, its last answer stays.
    """

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def calls(self) -> list[str]:
        """What was asked, in order."""
        return [f"{one.method} {one.path}" for one in self.asked]

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Remember, then answer."""
        try:
            body = await request.json()
        except ValueError:
            body = {k: str(v) for k, v in (await request.post()).items()}
        path = request.path.removeprefix("/api")
        query = {name: request.query.getall(name) for name in request.query}
        self.asked.append(Asked(request.method, path, query, dict(request.headers), body))
        answer = self.answers.get(f"{request.method} {path}", (404, {}))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(self.asked[-1])
        status, payload, headers = 200, answer, None
        if isinstance(answer, tuple):
            status, payload, headers = (*answer, None)[:3]
        if payload is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(payload, status=status, headers=headers)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A fresh vendor on a port of its own."""
    served = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.dispatch)
    running = TestServer(app)
    await running.start_server(shutdown_timeout=0.1)
    served.url = str(running.make_url("/api"))
    yield served
    await running.close()
