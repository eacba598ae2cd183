"""Archiving a channel: the notice before, the last word, and the archiving itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from blocks import archiving as shown
from bot.domain.archiving import Step
from bot.errors import ProviderError
from bot.worker.posting import ARCHIVED, LOST, post_current

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from bot.ports import Message
    from bot.services.archiving import Shown
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

_OVER = {*ARCHIVED, "channel_not_found"}


async def notice(world: World, effect: Claimed) -> Settle | None:
    """Announce it, unless people wrote in the channel since; or say on the notice that it does not count any more."""
    now = await world.afterwards.archiving.shown(effect.incident or 0)
    if effect.payload.get("edit"):
        await _edit(world, now, effect.key)
        return None
    return await _when_due(world, now, Step.NOTICE, partial(_notice, world, effect))


async def _notice(world: World, effect: Claimed, now: Shown, channel: str) -> Settle | None:
    moment, number = world.work.clock.now(), now.incident.number
    message = shown.notice(now.incident, _archived_at(now, moment))
    ts = await _posted(world, effect, channel, message, effect.key)
    if ts is None:  # archived by hand meanwhile: Slack's event says so
        return None
    posted = ts
    return lambda tx: world.afterwards.archiving.noticed(tx, number, channel, posted, moment)


def _archived_at(now: Shown, noticed: datetime) -> datetime:
    """What the plan says, but never sooner after this notice than a notice promises."""
    if now.plan is None:
        return noticed
    return max(now.plan.archive_at, noticed + (now.plan.archive_at - now.plan.notice_at))


async def archive(world: World, effect: Claimed) -> Settle | None:
    """Say where the record is, then archive. Whoever wrote in the channel meanwhile postponed it."""
    now = await world.afterwards.archiving.shown(effect.incident or 0)
    return await _when_due(world, now, Step.ARCHIVE, partial(_archive, world, effect))


async def _archive(world: World, effect: Claimed, now: Shown, channel: str) -> Settle:
    farewell, number = shown.farewell(now.incident), now.incident.number
    await _posted(world, effect, channel, farewell, f"{effect.key}/farewell")
    await world.chat.archive(channel)
    return lambda tx: world.afterwards.archiving.archived(tx, number)


async def _when_due(
    world: World, now: Shown, step: Step, do: Callable[[Shown, str], Awaitable[Settle | None]]
) -> Settle | None:
    """Do it if it is still due; what people wrote in the channel since counts before."""
    number, channel = now.incident.number, now.incident.places.channel
    if now.step is not step or now.plan is None or channel is None:
        return None
    heard = await _heard(world, channel, now.plan.since)
    if heard is None:
        return await do(now, channel)
    at = heard
    return lambda tx: world.afterwards.archiving.heard(tx, number, at)


async def _heard(world: World, channel: str, since: datetime) -> datetime | None:
    """When people wrote there last, if that was after ``since``."""
    last = await world.chat.last_said(channel, since=since)
    return last if last is not None and last > since else None


async def _posted(
    world: World, effect: Claimed, channel: str, message: Message, key: str
) -> str | None:
    try:
        return await post_current(world, effect, channel, message, key=key)
    except ProviderError as error:
        if error.code not in ARCHIVED:
            raise
        return None


async def _edit(world: World, now: Shown, key: str) -> None:
    memory = now.memory
    if memory.ts is None or memory.channel is None:
        return
    told = (
        now.plan is not None
        and memory.noticed_at is not None
        and memory.noticed_at >= now.plan.since
    )
    if told and now.plan is not None:
        message = shown.notice(now.incident, now.plan.archive_at)
    else:
        message = shown.postponed(now.incident, memory, now.plan.archive_at if now.plan else None)
    try:
        await world.chat.update(memory.channel, memory.ts, message, key=key)
    except ProviderError as error:
        if error.code not in {*LOST, *_OVER}:
            raise
