"""Affected services: ``/incident service``, *Services*, and inviting the owners of a neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import services as services_form
from blocks.ids import ActionId, CallbackId, ServiceButton
from bot.errors import UserError
from handlers import grammar
from handlers.command import Command, meant

if TYPE_CHECKING:
    from typing import Any

    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn


async def service(turn: Turn, rest: str) -> None:
    """``service [INC-n] add|remove <name>``; without a name the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    verb, name = grammar.word_first(text.plain(more))
    if verb.casefold() not in {"add", "remove", ""}:
        msg = f"Say add or remove: /incident service add {verb} {name}".rstrip()
        raise UserError(msg)
    if not name:
        await turn.open(form(turn, incident))
        return
    if verb.casefold() == "add":
        await _add(turn, incident, name)
        return
    after = await turn.desk.services.remove(incident.number, name, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{_all(after)}.", about=after))


async def _add(turn: Turn, incident: Incident, name: str) -> None:
    """Add it; an unknown one is answered with the nearest."""
    if turn.desk.catalog.service(name) is None:
        known = [w for s in turn.desk.catalog.services.values() for w in (s.id, s.title)]
        nearest = grammar.nearest(name.casefold(), known)
        if nearest:
            msg = (
                f"There is no service {name}, so nothing was done. "
                f"Did you mean /incident service add {nearest}?"
            )
            raise UserError(msg)
    after = await turn.desk.services.add(incident.number, name, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{_all(after)}.", about=after))


def _all(incident: Incident) -> str:
    titles = ", ".join(each.title for each in incident.services)
    return f"Affected services: {titles or 'none'}"


def form(turn: Turn, incident: Incident) -> dict[str, Any]:
    """*Services* for the incident as it stands."""
    return services_form.build(incident, services=turn.desk.service_choices())


async def ask(turn: Turn) -> None:
    """The form."""
    await turn.open(form(turn, await turn.target()))


async def submit(turn: Turn) -> None:
    """Add the chosen service."""
    filled = services_form.parse(turn.view)
    await turn.incident(filled.number)
    await turn.desk.services.add(filled.number, filled.service, by=turn.user, once=turn.once)


async def remove(turn: Turn) -> None:
    """**Remove**: the form shows what is left."""
    pressed = ServiceButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    after = await turn.desk.services.remove(
        pressed.number, pressed.service, by=turn.user, once=turn.once
    )
    await turn.replace(form(turn, after))


async def invite_owners(turn: Turn) -> None:
    """**Invite owners** of a neighbouring service."""
    pressed = ServiceButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    title, names = await turn.desk.services.invite_owners(
        pressed.number, pressed.service, by=turn.user, once=turn.once
    )
    if names:
        await turn.say(notices.said(f"Invited the owners of {title}: {', '.join(names)}."))


COMMANDS: dict[str, Command] = {
    "service": Command(
        "service [INC-n] add|remove <name>", "add or remove an affected service", service
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.SERVICES: ask,
    ActionId.REMOVE_SERVICE: remove,
    ActionId.INVITE_OWNERS: invite_owners,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.SERVICES: submit}
