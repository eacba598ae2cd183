"""Alerts: kept deliveries are applied, cards posted and edited, people paged, storms summed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from blocks import alerts as blocks
from bot.domain import alert_groups, alert_storm, page_plan
from bot.domain.alert_storm import AlertStorm
from bot.domain.effects import EffectKind
from bot.errors import NotFound, ProviderError
from bot.store import alert_lists, pages
from bot.store import alerts as store
from bot.worker.posting import LOST, post_current

if TYPE_CHECKING:
    from bot.domain.alert_groups import GroupView
    from bot.store.effects import Claimed
    from bot.store.tables import InboundRow
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()

#: With more edits waiting than this, cards are not edited only to name a new neighbour.
CROWDED = 20


async def apply(world: World, row: InboundRow) -> Settle:
    """Map a kept delivery and apply it; what fails keeps it, named, for a replay after the fix."""
    row_id, source = row.id or 0, row.source.removeprefix("alerts/")
    understood = await world.alert_intake.understand(source, row.body)
    if understood.mapped.failures:
        log.warning("alerts.not_mapped", source=source, row=row_id, reason=understood.reason)

    def settle(tx: Tx) -> None:
        world.alert_intake.apply(tx, understood)
        tx.inbound_done(row_id, understood.state, understood.reason)

    return settle


async def post(world: World, effect: Claimed) -> Settle | None:
    """Post the card of a group; a retaken effect looks for it first."""
    view = await _view(world, effect)
    if view is None:
        return None
    if view.group.ts:  # another was faster; what is new is shown on its card
        return await refresh(world, effect)
    channel = await world.rooms.alerts()
    message, rendered = blocks.card(view, world.work.clock.now()), view.group.version
    try:
        posted = await post_current(world, effect, channel, message)
    except ProviderError as error:
        if error.code in {"channel_not_found", "is_archived", "not_in_channel"}:
            await world.rooms.forget("alerts")
        raise

    def settle(tx: Tx) -> None:
        group = store.group(tx, view.group.id)
        saved = store.save_group(tx, replace(group, channel=channel, ts=posted))
        tx.emit(
            page_plan.show(page, again=f":{posted}")
            for page in pages.of_group(tx, group.id, lock=False)
        )
        if group.version != rendered:  # it changed while it was being posted
            tx.emit(alert_groups.show(saved))
        _tell_neighbours(tx, view, "beside")

    return settle


async def refresh(world: World, effect: Claimed) -> Settle | None:
    """Edit the card in place; one that somebody deleted is posted again when there is news."""
    view = await _view(world, effect)
    if view is None or not view.group.ts or not view.group.channel:
        return None
    group = view.group
    try:
        await world.chat.update(
            group.channel or "",
            group.ts or "",
            blocks.card(view, world.work.clock.now()),
            key=f"{group.name}/card",
        )
    except ProviderError as error:
        if error.code not in LOST:
            raise
        return lambda tx: _lost(tx, group.id, group.ts)
    if view.counts.open:
        return None
    return lambda tx: _tell_neighbours(tx, view, f"over@{group.version}")


def _tell_neighbours(tx: Tx, view: GroupView, what: str) -> None:
    """The cards of what fires nearby begin to name this group, or stop naming it; not while many edits wait."""
    there = [near for near in view.beside if near.link]
    if there and not tx.many_waiting(EffectKind.REFRESH_ALERTS, CROWDED):
        tx.emit(alert_groups.show_beside(near, view.group, what) for near in there)


def _lost(tx: Tx, group_id: int, ts: str | None) -> None:
    """Somebody deleted the card: the next news posts it again."""
    group = store.group(tx, group_id)
    if group.ts == ts:
        store.save_group(tx, replace(group, ts=None))


async def end(world: World, effect: Claimed) -> Settle | None:
    """The time has come to look whether all alerts of an incident are over."""
    number, stage = effect.payload["number"], effect.payload["stage"]
    return lambda tx: world.alert_intake.looked_again(tx, number, stage)


async def summarise(world: World, effect: Claimed) -> Settle | None:
    """Post or edit the one summary of a storm of alerts."""
    state = AlertStorm.from_value(await world.work.read(lambda tx: tx.value(AlertStorm.VALUE)))
    if not state.began:
        return None
    since = state.since

    def look(tx: Tx) -> blocks.Storm:
        groups, firing, top = alert_lists.storm(tx, since)
        waiting = tx.waiting(EffectKind.POST_ALERTS)
        return blocks.Storm(began=since, groups=groups, firing=firing, top=top, waiting=waiting)

    seen = await world.work.read(look)
    message, key = blocks.storm_summary(seen), f"alert-storm/{state.began}"
    channel = state.channel or await world.rooms.alerts()
    posted = state.ts
    if posted is None:
        posted = await post_current(world, effect, channel, message, key=key)
    else:
        await world.chat.update(channel, posted, message, key=key)

    def settle(tx: Tx) -> None:
        newest = alert_lists.storm_newest(tx, since)
        calm = timedelta(seconds=alert_storm.OVER_AFTER)
        if not seen.waiting and (newest is None or tx.now - newest > calm):
            tx.set_value(AlertStorm.VALUE, None)  # the next storm has a summary of its own
            return
        now_state = state.posted(channel, posted)
        tx.set_value(AlertStorm.VALUE, now_state.as_value())
        tx.emit([now_state.summarise(due=tx.now + timedelta(seconds=alert_storm.EVERY))])

    return settle


async def _view(world: World, effect: Claimed) -> GroupView | None:
    try:
        return await world.alerts.view(effect.payload["group"])
    except NotFound:
        return None
