"""Kept webhooks: interpret and apply, in the transaction that settles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.providers.github import parse_event as parse_issue_event
from bot.providers.pagerduty import parse_event
from bot.worker.runners import alerts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.store.effects import Claimed
    from bot.store.tables import InboundRow
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

    Apply = Callable[[Tx], str]

log = structlog.get_logger()


async def apply_event(world: World, effect: Claimed) -> Settle | None:
    """Apply one kept event; one that cannot be read is kept with its reason, for a replay after the fix."""
    row_id = effect.payload["row"]
    row = await world.work.read(lambda tx: tx.inbound(row_id))
    if row is None:
        return None
    if row.source.startswith("alerts/"):
        return await alerts.apply(world, row)
    reader = _READERS.get(row.source)
    if reader is None:
        return lambda tx: tx.inbound_done(row_id, "ignored", "no reader for this source yet")
    try:
        apply = await reader(world, row)
    except ValueError as error:
        reason = str(error)
        return lambda tx: tx.inbound_done(row_id, "failed", reason)

    def settle(tx: Tx) -> None:
        tx.inbound_done(row_id, apply(tx))

    return settle


async def _pagerduty(world: World, row: InboundRow) -> Apply:
    inbound = parse_event(row.body)
    route = await world.paging.routed(inbound.page)
    return world.paging.apply_inbound(inbound, route)


async def _github(world: World, row: InboundRow) -> Apply:
    news = parse_issue_event(row.event_type.partition(".")[0], row.body)
    return world.following.apply(news) if news else lambda _: "ignored"


_READERS: dict[str, Callable[[World, InboundRow], Awaitable[Apply]]] = {
    "pagerduty": _pagerduty,
    "github": _github,
}
