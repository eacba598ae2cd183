"""What people do that needs no answer of the app: they write, react, join, archive ...

Every function takes the person first and raises ``SlackError`` or ``PersonError``.
"""

from bot.sandbox.slack import conversations, messages, wire
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.fields import PersonError
from bot.sandbox.slack.model import Canvas, Channel, Json, Message, User
from bot.sandbox.slack.text import escape, link_names, rich_text
from bot.sandbox.slack.workspace import Workspace

_BROADCASTS = {"channel": "<!channel>", "here": "<!here>", "everyone": "<!everyone>"}


def person(ws: Workspace, ref: str) -> User:
    """The person acting, by id, name or e-mail address."""
    user = ws.user(ref) if ref else None
    if user is None:
        raise PersonError(f"nobody here is called {ref!r}")
    if user.deleted:
        raise PersonError(f"{user.name} has left")
    return user


def place(ws: Workspace, user: User, ref: str) -> Channel:
    """A conversation the person can see; ``@name`` is the direct message with somebody."""
    if ref.startswith("@"):
        return ws.direct_message(user.id, person(ws, ref).id)
    channel = ws.channel(ref)
    if channel is None or not ws.can_see(channel, user.id):
        raise PersonError(f"{user.name} sees no channel {ref!r}")
    return channel


def _member_place(ws: Workspace, user: User, ref: str) -> Channel:
    channel = place(ws, user, ref)
    if user.id not in channel.members:
        raise PersonError(f"{user.name} is not in #{channel.name}")
    if channel.is_archived:
        raise PersonError(f"#{channel.name} is archived")
    return channel


def seen_message(ws: Workspace, user: User, channel: Channel, ts: str) -> Message:
    """A message on the person's screen."""
    message = ws.message(channel, ts, user.id)
    if message is None:
        raise PersonError(f"{user.name} sees no message {ts!r} in #{channel.name}")
    return message


def type_text(ws: Workspace, text: str, *, labels: bool) -> str:
    """Text as it arrives after a person typed it.

    Args:
        ws: the workspace, for names.
        text: what was typed.
        labels: whether links carry names (``<@U1|alice>``), as in slash commands.
    """

    def resolve(sign: str, name: str) -> str | None:
        if sign == "#":
            channel = ws.channel(name)
            return f"<#{channel.id}|{channel.name}>" if channel else None
        if name in _BROADCASTS:
            return _BROADCASTS[name]
        for group in ws.usergroups.values():
            if group.handle == name:
                return f"<!subteam^{group.id}|@{name}>" if labels else f"<!subteam^{group.id}>"
        user = ws.user(name)
        if user is None:
            return None
        return f"<@{user.id}|{user.name}>" if labels else f"<@{user.id}>"

    return link_names(text, resolve)


