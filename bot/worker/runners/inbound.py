"""Kept webhooks: interpret and apply, in the transaction that settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.providers.pagerduty import parse_event
from bot.worker.runners import alerts

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def apply_event(world: World, effect: Claimed) -> Settle | None:
    """Apply one kept event; one that cannot be read is kept with its reason, for a replay after the fix."""
    row_id = effect.payload["row"]
    row = await world.work.read(lambda tx: tx.inbound(row_id))
    if row is None:
        return None
    if row.source.startswith("alerts/"):
        return await alerts.apply(world, row)
    if row.source != "pagerduty":
        return lambda tx: tx.inbound_done(row_id, "ignored", "no reader for this source yet")
    try:
        inbound = parse_event(row.body)
    except ValueError as error:
        reason = str(error)
        return lambda tx: tx.inbound_done(row_id, "failed", reason)
    route = await world.paging.routed(inbound.page)
    apply = world.paging.apply_inbound(inbound, route)

    def settle(tx: Tx) -> None:
        tx.inbound_done(row_id, apply(tx))

    return settle
