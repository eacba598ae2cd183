"""Status updates outside the channel: the announcement's thread, PagerDuty's stakeholders, subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import updates as shown
from bot.errors import ProviderError
from bot.store import followers, members
from bot.worker.posting import post_once
from bot.worker.runners.pager import as_person

if TYPE_CHECKING:
    from bot.domain.incident import Entry, Incident
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: Somebody who cannot be written to any more is not subscribed any more.
GONE = {"user_not_found", "user_disabled", "cannot_dm_bot", "account_inactive"}


async def mirror(world: World, effect: Claimed) -> Settle | None:
    """Post an update into the thread of the announcement."""
    incident, entry = await _news(world, effect)
    places = incident.places
    channel, thread = places.announcement_channel, places.announcement_ts
    if entry is None or incident.private or not channel or not thread:
        return None
    await post_once(world, effect, channel, shown.mirrored(incident, entry), thread=thread)
    return None


async def tell_subscriber(world: World, effect: Claimed) -> Settle | None:
    """Write to one subscriber, if they still are one and may still know (judged now)."""
    user = effect.payload["user"]
    incident, entry = await _news(world, effect)

    def listens(tx: Tx) -> bool:
        subscribed = user in followers.followers(tx, incident.number)
        return subscribed and members.sees(tx, incident, user)

    if entry is None or not await world.work.read(listens):
        return None
    try:
        channel = await world.chat.direct(user)
        await post_once(world, effect, channel, shown.for_subscriber(incident, entry))
    except ProviderError as error:
        if error.code not in GONE:
            raise
        return lambda tx: _leave(tx, incident.number, user)
    return None


def _leave(tx: Tx, number: int, user: str) -> None:
    followers.unfollow(tx, number, user)


async def publish(world: World, effect: Claimed) -> Settle | None:
    """Publish an update at PagerDuty in the person's name.

    PagerDuty has no way to look for one: at least once. What its webhook has told of meanwhile is not sent again.
    """
    incident, entry = await _news(world, effect)
    page_id = incident.pager.id
    if entry is None or entry.vendor_at or page_id is None or incident.private:
        return None
    pager, words = world.the_pager(), entry.text
    published = await as_person(world, entry.actor, lambda by: pager.publish(page_id, words, by=by))
    number = entry.id or 0
    return lambda tx: tx.confirm(number, tx.now, published or None)


async def _news(world: World, effect: Claimed) -> tuple[Incident, Entry | None]:
    def look(tx: Tx) -> tuple[Incident, Entry | None]:
        return tx.incident(effect.incident or 0, lock=False), tx.entry(effect.payload["entry"])

    return await world.work.read(look)
