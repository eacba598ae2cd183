"""Merging: the direct form, the button in the control panel, the modal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices
from blocks.forms import merge as merge_form
from blocks.ids import ActionId, CallbackId, IncidentButton
from bot.errors import UserError
from handlers import grammar
from handlers.command import Command

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn

CHOICES = 101
USAGE = "Say which: /incident merge INC-7 into INC-5, or in the channel of INC-5: /incident merge INC-7."


async def merge(turn: Turn, rest: str) -> None:
    """``merge INC-m [into INC-n]``: INC-m goes into INC-n, or into this channel's incident."""
    here = await turn.desk.incidents.in_channel(turn.channel) if turn.channel else None
    if not rest and here is not None:
        await _open_form(turn, here)
        return
    first, more = grammar.number_first(rest, bare=True)
    if first is None:
        raise UserError(USAGE)
    word, after = grammar.word_first(more)
    second, left = grammar.number_first(after if word.casefold() == "into" else more, bare=True)
    if left or (second is None and (more or here is None)):
        raise UserError(USAGE)
    gone = await turn.incident(first)
    kept = await turn.incident(second)
    await _merge(turn, gone, kept)


async def _merge(turn: Turn, gone: Incident, kept: Incident) -> None:
    after = await turn.desk.merging.merge(gone.number, kept.number, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{gone.name} was merged into {after.name}.", about=after))


async def ask_merge(turn: Turn) -> None:
    """The form, from the control panel."""
    number = IncidentButton.decode(turn.action.get("value")).number
    await _open_form(turn, await turn.incident(number))


async def _open_form(turn: Turn, incident: Incident) -> None:
    page = await turn.desk.incidents.listed(limit=CHOICES)
    others = [each for each in page.incidents if each.number != incident.number]
    if incident.private:
        msg = f"{incident.name} is private: name the other one, /incident merge INC-m into {incident.name}."
        raise UserError(msg)
    if not others:
        msg = f"No other incident is open, so there is nothing to merge {incident.name} with."
        raise UserError(msg)
    await turn.open(merge_form.build(incident, others))


async def submit_merge(turn: Turn) -> None:
    """The form's answer."""
    form = merge_form.parse(turn.view)
    gone, kept = await turn.incident(form.gone), await turn.incident(form.kept)
    await turn.desk.merging.merge(gone.number, kept.number, by=turn.user, once=turn.once)


COMMANDS: dict[str, Command] = {
    "merge": Command("merge INC-m [into INC-n]", "merge two incidents that are one", merge),
}
ACTIONS: dict[ActionId, Handler] = {ActionId.MERGE: ask_merge}
VIEWS: dict[CallbackId, Handler] = {CallbackId.MERGE: submit_merge}
