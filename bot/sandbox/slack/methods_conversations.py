"""``conversations.*`` about the channels themselves.

https://docs.slack.dev/reference/methods#conversations
"""

from collections.abc import Callable

from bot.sandbox.slack import conversations, wire
from bot.sandbox.slack.call import (
    INVITE,
    MANAGE,
    READ,
    TOPIC,
    Call,
    Method,
    any_of,
    cursor_metadata,
)
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
MAX_INVITES = 1000


def listing(call: Call, wanted: Callable[[Channel], bool]) -> Json:
    """A page of the conversations the bot may know and that are ``wanted``.

    Raises:
        SlackError: ``missing_scope`` for each kind asked for, ``invalid_types``.
    """
    ws = call.ws
    types = call.args.items("types") or ["public_channel"]
    if not set(types) <= set(_KINDS):
        raise SlackError("invalid_types")
    kinds = {_KINDS[name] for name in types}
    for kind in kinds & set(READ):
        call.require(*READ[kind])
    skip_archived = call.args.flag("exclude_archived")
    found = [
        channel
        for channel in ws.channels.values()
        if channel.kind in kinds
        and ws.can_see(channel, ws.bot.id)
        and not (skip_archived and channel.is_archived)
        and wanted(channel)
    ]
    page, cursor = call.page(found)
    return {
        "channels": [
            wire.channel_object(ws, channel, ws.bot.id) | {"num_members": len(channel.members)}
            for channel in page
        ],
        **cursor_metadata(cursor),
    }


def _answer(call: Call, channel: Channel) -> Json:
    return {"channel": wire.channel_object(call.ws, channel, call.ws.bot.id)}


def conversations_list(call: Call) -> Json:
    """Public channels, and the private ones the bot is in."""
    return listing(call, lambda _: True)


def info(call: Call) -> Json:
    """One conversation."""
    channel = call.channel(READ)
    answer = _answer(call, channel)
    if call.args.flag("include_num_members"):
        answer["channel"]["num_members"] = len(channel.members)
    return answer


def members(call: Call) -> Json:
    """The members of a conversation."""
    page, cursor = call.page(list(call.channel(READ).members))
    return {"members": page, **cursor_metadata(cursor)}


def create(call: Call) -> Json:
    """Open a channel; the bot becomes its only member."""
    is_private = call.args.flag("is_private")
    call.require(*MANAGE["group" if is_private else "channel"])
    channel = conversations.create(
        call.ws, call.args.text("name"), call.ws.bot.id, is_private=is_private
    )
    return _answer(call, channel)


def archive(call: Call) -> Json:
    """Archive a channel."""
    channel = call.own_channel(MANAGE, open_only=False)
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    conversations.archive(call.ws, channel, call.ws.bot.id)
    return {}


def unarchive(call: Call) -> Json:
    """Refused: bot tokens cannot unarchive, they are removed from what they archive.

    https://docs.slack.dev/reference/methods/conversations.unarchive
    """
    call.channel(MANAGE)
    raise SlackError("not_allowed_token_type")


def rename(call: Call) -> Json:
    """Rename a channel; only its creator may (or an administrator, which no bot is)."""
    channel = call.own_channel(MANAGE)
    if channel.creator != call.ws.bot.id:
        raise SlackError("not_authorized")
    conversations.rename(call.ws, channel, call.ws.bot.id, call.args.text("name"))
    return _answer(call, channel)


def set_topic(call: Call) -> Json:
    """Set the topic."""
    channel = call.own_channel(TOPIC)
    conversations.set_topic(call.ws, channel, call.ws.bot.id, call.args.text("topic"))
    return {**_answer(call, channel), "topic": channel.topic["value"]}


def set_purpose(call: Call) -> Json:
    """Set the purpose."""
    channel = call.own_channel(TOPIC)
    conversations.set_purpose(call.ws, channel, call.ws.bot.id, call.args.text("purpose"))
    return {**_answer(call, channel), "purpose": channel.purpose["value"]}


