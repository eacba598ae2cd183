"""Requests to be let in: the question to the people in the incident, and the answer to whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import access as shown
from bot.errors import ProviderError
from bot.services.access import Access
from bot.worker.runners.messages import ARCHIVED, CLOCKS_APART, LOST

if TYPE_CHECKING:
    from bot.domain.access import Request
    from bot.domain.incident import Incident
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def ask(world: World, effect: Claimed) -> Settle | None:
    """Post the question in the incident's channel, or show there how it was answered."""
    user = effect.payload["user"]
    incident = await world.load(effect.incident)
    request = await world.work.read(lambda tx: Access.asked(tx, incident.number, user))
    if request is None or not incident.private:
        return None
    message = shown.asked(incident, request)
    if request.channel and request.ts:
        try:
            await world.chat.update(request.channel, request.ts, message, key=request.key)
        except ProviderError as error:
            if error.code not in LOST | ARCHIVED:
                raise
        return None
    channel = await _where(world, incident)
    if channel is None:
        return None
    ts = None
    if effect.attempt > 1:
        since = effect.first_tried_at - CLOCKS_APART
        ts = await world.chat.find_posted(channel, request.key, since=since)
    posted = ts or await world.chat.post(channel, message, key=request.key)
    return _posted(incident, request, channel, posted)


def _posted(incident: Incident, request: Request, channel: str, ts: str) -> Settle:
    def settle(tx: Tx) -> None:
        Access.shown(tx, incident.number, request.slack_id, channel, ts)

    return settle


async def _where(world: World, incident: Incident) -> str | None:
    """Its channel; as long as it has none, whoever answers for it."""
    if incident.places.channel:
        return incident.places.channel
    people = (incident.commander, incident.owner, incident.reporter)
    known = [person.slack_id for person in people if person and person.slack_id]
    return await world.chat.direct(known[0]) if known else None


async def tell(world: World, effect: Claimed) -> Settle | None:
    """Whoever asked hears how it was decided, directly."""
    incident = await world.load(effect.incident)
    channel = await world.chat.direct(effect.payload["user"])
    if effect.attempt > 1 and await world.chat.find_posted(
        channel, effect.key, since=effect.first_tried_at - CLOCKS_APART
    ):
        return None
    message = shown.told(incident, let_in=effect.payload["let_in"])
    await world.chat.post(channel, message, key=effect.key)
    return None
