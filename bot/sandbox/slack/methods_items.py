"""``pins.*``, ``bookmarks.*`` and ``reactions.*``.

https://docs.slack.dev/reference/methods#pins
"""

from bot.sandbox.slack import messages, wire
from bot.sandbox.slack.call import Call, Method
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Bookmark, Channel, Json

MAX_BOOKMARKS = 100


def pins_add(call: Call) -> Json:
    """Pin a message."""
    channel = call.own_channel()
    messages.pin(call.ws, channel, call.message(channel, "timestamp"), call.ws.bot.id)
    return {}


def pins_remove(call: Call) -> Json:
    """Take a pin away."""
    channel = call.own_channel()
    messages.unpin(call.ws, channel, call.message(channel, "timestamp"), call.ws.bot.id)
    return {}


def pins_list(call: Call) -> Json:
    """The pins of a channel, newest first."""
    channel = call.own_channel(open_only=False)
    return {
        "items": [
            {
                "type": "message",
                "created": pin.created,
                "created_by": pin.user,
                "channel": channel.id,
                "message": wire.message_object(call.ws, channel, channel.messages[pin.ts]),
            }
            for pin in channel.pins
        ]
    }


def _bookmark(call: Call, channel: Channel) -> Bookmark:
    bookmark = channel.bookmarks.get(call.args.need("bookmark_id"))
    if bookmark is None:
        raise SlackError("not_found")
    return bookmark


def _link(call: Call) -> str:
    link = call.args.text("link")
    if not link.startswith(("http://", "https://", "mailto:")):
        raise SlackError("invalid_link")
    return link


def bookmarks_add(call: Call) -> Json:
    """Add a link to a channel's header."""
    channel = call.own_channel(arg="channel_id")
    if call.args.need("type") != "link":
        raise SlackError("invalid_bookmark_type")
    if len(channel.bookmarks) >= MAX_BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    now = call.ws.now()
    bookmark = Bookmark(
        call.ws.new_id("Bk"),
        call.args.need("title"),
        _link(call),
        call.args.text("emoji"),
        call.ws.bot.id,
        now,
    )
    channel.bookmarks[bookmark.id] = bookmark
    call.ws.feed.changed()
    return {"bookmark": wire.bookmark_object(channel, bookmark)}


def bookmarks_edit(call: Call) -> Json:
    """Change a bookmark."""
    channel = call.own_channel(arg="channel_id")
    bookmark = _bookmark(call, channel)
    bookmark.title = call.args.text("title", bookmark.title)
    bookmark.emoji = call.args.text("emoji", bookmark.emoji)
    if call.args.has("link"):
        bookmark.link = _link(call)
    bookmark.updated, bookmark.user = call.ws.now(), call.ws.bot.id
    call.ws.feed.changed()
    return {"bookmark": wire.bookmark_object(channel, bookmark)}


def bookmarks_remove(call: Call) -> Json:
    """Remove a bookmark."""
    channel = call.own_channel(arg="channel_id")
    del channel.bookmarks[_bookmark(call, channel).id]
    call.ws.feed.changed()
    return {}


def bookmarks_list(call: Call) -> Json:
    """The bookmarks of a channel."""
    channel = call.own_channel(arg="channel_id", open_only=False)
    return {
        "bookmarks": [wire.bookmark_object(channel, item) for item in channel.bookmarks.values()]
    }


def reactions_add(call: Call) -> Json:
    """React to a message."""
    channel = call.own_channel()
    message = call.message(channel, "timestamp")
    messages.react(call.ws, channel, message, call.ws.bot.id, call.args.need("name"))
    return {}


def reactions_remove(call: Call) -> Json:
    """Take a reaction back."""
    channel = call.own_channel()
    message = call.message(channel, "timestamp")
    messages.unreact(call.ws, channel, message, call.ws.bot.id, call.args.need("name"))
    return {}


def reactions_get(call: Call) -> Json:
    """The reactions to a message."""
    channel = call.own_channel(open_only=False)
    message = call.message(channel, "timestamp")
    return {
        "type": "message",
        "channel": channel.id,
        "message": wire.message_object(call.ws, channel, message)
        | {"permalink": call.ws.permalink(channel, message)},
    }


METHODS = {
    "pins.add": Method(pins_add, 2, ("pins:write",)),
    "pins.remove": Method(pins_remove, 2, ("pins:write",)),
    "pins.list": Method(pins_list, 2, ("pins:read",)),
    "bookmarks.add": Method(bookmarks_add, 2, ("bookmarks:write",)),
    "bookmarks.edit": Method(bookmarks_edit, 2, ("bookmarks:write",)),
    "bookmarks.remove": Method(bookmarks_remove, 2, ("bookmarks:write",)),
    "bookmarks.list": Method(bookmarks_list, 3, ("bookmarks:read",)),
    "reactions.add": Method(reactions_add, 3, ("reactions:write",)),
    "reactions.remove": Method(reactions_remove, 2, ("reactions:write",)),
    "reactions.get": Method(reactions_get, 3, ("reactions:read",)),
}
