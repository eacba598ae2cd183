"""The report with its charts, as a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.report import report_message
from bot.worker.posting import posted_before

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World


async def send_report(world: World, effect: Claimed) -> Settle | None:
    """Post it to whoever asked or into its channel; the numbers are those of the moment it is sent."""
    user, name = effect.payload["user"], effect.payload["channel"]
    channel = await (world.chat.direct(user) if user else world.rooms.named(name))
    if await posted_before(world, effect, channel):
        return None
    found = await world.reports.statistics(effect.payload["days"])
    await world.chat.post(channel, report_message(found), key=effect.key)
    return None
