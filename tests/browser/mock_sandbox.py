"""The sandbox's own API with canned answers: what the page sees, and a record of what it did."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.browser import canned

PAGE = Path(__file__).parents[2] / "bot" / "sandbox" / "page"
Json = dict[str, Any]
Answer = Callable[[Json], Json]


class MockSandbox:
    """A server in a thread of its own; tests change `state` and look at `posts`."""

    def __init__(self) -> None:
        """Start listening."""
        self.state: Json = canned.state()
        self.posts: list[tuple[str, Json]] = []
        self.answers: dict[str, Answer] = {}
        self.held = False  # what the page does is recorded, and answered when this is over
        self.url = ""
        self._streams: set[asyncio.Queue[int | None]] = set()
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.1)
        self._loop.run_until_complete(self._runner.setup())
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        started.set()
        self._loop.run_forever()
        self._loop.close()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_static("/page", PAGE)
        app.router.add_get("/api/state", self._state)
        app.router.add_get("/api/stream", self._stream)
        app.router.add_get("/api/problems", self._empty("problems"))
        app.router.add_get("/api/calls", self._empty("calls"))
        app.router.add_route("*", "/api/{action:.*}", self._act)
        return app

    def stop(self) -> None:
        """End the streams, stop listening and wait for the thread."""
        for queue in tuple(self._streams):
            self._loop.call_soon_threadsafe(queue.put_nowait, None)
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def reset(self) -> None:
        """Forget everything between tests."""
        self.state = canned.state()
        self.posts.clear()
        self.answers.clear()
        self.held = False

    def change(self, do: Callable[[Json], object]) -> None:
        """Change the state and tell the page, as a bot at work would."""
        state = copy.deepcopy(self.state)
        do(state)
        state["version"] += 1
        self.state = state
        for queue in tuple(self._streams):
            self._loop.call_soon_threadsafe(queue.put_nowait, state["version"])

    def posted(self, path: str) -> list[Json]:
        """Bodies of the calls to one path, oldest first."""
        return [body for name, body in self.posts if name == path]

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def _state(self, request: web.Request) -> web.Response:
        if request.query.get("since") == str(self.state["version"]):
            return web.json_response({"version": self.state["version"]})
        return web.json_response(self.state | {"me": request.query.get("user") or canned.ALICE})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        self._streams.add(queue)  # before the page knows it is connected: nothing gets lost
        await response.prepare(request)
        try:
            while (version := await queue.get()) is not None:
                await response.write(f'data: {{"version": {version}}}\n\n'.encode())
        except ConnectionError:
            pass  # the page is gone
        finally:
            self._streams.discard(queue)
        return response

    def _empty(self, name: str) -> Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response({name: []})

        return answer

    async def _act(self, request: web.Request) -> web.Response:
        path = request.path
        body: Json = await request.json() if request.can_read_body else {}
        self.posts.append((path, body))
        while self.held:  # noqa: ASYNC110 - a plain flag, set from the tests' thread
            await asyncio.sleep(0.01)
        answer = self.answers.get(path)
        return web.json_response(answer(body) if answer else {"ok": True, "ack": None})
