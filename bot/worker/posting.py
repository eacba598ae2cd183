"""Posting once: what an earlier attempt of the same effect posted is found by its key and not posted again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import ProviderError

if TYPE_CHECKING:
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.worker.world import World

#: How far our clock and Slack's may be apart when we look for our own message.
CLOCKS_APART = timedelta(minutes=2)
#: What chat.update answers in an archived channel (docs.slack.dev/reference/methods/chat.update).
ARCHIVED = {"is_archived", "is_inactive"}
#: The message is gone or not ours to edit any more.
LOST = {"message_not_found", "cant_update_message", "edit_window_closed"}


async def posted_before(
    world: World, effect: Claimed, channel: str, *, key: str = "", thread: str | None = None
) -> str | None:
    """The ``ts`` of the message an earlier attempt posted under ``key`` (the effect's own by default), else None."""
    if effect.attempt == 1:
        return None
    since = effect.first_tried_at - CLOCKS_APART
    return await world.chat.find_posted(channel, key or effect.key, since=since, thread=thread)


async def post_once(
    world: World,
    effect: Claimed,
    channel: str,
    message: Message,
    *,
    key: str = "",
    thread: str | None = None,
) -> str:
    """Post it; if an earlier attempt did, leave that one. For what never changes once it is said."""
    found = await posted_before(world, effect, channel, key=key, thread=thread)
    return found or await world.chat.post(channel, message, key=key or effect.key, thread=thread)


async def post_current(
    world: World,
    effect: Claimed,
    channel: str,
    message: Message,
    *,
    key: str = "",
    thread: str | None = None,
) -> str:
    """Post it; if an earlier attempt did, make that one say what is true now. For what is edited in place.

    Whoever wanted to edit it meanwhile did not know where it is, so nobody else would.
    """
    found = await posted_before(world, effect, channel, key=key, thread=thread)
    if found is None:
        return await world.chat.post(channel, message, key=key or effect.key, thread=thread)
    try:
        await world.chat.update(channel, found, message, key=key or effect.key)
    except ProviderError as error:
        if error.code not in LOST | ARCHIVED:
            raise  # whoever edits it next finds out what became of it
    return found
