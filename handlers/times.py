"""``/incident times`` and the form *Times*: the five times, corrected by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import message_view
from blocks.forms import times as times_form
from blocks.ids import ActionId, CallbackId
from blocks.times import corrected
from bot.domain import times
from bot.errors import UserError
from handlers import grammar
from handlers.command import Command, meant

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def set_time(turn: Turn, rest: str) -> None:
    """``times [INC-n] [<which> <when>]``; without the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(times_form.build(incident))
        return
    word, when = grammar.word_first(text.plain(more))
    moment = times.named(word)
    if not when:
        msg = f"Write the time after the word: /incident times {moment.value} 14:05."
        raise UserError(msg)
    after = await turn.desk.afterwards.times.correct_typed(
        incident.number, moment, when, by=turn.user, once=turn.once
    )
    await turn.say(notices.said(corrected(after, [moment]), about=after))


async def ask_times(turn: Turn) -> None:
    """The form."""
    await turn.open(times_form.build(await turn.target()))


async def submit_times(turn: Turn) -> None:
    """Save what was changed; an order that makes no sense is said before the form goes."""
    form = times_form.parse(turn.view)
    await turn.incident(form.number)
    after = await turn.desk.afterwards.times.correct(
        form.number, form.chosen, by=turn.user, once=turn.once
    )
    if times.warnings(after):
        words = corrected(after, [m for m in form.chosen if form.chosen[m]])
        await turn.replace(message_view("Saved", notices.said(words, about=after)))


COMMANDS: dict[str, Command] = {
    "times": Command(
        "times [INC-n] [started|detected|acknowledged|mitigated|resolved <when>]",
        "correct when it happened; without a time the form opens",
        set_time,
    ),
}
ACTIONS: dict[ActionId, Handler] = {ActionId.TIMES: ask_times}
VIEWS: dict[CallbackId, Handler] = {CallbackId.TIMES: submit_times}
