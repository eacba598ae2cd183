"""Status updates, subscriptions and the snooze of reminders."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import post_update
from blocks.ids import ActionId, CallbackId, IncidentButton
from blocks.updates import subscribed
from handlers.command import Command, meant

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn


async def _open_form(turn: Turn, incident: Incident) -> None:
    standing = await turn.desk.updates.standing(incident.number)
    usual = int(standing.usual.total_seconds()) if standing.usual else None
    await turn.open(post_update.build(standing.incident, next_update=usual, last=standing.last))


async def update(turn: Turn, rest: str) -> None:
    """``update [INC-n] <text>``; without text the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await _open_form(turn, incident)
        return
    after = await turn.desk.updates.post(
        incident.number, text.plain(more), by=turn.user, once=turn.once, usual=True
    )
    words = f"The update is posted on {after.name}."
    await turn.say(notices.said(words, about=after))


async def ask_update(turn: Turn) -> None:
    """The update form."""
    target = IncidentButton.decode(turn.action.get("value"))
    await _open_form(turn, await turn.incident(target.number))


async def submit_update(turn: Turn) -> None:
    """Post it, with the phase and the promise that were chosen."""
    form = post_update.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.updates.post(
        form.number,
        form.update,
        by=turn.user,
        once=turn.once,
        phase=form.phase,
        promise=timedelta(seconds=form.next_update) if form.next_update else None,
    )


async def subscribe(turn: Turn) -> None:
    """Follow the incident, or stop following it."""
    target = IncidentButton.decode(turn.action.get("value"))
    incident = await turn.incident(target.number)
    now_on = await turn.desk.updates.toggle(incident.number, by=turn.user, once=turn.once)
    await turn.say(notices.said(subscribed(incident, now_on=now_on)))


async def unsubscribe(turn: Turn) -> None:
    """Hear no more of it; also of an incident that became private meanwhile."""
    target = IncidentButton.decode(turn.action.get("value"))
    was = await turn.desk.updates.unsubscribe(target.number, by=turn.user)
    still = "any more" if was else "anyway"
    await turn.say(notices.said(f"You are not subscribed to INC-{target.number} {still}."))


async def snooze(turn: Turn) -> None:
    """No reminders about this incident for a while; the message in the channel says who snoozed it."""
    target = IncidentButton.decode(turn.action.get("value"))
    incident = await turn.incident(target.number)
    await turn.desk.reminding.snooze(incident.number, by=turn.user, once=turn.once)


COMMANDS: dict[str, Command] = {
    "update": Command(
        "update [INC-n] <text>", "post a status update; without text the form opens", update
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.POST_UPDATE: ask_update,
    ActionId.SUBSCRIBE: subscribe,
    ActionId.UNSUBSCRIBE: unsubscribe,
    ActionId.SNOOZE: snooze,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.POST_UPDATE: submit_update}
