"""Rosters in Slack: ``/incident oncall rosters`` and ``oncall roster ...``, *New roster* and *Edit roster*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks import rosters as shown
from blocks.forms import message_view
from blocks.forms import roster as form
from blocks.ids import ActionId, CallbackId, LayerButton, RosterButton
from bot.domain import roster_yaml
from bot.errors import UserError
from handlers import grammar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from handlers.turn import Handler, Turn


async def listing(turn: Turn, rest: str) -> None:
    """``oncall rosters [name]``."""
    listed = await turn.desk.roster_editing.listed(text.plain(rest).strip())
    await turn.say(shown.roster_list(listed, await turn.desk.incidents.now()))


async def roster(turn: Turn, rest: str) -> None:
    """``oncall roster new|edit|delete|export [name]``; a name alone shows that one."""
    verb, name = grammar.word_first(text.plain(rest))
    done = VERBS.get(verb.casefold())
    await (done(turn, name) if done else listing(turn, rest))


async def new(turn: Turn, name: str = "") -> None:
    """The form of a new roster, in the person's own time zone."""
    await turn.open(form.build(await turn.desk.roster_editing.new_draft(turn.user, name)))


async def edit(turn: Turn, name: str) -> None:
    """The form of one that was made in Slack."""
    draft, gone = await turn.desk.roster_editing.draft(_need(name, "edit"))
    await turn.open(form.build(draft, gone=gone))


async def delete(turn: Turn, name: str) -> None:
    """Ask first."""
    draft, _ = await turn.desk.roster_editing.draft(_need(name, "delete"))
    await turn.say(shown.deleting(draft.name))


async def export(turn: Turn, name: str) -> None:
    """As YAML that muster.yml takes; without a name all that were made in Slack."""
    found = await turn.desk.roster_editing.exported(name)
    for message in shown.exported(roster_yaml.document(found)):
        await turn.say(message)


def _need(name: str, verb: str) -> str:
    if not name:
        msg = f"Say which roster: /incident oncall roster {verb} <name>. /incident oncall rosters shows them all."
        raise UserError(msg)
    return name


VERBS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "new": new,
    "edit": edit,
    "delete": delete,
    "export": export,
}


SUBCOMMANDS: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "rosters": listing,
    "roster": roster,
}


# --- buttons and the form ------------------------------------------------------------------------------------------


async def pressed_new(turn: Turn) -> None:
    """**New roster**."""
    await new(turn)


async def pressed_edit(turn: Turn) -> None:
    """**Edit roster**."""
    await edit(turn, RosterButton.decode(turn.action.get("value")).name)


async def pressed_delete(turn: Turn) -> None:
    """**Delete roster**, in the form or in the answer to the command."""
    wanted = RosterButton.decode(turn.action.get("value")).name
    name = await turn.desk.roster_editing.delete(wanted, by=turn.user, once=turn.once)
    answer = notices.said(f"The roster {name} is deleted.")
    if turn.view.get("type") == "modal":
        await turn.replace(message_view("Deleted", answer))
    else:
        await turn.say(answer)


async def add_layer(turn: Turn) -> None:
    """One more layer, with all that was typed."""
    await turn.replace(form.build(form.draft(turn.view).with_layer()))


async def remove_layer(turn: Turn) -> None:
    """One layer less, with all that was typed."""
    key = LayerButton.decode(turn.action.get("value")).key
    await turn.replace(form.build(form.draft(turn.view).without_layer(key)))


async def submit(turn: Turn) -> None:
    """Make or change it."""
    filled = form.parse(turn.view)
    saved = await turn.desk.roster_editing.save(
        filled.draft, filled.only, by=turn.user, once=turn.once
    )
    answer = shown.saved(saved, await turn.desk.incidents.now())
    await turn.replace(message_view("Roster", answer))


ACTIONS: dict[ActionId, Handler] = {
    ActionId.ROSTER_NEW: pressed_new,
    ActionId.ROSTER_EDIT: pressed_edit,
    ActionId.ROSTER_DELETE: pressed_delete,
    ActionId.ROSTER_ADD_LAYER: add_layer,
    ActionId.ROSTER_REMOVE_LAYER: remove_layer,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.ROSTER: submit}
