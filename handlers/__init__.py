"""What people do in Slack. One table per kind; ``register`` binds them all to a Bolt app."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING, Any

from blocks import notices
from blocks.forms import message_view
from bot.errors import MusterError, UserError
from bot.services.base import SlackUser
from bot.services.sightings import PRESSED
from handlers.actions import ACTIONS
from handlers.commands import incident_command
from handlers.errors import answer_errors
from handlers.events import EVENTS
from handlers.options import OPTIONS
from handlers.shortcuts import SHORTCUTS
from handlers.turn import Desk, Turn
from handlers.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from slack_bolt.async_app import AsyncApp
    from slack_bolt.context.ack.async_ack import AsyncAck

    from handlers.turn import Handler

    Listener = Callable[..., Awaitable[None]]

COMMAND = "/incident"

__all__ = ["COMMAND", "Desk", "register"]


def register(app: AsyncApp, desk: Desk, observe_ack: Callable[[str, float], None]) -> None:
    """Bind every command, button, form, shortcut and event. ``observe_ack(kind, seconds)`` is told each answer."""

    def listener(kind: str, handler: Handler) -> Listener:
        async def listen(ack: AsyncAck, body: dict[str, Any]) -> None:
            began = time.monotonic()
            turn = turn_of(desk, kind, body, ack)
            await answer_errors(turn, handler)
            observe_ack(kind, time.monotonic() - began)
            if turn.in_direct:
                await _seen(turn)

        return listen

    app.command(COMMAND)(listener("command", incident_command))
    for action_id, handler in ACTIONS.items():
        app.action(action_id.value)(listener("action", handler))
    app.action(re.compile(".*"))(listener("action", _acknowledged))
    for action_id, handler in OPTIONS.items():
        app.options(action_id.value)(listener("options", handler))
    for callback_id, handler in VIEWS.items():
        app.view(callback_id.value)(listener("view", handler))
    app.view(re.compile(".*"))(listener("view", _outdated))
    for shortcut_id, handler in SHORTCUTS.items():
        app.shortcut(shortcut_id.value)(listener("shortcut", handler))
    app.shortcut(re.compile(".*"))(listener("shortcut", _outdated))
    for event, handler in EVENTS.items():
        # Slack sends ``message.groups`` as an event of the type ``message``.
        app.event(event.partition(".")[0])(listener("event", handler))
        _acknowledged_by_us(app)
    app.event(re.compile(".*"))(listener("event", _acknowledged))


def _acknowledged_by_us(app: AsyncApp) -> None:
    """Commit, then ack: Bolt acknowledges events before their listener runs, and a crash would lose them."""
    newest = app._async_listeners[-1]  # noqa: SLF001 - Bolt has no argument for it
    newest.auto_acknowledgement = False


async def _seen(turn: Turn) -> None:
    """Whoever presses in the direct messages has seen the pages there; only the proof is poorer without it."""
    with contextlib.suppress(MusterError):
        await turn.desk.sightings.saw(turn.user.id, PRESSED)


async def _acknowledged(turn: Turn) -> None:
    """Inputs inside forms, link buttons and events nobody asked for are acknowledged, or Slack sends them again."""
    await turn.done()


async def _outdated(turn: Turn) -> None:
    """A form or shortcut of another version of us: without an answer Slack shows an error of its own."""
    words = "This is from another version of me, so nothing was done. Please use /incident."
    if turn.kind == "shortcut":
        await turn.open(message_view("Nothing was done", notices.said(words)))
    else:
        raise UserError(words)


def turn_of(desk: Desk, kind: str, body: Mapping[str, Any], ack: AsyncAck) -> Turn:
    """Slack's payload as a ``Turn``; its once-key is what identifies this very press (PRODUCT.md, "Precisely")."""
    action = _first(body.get("actions"))
    return Turn(
        desk=desk,
        kind=kind,
        body=body,
        ack=ack,
        user=_user(kind, body),
        channel=_channel(body),
        once=_once(kind, body, action),
        action=action,
    )


def _first(value: object) -> Mapping[str, Any]:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _user(kind: str, body: Mapping[str, Any]) -> SlackUser:
    if kind == "command":
        return SlackUser(str(body.get("user_id", "")), str(body.get("user_name", "")))
    user: Any = body.get("user")
    home = (body.get("team") or {}).get("id") if isinstance(body.get("team"), dict) else None
    if kind == "event":
        event = body.get("event") or {}
        user = event.get("user")
    if isinstance(user, dict):
        return SlackUser(
            str(user.get("id", "")),
            str(user.get("name") or user.get("username") or ""),
            stranger=bool(home and user.get("team_id") and user["team_id"] != home),
        )
    return SlackUser(str(user or ""))


def _channel(body: Mapping[str, Any]) -> str | None:
    if body.get("channel_id"):
        return str(body["channel_id"])
    for holder in (body.get("channel"), body.get("container")):
        if isinstance(holder, dict):
            found = holder.get("id") or holder.get("channel_id")
            if found:
                return str(found)
    return None


def _once(kind: str, body: Mapping[str, Any], action: Mapping[str, Any]) -> str:
    if kind == "command":
        return f"command/{body.get('trigger_id', '')}"
    if kind == "view":
        return f"view/{(body.get('view') or {}).get('id', '')}"
    if kind == "action":
        container = body.get("container") or {}
        where = container.get("message_ts") or container.get("view_id") or ""
        return f"press/{where}/{action.get('action_id', '')}/{action.get('action_ts') or body.get('trigger_id', '')}"
    if kind == "event":
        return f"event/{body.get('event_id', '')}"
    return f"{kind}/{body.get('trigger_id', '')}"
