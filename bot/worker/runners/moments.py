"""Messages of people: which marks they carry, our reaction on them, an answer in their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import lists, notices
from blocks.messages import said_from
from bot.domain import moments
from bot.domain.moments import Said
from bot.errors import ProviderError, Reason
from bot.worker.posting import post_once

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

#: Slack's answers about a conversation we are not in.
OUTSIDE = {"not_in_channel", "channel_not_found"}
#: A reaction that cannot be made any more is no failure anybody must hear of.
FINE = {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}


async def look_at_message(world: World, effect: Claimed) -> Settle | None:
    """Read the message; its marks decide. One that is gone stays as it was recorded, unless its mark was removed."""
    channel, ts = effect.payload["channel"], effect.payload["ts"]
    mark, by = effect.payload["mark"], effect.payload["by"]
    found = await world.chat.message(channel, ts)
    if found is not None and found.get("user") == world.bot_user:
        return None  # what we say is in the timeline anyway
    if found is None and not effect.payload["removed"]:
        return None
    said = said_from(found, channel) if found else Said(channel=channel, ts=ts, text="")
    number = effect.incident or await world.messages.about(said)
    if number is None:
        return None
    own = world.bot_user
    marked_by = said.reactions.get(getattr(world.catalog.reactions, mark), ())
    await world.people.introduced(world.chat, {by, *marked_by} - {own})
    return lambda tx: world.messages.looked(tx, number, said, mark, by, own=own)


async def confirm_message(world: World, effect: Claimed) -> Settle | None:
    """Our reaction is there as long as the message is in the timeline (judged now)."""
    channel, ts = effect.payload["channel"], effect.payload["ts"]
    incident = await world.load(effect.incident)
    entries = await world.work.read(lambda tx: tx.entries(incident.number))
    there = bool(moments.current(entries, moments.message_key(channel, ts)))
    emoji = world.catalog.reactions.confirm
    call = world.chat.react if there else world.chat.unreact
    try:
        await call(channel, ts, emoji)
    except ProviderError as error:
        if error.reason not in FINE:
            raise
        if error.code in OUTSIDE and effect.payload.get("tell") and there:
            words = notices.said("The message is in the timeline.", about=incident)
            await world.chat.post(
                await world.chat.direct(effect.payload["tell"]), words, key=effect.key
            )
    return None


async def answer_message(world: World, effect: Claimed) -> Settle | None:
    """Say in the thread of the message an incident was opened from; where we are not, tell its opener."""
    incident = await world.load(effect.incident)
    channel, thread = effect.payload["channel"], effect.payload["thread"]
    message = notices.declared(incident)
    try:
        await post_once(world, effect, channel, message, thread=thread)
    except ProviderError as error:
        if error.reason not in FINE:
            raise
        user = effect.payload.get("tell")
        if user:
            await world.chat.post(await world.chat.direct(user), message, key=effect.key)
    return None


async def welcome(world: World, effect: Claimed) -> Settle | None:
    """Tell whoever joined, and nobody else, where things stand; at least once."""
    incident = await world.load(effect.incident)
    user, channel = effect.payload["user"], effect.payload["channel"]
    entries = await world.work.read(lambda tx: tx.entries(incident.number))
    context = await world.context(incident)
    message = lists.welcome(incident, context, moments.visible(entries))
    try:
        await world.chat.tell(channel, user, message)
    except ProviderError as error:
        if error.reason not in FINE:  # they left again, or the channel is archived
            raise
    return None
