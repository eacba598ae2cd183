"""What may be done with channels, by people and by the app, and the events that follow.

https://docs.slack.dev/apis/web-api/using-the-conversations-api
"""

from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.messages import system_message
from bot.sandbox.slack.model import Channel, Json
from bot.sandbox.slack.workspace import Workspace

MAX_NAME = 80
MAX_TOPIC = 250


def check_name(ws: Workspace, name: str, current: Channel | None = None) -> None:
    """Refuse a channel name Slack refuses.

    Raises:
        SlackError: ``invalid_name_*``, or ``name_taken`` (archived channels keep their name).
    """
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > MAX_NAME:
        raise SlackError("invalid_name_maxlength")
    if not all(char in "-_" or (char.isalnum() and char == char.lower()) for char in name):
        raise SlackError("invalid_name_specials")
    if not any(char.isalnum() for char in name):
        raise SlackError("invalid_name_punctuation")
    owner = ws.names.get(name)
    if owner is not None and (current is None or owner != current.id):
        raise SlackError("name_taken")


def create(ws: Workspace, name: str, creator: str, *, is_private: bool) -> Channel:
    """Open a channel with its creator as the only member."""
    check_name(ws, name)
    channel = Channel(ws.new_id("C"), name, creator, ws.now(), is_private=is_private)
    channel.members[creator] = None
    ws.channels[channel.id] = channel
    ws.names[name] = channel.id
    if is_private:
        ws.feed.changed()
    else:
        info = {
            "id": channel.id,
            "name": name,
            "name_normalized": name,
            "created": channel.created,
            "creator": creator,
            "is_channel": True,
            "is_shared": False,
            "is_org_shared": False,
            "context_team_id": ws.team_id,
        }
        _emit(ws, channel, "created", {"channel": info}, everywhere=True)
    _joined(ws, channel, creator, inviter=None)
    return channel


def archive(ws: Workspace, channel: Channel, user: str) -> None:
    """Archive a channel; it stays readable and keeps its name."""
    if channel.is_archived:
        raise SlackError("already_archived")
    if channel.is_general:
        raise SlackError("cant_archive_general")
    system_message(ws, channel, user, "archive", f"<@{user}> archived the channel")
    channel.is_archived = True
    _touch(ws, channel)
    _emit(ws, channel, "archive", {"channel": channel.id, "user": user}, everywhere=True)


def unarchive(ws: Workspace, channel: Channel, user: str) -> None:
    """Bring an archived channel back; only people can (bot tokens may not)."""
    if not channel.is_archived:
        raise SlackError("not_archived")
    channel.is_archived = False
    channel.members.setdefault(user, None)
    _touch(ws, channel)
    system_message(ws, channel, user, "unarchive", f"<@{user}> un-archived the channel")
    _emit(ws, channel, "unarchive", {"channel": channel.id, "user": user}, everywhere=True)


def rename(ws: Workspace, channel: Channel, user: str, name: str) -> None:
    """Give a channel another name."""
    check_name(ws, name, channel)
    old = channel.name
    if name == old:
        return
    del ws.names[old]
    ws.names[name] = channel.id
    channel.previous_names.insert(0, old)
    channel.name = name
    _touch(ws, channel)
    text = f'<@{user}> has renamed the channel from "{old}" to "{name}"'
    system_message(ws, channel, user, "name", text, old_name=old, name=name)
    info = {
        "id": channel.id,
        "name": name,
        "name_normalized": name,
        "created": channel.created,
        "is_channel": not channel.is_private,
        "is_mpim": False,
    }
    _emit(ws, channel, "rename", {"channel": info}, everywhere=True)


def delete(ws: Workspace, channel: Channel) -> None:
    """Delete a channel for good; only people can, and its name is free again."""
    if channel.is_general:
        raise SlackError("cant_delete_channel")
    _emit(ws, channel, "deleted", {"channel": channel.id}, everywhere=True)
    del ws.channels[channel.id]
    del ws.names[channel.name]
    ws.feed.changed()


def set_topic(ws: Workspace, channel: Channel, user: str, value: str) -> None:
    """Set the topic, with the message Slack writes about it."""
    _set_text(ws, channel, user, "topic", value)


def set_purpose(ws: Workspace, channel: Channel, user: str, value: str) -> None:
    """Set the purpose (shown as the description)."""
    _set_text(ws, channel, user, "purpose", value)


def _set_text(ws: Workspace, channel: Channel, user: str, what: str, value: str) -> None:
    if len(value) > MAX_TOPIC:
        raise SlackError("too_long")
    entry: Json = {"value": value, "creator": user, "last_set": ws.now()}
    if what == "topic":
        channel.topic = entry
    else:
        channel.purpose = entry
    _touch(ws, channel)
    text = f"<@{user}> set the channel {what}: {value}"
    system_message(ws, channel, user, what, text, **{what: value})


def add_member(ws: Workspace, channel: Channel, user: str, inviter: str | None = None) -> None:
    """Let a user in, by invitation or on their own."""
    channel.members[user] = None
    _joined(ws, channel, user, inviter)


def _joined(ws: Workspace, channel: Channel, user: str, inviter: str | None) -> None:
    fields = {"inviter": inviter} if inviter else {}
    system_message(ws, channel, user, "join", f"<@{user}> has joined the channel", **fields)
    event = {
        "type": "member_joined_channel",
        "user": user,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": ws.team_id,
        "event_ts": ws.new_ts(),
        **fields,
    }
    ws.emit("member_joined_channel", lambda: event, channel)


def remove_member(ws: Workspace, channel: Channel, user: str) -> None:
    """Take a user out, because they left or were removed."""
    system_message(ws, channel, user, "leave", f"<@{user}> has left the channel")
    event = {
        "type": "member_left_channel",
        "user": user,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": ws.team_id,
        "event_ts": ws.new_ts(),
    }
    if user == ws.bot.id:
        _emit(ws, channel, "left", {"channel": channel.id})
        del channel.members[user]
        return
    del channel.members[user]
    ws.emit("member_left_channel", lambda: event, channel)


def make_private(ws: Workspace, channel: Channel, user: str) -> None:
    """Convert to a private channel: administrators only, and never by API for a bot."""
    channel.is_private = True
    _touch(ws, channel)
    text = "made this channel *private*. Now, it can only be viewed or joined by invitation."
    system_message(ws, channel, user, "convert_to_private", text)


def _touch(ws: Workspace, channel: Channel) -> None:
    channel.updated = ws.now() * 1000


def _emit(
    ws: Workspace, channel: Channel, what: str, fields: Json, *, everywhere: bool = False
) -> None:
    """Send ``channel_*`` or ``group_*``; news of public channels reach apps outside them too."""
    name = f"{'group' if channel.is_private else 'channel'}_{what}"
    event = {"type": name, **fields, "event_ts": ws.new_ts()}
    ws.emit(name, lambda: event, None if everywhere and not channel.is_private else channel)
