"""After the end: the post-mortem, and the channel that is archived some day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import postmortem as postmortem_form
from blocks.ids import ActionId, CallbackId
from bot.domain import times
from handlers.command import Command, meant

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn


async def _open_form(turn: Turn, incident: Incident) -> None:
    known = await turn.desk.afterwards.postmortems.standing(incident.number)
    await turn.open(
        postmortem_form.build(
            known.incident, summary=known.summary, impact=known.impact, post=known.post,
            repo=known.repo,
        )
    )  # fmt: skip


async def postmortem(turn: Turn, rest: str) -> None:
    """``postmortem [INC-n] [<summary>]``; without a summary the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await _open_form(turn, incident)
        return
    after = await turn.desk.afterwards.postmortems.draft(
        incident.number, by=turn.user, once=turn.once, summary=text.plain(more)
    )
    await turn.say(notices.said(f"The post-mortem of {after.name} is drafted.", about=after))


async def ask_postmortem(turn: Turn) -> None:
    """The form."""
    await _open_form(turn, await turn.target())


async def submit_postmortem(turn: Turn) -> None:
    """Draft it."""
    form = postmortem_form.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.afterwards.postmortems.draft(
        form.number,
        by=turn.user,
        once=turn.once,
        summary=form.summary or None,
        impact=form.impact or None,
        replaces=form.replaces,
    )


async def archive(turn: Turn, rest: str) -> None:
    """``archive [INC-n]``: a notice now, a day later the channel is archived."""
    incident, _ = await meant(turn, rest)
    at = await turn.desk.afterwards.archiving.ask(incident.number, by=turn.user, once=turn.once)
    words = (
        f"The channel of {incident.name} will be archived {times.said(at)}. "
        "I say so there, with a button to keep it open."
    )
    await turn.say(notices.said(words, about=incident))


async def keep_open(turn: Turn) -> None:
    """The channel stays; the notice says who wanted that."""
    incident = await turn.target()
    at = await turn.desk.afterwards.archiving.keep_open(
        incident.number, by=turn.user, once=turn.once
    )
    later = f" Nothing happening, it will be archived {times.said(at)}." if at else ""
    await turn.say(notices.said(f"The channel of {incident.name} stays open.{later}"))


COMMANDS: dict[str, Command] = {
    "postmortem": Command(
        "postmortem [INC-n] [<summary>]",
        "draft the post-mortem; without a summary the form opens",
        postmortem,
    ),
    "archive": Command(
        "archive [INC-n]", "archive the channel of an incident that is over", archive
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.POSTMORTEM: ask_postmortem,
    ActionId.KEEP_OPEN: keep_open,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.POSTMORTEM: submit_postmortem}
