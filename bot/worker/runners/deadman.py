"""The ping that tells an address outside that pages go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.errors import ProviderError

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def ping(world: World, effect: Claimed) -> Settle | None:
    """Carried out like every other effect, so a worker that stands still does not ping.

    One that is not heard is not tried again: the next follows within a minute, and silence is what the other side
    acts upon.
    """
    del effect
    if world.deadman is None:
        return None
    try:
        await world.deadman.ping()
    except ProviderError as error:
        log.warning("deadman.not_heard", reason=error.reason.value, detail=error.detail)
    return None
