"""``conversations.history`` and ``conversations.replies``.

https://docs.slack.dev/reference/methods/conversations.history
"""

from bot.sandbox.slack import wire
from bot.sandbox.slack.call import HISTORY, Call, Method, any_of, cursor_metadata
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json, Message


def _within(call: Call, message: Message) -> bool:
    """Whether a message lies between ``oldest`` and ``latest``; the ends only if ``inclusive``."""
    inclusive = call.args.flag("inclusive")
    oldest, latest = call.args.text("oldest", "0"), call.args.text("latest")
    ts = float(message.ts)
    if inclusive and message.ts in (oldest, latest):
        return True
    return ts > float(oldest or 0) and (not latest or ts < float(latest))


def _objects(call: Call, channel: Channel, messages: list[Message]) -> list[Json]:
    with_metadata = call.args.flag("include_all_metadata")
    return [
        wire.message_object(call.ws, channel, message, with_metadata=with_metadata)
        for message in messages
    ]


def history(call: Call) -> Json:
    """The messages of a channel, newest first, without thread replies."""
    channel = call.own_channel(HISTORY, open_only=False)
    found = [
        message
        for message in reversed(channel.messages.values())
        if (not message.thread_ts or message.thread_ts == message.ts or message.reply_broadcast)
        and _within(call, message)
    ]
    page, cursor = call.page(found, most=999)
    return {
        "messages": _objects(call, channel, page),
        "has_more": bool(cursor),
        "pin_count": len(channel.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        **(cursor_metadata(cursor) if cursor else {}),
    }


def replies(call: Call) -> Json:
    """A thread: the parent, then its replies, oldest first."""
    channel = call.own_channel(HISTORY, open_only=False)
    parent = channel.messages.get(call.args.need("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    thread = [channel.messages[ts] for ts in parent.replies]
    page, cursor = call.page(
        [parent, *(message for message in thread if _within(call, message))], default=1000
    )
    return {
        "messages": _objects(call, channel, page),
        "has_more": bool(cursor),
        **(cursor_metadata(cursor) if cursor else {}),
    }


METHODS = {
    "conversations.history": Method(history, 3, any_of(HISTORY)),
    "conversations.replies": Method(replies, 3, any_of(HISTORY)),
}
