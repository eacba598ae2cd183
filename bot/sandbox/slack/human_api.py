"""The routes of the sandbox's own API that are about Slack; see README.md."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sandbox.slack import people, usergroups
from bot.sandbox.slack.app import Slack
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.fields import PersonError
from bot.sandbox.slack.model import Json, User

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: What a person does at once; the app hears of it by events.
Deed = Callable[[Slack, User, Json], Json | None]


class Body(dict[str, Any]):
    """A JSON object that says which field it lacks."""

    def __missing__(self, name: str) -> Any:
        """Refuse politely."""
        raise PersonError(f"the body lacks {name!r}")


async def body_of(request: web.Request) -> Body:
    """The JSON object of a request.

    Raises:
        PersonError: it is none.
    """
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise PersonError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise PersonError("the body is not a JSON object")
    return Body(body)


def answering(work: Callable[[web.Request], Awaitable[Json]]) -> Handler:
    """A route that answers JSON; what a person cannot do is ``{"ok": false, "error": …}``, 400."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await work(request))
        except (PersonError, SlackError) as problem:
            error = problem.error if isinstance(problem, SlackError) else str(problem)
            return web.json_response({"ok": False, "error": error}, status=400)

    return handle


def _text(body: Json, name: str) -> str:
    return str(body.get(name) or "")


def _repeat(body: Json) -> int:
    return int(body.get("repeat") or 0)


def _message(slack: Slack, user: User, body: Json) -> Json:
    thread = _text(body, "thread_ts")
    message = people.write(slack.ws, user, body["channel"], str(body["text"]), thread)
    return {"ts": message.ts, "channel": _channel_id(slack, body)}


def _channel_id(slack: Slack, body: Json) -> str | None:
    channel = slack.ws.channel(str(body["channel"]))
    return channel.id if channel else None


def _create_channel(slack: Slack, user: User, body: Json) -> Json:
    name = _text(body, "name") or _text(body, "channel")
    private = bool(body.get("is_private"))
    channel = people.create_channel(slack.ws, user, name, is_private=private)
    return {"channel": channel.id}


def _canvas(slack: Slack, user: User, body: Json) -> Json:
    return {"canvas": people.write_canvas(slack.ws, user, body["channel"], str(body["markdown"]))}


def _canvases(slack: Slack, user: User, body: Json) -> Json:  # noqa: ARG001 - a deed
    slack.ws.canvas_refusal = _text(body, "refused_with") or ""
    return {"refused_with": slack.ws.canvas_refusal}


#: Why a workspace lets no app change user groups: who may is a setting, and a free plan has none.
_GROUP_REFUSALS = ("", "permission_denied", "plan_upgrade_required")


def _usergroups(slack: Slack, user: User, body: Json) -> Json:  # noqa: ARG001 - a deed
    refusal = _text(body, "refused_with")
    if refusal not in _GROUP_REFUSALS:
        raise PersonError(f"refused_with is one of {_GROUP_REFUSALS}")
    slack.ws.usergroup_refusal = refusal
    return {"refused_with": refusal}


DEEDS: dict[str, Deed] = {
    "message": _message,
    "create_channel": _create_channel,
    "open_home": lambda s, u, _: s.open_home(u),
    "open_messages": lambda s, u, _: s.open_home(u, "messages"),
    "react": lambda s, u, b: people.react(s.ws, u, b["channel"], str(b["ts"]), b["name"]),
    "unreact": lambda s, u, b: people.unreact(s.ws, u, b["channel"], str(b["ts"]), b["name"]),
    "pin": lambda s, u, b: people.pin(s.ws, u, b["channel"], str(b["ts"])),
    "unpin": lambda s, u, b: people.unpin(s.ws, u, b["channel"], str(b["ts"])),
    "join": lambda s, u, b: people.join(s.ws, u, b["channel"]),
    "leave": lambda s, u, b: people.leave(s.ws, u, b["channel"]),
    "invite": lambda s, u, b: people.invite(s.ws, u, b["channel"], b["who"]),
    "remove": lambda s, u, b: people.remove(s.ws, u, b["channel"], b["who"]),
    "canvas": _canvas,
    "canvases": _canvases,
    "usergroups": _usergroups,
    "archive": lambda s, u, b: people.archive(s.ws, u, b["channel"]),
    "unarchive": lambda s, u, b: people.unarchive(s.ws, u, b["channel"]),
    "rename": lambda s, u, b: people.rename(s.ws, u, b["channel"], b["name"]),
    "make_private": lambda s, u, b: people.make_private(s.ws, u, b["channel"]),
    "delete_channel": lambda s, u, b: people.delete_channel(s.ws, u, b["channel"]),
    "usergroup": lambda s, u, b: usergroups.change(s.ws, u, str(b["handle"]), list(b["users"])),
    "read": lambda s, u, b: people.read(s.ws, u, b["channel"]),
}


