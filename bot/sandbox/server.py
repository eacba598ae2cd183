"""The sandbox as one server: Slack, PagerDuty and GitHub side by side, on 127.0.0.1 only.

``python -m bot.sandbox.server --port 8400`` prints its address and serves until SIGTERM.
"""

import argparse
import asyncio
import contextlib
import importlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox import seed
from bot.sandbox.faults import FaultError, Faults
from bot.sandbox.slack.app import Slack
from bot.sandbox.slack.clock import Clock, Feed, Problems, Timing
from bot.sandbox.slack.fields import PersonError
from bot.sandbox.slack.human_api import HumanApi, answering, body_of

Json = dict[str, Any]
PAGE = Path(__file__).parent / "page"
MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yml"
HOST = "127.0.0.1"
#: The stand-ins beside Slack: their package and class under ``bot.sandbox``.
CLASSES = {"pagerduty": "PagerDuty", "github": "GitHub"}


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """How to build a sandbox.

    Attributes:
        port: where to listen; 0 picks a free port.
        manifest: the app's manifest; without the file every scope is granted.
        limits: whether rate limits are enforced at the start.
        bot_url: where the bot takes webhooks (``http://127.0.0.1:8080``), None for no webhooks.
        pagerduty_webhook_secret: what PagerDuty's webhooks are signed with.
        github_webhook_secret: what GitHub's webhooks are signed with.
        vendors: which stand-ins run beside Slack.
        clock: the time; tests replace it.
        timing: how long Slack waits for things; tests shorten it.
    """

    port: int = 8400
    manifest: Path | None = MANIFEST
    limits: bool = True
    bot_url: str | None = None
    pagerduty_webhook_secret: str = "sandbox-pagerduty-secret"  # noqa: S105 - opens nothing but this sandbox
    github_webhook_secret: str = "sandbox-github-secret"  # noqa: S105 - opens nothing but this sandbox
    vendors: tuple[str, ...] = tuple(CLASSES)
    clock: Clock = field(default_factory=Clock)
    timing: Timing = field(default_factory=Timing)

    @property
    def url(self) -> str:
        """The address of the sandbox."""
        return f"http://{HOST}:{self.port}"


class Vendor(Protocol):
    """A stand-in beside Slack, as ``bot.sandbox.pagerduty`` and ``bot.sandbox.github`` offer it."""

    limits: bool
    webhooks: bool

    def add_routes(self, app: web.Application, prefix: str) -> None:
        """Put the vendor's API under ``prefix``."""

    def snapshot(self) -> Json:
        """What the page shows."""

    async def act(self, body: Json) -> Json:
        """Do what a person does at the vendor."""

    async def close(self) -> None:
        """Stop sending webhooks."""


