"""A silence at the source of the alerts is there exactly as long as the group is silenced here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import alert_groups
from bot.domain.alert_silence import (
    LOOKED_AT,
    WHY,
    Silence,
    covers,
    ended,
    mark,
    outcome_name,
    wanted,
)
from bot.domain.alerts import AlertStatus, Mapped
from bot.errors import NotFound, ProviderError, Reason
from bot.services.alerts import Prepared, Understood
from bot.store import alerts as store

if TYPE_CHECKING:
    from bot.domain.alert_groups import Group
    from bot.domain.alert_state import Stored
    from bot.ports import Silences
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: Sources keep their times less exactly than we do.
EXACT = timedelta(seconds=1)
#: What is tried again by the worker; all other refusals stand until somebody presses again.
PASSING = {Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, Reason.RATE_LIMITED}
#: So long after its start an Alertmanager has surely been told again of everything that fires.
SURE_AFTER = timedelta(minutes=10)
NOTHING_SHARED = "its alerts share no label by which they alone could be silenced"
LEFT_OUT = (
    "some of its alerts, which share no label with the others by which they alone could be silenced"
)


async def silence(world: World, effect: Claimed) -> Settle | None:
    """Make, change or end the group's silence at one source, judged by the group as it is now.

    It always looks first at what is there under the group's mark, so that one whose answer was lost is not made
    twice. A source that refuses or does not answer is told of on the card; the silence here stays as it is.
    """
    group_id, source = effect.payload["group"], effect.payload["source"]
    silences, now = world.silences.get(source), world.work.clock.now()
    if silences is None:  # it was taken out of muster.yml
        return None
    try:
        group, alerts = await world.work.read(lambda tx: _look(tx, group_id, source))
    except NotFound:
        return None
    if group.silenced_until is not None and not group.is_silenced(now):
        return None  # it ran out by itself, there as well
    told = ""
    try:
        told = await _in_step(silences, group, alerts, world)
    except ProviderError as error:
        told = _why(error)
        if error.reason in PASSING:
            await world.work.write(lambda tx: _remember(tx, group_id, source, told))
            raise
    return lambda tx: _remember(tx, group_id, source, told)


def _look(tx: Tx, group_id: int, source: str) -> tuple[Group, list[Stored]]:
    group = store.group(tx, group_id, lock=False)
    alerts = store.of_group(tx, group_id, LOOKED_AT)
    return group, [each for each in alerts if each.is_open and each.alert.source == source]


async def _in_step(silences: Silences, group: Group, alerts: list[Stored], world: World) -> str:
    """Why it could not be done for all of them, empty when it was."""
    there = await silences.find(mark(group))
    if not group.silenced_until:
        for each in there:
            await silences.expire(each.id)
        return ""
    if not alerts:  # all are over: nothing is left to be silenced
        return ""
    kept = next((each for each in there if covers(each, alerts)), there[0] if there else None)
    needed = wanted(group, alerts, kept)
    if needed is not None:
        await _put(silences, kept, needed, world)
    elif kept is not None:  # it goes on for those it was made for
        await _put(silences, kept, replace(kept, ends_at=group.silenced_until), world)
    for each in there:
        if each is not kept:
            await silences.expire(each.id)
    if needed is not None:
        return ""
    return LEFT_OUT if kept else NOTHING_SHARED


async def _put(silences: Silences, kept: Silence | None, needed: Silence, world: World) -> None:
    """Make it, or change the one there is; nothing is asked when that is as it should be."""
    same = kept is not None and kept.matchers == needed.matchers
    if kept is not None and same and abs(kept.ends_at - needed.ends_at) <= EXACT:
        return
    await silences.put(replace(needed, id=kept.id if kept else ""), now=world.work.clock.now())


def _why(error: ProviderError) -> str:
    detail = (error.detail or error.reason.value)[:WHY]
    return f"{detail}; I go on trying" if error.reason in PASSING else detail


def _remember(tx: Tx, group_id: int, source: str, told: str) -> None:
    """Keep what became of it, and show it if it is news."""
    name = outcome_name(group_id)
    before = tx.value_to_change(name) or {}
    if before.get(source) == told:
        return
    try:
        group = store.group(tx, group_id)
    except NotFound:  # it is long over, and was deleted
        return
    tx.set_value(name, {**before, source: told})
    tx.emit(alert_groups.show(store.save_group(tx, group)))


async def look(world: World, effect: Claimed) -> Settle | None:
    """The silence is over: alerts that ended during it, which its source never tells of, end here as well."""
    group_id, source = effect.payload["group"], effect.payload["source"]
    silences, now = world.silences.get(source), world.work.clock.now()
    if silences is None:
        return None
    try:
        group, alerts = await world.work.read(lambda tx: _look(tx, group_id, source))
    except NotFound:
        return None
    if not alerts or group.is_silenced(now):  # silenced for longer: another look comes after that
        return None
    if now - await silences.running_since() < SURE_AFTER:
        detail = "it was started too recently to know all that fires"
        raise ProviderError("alertmanager", Reason.UNAVAILABLE, detail)
    over = ended(alerts, await silences.firing())
    return lambda tx: _missed(world, tx, group_id, source, over) if over else None


def _missed(world: World, tx: Tx, group_id: int, source: str, over: list[Stored]) -> None:
    """Applied as if the source had told, but for those it told of meanwhile."""
    group = store.group(tx, group_id)
    known = store.known(tx, source, (each.alert.external_id for each in over))
    ends = (
        replace(each.alert, status=AlertStatus.RESOLVED, ended_at=tx.now)
        for each in over
        if (now := known.get(each.alert.external_id)) and now.deliveries == each.deliveries
    )
    told = tuple(Prepared(each, group.key, None) for each in ends)
    mapped = Mapped(alerts=tuple(each.alert for each in told))
    world.alert_intake.apply(tx, Understood(source, mapped, told))
