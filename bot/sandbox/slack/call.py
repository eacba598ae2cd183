"""One Web API call: its arguments, the app that makes it, and the table of methods.

https://docs.slack.dev/apis/web-api/
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.model import Channel, Json, Message
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.socketmode import SocketMode
from bot.sandbox.slack.views import Triggers
from bot.sandbox.slack.workspace import Workspace

T = TypeVar("T")

Scopes = Mapping[str, tuple[str, ...]]

#: Scopes by kind of conversation, any of each group is enough.
READ: Scopes = {"channel": ("channels:read",), "group": ("groups:read",), "im": ("im:read",)}
HISTORY: Scopes = {
    "channel": ("channels:history",),
    "group": ("groups:history",),
    "im": ("im:history",),
}
MANAGE: Scopes = {"channel": ("channels:manage",), "group": ("groups:write",), "im": ("im:write",)}
TOPIC: Scopes = {
    "channel": ("channels:manage", "channels:write.topic"),
    "group": ("groups:write", "groups:write.topic"),
    "im": ("im:write", "im:write.topic"),
}
INVITE: Scopes = {
    "channel": ("channels:manage", "channels:write.invites"),
    "group": ("groups:write", "groups:write.invites"),
    "im": ("im:write",),
}


@dataclass(frozen=True, slots=True)
class Installed:
    """The app as installed: everything a method may need beside the workspace."""

    ws: Workspace
    socket: SocketMode
    triggers: Triggers
    response_urls: ResponseUrls


class Args:
    """Arguments of a call, from a form or from JSON; forms carry structures as JSON text."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Wrap what was sent."""
        self._values = values

    def has(self, name: str) -> bool:
        """Whether the argument was given at all."""
        return self._values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A text, or the default."""
        value = self._values.get(name)
        return default if value is None else str(value)

    def need(self, name: str) -> str:
        """A text that must be there.

        Raises:
            SlackError: ``invalid_arguments``.
        """
        value = self.text(name)
        if not value:
            raise invalid_arguments(f"missing required field: {name} [json-pointer:/{name}]")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean; forms say ``true``/``1``."""
        value = self._values.get(name)
        return default if value is None else str(value).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            SlackError: ``invalid_arguments``.
        """
        value = self._values.get(name)
        try:
            return default if value in (None, "") else int(str(value))
        except ValueError:
            raise invalid_arguments(f"must be a number [json-pointer:/{name}]") from None

    def items(self, name: str) -> list[str]:
        """A list of ids: comma-separated, or an array in JSON."""
        value = self._values.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [part.strip() for part in str(value or "").split(",") if part.strip()]

    def structure(self, name: str) -> Any:
        """An object or array, None when absent.

        Raises:
            SlackError: ``invalid_arguments`` (``invalid_blocks_format`` for blocks) when it is
                text that is not JSON.
        """
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            if name == "blocks":
                raise SlackError("invalid_blocks_format") from None
            raise invalid_arguments(f"must be valid JSON [json-pointer:/{name}]") from None


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated call by the bot."""

    app: Installed
    args: Args

    @property
    def ws(self) -> Workspace:
        """The workspace."""
        return self.app.ws

    def require(self, *scopes: str) -> None:
        """Go on only with one of these scopes.

        Raises:
            SlackError: ``missing_scope`` with ``needed`` and ``provided``.
        """
        manifest = self.ws.manifest
        if not manifest.grants(*scopes):
            raise SlackError("missing_scope", needed=",".join(scopes), provided=manifest.provided)

    def channel(self, scopes: Scopes | None = None, *, arg: str = "channel") -> Channel:
        """The conversation a call names by id, as far as the bot may know it.

        Raises:
            SlackError: ``channel_not_found``, ``missing_scope``.
        """
        channel = self.ws.channels.get(self.args.need(arg))
        if channel is None or not self.ws.can_see(channel, self.ws.bot.id):
            raise SlackError("channel_not_found")
        if scopes is not None:
            self.require(*scopes[channel.kind])
        return channel

    def own_channel(
        self, scopes: Scopes | None = None, *, arg: str = "channel", open_only: bool = True
    ) -> Channel:
        """A conversation the bot is in, and (usually) that is not archived.

        Raises:
            SlackError: also ``not_in_channel``, ``is_archived``.
        """
        channel = self.channel(scopes, arg=arg)
        if self.ws.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        if open_only and channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def message(self, channel: Channel, arg: str) -> Message:
        """The message a call names by ts.

        Raises:
            SlackError: ``message_not_found``.
        """
        message = channel.messages.get(self.args.need(arg))
        if message is None:
            raise SlackError("message_not_found")
        return message

    def page(self, items: Sequence[T], default: int = 100, most: int = 1000) -> tuple[list[T], str]:
        """One page of a list and the cursor of the next ("" at the end).

        https://docs.slack.dev/apis/web-api/pagination

        Raises:
            SlackError: ``invalid_cursor``, ``invalid_limit``.
        """
        limit = self.args.number("limit", default) or default
        if limit < 0:
            raise SlackError("invalid_limit")
        start = _decode_cursor(self.args.text("cursor"))
        end = start + min(limit, most)
        return list(items[start:end]), _encode_cursor(end) if end < len(items) else ""


def _encode_cursor(offset: int) -> str:
    return base64.b64encode(f"offset:{offset}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("offset:"))
    except (ValueError, binascii.Error):
        raise SlackError("invalid_cursor") from None


def cursor_metadata(cursor: str) -> Json:
    """``response_metadata`` of a paginated answer."""
    return {"response_metadata": {"next_cursor": cursor}}


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API.

    Attributes:
        handler: does it and answers the fields beside ``ok``.
        tier: its rate limit tier, None where Slack publishes none.
        scopes: any one of them opens the method.
        takes: which token it wants.
    """

    handler: Callable[[Call], Json]
    tier: int | None
    scopes: tuple[str, ...] = ()
    takes: Literal["bot", "app", "none"] = "bot"


def any_of(scopes: Scopes) -> tuple[str, ...]:
    """All scopes of a family, for methods that work on every kind of conversation."""
    return tuple(dict.fromkeys(scope for group in scopes.values() for scope in group))
