"""Requests to be let in: the question to the people in the incident, and the answer to whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import access as shown
from bot.errors import ProviderError
from bot.services.access import Access
from bot.worker.posting import ARCHIVED, LOST, post_current, post_once

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
    posted = await post_current(world, effect, channel, message, key=request.key)
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
    message = shown.told(incident, let_in=effect.payload["let_in"])
    await post_once(world, effect, channel, message)
    return None
