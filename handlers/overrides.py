"""``/incident oncall overrides``: who stands in, in rosters and in PagerDuty's schedules, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from blocks import notices, standing_in, text
from blocks.ids import ActionId, OverrideButton, PagerOverrideButton
from bot.domain.incident import Actor
from bot.domain.roster_views import AtPager, StandIn
from bot.errors import UserError
from handlers import grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.turn import Handler, Turn

ASKED: Final = "Asking PagerDuty who stands in there; the answer comes in a moment."


async def show(turn: Turn, rest: str = "") -> None:
    """``overrides [roster|schedule]``: what is in force or to come; PagerDuty's follow in an answer of their own."""
    words = text.plain(rest).strip()
    rosters = await turn.desk.standing_in.names()
    named = [name for name in rosters if name.casefold() == words.casefold()]
    schedule = await turn.desk.pager_schedules.named(words) if words and not named else None
    if words and not named and not schedule:
        raise unknown(words, [*rosters, *await turn.desk.pager_schedules.names()])
    asked = not named and await turn.desk.pager_schedules.ask_overrides(
        schedule, by=turn.user, once=turn.once, channel=turn.channel
    )
    if asked and (schedule or not rosters):
        await turn.say(notices.said(ASKED))
        return
    coming = await turn.desk.standing_in.coming()
    shown = [one for one in coming if one.roster in named] if named else coming
    await turn.say(standing_in.override_list(shown, notes=[ASKED] if asked else []))


async def remove(turn: Turn) -> None:
    """Take one of a roster back."""
    number = OverrideButton.decode(turn.action.get("value")).override
    gone = await turn.desk.standing_in.remove(number, by=turn.user, once=turn.once)
    await turn.say(standing_in.removed(gone))


async def remove_at_pager(turn: Turn) -> None:
    """Have PagerDuty take one back."""
    value = PagerOverrideButton.decode(turn.action.get("value"))
    try:
        since, until = (datetime.fromtimestamp(at, UTC) for at in (value.since, value.until))
    except (ValueError, OverflowError, OSError):
        msg = "I cannot read this button. Use /incident oncall overrides for a newer one."
        raise UserError(msg) from None
    one = StandIn(
        id=0,
        roster=value.schedule,
        person=Actor(name=value.name, pagerduty_id=value.user),
        instead=(),
        since=since,
        until=until,
        at_pager=AtPager(schedule=value.schedule, id=value.override, user=value.user),
    )
    name = await turn.desk.pager_schedules.remove_override(
        one, by=turn.user, once=turn.once, channel=turn.channel
    )
    told = f"Telling PagerDuty to take the override of {name} back; the answer comes in a moment."
    await turn.say(notices.said(told))


def unknown(words: str, names: Sequence[str]) -> UserError:
    """There is no roster of that name; the nearest is offered."""
    nearest = grammar.nearest(words.casefold(), names)
    offer = f" Did you mean {nearest}?" if nearest else ""
    return UserError(f"There is no roster {words}.{offer} I know: {', '.join(names[:10])}.")


ACTIONS: dict[ActionId, Handler] = {
    ActionId.OVERRIDES: show,
    ActionId.REMOVE_OVERRIDE: remove,
    ActionId.REMOVE_AT_PAGER: remove_at_pager,
}
