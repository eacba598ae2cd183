"""What rosters do by themselves at Slack: messages about hand-overs and gaps, and user groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from blocks import rosters as shown
from bot.domain.roster_duties import LACKS_RIGHT, NewsKind
from bot.errors import ProviderError, Reason
from bot.worker.posting import ARCHIVED, post_once

if TYPE_CHECKING:
    from bot.domain.roster_duties import Told
    from bot.services.roster_watch import GroupNow
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

log = structlog.get_logger()

#: Slack's answers about a channel that is not for us.
CLOSED = {*ARCHIVED, "channel_not_found", "not_in_channel", "restricted_action"}
#: Reasons that are no answer yet: tried again as everything is.
PASSING = {Reason.UNAVAILABLE, Reason.RATE_LIMITED, Reason.UNKNOWN_OUTCOME}


async def tell(world: World, effect: Claimed) -> Settle | None:
    """Post it once, as things stand now; what is over meanwhile is not said.

    Where the roster announces, else (that nobody is on call) to the admins.
    """
    told = await world.roster_watch.told(effect.payload)
    now = world.work.clock.now()
    if told is None or told.is_over(now):
        return None
    why = None
    if told.announce_in:
        why = await _posted(world, effect, told, told.announce_in)
    if told.kind is not NewsKind.HAND_OVER and (why or not told.announce_in):
        await _posted(world, effect, told, None)
    if why is None:
        return None
    refused = why
    return lambda tx: world.roster_watch.unheard(tx, told, refused)


async def _posted(world: World, effect: Claimed, told: Told, name: str | None) -> str | None:
    """Post it into that channel (None: the admins'); Slack's word why that cannot be, None when it is there."""
    try:
        channel = await (world.rooms.named(name) if name else world.rooms.admins())
        if channel is None:
            log.warning("roster.nobody_to_tell", roster=told.roster, kind=told.kind.value)
            return None
        await post_once(world, effect, channel, shown.told(told, world.work.clock.now()))
    except ProviderError as error:
        if name is None or error.code not in CLOSED:
            raise
        await world.rooms.forget(f"named:{name}")
        return error.code
    return None


async def sync_group(world: World, effect: Claimed) -> Settle | None:
    """Make the user group equal to who is on call now; the same twice is fine.

    A refusal stops nothing else: the admins are told once.
    """
    now = await world.roster_watch.group(effect.payload["group"])
    if now is None:
        return None
    if now.is_equal:
        return lambda tx: world.roster_watch.group_done(tx, now, None)
    try:
        group = await world.chat.set_group(await _id(world, now), now.wanted)
    except ProviderError as error:
        if error.reason in PASSING or (
            error.reason is Reason.AUTH and error.code not in LACKS_RIGHT
        ):
            raise
        code = error.code or error.reason.value
        return lambda tx: world.roster_watch.group_refused(tx, now, code)
    changed = replace(group, handle=now.handle)
    return lambda tx: world.roster_watch.group_done(tx, now, changed)


async def _id(world: World, now: GroupNow) -> str:
    """Its id; one that is not mirrored yet is looked for."""
    if now.id is not None:
        return now.id
    for group in await world.chat.user_groups():
        if group.handle == now.handle:
            return group.id
    raise ProviderError(
        "slack", Reason.NOT_FOUND, f"there is no user group @{now.handle}", code="no_such_subteam"
    )
