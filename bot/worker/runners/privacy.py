"""What is undone when an incident becomes private, and who is in its channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import access as shown
from bot.errors import ProviderError, Reason
from bot.services import steps
from bot.worker.posting import ARCHIVED, LOST

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

#: There is nothing to edit or archive any more.
GONE = {"channel_not_found", "not_in_channel", "thread_not_found"}


async def remove_announcement(world: World, effect: Claimed) -> Settle | None:
    """Delete the announcement, and what we wrote in its thread; gone already is fine, so all of it can be repeated."""
    incident = await world.load(effect.incident)
    channel = effect.payload.get("channel") or incident.places.announcement_channel
    ts = effect.payload.get("ts") or incident.places.announcement_ts
    if not incident.private or not channel or not ts:
        return None
    await world.chat.delete(channel, ts)
    for reply in await world.chat.replies(channel, ts):
        if reply.get("user") == world.bot_user and reply.get("ts") != ts:
            await world.chat.delete(channel, str(reply["ts"]))
    swept = bool(effect.payload)
    return None if swept else lambda tx: steps.announcement_removed(tx, incident.number)


async def veil_card(world: World, effect: Claimed) -> Settle | None:
    """The card in the channel it has left says only that it went on elsewhere; in a channel of others it goes."""
    await _veil(world, effect)
    return None


async def _veil(world: World, effect: Claimed) -> None:
    channel, ts = effect.payload["channel"], effect.payload["ts"]
    if not ts:
        return
    incident = await world.load(effect.incident)
    try:
        if effect.payload["lent"]:
            await world.chat.delete(channel, ts)
        else:
            key = f"{incident.name}/card:{channel}"
            await world.chat.update(channel, ts, shown.veiled(incident), key=key)
    except ProviderError as error:
        if error.code not in LOST | ARCHIVED | GONE:
            raise


async def archive_channel(world: World, effect: Claimed) -> Settle | None:
    """Archive the channel it has left; archived or gone already is fine.

    Where Slack refused a private channel the people keep the place they have; the announcement is gone all the same.
    """
    channel = effect.payload["channel"]
    incident = await world.load(effect.incident)
    if incident.places.channel == channel or incident.places.in_thread:
        return None
    await _veil(world, effect)  # an edit that was under way may have brought the card back
    try:
        await world.chat.archive(channel)
    except ProviderError as error:
        if error.code not in GONE:
            raise
    return None


async def mirror_members(world: World, effect: Claimed) -> Settle | None:
    """Read who is in the channel; a channel we are not in (any more) tells us of nobody."""
    channel = effect.payload["channel"]
    incident = await world.load(effect.incident)
    if not incident.private or incident.places.channel != channel:
        return None
    began = world.work.clock.now()
    try:
        found = list(await world.chat.channel_members(channel))
    except ProviderError as error:
        if error.reason is not Reason.NOT_FOUND and error.code not in GONE:
            raise
        found = []
    inside = [user for user in found if user != world.bot_user]
    return lambda tx: world.privacy.were_read(tx, incident.number, channel, inside, began)
