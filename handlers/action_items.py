"""Action items: ``/incident action``, *Add an action item*, and the buttons of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.action_items import list_message
from blocks.forms import action_items as items_form
from blocks.forms import action_owner as owner_form
from blocks.ids import ActionId, CallbackId, ItemButton
from bot.errors import UserError
from handlers.command import Command, meant

if TYPE_CHECKING:
    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident
    from bot.services.action_items import Standing
    from handlers.turn import Handler, Turn

_OWNER_LAST = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s*$")
_NAME_LAST = re.compile(r"(?:^|\s)@[\w.-]+\s*$")


async def action(turn: Turn, rest: str) -> None:
    """``action [INC-n] <text> [@owner]``; without text the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await _open_form(turn, incident)
        return
    found = _OWNER_LAST.search(more)
    if found is None and _NAME_LAST.search(more):
        msg = (
            f"I do not know who {more.split()[-1]} is, so nothing was added. "
            "Choose the person from the list Slack offers after @, or leave the owner out."
        )
        raise UserError(msg)
    words = text.plain(more[: found.start()] if found else more)
    item = await turn.desk.actions.add(
        incident.number, words, by=turn.user, once=turn.once, owner=found[1] if found else None
    )
    await turn.say(notices.said(_added(item), about=incident))


def _added(item: ActionItem) -> str:
    owner = f" for {item.owner.name}" if item.owner else ", nobody's yet"
    issue = f"; its issue goes to {item.ticket.repo}" if item.ticket else ""
    return f"The action item is added{owner}{issue}."


async def actions(turn: Turn, rest: str) -> None:
    """``actions [INC-n]``: all of them with their state."""
    incident, _ = await meant(turn, rest)
    standing = await turn.desk.actions.standing(incident.number)
    await turn.say(list_message(standing.incident, standing.items))


async def _open_form(turn: Turn, incident: Incident) -> None:
    standing = await turn.desk.actions.standing(incident.number)
    await turn.open(items_form.build(standing.incident, standing.items))


async def ask(turn: Turn) -> None:
    """The form, with the list."""
    await _open_form(turn, await turn.target())


async def submit(turn: Turn) -> None:
    """Add what was typed."""
    form = items_form.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.actions.add(
        form.number, form.text, by=turn.user, once=turn.once, owner=form.owner
    )


async def _meant(turn: Turn) -> tuple[Incident, ActionItem]:
    """The item behind the pressed button; its incident is the one it really belongs to."""
    pressed = ItemButton.decode(turn.action.get("value"))
    incident = await turn.incident(pressed.number)
    item = await turn.desk.actions.one(pressed.item)
    if item.incident != incident.number:
        msg = "That action item belongs to another incident, so nothing was done."
        raise UserError(msg)
    return incident, item


async def _show(turn: Turn, after: Standing) -> None:
    """Pressed in the form, it shows there; pressed on a message, the message itself changes."""
    if turn.view.get("type") == "modal":
        await turn.replace(items_form.build(after.incident, after.items))


async def done(turn: Turn) -> None:
    """**Mark done**."""
    _, item = await _meant(turn)
    await _show(turn, await turn.desk.actions.complete(item.id, by=turn.user, once=turn.once))


async def reopen(turn: Turn) -> None:
    """**Reopen item**."""
    _, item = await _meant(turn)
    await _show(turn, await turn.desk.actions.reopen(item.id, by=turn.user, once=turn.once))


async def ask_owner(turn: Turn) -> None:
    """**Change owner**: whose it should be."""
    incident, item = await _meant(turn)
    await turn.open(owner_form.build(incident, item))


async def submit_owner(turn: Turn) -> None:
    """Hand it over."""
    form = owner_form.parse(turn.view)
    await turn.incident(form.number)
    item = await turn.desk.actions.one(form.item)
    if item.incident == form.number:
        await turn.desk.actions.hand_over(item.id, form.owner, by=turn.user, once=turn.once)


COMMANDS: dict[str, Command] = {
    "action": Command(
        "action [INC-n] <text> [@owner]", "add an action item; without text the form opens", action
    ),
    "actions": Command("actions [INC-n]", "the action items and what is done of them", actions),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.ADD_ACTION_ITEM: ask,
    ActionId.ACTION_DONE: done,
    ActionId.ACTION_REOPEN: reopen,
    ActionId.ACTION_OWNER: ask_owner,
}
VIEWS: dict[CallbackId, Handler] = {
    CallbackId.ACTION_ITEMS: submit,
    CallbackId.ACTION_OWNER: submit_owner,
}
