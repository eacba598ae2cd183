"""``/incident oncall override|swap|at``, their forms and buttons."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from blocks import notices, standing_in, text
from blocks.forms import on_call_at, override, swap_turns
from blocks.ids import ActionId, CallbackId
from bot.domain import when
from bot.errors import UserError
from handlers import grammar, oncall_pager, overrides, rosters

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from bot.domain.catalog import Service
    from bot.domain.roster_views import RosterNow
    from bot.ports import Message
    from handlers.turn import Handler, Turn

_OVERRIDE_LIKE = "/incident oncall override @ana primary until Friday 9:00"
_SWAP_LIKE = "/incident oncall swap @ana @ben primary"


async def subcommand(turn: Turn, rest: str) -> bool:
    """Carry out ``override``, ``swap``, ``at``, ``rosters`` and their like; False when it is none of them."""
    word, more = grammar.word_first(rest)
    found = SUBCOMMANDS.get(word.casefold())
    if found is None:
        return False
    await found(turn, more)
    return True


async def now(turn: Turn, service: Service | None) -> list[RosterNow]:
    """Who is on call in all rosters, or in those of a service's policy."""
    names = await turn.desk.standing_in.names(service) if service else None
    return await turn.desk.standing_in.now(names)


def with_rosters(message: Message, found: Sequence[RosterNow]) -> Message:
    """The same with the rosters below."""
    lines, blocks = standing_in.roster_blocks(found)
    shown = [*message.blocks, *(block.to_dict() for block in blocks)]
    return replace(message, text="\n".join([message.text, *lines]), blocks=shown)


async def one_roster(turn: Turn, words: str) -> bool:
    """``oncall <roster>``: False when there is no roster of that name."""
    names = await turn.desk.standing_in.names()
    named = next((name for name in names if name.casefold() == words.casefold()), None)
    if named is None:
        return False
    lines, blocks = standing_in.roster_blocks(await turn.desk.standing_in.now([named]))
    await turn.say(standing_in.answer(lines, blocks))
    return True


# --- override --------------------------------------------------------------------------------------------------


async def make_override(turn: Turn, rest: str) -> None:
    """``override @user [roster] until Friday 9:00``; without a person the form opens."""
    person, more = grammar.person_first(rest)
    if person is None:
        if rest:
            msg = f"Name who is on call with @, as in {_OVERRIDE_LIKE}."
            raise UserError(msg)
        await ask_override(turn)
        return
    words, span = when.split(text.plain(more))
    schedule = await oncall_pager.meant(turn, words)
    roster = "" if schedule else await _roster(turn, words)
    if not span:
        msg = f"Say until when, or for how long, as in {_OVERRIDE_LIKE}, or for 4h."
        raise UserError(msg)
    if schedule:
        times = await turn.desk.pager_schedules.typed(span, turn.user)
        await oncall_pager.override(turn, schedule, person, times)
        return
    made = await turn.desk.standing_in.override_typed(
        roster, person, span, by=turn.user, once=turn.once
    )
    await turn.say(standing_in.made(made))


async def ask_override(turn: Turn) -> None:
    """The form."""
    await turn.open(override.build(await _some_schedule(turn)))


async def submit_override(turn: Turn) -> None:
    """Make it."""
    form = override.parse(turn.view)
    since = form.since or await turn.desk.incidents.now()
    span = when.Span(since=since, until=form.until)
    if schedule := await oncall_pager.meant(turn, form.roster):
        await oncall_pager.override(turn, schedule, form.person, span, instead_of=form.instead)
        return
    made = await turn.desk.standing_in.override(
        form.roster,
        form.person,
        span,
        by=turn.user,
        once=turn.once,
        instead_of=form.instead,
    )
    await turn.say(standing_in.made(made))


# --- swap ------------------------------------------------------------------------------------------------------


async def make_swap(turn: Turn, rest: str) -> None:
    """``swap @a @b [roster]``, ``swap @a @b [roster] on <when> and <when>``; without people the form opens."""
    first, more = grammar.person_first(rest)
    second, more = grammar.person_first(more)
    if first is None and not rest:
        await ask_swap(turn)
        return
    if first is None or second is None:
        msg = f"Name the two with @, as in {_SWAP_LIKE}."
        raise UserError(msg)
    words, _, moments = f" {text.plain(more)} ".partition(" on ")
    await oncall_pager.refuse_swap(turn, words)
    roster = await _roster(turn, words.strip())
    one, _, other = moments.partition(" and ")
    at = [
        await turn.desk.standing_in.moment(each, turn.user) if each.strip() else None
        for each in (one, other)
    ]
    made = await turn.desk.standing_in.swap(
        roster, (first, second), by=turn.user, once=turn.once, at=(at[0], at[1])
    )
    await turn.say(standing_in.made(*made))


async def ask_swap(turn: Turn) -> None:
    """The form."""
    await oncall_pager.refuse_swap(turn)
    await turn.open(swap_turns.build(await _some_roster(turn)))


async def submit_swap(turn: Turn) -> None:
    """Exchange them."""
    form = swap_turns.parse(turn.view)
    made = await turn.desk.standing_in.swap(
        form.roster, form.people, by=turn.user, once=turn.once, at=form.at
    )
    await turn.say(standing_in.made(*made))


# --- who was on call -------------------------------------------------------------------------------------------


