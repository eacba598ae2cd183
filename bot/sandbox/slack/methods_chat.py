"""``chat.*``.

https://docs.slack.dev/reference/methods#chat
"""

from typing import Any

from bot.sandbox.slack import messages, wire
from bot.sandbox.slack.blockkit import check_attachments, check_message
from bot.sandbox.slack.blocks import all_blocks, initial_state, normalise
from bot.sandbox.slack.call import Call, Method
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json, Message

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4_000


def _target(call: Call) -> Channel:
    """Where to post: a conversation by id or name, or the direct message of a user id."""
    ws, ref = call.ws, call.args.need("channel")
    user = ws.users.get(ref)
    if user is not None:
        return ws.direct_message(ws.bot.id, user.id)
    channel = ws.visible_channel(ref, ws.bot.id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if ws.bot.id not in channel.members and not ws.manifest.grants("chat:write.public"):
        raise SlackError("not_in_channel")
    return channel


def _metadata(call: Call) -> Json | None:
    """``metadata``, checked.

    https://docs.slack.dev/messaging/message-metadata
    """
    metadata: Any = call.args.structure("metadata")
    if metadata is None:
        return None
    well_formed = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not well_formed:
        raise SlackError("invalid_metadata_format")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _compose(call: Call, channel: Channel) -> Message:
    """The message a call describes, checked but not posted."""
    args, ws = call.args, call.ws
    if args.has("username") or args.has("icon_emoji") or args.has("icon_url"):
        call.require("chat:write.customize")
    text = args.text("text")[:MAX_TEXT]
    attachments = _attachments(call)
    blocks = normalise(
        check_message(text, args.structure("blocks"), has_attachments=bool(attachments))
    )
    broadcast = args.flag("reply_broadcast")
    message = Message(
        ws.new_ts(),
        ws.bot.id,
        text,
        blocks=blocks,
        attachments=attachments,
        thread_ts=_thread(call, channel),
        by_app=True,
        username=args.text("username") or None,
        metadata=_metadata(call),
        reply_broadcast=broadcast,
        subtype="thread_broadcast" if broadcast else None,
    )
    message.state = initial_state(all_blocks(message))
    return message


def _attachments(call: Call) -> list[Json]:
    attachments = check_attachments(call.args.structure("attachments"))
    for attachment in attachments:
        if "blocks" in attachment:
            attachment["blocks"] = normalise(attachment["blocks"])
    return attachments


def _thread(call: Call, channel: Channel) -> str | None:
    """``thread_ts`` of the parent; a reply's ts stands for its thread."""
    ts = call.args.text("thread_ts")
    if not ts:
        return None
    parent = channel.messages.get(ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts


def post_message(call: Call) -> Json:
    """Post a message."""
    channel = _target(call)
    message = messages.post(call.ws, channel, _compose(call, channel))
    body = wire.message_object(call.ws, channel, message, with_metadata=True)
    answer: Json = {"channel": channel.id, "ts": message.ts, "message": body}
    if len(call.args.text("text")) > MAX_TEXT:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


def post_ephemeral(call: Call) -> Json:
    """Show a message to one member only; it cannot be changed by ``chat.update``."""
    # chat:write.public speaks of messages only, so being outside is refused here.
    channel = call.own_channel()
    user = call.ws.users.get(call.args.need("user"))
    if user is None:
        raise SlackError("user_not_found")
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = _compose(call, channel)
    message.ephemeral_to = user.id
    messages.post(call.ws, channel, message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """Change a message of the bot.

    Text without blocks removes the blocks; attachments stay unless new ones are given.
    """
    args, ws = call.args, call.ws
    channel = call.channel()
    message = call.message(channel, "ts")
    if message.user != ws.bot.id or message.subtype == "tombstone":
        raise SlackError("cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    text = args.text("text")
    if len(text) > MAX_UPDATE_TEXT:
        raise SlackError("msg_too_long")
    metadata = _metadata(call)
    attachments = _attachments(call) if args.has("attachments") else message.attachments
    blocks = normalise(
        check_message(text, args.structure("blocks"), has_attachments=bool(attachments))
    )
    new: Json = {
        "text": text if args.has("text") else message.text,
        "blocks": blocks,
        "attachments": attachments,
        "state": initial_state(blocks, message.state),
    }
    if metadata is not None:
        new["metadata"] = metadata
    messages.change(ws, channel, message, new)
    body = wire.message_object(ws, channel, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": body}


def delete(call: Call) -> Json:
    """Delete a message of the bot."""
    channel = call.channel()
    message = call.message(channel, "ts")
    if message.user != call.ws.bot.id:
        raise SlackError("cant_delete_message")
    messages.delete(call.ws, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    """The address of a message."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": call.ws.permalink(channel, message)}


#: ``chat.postMessage`` has its own limits per channel and workspace; ``chat.getPermalink`` none.
METHODS = {
    "chat.postMessage": Method(post_message, None, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, 4, ("chat:write",)),
    "chat.update": Method(update, 3, ("chat:write",)),
    "chat.delete": Method(delete, 3, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, None),
}