def invite(call: Call) -> Json:
    """Invite up to 1,000 users.

    Without ``force`` one user who cannot be invited stops the whole call; ``errors`` says who.
    """
    channel = call.own_channel(INVITE)
    users = list(dict.fromkeys(call.args.items("users")))
    if not users:
        raise SlackError("no_user")
    if len(users) > MAX_INVITES:
        raise SlackError("too_many_users")
    refused = [
        {"user": user, "ok": False, "error": error}
        for user in users
        if (error := _invite_error(call, channel, user)) is not None
    ]
    bad = {entry["user"] for entry in refused}
    if refused and (not call.args.flag("force") or len(bad) == len(users)):
        raise SlackError(str(refused[0]["error"]), errors=refused)
    for user in users:
        if user not in bad:
            conversations.add_member(call.ws, channel, user, inviter=call.ws.bot.id)
    return _answer(call, channel) | ({"errors": refused} if refused else {})


def _invite_error(call: Call, channel: Channel, user_id: str) -> str | None:
    user = call.ws.users.get(user_id)
    if user_id == call.ws.bot.id:
        return "cant_invite_self"
    if user is None:
        return "user_not_found"
    if user_id in channel.members:
        return "already_in_channel"
    return "cant_invite" if user.deleted else None


def kick(call: Call) -> Json:
    """Remove a user from a channel."""
    channel = call.own_channel(MANAGE)
    user = call.args.need("user")
    if user not in call.ws.users:
        raise SlackError("user_not_found")
    if user == call.ws.bot.id:
        raise SlackError("cant_kick_self")
    if channel.is_general:
        raise SlackError("cant_kick_from_general")
    if user not in channel.members:
        raise SlackError("not_in_channel")
    conversations.remove_member(call.ws, channel, user)
    return {"errors": {}}


def join(call: Call) -> Json:
    """Join a public channel; joining twice is only a warning."""
    channel = call.channel()
    if channel.is_private or channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.ws.bot.id in channel.members:
        warning = "already_in_channel"
        return _answer(call, channel) | {
            "warning": warning,
            "response_metadata": {"warnings": [warning]},
        }
    conversations.add_member(call.ws, channel, call.ws.bot.id)
    return _answer(call, channel)


def leave(call: Call) -> Json:
    """Leave a channel."""
    channel = call.channel(MANAGE)
    if call.ws.bot.id not in channel.members:
        return {"not_in_channel": True}
    if channel.is_general:
        raise SlackError("cant_leave_general")
    if channel.is_archived:
        raise SlackError("is_archived")
    conversations.remove_member(call.ws, channel, call.ws.bot.id)
    return {}


def open_conversation(call: Call) -> Json:
    """Open a direct message with one user."""
    if call.args.has("channel"):
        channel = call.channel(MANAGE)
    else:
        call.require(*MANAGE["im"])
        channel = _direct_message(call)
    if call.args.flag("return_im"):
        return _answer(call, channel)
    return {"channel": {"id": channel.id}}


def _direct_message(call: Call) -> Channel:
    users = call.args.items("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    user = call.ws.users.get(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.deleted:
        raise SlackError("user_disabled")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return call.ws.direct_message(call.ws.bot.id, user.id)


def mark(call: Call) -> Json:
    """Move the bot's own read mark."""
    channel = call.own_channel(MANAGE, open_only=False)
    channel.last_read[call.ws.bot.id] = call.args.need("ts")
    return {}


METHODS = {
    "conversations.list": Method(conversations_list, 2, any_of(READ)),
    "conversations.info": Method(info, 3, any_of(READ)),
    "conversations.members": Method(members, 4, any_of(READ)),
    "conversations.create": Method(create, 2, any_of(MANAGE)),
    "conversations.archive": Method(archive, 2, any_of(MANAGE)),
    "conversations.unarchive": Method(unarchive, 2, any_of(MANAGE)),
    "conversations.rename": Method(rename, 2, any_of(MANAGE)),
    "conversations.setTopic": Method(set_topic, 2, any_of(TOPIC)),
    "conversations.setPurpose": Method(set_purpose, 2, any_of(TOPIC)),
    "conversations.invite": Method(invite, 3, any_of(INVITE)),
    "conversations.kick": Method(kick, 3, any_of(MANAGE)),
    "conversations.join": Method(join, 3, ("channels:join",)),
    "conversations.leave": Method(leave, 3, any_of(MANAGE)),
    "conversations.open": Method(open_conversation, 3, any_of(MANAGE)),
    "conversations.mark": Method(mark, 3, any_of(MANAGE)),
}
