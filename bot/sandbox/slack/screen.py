"""What one person sees: the state behind the sandbox's page."""

from bot.sandbox.slack.answers import shown_view
from bot.sandbox.slack.messages import SYSTEM_SUBTYPES
from bot.sandbox.slack.model import Channel, Json, Message, User
from bot.sandbox.slack.workspace import Workspace


def state(ws: Workspace, user: User) -> Json:
    """Everything of Slack's that ``user`` can see now; see README.md for the fields."""
    visible = [channel for channel in ws.channels.values() if ws.can_see(channel, user.id)]
    home = ws.homes.get(user.id)
    return {
        "me": user.id,
        "users": [_user(one) for one in ws.users.values()],
        "usergroups": [
            {"id": one.id, "handle": one.handle, "name": one.name, "users": one.users}
            for one in ws.usergroups.values()
        ],
        "channels": [_channel(ws, channel, user) for channel in visible],
        "messages": {channel.id: _messages(ws, channel, user) for channel in visible},
        "views": [shown_view(view) for view in ws.modals.get(user.id, [])],
        "home": {"id": home.id, "blocks": home.blocks, "state": home.state} if home else None,
        "notices": ws.notices.get(user.id, []),
        "commands": [
            {"command": one.command, "description": one.description, "usage_hint": one.usage_hint}
            for one in ws.manifest.commands
        ],
        "shortcuts": [
            {
                "name": one.name,
                "type": one.type,
                "callback_id": one.callback_id,
                "description": one.description,
            }
            for one in ws.manifest.shortcuts
        ],
    }


def _user(user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "email": user.email,
        "tz": user.tz,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_restricted": user.is_restricted,
    }


def _channel(ws: Workspace, channel: Channel, user: User) -> Json:
    other = ws.users[channel.other(user.id)] if channel.is_im else None
    canvas = ws.canvases.get(channel.canvas_id or "")
    unread, mentions = _unread(ws, channel, user)
    return {
        "id": channel.id,
        "name": other.name if other else channel.name,
        "user": other.id if other else None,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "topic": channel.topic["value"],
        "purpose": channel.purpose["value"],
        "members": list(channel.members),
        "pins": [pin.ts for pin in channel.pins],
        "bookmarks": [
            {"id": one.id, "title": one.title, "link": one.link, "emoji": one.emoji}
            for one in channel.bookmarks.values()
        ],
        "canvas": "\n\n".join(canvas.sections.values()) if canvas else None,
        "last_read": channel.last_read.get(user.id),
        "unread": unread,
        "mentions": mentions,
    }


def _unread(ws: Workspace, channel: Channel, user: User) -> tuple[int, int]:
    """How many messages the person has not seen, and how many of them mention the person."""
    if user.id not in channel.members:
        return 0, 0
    calls = [f"<@{user.id}", "<!channel", "<!here", "<!everyone"]
    calls += [f"<!subteam^{one.id}" for one in ws.usergroups.values() if user.id in one.users]
    last = channel.last_read.get(user.id, "")
    unread = mentions = 0
    for message in reversed(channel.messages.values()):
        if message.ts <= last:
            break
        reply = message.thread_ts and message.thread_ts != message.ts
        if message.user == user.id or message.subtype in SYSTEM_SUBTYPES:
            continue
        if reply and not message.reply_broadcast:
            continue
        unread += 1
        mentions += channel.is_im or any(call in message.text for call in calls)
    return unread, mentions


def _messages(ws: Workspace, channel: Channel, user: User) -> list[Json]:
    mine = [one for one in channel.ephemerals.values() if one.ephemeral_to == user.id]
    everything: list[Message] = list(channel.messages.values())
    if mine:
        everything = sorted([*everything, *mine], key=lambda message: message.ts)
    return [_message(ws, channel, message) for message in everything]


def _message(ws: Workspace, channel: Channel, message: Message) -> Json:
    author = ws.users.get(message.user)
    return {
        "ts": message.ts,
        "user": message.user,
        "username": message.username or (author.real_name if author else message.user),
        "subtype": message.subtype,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "thread_ts": message.thread_ts,
        "reply_count": len(message.replies),
        "reply_broadcast": message.reply_broadcast,
        "edited": message.edited is not None,
        "reactions": [{"name": name, "users": users} for name, users in message.reactions.items()],
        "ephemeral": message.ephemeral_to is not None,
        "metadata": message.metadata,
        "permalink": ws.permalink(channel, message),
    }
