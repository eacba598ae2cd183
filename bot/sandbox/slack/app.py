"""Slack as one thing: built from a clock and a manifest, put under ``/slack`` of a server."""

import json
from pathlib import Path

from aiohttp import web

from bot.sandbox.slack import manifest, screen, wire
from bot.sandbox.slack.call import Installed
from bot.sandbox.slack.calllog import note
from bot.sandbox.slack.clock import Clock, Feed, Problems, Timing
from bot.sandbox.slack.errors import MISTAKES, SlackError
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.interactions import Interactions
from bot.sandbox.slack.model import Json, User
from bot.sandbox.slack.people import person
from bot.sandbox.slack.ratelimit import RateLimits
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.socketmode import SocketMode
from bot.sandbox.slack.views import Triggers
from bot.sandbox.slack.webapi import WebApi
from bot.sandbox.slack.workspace import Workspace


class Slack:
    """The workspace with its Web API, Socket Mode, response_urls and people."""

    def __init__(
        self,
        *,
        clock: Clock,
        feed: Feed,
        problems: Problems,
        manifest_path: Path | None,
        base_url: str,
        limits: bool = True,
        timing: Timing | None = None,
    ) -> None:
        """Build the workspace and install the app of the manifest in it."""
        timing = timing or Timing()
        self.ws = Workspace(clock, feed, problems, manifest.load(manifest_path))
        self.ws.base_url = base_url
        self.socket = SocketMode(clock, feed, problems, app_id=self.ws.app_id, timing=timing)
        self.events = Events(self.ws, self.socket, tuple(timing.retry_seconds))
        self.limits = RateLimits(clock, on=limits)
        self.installed = Installed(
            self.ws,
            self.socket,
            Triggers(clock, timing.trigger_seconds),
            ResponseUrls(self.ws),
        )
        self.interactions = Interactions(self.installed)
        self._web_api = WebApi(self.installed, self.limits)

    def add_routes(self, app: web.Application, prefix: str) -> None:
        """Put the Web API, Socket Mode and response_urls under ``prefix``."""
        app.router.add_get(f"{prefix}/socket", self.socket.handle)
        app.router.add_route("*", f"{prefix}/api/{{method}}", self._web_api.handle)
        app.router.add_post(f"{prefix}/response/{{token}}", self._respond)

    async def _respond(self, request: web.Request) -> web.Response:
        """Take what was posted to a response_url; refusals are 404 (address) or 400 (content)."""
        token = request.match_info["token"]
        try:
            try:
                body = json.loads(await request.text())
            except ValueError:
                raise SlackError("invalid_json") from None
            self.installed.response_urls.respond(token, body)
        except SlackError as refusal:
            note(error=refusal.error)
            if refusal.error in MISTAKES:
                self.ws.problems.add(refusal.error, f"response_url: {refusal.error}")
            status = 404 if refusal.error in ("expired_url", "used_url") else 400
            return web.json_response(refusal.body(), status=status)
        return web.json_response({"ok": True})

    def snapshot(self, user_ref: str) -> Json:
        """What a person sees, the first one of the workspace when none is named."""
        ref = user_ref or next(iter(self.ws.users))
        return {"ready": self.socket.connected, **screen.state(self.ws, person(self.ws, ref))}

    def open_home(self, user: User, tab: str = "home") -> None:
        """A person opens the app: its Home tab, or its Messages tab.

        https://docs.slack.dev/reference/events/app_home_opened
        """
        room = self.ws.direct_message(self.ws.bot.id, user.id)
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": room.id,
            "event_ts": self.ws.new_ts(),
            "tab": tab,
        }
        home = self.ws.homes.get(user.id)
        if home is not None and tab == "home":
            event["view"] = wire.view_object(self.ws, home)
        self.ws.emit("app_home_opened", lambda: event)

    async def idle(self) -> None:
        """Wait until every event under way is acknowledged or given up."""
        await self.events.idle()

    async def close(self) -> None:
        """Stop sending events and close the app's connections."""
        await self.events.close()
        await self.socket.close()
