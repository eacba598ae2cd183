"""The two cards: posting, editing in place, pinning. Rendered from the state at send time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import ProviderError
from bot.services import steps
from bot.worker.posting import ARCHIVED, LOST, post_current, posted_before

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World


async def announce(world: World, effect: Claimed) -> Settle | None:
    """Post the announcement card; a retaken effect looks for it first."""
    channel = await world.rooms.announcements()
    incident, message = await world.card(effect.incident, "announcement")
    if incident.places.announcement_ts or (incident.private and effect.attempt == 1):
        return None
    try:
        if (
            incident.private
        ):  # it became so: what was posted before is deleted by the effect that follows
            found = await posted_before(world, effect, channel)
        else:
            found = await post_current(world, effect, channel, message)
    except ProviderError as error:
        if error.code in {"channel_not_found", "is_archived", "not_in_channel"}:
            await world.rooms.forget("incidents")
        raise
    if found is None:
        return None
    posted, url = found, message_link(world, channel, found)
    return lambda tx: steps.announced(tx, incident.number, channel, posted, url)


def message_link(world: World, channel: str, ts: str) -> str | None:
    """A message's address follows from the workspace's (docs.slack.dev/reference/methods/chat.getPermalink)."""
    if not world.workspace_url:
        return None
    return f"{world.workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"


async def refresh_announcement(world: World, effect: Claimed) -> Settle | None:
    """Edit the announcement card in place."""
    incident, message = await world.card(effect.incident, "announcement")
    places = incident.places
    if not places.announcement_ts or not places.announcement_channel:
        return None
    try:
        await world.chat.update(
            places.announcement_channel,
            places.announcement_ts,
            message,
            key=f"{incident.name}/announce",
        )
    except ProviderError as error:
        if error.code not in LOST:
            raise
        return lambda tx: steps.message_lost(tx, incident.number, "announce")
    return None


async def post_card(world: World, effect: Claimed) -> Settle | None:
    """Post the card into the incident's channel."""
    incident, message = await world.card(effect.incident, "channel")
    channel = incident.places.channel
    if channel is None or incident.places.card_ts:
        return None
    posted = await post_current(world, effect, channel, message)
    return lambda tx: steps.card_posted(tx, incident.number, posted)


async def refresh_card(world: World, effect: Claimed) -> Settle | None:
    """Edit the card in the channel in place; an archived channel of an open incident gets a successor."""
    incident, message = await world.card(effect.incident, "channel")
    places = incident.places
    if not places.card_ts or not places.channel:
        return None
    try:
        await world.chat.update(
            places.channel, places.card_ts, message, key=f"{incident.name}/card:{places.channel}"
        )
    except ProviderError as error:
        if error.code in ARCHIVED:
            return lambda tx: steps.channel_archived(tx, incident.number)
        if error.code not in LOST:
            raise
        return lambda tx: steps.message_lost(tx, incident.number, "card")
    return None


async def pin_card(world: World, effect: Claimed) -> Settle | None:
    """Pin the card (pinned already is fine)."""
    incident = await world.load(effect.incident)
    if incident.places.channel and incident.places.card_ts:
        await world.chat.pin(incident.places.channel, incident.places.card_ts)
    return None