async def show_at(turn: Turn, rest: str) -> None:
    """``at <when> [roster|service]``; without a time the form opens."""
    words = text.plain(rest).split()
    if not words:
        await ask_at(turn)
        return
    moment, count = await _time_first(turn, words)
    named = " ".join(words[count:])
    if await oncall_pager.ask_at(turn, named, moment):
        names = [] if named else await turn.desk.standing_in.names_at(moment)
        await _tell_at(turn, names, moment, note=oncall_pager.ASKED)
        return
    await _tell_at(turn, await _rosters_then(turn, named, moment), moment)


async def _rosters_then(turn: Turn, named: str, moment: datetime) -> list[str]:
    """The rosters meant, those included that were there at that moment and are not now."""
    then = await turn.desk.standing_in.names_at(moment)
    if named:
        found = [name for name in then if name.casefold() == named.casefold()]
        return found or await _rosters(turn, named)
    return await _here(turn) or then or await _some_roster(turn)


async def _time_first(turn: Turn, words: list[str]) -> tuple[datetime, int]:
    """The moment the words begin with, and how many of them it takes; UserError says what is wrong with it."""
    for count in range(len(words), 0, -1):
        with contextlib.suppress(UserError):
            return await _looking_back(turn, words[:count]), count
    # Of what was typed only the time is at fault when a roster or service is named behind it.
    for count in range(1, len(words)):
        named = " ".join(words[count:])
        if await _known(turn, named) or await oncall_pager.knows(turn, named):
            return await _looking_back(turn, words[:count]), count
    return await _looking_back(turn, words), len(words)


async def _looking_back(turn: Turn, words: list[str]) -> datetime:
    return await turn.desk.standing_in.moment(" ".join(words), turn.user, past=True)


async def ask_at(turn: Turn) -> None:
    """The form."""
    await turn.open(on_call_at.build(await _some_schedule(turn)))


async def submit_at(turn: Turn) -> None:
    """Show it."""
    form = on_call_at.parse(turn.view)
    asked = await oncall_pager.ask_at(turn, form.roster or "", form.at)
    names = [form.roster] if form.roster else await turn.desk.standing_in.names_at(form.at)
    note = oncall_pager.ASKED if asked else ""
    await _tell_at(turn, [] if asked and form.roster else names, form.at, note=note)


async def _tell_at(turn: Turn, names: Sequence[str], moment: datetime, *, note: str = "") -> None:
    """The rosters' answer; with a ``note`` PagerDuty's follows."""
    if note and not names:
        await turn.say(notices.said(note))
        return
    ahead = moment > await turn.desk.incidents.now()
    found = await turn.desk.standing_in.at(names, moment)
    await turn.say(standing_in.at_moment(found, moment, ahead=ahead, note=note))


# --- which roster ----------------------------------------------------------------------------------------------


async def _some_roster(turn: Turn) -> list[str]:
    """All rosters, the ones of this channel's incident first; UserError when there is none."""
    names = await turn.desk.standing_in.names()
    if not names:
        msg = "There is no roster yet. /incident oncall roster new makes one, or write it under rosters: in muster.yml."
        raise UserError(msg)
    return list(dict.fromkeys((*await _here(turn), *names)))


async def _some_schedule(turn: Turn) -> list[str]:
    """All rosters and PagerDuty's schedules; UserError when there is none."""
    schedules = await turn.desk.pager_schedules.names()
    rosters = await turn.desk.standing_in.names() if schedules else await _some_roster(turn)
    return list(dict.fromkeys((*await _here(turn), *rosters, *schedules)))


async def _here(turn: Turn) -> list[str]:
    """The rosters of the service of this channel's incident."""
    incident = await turn.desk.incidents.in_channel(turn.channel) if turn.channel else None
    service = turn.desk.catalog.service(incident.service or "") if incident else None
    return await turn.desk.standing_in.names(service) if service else []


async def _roster(turn: Turn, words: str) -> str:
    """The roster meant: the one named, else the only one (here, else at all); UserError asks which."""
    names = await _some_schedule(turn)
    if words:
        found = next((name for name in names if name.casefold() == words.casefold()), None)
        if found is None:
            raise overrides.unknown(words, names)
        return found
    here = await _here(turn)
    if len(here) == 1:
        return here[0]
    if len(names) == 1:
        return names[0]
    msg = f"Say which roster is meant: {', '.join(names[:10])}. It stands behind the person, as in {_OVERRIDE_LIKE}."
    raise UserError(msg)


async def _rosters(turn: Turn, words: str) -> list[str]:
    """The rosters a roster's or service's name means; without one those of this channel's incident, else all."""
    if not words:
        return await _here(turn) or await _some_roster(turn)
    found = await _known(turn, words)
    if not found:
        names = await turn.desk.standing_in.names()
        services = [s.title for s in turn.desk.catalog.services.values()]
        raise overrides.unknown(words, [*names, *services])
    return found


async def _known(turn: Turn, words: str) -> list[str]:
    names = await turn.desk.standing_in.names()
    found = [name for name in names if name.casefold() == words.casefold()]
    service = turn.desk.catalog.service(words)
    return found or (await turn.desk.standing_in.names(service) if service else [])


SUBCOMMANDS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "override": make_override,
    "swap": make_swap,
    "at": show_at,
    "overrides": overrides.show,
    **rosters.SUBCOMMANDS,
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.OVERRIDE: ask_override,
    ActionId.SWAP_TURNS: ask_swap,
    ActionId.ON_CALL_AT: ask_at,
    **overrides.ACTIONS,
}
VIEWS: dict[CallbackId, Handler] = {
    CallbackId.OVERRIDE: submit_override,
    CallbackId.SWAP_TURNS: submit_swap,
    CallbackId.ON_CALL_AT: submit_at,
}
