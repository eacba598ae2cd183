"""Notifications beyond Slack: one effect is one message to one configured address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.domain import notify as rules
from bot.providers import beyond

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def notify(world: World, effect: Claimed) -> Settle | None:
    """Send it, rendered from the state now; an address that is not configured any more is told nothing."""
    url = rules.addresses(world.catalog).get(effect.payload["to"])
    if url is None:
        log.info("notify.no_such_address")
        return None
    incident = await world.load(effect.incident)
    event, number = effect.payload["event"], effect.payload.get("entry")
    if incident.private:
        return None
    entry = await world.work.read(lambda tx: tx.entry(number)) if number else None
    link = incident.places.announcement_url or ""
    title, body = rules.words(incident, event, entry, link)
    await beyond.send(url, title, body)
    return None
