"""App Home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.home import home_view
from bot.store import queries
from bot.worker.runners.oncall import for_home

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def publish_home(world: World, effect: Claimed) -> Settle | None:
    """Publish App Home for one person."""
    user = effect.payload["user"]

    def look(tx: Tx) -> tuple[queries.Page, queries.Page]:
        mine = queries.incidents(tx, open_only=True, mine=user, viewer=user, limit=10)
        return mine, queries.incidents(tx, open_only=True, viewer=user, limit=15, drills=False)

    mine, open_incidents = await world.work.read(look)
    view = home_view(
        mine=mine.incidents,
        open_incidents=open_incidents.incidents,
        open_total=open_incidents.total,
        statistics=await world.reports.statistics(),
        now=world.work.clock.now(),
        on_call=await for_home(world),
        alerts=await world.alerts.without_incident(),
    )
    await world.chat.publish_home(user, view)
    return None