class HumanApi:
    """``/api/*`` as far as Slack goes."""

    def __init__(self, slack: Slack) -> None:
        """Let people act in ``slack``."""
        self._slack = slack
        self._asked: dict[str, Callable[[User, Json], Awaitable[Json]]] = {
            "command": lambda u, b: self._talk.command(u, b["channel"], b["text"], _repeat(b)),
            "shortcut": self._shortcut,
            "press": lambda u, b: self._talk.press(u, b, _repeat(b)),
            "submit": lambda u, b: self._talk.submit(u, b.get("values") or {}, _repeat(b)),
            "close": lambda u, b: self._talk.close(u, _repeat(b)),
            "options": lambda u, b: self._talk.options(u, b, _repeat(b)),
        }
        self._talk = slack.interactions

    def add_routes(self, app: web.Application) -> None:
        """Add the routes."""
        for name in self._asked:
            app.router.add_post(f"/api/{name}", answering(self._ask(name)))
        for name in DEEDS:
            app.router.add_post(f"/api/{name}", answering(self._do(name)))
        app.router.add_post("/api/user", answering(self._user))
        app.router.add_post("/api/socket", answering(self._socket))

    def _ask(self, name: str) -> Callable[[web.Request], Awaitable[Json]]:
        async def work(request: web.Request) -> Json:
            body = await body_of(request)
            user = people.person(self._slack.ws, _text(body, "user"))
            return await self._asked[name](user, body)

        return work

    def _do(self, name: str) -> Callable[[web.Request], Awaitable[Json]]:
        async def work(request: web.Request) -> Json:
            body = await body_of(request)
            user = people.person(self._slack.ws, _text(body, "user"))
            return await self._heard(body, lambda: DEEDS[name](self._slack, user, body))

        return work

    async def _heard(self, body: Json, deed: Callable[[], Json | None]) -> Json:
        """Do something and wait until the app has acknowledged the events of it, or did not."""
        with self._slack.events.during(_repeat(body)) as batch:
            result = deed() or {}
        deliveries = await asyncio.gather(*batch.first)
        first = deliveries[0] if deliveries else None
        return {
            "ok": True,
            "ack": None,
            "envelope_id": first.envelope_id if first else None,
            "delivered": [delivery.error or "acknowledged" for delivery in deliveries],
            **result,
        }

    async def _shortcut(self, user: User, body: Json) -> Json:
        wanted = _text(body, "callback_id") or _text(body, "name")
        return await self._talk.shortcut(user, wanted, body, _repeat(body))

    async def _user(self, request: web.Request) -> Json:
        body = await body_of(request)
        ref = _text(body, "id") or _text(body, "email")
        if not ref:
            raise PersonError("say who: id or email")
        taken = {"id", "repeat"} if body.get("id") else {"email", "repeat"}
        fields: Json = {key: value for key, value in body.items() if key not in taken}

        def deed() -> Json:
            return {"user": people.change_user(self._slack.ws, ref, fields).id}

        return await self._heard(body, deed)

    async def _socket(self, request: web.Request) -> Json:
        action: Any = (await body_of(request)).get("action")
        if action not in ("refresh", "warning", "drop", "silent"):
            raise PersonError("action is one of refresh, warning, drop, silent")
        return {"ok": True, "connections": await self._slack.socket.control(action)}
