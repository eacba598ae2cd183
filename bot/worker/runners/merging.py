"""Merging two incidents at PagerDuty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.plan import actor_from
from bot.errors import ProviderError, Reason
from bot.worker.runners.pager import in_name, in_the_bots_name, whose_name

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def merge_page(world: World, effect: Claimed) -> Settle | None:
    """Merge at PagerDuty, which moves the alerts; what it cannot merge is resolved with a note instead."""
    incident = await world.load(effect.incident)
    kept = await world.load(effect.payload["into"])
    page_id, into = incident.pager.id, kept.pager.id
    if page_id is None:
        return None
    pager = world.the_pager()
    by, address = await whose_name(world, actor_from(effect.payload.get("by")))
    merged = into is not None and await _merged(world, address, page_id, into)
    if merged:
        page = await pager.page(page_id, history=False)
    else:
        words = f"Merged into {kept.name}" + (f" {kept.pager.url}" if kept.pager.url else "")
        page = await in_name(
            world, address, lambda email: pager.resolve(page_id, by=email, resolution=words)
        )

    def settle(tx: Tx) -> None:
        world.paging.changed(tx, incident.number, "resolve", page, effect.id)
        tx.emit(in_the_bots_name(tx, effect, incident, by, "merged"))

    return settle


async def _merged(world: World, address: str | None, page_id: str, into: str) -> bool:
    """Whether PagerDuty merged them; it refuses pages without alerts, and those that are closed there."""
    try:
        await in_name(
            world, address, lambda email: world.the_pager().merge(page_id, into, by=email)
        )
    except ProviderError as error:
        if error.reason not in {Reason.INVALID, Reason.CONFLICT, Reason.NOT_FOUND}:
            raise
        return False
    return True
