"""Roles: ``/incident role``, *Assign roles*, and the buttons in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import assign_role
from blocks.ids import ActionId, CallbackId, RoleButton
from bot.errors import UserError
from handlers import grammar
from handlers.command import Command, meant

if TYPE_CHECKING:
    from typing import Any

    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn

_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_NOBODY = frozenset({"none", "nobody", "release", "free", "-"})
_ME = frozenset({"me", "myself"})


async def role(turn: Turn, rest: str) -> None:
    """``role [INC-n] <role> [@user|none]``: without a person it is yours; without a role the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(form(turn, incident))
        return
    name, person, nobody = _taken_apart(turn, more)
    if nobody:
        after = await turn.desk.roles.release(incident.number, name, by=turn.user, once=turn.once)
        await turn.say(notices.said(f"Nobody is {name} now.", about=after))
        return
    after = await turn.desk.roles.assign(
        incident.number, name, to=person or turn.user.id, by=turn.user, once=turn.once
    )
    await turn.say(notices.said(_said(incident, after, name), about=after))


def _said(before: Incident, after: Incident, name: str) -> str:
    holder, was = after.roles.get(name), before.roles.get(name)
    now = holder.name if holder else "Nobody"
    return f"{now} is {name} now{f' (was {was.name})' if was else ''}."


def _taken_apart(turn: Turn, words: str) -> tuple[str, str | None, bool]:
    """The role, the person if one is named, and whether it is to be free; unknown roles name the nearest."""
    found = _MENTION.search(words)
    if found:
        person, _ = grammar.person_first(found[0])
        return (
            known_role(turn, words[: found.start()].strip() or words[found.end() :]),
            person,
            False,
        )
    name, _, last = words.strip().rpartition(" ")
    if name and last.casefold() in _NOBODY | _ME:
        return known_role(turn, name), None, last.casefold() in _NOBODY
    if name and (begun := _role_of(turn, words.split(maxsplit=1)[0])):
        msg = f"Name the person with @, for example /incident role {begun} @ana."
        raise UserError(msg)
    return known_role(turn, words), None, False


def _role_of(turn: Turn, words: str) -> str | None:
    wanted = " ".join(text.plain(words).split()).casefold()
    known = (r.name for r in turn.desk.catalog.roles)
    return next((name for name in known if name.casefold() == wanted), None)


def known_role(turn: Turn, words: str) -> str:
    """The configured role; UserError with the nearest one and all of them."""
    found = _role_of(turn, words)
    if found is not None:
        return found
    names = [r.name for r in turn.desk.catalog.roles]
    typed = " ".join(text.plain(words).split())
    nearest = grammar.nearest(typed.casefold(), names)
    offer = f" Did you mean /incident role {nearest}?" if nearest else ""
    msg = f"There is no role {typed or '(none named)'}, so nothing was done.{offer} Roles: {', '.join(names)}."
    raise UserError(msg)


# --- the form --------------------------------------------------------------------------------------------------


def form(
    turn: Turn, incident: Incident, *, role: str | None = None, person: str | None = None
) -> dict[str, Any]:
    """*Assign roles* for the incident as it stands."""
    names = [(r.name, r.name) for r in turn.desk.catalog.roles]
    return assign_role.build(incident, roles=names, role=role, person=person)


def proposal(turn: Turn, incident: Incident) -> dict[str, Any]:
    """The form again, with what is chosen beside who holds the role now."""
    chosen = assign_role.draft(turn.view)
    return form(turn, incident, role=chosen.role or None, person=chosen.person or None)


async def ask(turn: Turn) -> None:
    """The form."""
    await turn.open(form(turn, await turn.target()))


async def submit(turn: Turn) -> None:
    """Give the role to the person chosen."""
    filled = assign_role.parse(turn.view)
    await turn.incident(filled.number)
    await turn.desk.roles.assign(
        filled.number, filled.role, to=filled.person, by=turn.user, once=turn.once
    )


async def take(turn: Turn) -> None:
    """**I'll take it**: the chosen role is mine."""
    pressed = RoleButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    after = await turn.desk.roles.assign(
        pressed.number, pressed.role, to=turn.user.id, by=turn.user, once=turn.once
    )
    await turn.replace(form(turn, after, role=pressed.role))


async def free(turn: Turn) -> None:
    """**Free the role**: nobody holds it any more."""
    pressed = RoleButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    after = await turn.desk.roles.release(
        pressed.number, pressed.role, by=turn.user, once=turn.once
    )
    await turn.replace(form(turn, after, role=pressed.role))


COMMANDS: dict[str, Command] = {
    "role": Command(
        "role [INC-n] <role> [@user|none]", "take a role, hand it to somebody, or give it up", role
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.ASSIGN_ROLES: ask,
    ActionId.TAKE_ROLE: take,
    ActionId.FREE_ROLE: free,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.ASSIGN_ROLE: submit}
