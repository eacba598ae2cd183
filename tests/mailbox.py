"""Where pages and notifications beyond Slack arrive in scenarios: Apprise's json:// addresses, over real HTTP."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from tests.stage import Json, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "a-secret-nobody-sees"


@dataclass
class Mailbox:
    """What a program outside of Slack was told."""

    port: int = field(default_factory=free_port)
    got: list[Json] = field(default_factory=list)
    refuse: bool = False

    def url(self, path: str = "hook") -> str:
        return f"json://muster:{SECRET}@127.0.0.1:{self.port}/{path}"

    async def take(self, request: web.Request) -> web.Response:
        if self.refuse:
            return web.Response(status=500)
        self.got.append({"path": request.path, **(await request.json())})
        return web.Response(text="ok")

    def told(self, path: str = "/hook") -> list[str]:
        return [m["title"] for m in self.got if m["path"] == path]

    def bodies(self, path: str = "/hook") -> list[str]:
        return [m["message"] for m in self.got if m["path"] == path]

    def links(self, path: str = "/hook") -> list[str]:
        """The addresses to acknowledge under that came with the messages."""
        found = (re.search(r"Acknowledge: (\S+)", body) for body in self.bodies(path))
        return [match[1] for match in found if match]


@contextlib.asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    box = Mailbox()
    app = web.Application()
    app.router.add_post("/{tail:.*}", box.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", box.port).start()
    try:
        yield box
    finally:
        await runner.cleanup()