class Sandbox:
    """Everything that is in one sandbox."""

    def __init__(self, config: SandboxConfig) -> None:
        """Build Slack and the stand-ins beside it."""
        self.config = config
        self.clock, self.feed = config.clock, Feed()
        self.problems = Problems(config.clock)
        self.faults = Faults(config.clock, self.feed)
        self.slack = Slack(
            clock=config.clock,
            feed=self.feed,
            problems=self.problems,
            manifest_path=config.manifest,
            base_url=config.url,
            limits=config.limits,
            timing=config.timing,
        )
        secrets = {
            "pagerduty": config.pagerduty_webhook_secret,
            "github": config.github_webhook_secret,
        }
        self.vendors = {name: self._vendor(name, secrets[name]) for name in config.vendors}

    def _vendor(self, name: str, secret: str) -> Vendor:
        module = importlib.import_module(f"bot.sandbox.{name}")
        vendor: Vendor = getattr(module, CLASSES[name])(
            clock=self.clock.now,
            changed=self.feed.changed,
            people=seed.people(),
            base_url=f"{self.config.url}/{name}",
            webhook_url=self.config.bot_url,
            webhook_secret=secret,
        )
        vendor.limits = self.config.limits
        return vendor

    async def close(self) -> None:
        """Let go of everything that waits and stop everything that runs."""
        self.faults.close()
        await self.slack.close()
        for vendor in self.vendors.values():
            await vendor.close()

    # -- the parts of /api that are about all vendors ----------------------------------------

    def add_routes(self, app: web.Application) -> None:
        """Add all routes."""
        self.slack.add_routes(app, "/slack")
        HumanApi(self.slack).add_routes(app)
        for name, vendor in self.vendors.items():
            app.router.add_post(f"/api/{name}", answering(_acting(vendor)))
            vendor.add_routes(app, f"/{name}")
        app.router.add_get("/api/state", answering(self._state))
        app.router.add_get("/api/stream", self._stream)
        app.router.add_post("/api/faults", answering(self._add_fault))
        app.router.add_delete("/api/faults", answering(self._clear_faults))
        app.router.add_post("/api/faults/release", answering(self._release))
        app.router.add_post("/api/settings", answering(self._settings))
        app.router.add_get("/api/calls", self._calls)
        app.router.add_get("/api/problems", self._problems)
        app.router.add_get("/", _index)
        if PAGE.is_dir():
            app.router.add_static("/page", PAGE)

    async def _state(self, request: web.Request) -> Json:
        since = request.query.get("since")
        if since is not None and since == str(self.feed.version):
            return {"version": self.feed.version}
        return {
            "version": self.feed.version,
            **self.slack.snapshot(request.query.get("user", "")),
            **{name: vendor.snapshot() for name, vendor in self.vendors.items()},
            "limits": {"on": self.slack.limits.on},
            "settings": self._shown_settings(),
            "faults": self.faults.shown(),
        }

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events with the version, whenever anything changed."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        changed = self.feed.subscribe()
        changed.set()
        try:
            while True:
                await changed.wait()
                # Many changes at once are one message.
                await asyncio.sleep(0.02)
                changed.clear()
                await response.write(f'data: {{"version": {self.feed.version}}}\n\n'.encode())
        except ConnectionError:
            return response
        finally:
            self.feed.unsubscribe(changed)

    async def _add_fault(self, request: web.Request) -> Json:
        try:
            return {"ok": True, "fault": self.faults.add(await body_of(request)).shown()}
        except FaultError as problem:
            raise PersonError(str(problem)) from None

    async def _clear_faults(self, _: web.Request) -> Json:
        self.faults.clear()
        return {"ok": True}

    async def _release(self, _: web.Request) -> Json:
        return {"ok": True, "released": self.faults.release()}

    async def _settings(self, request: web.Request) -> Json:
        body = await body_of(request)
        for name in self.faults.latency_ms:
            if f"{name}_latency_ms" in body:
                self.faults.latency_ms[name] = float(body[f"{name}_latency_ms"])
        if "limits" in body:
            self.slack.limits.on = bool(body["limits"])
        for vendor in self.vendors.values():
            vendor.limits = self.slack.limits.on
            vendor.webhooks = bool(body.get("webhooks", vendor.webhooks))
        self.feed.changed()
        return {"ok": True, "settings": self._shown_settings()}

    def _shown_settings(self) -> Json:
        latencies = {f"{name}_latency_ms": ms for name, ms in self.faults.latency_ms.items()}
        webhooks = all(vendor.webhooks for vendor in self.vendors.values())
        return {**latencies, "limits": self.slack.limits.on, "webhooks": webhooks}

    async def _calls(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return web.json_response([call for call in self.faults.calls if call["n"] > since])

    async def _problems(self, _: web.Request) -> web.Response:
        return web.json_response(self.problems.entries)


def _acting(vendor: Vendor) -> Callable[[web.Request], Awaitable[Json]]:
    async def work(request: web.Request) -> Json:
        return await vendor.act(await body_of(request))

    return work


async def _index(_: web.Request) -> web.StreamResponse:
    page = PAGE / "index.html"
    if not page.exists():
        return web.Response(text="The sandbox is running; its page is not installed.")
    return web.FileResponse(page)


def _middleware_of(faults: Faults) -> Middleware:
    """A plain function, because aiohttp marks middlewares with an attribute."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await faults.middleware(request, handler)

    return middleware


SANDBOX: web.AppKey[Sandbox] = web.AppKey("sandbox", Sandbox)


def build(config: SandboxConfig) -> web.Application:
    """The whole sandbox as one application; ``app[SANDBOX]`` gives access to its parts."""
    sandbox = Sandbox(config)
    app = web.Application(middlewares=[_middleware_of(sandbox.faults)], client_max_size=8 * 2**20)
    app[SANDBOX] = sandbox
    sandbox.add_routes(app)

    async def stop(_: web.Application) -> None:
        await sandbox.close()

    app.on_shutdown.append(stop)
    return app


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that is being served."""

    port: int
    sandbox: Sandbox
    runner: web.AppRunner

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    async def close(self) -> None:
        """Stop serving."""
        await self.runner.cleanup()


async def serve(config: SandboxConfig) -> Running:
    """Listen on 127.0.0.1 and answer what runs; with port 0 a free port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, config.port))
    port: int = listener.getsockname()[1]
    app = build(replace(config, port=port))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=1024).start()
    return Running(port, app[SANDBOX], runner)


async def _main(config: SandboxConfig) -> None:
    running = await serve(config)
    sys.stdout.write(f"{running.url}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
    await running.close()


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="0 picks a free port")
    parser.add_argument("--no-limits", action="store_true", help="no rate limits")
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    parser.add_argument("--bot-url", help="where the bot takes webhooks")
    options = parser.parse_args(arguments)
    config = SandboxConfig(
        port=options.port,
        manifest=options.manifest,
        limits=not options.no_limits,
        bot_url=options.bot_url,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(config))


if __name__ == "__main__":
    main()
