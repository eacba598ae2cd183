"""Calendars of rosters are read by the clock; one that cannot be read keeps its last copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.errors import ProviderError
from bot.services import calendars, rosters
from bot.store import rosters as store

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def read(world: World, effect: Claimed) -> Settle | None:
    """Read one calendar as it is now. A failure is no reason to try at once: the next reading comes by the clock."""
    name = effect.payload["roster"]
    roster = await world.work.read(lambda tx: rosters.find(tx, world.catalog, name))
    if roster is None or roster.ical is None or world.calendars is None:
        return None
    since, until = calendars.window(world.work.clock.now())
    try:
        entries = await world.calendars.read(roster.ical, since, until, roster.time_zone)
    except ProviderError as error:
        log.warning("calendar.not_read", roster=name, reason=error.reason.value)
        why = error.detail or error.reason.value
        return lambda tx: store.keep_problem(tx, roster, why)

    def settle(tx: Tx) -> None:
        calendars.keep(tx, roster, entries)

    return settle
