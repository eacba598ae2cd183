"""Completion: what Slack asks while somebody types into a field that finds incidents or accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import text
from blocks.forms import pick_incident
from blocks.ids import ActionId
from handlers import linking
from handlers.turn import NoIncidentMeant

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def ask(turn: Turn, verb: str, rest: str) -> None:
    """A command was typed where no incident is: ask which one, keeping what was typed."""
    if not pick_incident.fits(verb, rest):
        raise NoIncidentMeant
    await turn.open(pick_incident.build(verb, rest))


async def incidents(turn: Turn) -> None:
    """The incidents that fit, of those the person may see."""
    typed = text.unescape(str(turn.body.get("value") or ""))
    found = await turn.desk.incidents.suggested(typed[:200], to=turn.user.id)
    await turn.done(options=pick_incident.options(found))


OPTIONS: dict[ActionId, Handler] = {ActionId.PICK_INCIDENT: incidents, **linking.OPTIONS}