def command_text(ws: Workspace, text: str, *, should_escape: bool) -> str:
    """The argument of a slash command; names and links are only resolved when asked for.

    https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    return type_text(ws, text, labels=True) if should_escape else escape(text)


def write(ws: Workspace, user: User, channel_ref: str, text: str, thread_ts: str = "") -> Message:
    """Type a message."""
    channel = _member_place(ws, user, channel_ref)
    if not text.strip():
        raise SlackError("no_text")
    stored = type_text(ws, text, labels=False)
    if thread_ts:
        parent = seen_message(ws, user, channel, thread_ts)
        thread_ts = parent.thread_ts or parent.ts
    message = Message(ws.new_ts(), user.id, stored, thread_ts=thread_ts or None)
    message.blocks = [rich_text(stored, ws.new_id("b"))]
    message.fields = {"client_msg_id": ws.new_id("m")}
    return messages.post(ws, channel, message)


def react(ws: Workspace, user: User, channel_ref: str, ts: str, name: str) -> None:
    """Add a reaction."""
    channel = _member_place(ws, user, channel_ref)
    messages.react(ws, channel, seen_message(ws, user, channel, ts), user.id, name.strip(":"))


def unreact(ws: Workspace, user: User, channel_ref: str, ts: str, name: str) -> None:
    """Take a reaction back."""
    channel = _member_place(ws, user, channel_ref)
    messages.unreact(ws, channel, seen_message(ws, user, channel, ts), user.id, name.strip(":"))


def pin(ws: Workspace, user: User, channel_ref: str, ts: str) -> None:
    """Pin a message."""
    channel = _member_place(ws, user, channel_ref)
    messages.pin(ws, channel, seen_message(ws, user, channel, ts), user.id)


def unpin(ws: Workspace, user: User, channel_ref: str, ts: str) -> None:
    """Take a pin away."""
    channel = _member_place(ws, user, channel_ref)
    messages.unpin(ws, channel, seen_message(ws, user, channel, ts), user.id)


def join(ws: Workspace, user: User, channel_ref: str) -> None:
    """Join a public channel; guests are invited, they cannot join."""
    channel = place(ws, user, channel_ref)
    if user.id in channel.members:
        raise SlackError("already_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    if user.is_restricted:
        raise SlackError("user_is_restricted")
    conversations.add_member(ws, channel, user.id)


def leave(ws: Workspace, user: User, channel_ref: str) -> None:
    """Leave a channel."""
    channel = _member_place(ws, user, channel_ref)
    if channel.is_general:
        raise SlackError("cant_leave_general")
    conversations.remove_member(ws, channel, user.id)


def invite(ws: Workspace, user: User, channel_ref: str, who: str) -> None:
    """Add somebody, the bot for example, to a channel."""
    channel = _member_place(ws, user, channel_ref)
    invited = person(ws, who)
    if invited.id in channel.members:
        raise SlackError("already_in_channel")
    conversations.add_member(ws, channel, invited.id, inviter=user.id)


def remove(ws: Workspace, user: User, channel_ref: str, who: str) -> None:
    """Take somebody, the bot for example, out of a channel."""
    channel = _member_place(ws, user, channel_ref)
    taken = person(ws, who)
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if taken.id not in channel.members:
        raise SlackError("not_in_channel")
    conversations.remove_member(ws, channel, taken.id)


def create_channel(ws: Workspace, user: User, name: str, *, is_private: bool) -> Channel:
    """Open a channel."""
    return conversations.create(ws, name.removeprefix("#"), user.id, is_private=is_private)


def archive(ws: Workspace, user: User, channel_ref: str) -> None:
    """Archive a channel."""
    conversations.archive(ws, place(ws, user, channel_ref), user.id)


def write_canvas(ws: Workspace, user: User, channel_ref: str, markdown: str) -> str:
    """Write into the channel's canvas, which is made when there is none; its id."""
    channel = _member_place(ws, user, channel_ref)
    canvas = ws.canvases.get(channel.canvas_id or "")
    if canvas is None:
        canvas = Canvas(ws.new_id("F"), channel.id, "")
        ws.canvases[canvas.id] = canvas
        channel.canvas_id = canvas.id
    canvas.sections = {ws.new_id("temp:C:"): markdown}
    ws.feed.changed()
    return canvas.id


def unarchive(ws: Workspace, user: User, channel_ref: str) -> None:
    """Bring a channel back from the archive."""
    conversations.unarchive(ws, place(ws, user, channel_ref), user.id)


def rename(ws: Workspace, user: User, channel_ref: str, name: str) -> None:
    """Rename a channel."""
    conversations.rename(ws, _member_place(ws, user, channel_ref), user.id, name)


def delete_channel(ws: Workspace, user: User, channel_ref: str) -> None:
    """Delete a channel."""
    conversations.delete(ws, place(ws, user, channel_ref))


def make_private(ws: Workspace, user: User, channel_ref: str) -> None:
    """Convert a channel to a private one."""
    conversations.make_private(ws, place(ws, user, channel_ref), user.id)


def read(ws: Workspace, user: User, channel_ref: str) -> None:
    """Mark everything in a conversation as read."""
    channel = place(ws, user, channel_ref)
    latest = next(reversed(channel.messages), "")
    if latest and channel.last_read.get(user.id) != latest:
        channel.last_read[user.id] = latest
        ws.feed.changed()


_USER_FIELDS = frozenset(
    {
        "name", "real_name", "email", "tz", "deleted", "is_bot", "is_restricted", "is_admin", "team",
        "status_text", "status_emoji", "status_expiration",
    }
)  # fmt: skip


def change_user(ws: Workspace, ref: str, fields: Json) -> User:
    """Change a person, or add one when nobody has this id, name or e-mail address.

    With ``team`` it is somebody of that other workspace, whom people meet in shared channels.
    """
    unknown = set(fields) - _USER_FIELDS
    if unknown:
        raise PersonError(f"a person has no {sorted(unknown)}")
    user = ws.user(ref)
    event_type = "user_change"
    if user is None:
        if "@" not in ref:
            raise PersonError(f"nobody here is called {ref!r}; somebody new needs an email")
        event_type = "team_join"
        name = str(fields.pop("name", ref.partition("@")[0]))
        user = User(ws.new_id("U"), name, str(fields.pop("real_name", name.title())), email=ref)
        ws.users[user.id] = user
    for key, value in fields.items():
        setattr(user, key, value)
    user.updated = ws.now()
    if user.team:  # nobody tells this workspace of people of another one
        ws.feed.changed()
        return user
    event: Json = {
        "type": event_type,
        "user": wire.user_object(ws, user),
        "cache_ts": user.updated,
        "event_ts": ws.new_ts(),
    }
    ws.emit(event_type, lambda: event)
    return user
