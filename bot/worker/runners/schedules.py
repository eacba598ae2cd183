"""Overrides of PagerDuty's schedules: made once, however often the effect is retaken."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from blocks import notices, standing_in
from bot.domain.plan import actor_from
from bot.domain.roster_views import StandIn
from bot.errors import ProviderError, Reason
from bot.worker.runners.oncall import EVERYBODY
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from bot.domain.incident import Actor
    from bot.ports import Pager
    from bot.ports_pager import Override
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

#: PagerDuty said no, and would say so again.
REFUSED = {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}


async def override(world: World, effect: Claimed) -> Settle:
    """Let somebody take a schedule over, and tell whoever asked what became of it."""
    payload = effect.payload
    name = payload["schedule"][1]
    person, by = actor_from(payload["person"]), actor_from(payload["by"])
    assert person is not None  # noqa: S101 - it was chosen
    try:
        made = await _made(world.the_pager(), effect, person)
    except ProviderError as error:
        if error.reason not in REFUSED:
            raise
        words = f"PagerDuty refused the override of {name}: {error.detail}. Nothing was changed."
        message = notices.said(words)
    else:
        stands = StandIn(
            id=0, roster=name, person=person, instead=(), since=made.since, until=made.until, by=by
        )
        message = standing_in.made_elsewhere(stands)
    if by and by.slack_id:
        await tell_privately(world, payload["channel"], by.slack_id, message, key=effect.key)
    return lambda tx: tx.set_value(EVERYBODY, None)  # what was remembered of it is wrong now


async def _made(pager: Pager, effect: Claimed, person: Actor) -> Override:
    """The override; a retaken effect looks for it first, since making it again would put it on top of later ones."""
    schedule = effect.payload["schedule"][0]
    since = datetime.fromisoformat(effect.payload["since"])
    until = datetime.fromisoformat(effect.payload["until"])
    user = person.pagerduty_id or ""
    if effect.attempt > 1:
        for one in await pager.overrides(schedule, since, until):
            same = one.user.id == user and abs((one.until - until).total_seconds()) < 1
            if same and abs((one.since - since).total_seconds()) < 1:
                return one
    return await pager.override(schedule, user, since, until, by="")
