"""Drills: let one go on, and tell the drill channel how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import drill as shown
from blocks import notices
from bot.worker.posting import post_once

if TYPE_CHECKING:
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World


async def run(world: World, effect: Claimed) -> Settle | None:
    """Nothing is asked of a vendor: what is to be done is decided when this is settled."""
    number = effect.incident or 0
    return lambda tx: world.drills.go_on(tx, number)


async def news(world: World, effect: Claimed) -> Settle | None:
    """Post the report of a drill, or a sentence; a retaken effect looks for it first."""
    message = await _message(world, effect)
    channel = await world.rooms.drills()
    await post_once(world, effect, channel, message)
    return None


async def _message(world: World, effect: Claimed) -> Message:
    number = effect.payload.get("drill")
    if not number:
        return notices.said(effect.payload["text"])
    found = await world.drills.reports(number)
    if found.last is None or found.last.drill.report is None:
        return notices.said(f"The report of INC-{number} is not there any more.")
    return shown.report_message(
        found.last.incident, found.last.drill.report, found.before.report if found.before else None
    )
