"""Interaction payloads, field by field as Slack sends them over Socket Mode.

https://docs.slack.dev/reference/interaction-payloads
"""

from bot.sandbox import seed
from bot.sandbox.slack import wire
from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.workspace import Workspace


def _common(ws: Workspace, user: User) -> Json:
    return {
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team or ws.team_id,
        },
        "api_app_id": ws.app_id,
        "token": ws.verification,
        "team": {"id": ws.team_id, "domain": seed.TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def slash_command(
    ws: Workspace,
    user: User,
    channel: Channel,
    *,
    command: str,
    text: str,
    trigger_id: str,
    url: str,
) -> Json:
    """A slash command; every value is text, as in the form it once was."""
    return {
        "token": ws.verification,
        "team_id": ws.team_id,
        "team_domain": seed.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": wire.channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": ws.app_id,
        "is_enterprise_install": "false",
        "response_url": url,
        "trigger_id": trigger_id,
    }


def message_block_actions(
    ws: Workspace,
    user: User,
    channel: Channel,
    message: Message,
    *,
    trigger_id: str,
    url: str,
) -> Json:
    """``block_actions`` of a message, still without ``actions``.

    Of an ephemeral message Slack sends no ``message``, only its ts in the container.
    """
    ephemeral = message.ephemeral_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        "type": "block_actions",
        **_common(ws, user),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel.id, "name": wire.channel_name(channel)},
        "state": {"values": message.state},
        "response_url": url,
    }
    if not ephemeral:
        payload["message"] = wire.message_object(ws, channel, message, with_metadata=True)
    return payload


def view_block_actions(ws: Workspace, user: User, view: View, trigger_id: str) -> Json:
    """``block_actions`` of a modal or Home tab, still without ``actions``."""
    return {
        "type": "block_actions",
        **_common(ws, user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger_id,
        "view": wire.view_object(ws, view),
    }


def view_submission(
    ws: Workspace, user: User, view: View, trigger_id: str, response_urls: list[Json]
) -> Json:
    """The person pressed the submit button."""
    return {
        "type": "view_submission",
        **_common(ws, user),
        "trigger_id": trigger_id,
        "view": wire.view_object(ws, view),
        "response_urls": response_urls,
    }


def view_closed(ws: Workspace, user: User, view: View, *, is_cleared: bool) -> Json:
    """The person closed a view that has ``notify_on_close``."""
    return {
        "type": "view_closed",
        **_common(ws, user),
        "view": wire.view_object(ws, view),
        "is_cleared": is_cleared,
    }


def shortcut(ws: Workspace, user: User, callback_id: str, trigger_id: str) -> Json:
    """A global shortcut."""
    common = _common(ws, user)
    del common["api_app_id"]
    return {
        "type": "shortcut",
        **common,
        "action_ts": ws.new_ts(),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
    }


def message_action(
    ws: Workspace,
    user: User,
    channel: Channel,
    message: Message,
    *,
    callback_id: str,
    trigger_id: str,
    url: str,
) -> Json:
    """A message shortcut."""
    common = _common(ws, user)
    del common["api_app_id"]
    return {
        "type": "message_action",
        **common,
        "action_ts": ws.new_ts(),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": url,
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": wire.channel_name(channel)},
        "message": wire.message_object(ws, channel, message, with_metadata=True),
    }


def block_suggestion(
    ws: Workspace,
    user: User,
    place: View | tuple[Channel, Message],
    *,
    action_id: str,
    block_id: str,
    value: str,
) -> Json:
    """The person typed into an external select."""
    payload: Json = {
        "type": "block_suggestion",
        **_common(ws, user),
        "action_id": action_id,
        "block_id": block_id,
        "value": value,
    }
    if isinstance(place, View):
        return payload | {
            "container": {"type": "view", "view_id": place.id},
            "view": wire.view_object(ws, place),
        }
    channel, message = place
    return payload | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
        },
        "channel": {"id": channel.id, "name": wire.channel_name(channel)},
        "message": wire.message_object(ws, channel, message, with_metadata=True),
    }


def event_callback(ws: Workspace, event: Json) -> Json:
    """The Events API wrapper around an event.

    https://docs.slack.dev/apis/events-api/#callback-field
    """
    return {
        "token": ws.verification,
        "team_id": ws.team_id,
        "context_team_id": ws.team_id,
        "context_enterprise_id": None,
        "api_app_id": ws.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": ws.new_id("Ev"),
        "event_time": ws.now(),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": ws.team_id,
                "user_id": ws.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-sandbox",
    }
