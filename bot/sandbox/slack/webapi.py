"""The Web API: reading a call, letting it in, answering it.

https://docs.slack.dev/apis/web-api/
"""

import json
from typing import Any

from aiohttp import web

from bot.sandbox.slack import (
    methods_auth,
    methods_canvases,
    methods_chat,
    methods_conversations,
    methods_history,
    methods_items,
    methods_users,
    methods_views,
)
from bot.sandbox.slack.call import Args, Call, Installed, Method
from bot.sandbox.slack.calllog import note
from bot.sandbox.slack.errors import MISTAKES, SlackError
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.ratelimit import RateLimitedError, RateLimits

METHODS: dict[str, Method] = {
    **methods_auth.METHODS,
    **methods_users.METHODS,
    **methods_conversations.METHODS,
    **methods_history.METHODS,
    **methods_chat.METHODS,
    **methods_items.METHODS,
    **methods_views.METHODS,
    **methods_canvases.METHODS,
}

_PREFIXES = {"bot": "xoxb-", "app": "xapp-"}
_KNOWN_PREFIXES = ("xoxb-", "xapp-", "xoxp-", "xoxe")


class WebApi:
    """``/slack/api/{method}``."""

    def __init__(self, app: Installed, limits: RateLimits) -> None:
        """Serve an installed app."""
        self._app = app
        self._limits = limits

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call; errors come with status 200 as Slack's do, rate limits with 429."""
        name = request.match_info["method"]
        try:
            return self._respond(await self._run(name, request))
        except SlackError as refusal:
            note(error=refusal.error)
            if refusal.error in MISTAKES:
                self._app.ws.problems.add(refusal.error, _explain(name, refusal))
            if isinstance(refusal, RateLimitedError):
                headers = {"Retry-After": str(refusal.retry_after)}
                return web.json_response(refusal.body(), status=429, headers=headers)
            return self._respond(refusal.body())

    async def _run(self, name: str, request: web.Request) -> Json:
        values = await _arguments(request)
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        _authenticate(method, request, values)
        call = Call(self._app, Args(values))
        if method.takes == "bot":
            call.require(*method.scopes)
        target = _target(values)
        note(key=target)
        channel = self._app.ws.channel(target)
        self._limits.check(name, method.tier, channel.id if channel else target)
        return {"ok": True, **method.handler(call)}

    def _respond(self, body: Json) -> web.Response:
        headers = {"x-oauth-scopes": self._app.ws.manifest.provided}
        return web.json_response(body, headers=headers)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Arguments from the query, a form or a JSON body."""
    values: dict[str, Any] = dict(request.query)
    if request.method != "POST":
        return values
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return values | body
    return values | dict(await request.post())


def _authenticate(method: Method, request: web.Request, values: dict[str, Any]) -> None:
    """Let in a token of the right kind.

    Raises:
        SlackError: ``not_authed``, ``invalid_auth``, ``not_allowed_token_type``.
    """
    header = request.headers.get("Authorization", "")
    scheme, _, bearer = header.partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else str(values.get("token") or "")
    if method.takes == "none":
        return
    if not token:
        raise SlackError("not_authed")
    if not token.startswith(_KNOWN_PREFIXES):
        raise SlackError("invalid_auth")
    prefix = _PREFIXES[method.takes]
    if not token.startswith(prefix):
        raise SlackError("not_allowed_token_type")
    if len(token) == len(prefix):
        raise SlackError("invalid_auth")


def _target(values: dict[str, Any]) -> str:
    """What a call is about, for rate limits and the call log."""
    for name in ("channel", "channel_id", "view_id", "user_id", "user", "usergroup", "name"):
        if values.get(name):
            return str(values[name])
    return ""


def _explain(name: str, refusal: SlackError) -> str:
    details = refusal.extra.get("response_metadata", {}).get("messages", [])
    if refusal.error == "missing_scope":
        details = [f"needs {refusal.extra['needed']}"]
    return ": ".join([name, refusal.error, *details])
