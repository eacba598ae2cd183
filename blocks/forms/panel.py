"""The control panel of an incident: opened by **More** and by bare ``/incident`` in its channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import ConfirmObject

from blocks import kit, text
from blocks.card import actions_line, related_line
from blocks.facts import facts, headline
from blocks.forms.base import modal
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from slack_sdk.models.blocks import Block

    from blocks.card import CardContext
    from bot.domain.incident import Incident

#: What the panel can offer, in order; the card's own buttons come first where they are wanted.
LABELS: Final[Mapping[ActionId, str]] = {
    ActionId.ACKNOWLEDGE: "Acknowledge",
    ActionId.REASSIGN: "Reassign",
    ActionId.ESCALATE: "Escalate",
    ActionId.RESOLVE: "Resolve",
    ActionId.REOPEN: "Reopen",
    ActionId.OPEN_CHANNEL: "Open channel",
    ActionId.POSTMORTEM: "Post-mortem",
    ActionId.POST_UPDATE: "Post an update",
    ActionId.CHANGE_SEVERITY: "Change severity",
    ActionId.CHANGE_PHASE: "Change phase",
    ActionId.ASSIGN_ROLES: "Assign roles",
    ActionId.SERVICES: "Services",
    ActionId.PAGE_SOMEONE: "Page someone",
    ActionId.ADD_NOTE: "Add a note",
    ActionId.ADD_ACTION_ITEM: "Add an action item",
    ActionId.TIMELINE: "Timeline",
    ActionId.TIMES: "Times",
    ActionId.MERGE: "Merge",
    ActionId.MAKE_PRIVATE: "Make private",
}


def _confirm(incident: Incident, action: ActionId) -> ConfirmObject | None:
    """Making it private cannot be taken back: say what it does not undo."""
    if action is not ActionId.MAKE_PRIVATE:
        return None
    issue = "the issue's comments, " if incident.ticket and incident.ticket.number else ""
    old = "what was written in its channel, " if incident.places.channel else ""
    words = (
        "It goes on in a new private channel with its members; the announcement is deleted. "
        f"Still readable for others: {old}{issue}what was sent already. It cannot be made public again."
    )
    return ConfirmObject(
        title=f"Make {incident.name} private?",
        text=kit.plain_text(words, 300),
        confirm="Make private",
        deny="Cancel",
    )


def build(
    incident: Incident, context: CardContext, *, available: Collection[ActionId]
) -> dict[str, Any]:
    """The facts, and a button for every action that is available."""
    target = IncidentButton(number=incident.number)
    blocks: list[Block] = [
        kit.header(headline(incident, context.severities), BlockId.HEADER),
        kit.facts(facts(incident, context), BlockId.FACTS),
    ]
    if text.shows(incident.description):
        blocks.append(kit.section(text.quote(incident.description, 900)))
    blocks += actions_line(context)
    if context.waiting:
        blocks.append(kit.context(f"⏳ {text.inline(context.waiting, 500)}"))
    if related := related_line(context):
        blocks.append(kit.context(related))
    buttons = [
        kit.button(label, action, target, about=incident.name, confirm=_confirm(incident, action))
        for action, label in LABELS.items()
        if action in available
    ]
    if buttons:
        blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    return modal(incident.name, CallbackId.PANEL, blocks, close="Close", metadata=target)
