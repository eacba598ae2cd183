"""What may be done with messages, by people and by the app, and the events that follow.

https://docs.slack.dev/reference/events/message
"""

from bot.sandbox.slack import wire
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json, Message, Pin
from bot.sandbox.slack.workspace import Workspace

_PLURAL = {"channel": "channels", "group": "groups", "im": "im"}

MAX_REACTIONS = 23

#: Messages Slack writes itself; they do not make a channel unread.
SYSTEM_SUBTYPES = frozenset(
    f"{kind}_{what}"
    for kind in ("channel", "group")
    for what in ("join", "leave", "topic", "purpose", "name", "archive", "unarchive")
) | {"channel_convert_to_private"}


def post(ws: Workspace, channel: Channel, message: Message) -> Message:
    """Add a message and tell everybody who may know."""
    if message.ephemeral_to is not None:
        channel.ephemerals[message.ts] = message
        ws.feed.changed()
        return message
    channel.messages[message.ts] = message
    parent = channel.messages.get(message.thread_ts or "")
    if parent is not None and parent is not message:
        parent.replies.append(message.ts)
    if not message.by_app:
        channel.last_read[message.user] = message.ts
    _emit_message(ws, channel, message)
    return message


def _emit_message(ws: Workspace, channel: Channel, message: Message) -> None:
    def event() -> Json:
        place = {"channel": channel.id, "event_ts": message.ts}
        return wire.message_object(ws, channel, message) | place

    name = f"message.{_PLURAL[channel.kind]}"
    ws.emit(name, lambda: event() | {"channel_type": channel.kind}, channel)
    if f"<@{ws.bot.id}" in message.text and message.user != ws.bot.id and not channel.is_im:
        ws.emit("app_mention", lambda: event() | {"type": "app_mention"}, channel)


def system_message(
    ws: Workspace, channel: Channel, user: str, what: str, text: str, **fields: object
) -> None:
    """Post what Slack writes itself, such as "has joined the channel"."""
    kind = "group" if channel.is_private and what != "convert_to_private" else "channel"
    message = Message(ws.new_ts(), user, text, subtype=f"{kind}_{what}", fields=dict(fields))
    post(ws, channel, message)


def change(ws: Workspace, channel: Channel, message: Message, new: Json) -> None:
    """Replace fields of a message and send ``message_changed``.

    Args:
        ws: the workspace.
        channel: where the message is.
        message: the message, changed in place.
        new: attributes of ``Message`` to set.
    """
    previous = wire.message_object(ws, channel, message)
    for name, value in new.items():
        setattr(message, name, value)
    if message.ephemeral_to is not None:
        ws.feed.changed()
        return
    message.edited = {"user": message.user, "ts": ws.new_ts()}
    _emit_changed(ws, channel, "message_changed", message, previous)


def _emit_changed(
    ws: Workspace, channel: Channel, subtype: str, message: Message, previous: Json
) -> None:
    def event() -> Json:
        ts = ws.new_ts()
        what: Json = {"deleted_ts": message.ts}
        if subtype == "message_changed":
            what = {"message": wire.message_object(ws, channel, message)}
        return what | {
            "type": "message",
            "subtype": subtype,
            "previous_message": previous,
            "channel": channel.id,
            "hidden": True,
            "ts": ts,
            "event_ts": ts,
            "channel_type": channel.kind,
        }

    ws.emit(f"message.{_PLURAL[channel.kind]}", event, channel)


def delete(ws: Workspace, channel: Channel, message: Message) -> None:
    """Remove a message; the parent of a thread leaves a tombstone behind."""
    if message.ephemeral_to is not None:
        del channel.ephemerals[message.ts]
        ws.feed.changed()
        return
    previous = wire.message_object(ws, channel, message)
    channel.pins = [pin for pin in channel.pins if pin.ts != message.ts]
    if message.replies:
        message.text, message.blocks = "This message was deleted.", []
        message.subtype, message.metadata = "tombstone", None
    else:
        del channel.messages[message.ts]
        parent = channel.messages.get(message.thread_ts or "")
        if parent is not None and message.ts in parent.replies:
            parent.replies.remove(message.ts)
    _emit_changed(ws, channel, "message_deleted", message, previous)


def react(ws: Workspace, channel: Channel, message: Message, user: str, name: str) -> None:
    """Add a reaction.

    Raises:
        SlackError: ``already_reacted``, ``too_many_emoji`` (23 different ones per message).
    """
    users = message.reactions.get(name, [])
    if user in users:
        raise SlackError("already_reacted")
    if name not in message.reactions and len(message.reactions) >= MAX_REACTIONS:
        raise SlackError("too_many_emoji")
    message.reactions[name] = [*users, user]
    _emit_reaction(ws, channel, message, by=user, name=name, event_type="reaction_added")


def unreact(ws: Workspace, channel: Channel, message: Message, user: str, name: str) -> None:
    """Take a reaction back.

    Raises:
        SlackError: ``no_reaction``.
    """
    users = message.reactions.get(name, [])
    if user not in users:
        raise SlackError("no_reaction")
    users.remove(user)
    if not users:
        del message.reactions[name]
    _emit_reaction(ws, channel, message, by=user, name=name, event_type="reaction_removed")


def _emit_reaction(
    ws: Workspace, channel: Channel, message: Message, *, by: str, name: str, event_type: str
) -> None:
    event = {
        "type": event_type,
        "user": by,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user,
        "event_ts": ws.new_ts(),
    }
    ws.emit(event_type, lambda: event, channel)


def pin(ws: Workspace, channel: Channel, message: Message, user: str) -> None:
    """Pin a message.

    Raises:
        SlackError: ``already_pinned``.
    """
    if any(item.ts == message.ts for item in channel.pins):
        raise SlackError("already_pinned")
    channel.pins.insert(0, Pin(message.ts, user, ws.now()))
    _emit_pin(ws, channel, message, user, "pin_added")


def unpin(ws: Workspace, channel: Channel, message: Message, user: str) -> None:
    """Take a pin away.

    Raises:
        SlackError: ``no_pin``.
    """
    kept = [item for item in channel.pins if item.ts != message.ts]
    if len(kept) == len(channel.pins):
        raise SlackError("no_pin")
    channel.pins = kept
    _emit_pin(ws, channel, message, user, "pin_removed")


def _emit_pin(
    ws: Workspace, channel: Channel, message: Message, user: str, event_type: str
) -> None:
    event = {
        "type": event_type,
        "user": user,
        "channel_id": channel.id,
        "item": {
            "type": "message",
            "channel": channel.id,
            "message": wire.message_object(ws, channel, message)
            | {"permalink": ws.permalink(channel, message)},
            "created": ws.now(),
            "created_by": user,
        },
        "item_user": message.user,
        "pin_count": len(channel.pins),
        "event_ts": ws.new_ts(),
    }
    ws.emit(event_type, lambda: event, channel)
