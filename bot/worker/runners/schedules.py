"""Overrides of PagerDuty's schedules: made once and taken back, however often the effect is retaken."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from blocks import notices, standing_in
from bot.domain.plan import actor_from
from bot.domain.roster_views import AtPager, StandIn
from bot.errors import ProviderError, Reason
from bot.services.standing_in import IS_OVER
from bot.worker.runners import overrides
from bot.worker.runners.oncall import EVERYBODY
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from bot.domain.incident import Actor
    from bot.ports import Message, Pager
    from bot.ports_pager import Override
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: PagerDuty said no, and would say so again.
REFUSED = {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}


async def override(world: World, effect: Claimed) -> Settle:
    """Let somebody take a schedule over, and tell whoever asked what became of it."""
    schedule, name = effect.payload["schedule"]
    person = actor_from(effect.payload["person"])
    assert person is not None  # noqa: S101 - it was chosen
    made = None
    try:
        made = await _made(world.the_pager(), effect, person)
    except ProviderError as error:
        if error.reason not in REFUSED:
            raise
        words = f"PagerDuty refused the override of {name}: {error.detail}. Nothing was changed."
        message = notices.said(words)
    else:
        message = standing_in.made(_stand_in(effect, made.since, made.until, made.id))
    await _tell(world, effect, message)

    def settle(tx: Tx) -> None:
        _forget(tx, schedule)
        if (
            made is not None and made.id
        ):  # it has begun as often as not, and then nobody tells its id again
            overrides.keep_id(tx, schedule, made)

    return settle


async def remove(world: World, effect: Claimed) -> Settle:
    """Take an override back, and tell whoever asked what came of it. One that is under way ends now."""
    payload = effect.payload
    schedule, name = payload["schedule"]
    since, until = (datetime.fromisoformat(payload[at]) for at in ("since", "until"))
    try:
        await world.the_pager().remove_override(schedule, payload["override"], by="")
        refusal = None
    except ProviderError as error:
        if error.reason not in REFUSED:
            await _tell_that_it_waits(world, effect, error)
            raise
        refusal = error
    if refusal is not None and await _still_there(world, effect, until):
        words = f"PagerDuty refused to take the override of {name} back: {refusal.detail}. Nothing was changed."
        message = notices.said(words)
    elif refusal is not None and effect.attempt == 1:
        message = notices.said(IS_OVER)
    else:  # taken back now, or by an earlier attempt whose answer was lost
        message = standing_in.removed(_stand_in(effect, since, until, payload["override"]))
    await _tell(world, effect, message)
    return lambda tx: _forget(tx, schedule)


async def _still_there(world: World, effect: Claimed, until: datetime) -> bool:
    """Whether the override that PagerDuty refuses to remove is in force or to come."""
    now = world.work.clock.now()
    if until <= now:
        return False
    pager, (schedule, _) = world.the_pager(), effect.payload["schedule"]
    try:
        found = await pager.overrides(schedule, now, until)
    except ProviderError as error:
        if error.reason not in REFUSED:
            raise
        return error.reason is not Reason.NOT_FOUND  # its schedule is gone, and it with it
    person = actor_from(effect.payload["person"])
    user = person.pagerduty_id if person else None
    return any(
        one.id == effect.payload["override"]
        or (not one.id and one.user.id == user and _same(one.until, until))
        for one in found
    )


async def _tell_that_it_waits(world: World, effect: Claimed, error: ProviderError) -> None:
    """Said once: what was asked for is not done yet, and is not forgotten."""
    if effect.attempt == 1:
        _, name = effect.payload["schedule"]
        why = error.detail or error.reason.value
        words = (
            f"PagerDuty did not take the override of {name} back yet ({why}). I keep trying, and "
            "tell you when it is done."
        )
        await _tell(world, effect, notices.said(words))


def _stand_in(effect: Claimed, since: datetime, until: datetime, override_id: str) -> StandIn:
    payload = effect.payload
    person = actor_from(payload["person"])
    assert person is not None  # noqa: S101 - it was chosen
    schedule, name = payload["schedule"]
    place = AtPager(schedule=schedule, id=override_id, user=person.pagerduty_id or "")
    return StandIn(
        id=0, roster=name, person=person, instead=(), since=since, until=until,
        by=actor_from(payload["by"]), at_pager=place,
    )  # fmt: skip


async def _tell(world: World, effect: Claimed, message: Message) -> None:
    by = actor_from(effect.payload["by"])
    if by and by.slack_id:
        await tell_privately(world, effect.payload["channel"], by.slack_id, message, key=effect.key)


def _forget(tx: Tx, schedule: str) -> None:
    """What was remembered of PagerDuty is wrong now."""
    tx.set_value(EVERYBODY, None)
    overrides.forget(tx, schedule)


async def _made(pager: Pager, effect: Claimed, person: Actor) -> Override:
    """The override; a retaken effect looks for it first, since making it again would put it on top of later ones."""
    schedule = effect.payload["schedule"][0]
    since = datetime.fromisoformat(effect.payload["since"])
    until = datetime.fromisoformat(effect.payload["until"])
    user = person.pagerduty_id or ""
    if effect.attempt > 1:
        for one in await pager.overrides(schedule, since, until):
            if one.user.id == user and _same(one.until, until) and _same(one.since, since):
                return one
    return await pager.override(schedule, user, since, until, by="")


def _same(one: datetime, other: datetime) -> bool:
    """PagerDuty keeps whole seconds."""
    return abs((one - other).total_seconds()) < 1
