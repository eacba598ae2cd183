"""The control panel, and where an incident can be escalated to: only what its pager can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks.forms import panel as panel_form
from blocks.ids import ActionId
from bot.domain.incident import Status

if TYPE_CHECKING:
    from blocks.card import CardContext
    from bot.domain.incident import Incident
    from bot.domain.lifecycle import EscalationTarget
    from handlers.turn import Turn

#: What the panel offers on an open incident besides the card's own buttons.
OPEN_ACTIONS = (
    ActionId.POST_UPDATE,
    ActionId.CHANGE_SEVERITY,
    ActionId.CHANGE_PHASE,
    ActionId.ASSIGN_ROLES,
    ActionId.SERVICES,
    ActionId.PAGE_SOMEONE,
    ActionId.ADD_NOTE,
    ActionId.ADD_ACTION_ITEM,
    ActionId.TIMELINE,
    ActionId.TIMES,
    ActionId.MERGE,
    ActionId.MAKE_PRIVATE,
)
CLOSED_ACTIONS = (
    ActionId.POSTMORTEM,
    ActionId.POST_UPDATE,
    ActionId.CHANGE_SEVERITY,
    ActionId.ASSIGN_ROLES,
    ActionId.SERVICES,
    ActionId.ADD_NOTE,
    ActionId.ADD_ACTION_ITEM,
    ActionId.TIMELINE,
    ActionId.TIMES,
    ActionId.MAKE_PRIVATE,
)


def available(incident: Incident) -> tuple[ActionId, ...]:
    """The panel's buttons for the incident as it stands."""
    return tuple(
        a for a in _actions(incident) if a is not ActionId.MAKE_PRIVATE or not incident.private
    )


def _actions(incident: Incident) -> tuple[ActionId, ...]:
    if incident.merged_into is not None:
        return (ActionId.TIMELINE,)
    if not incident.is_open:
        return (ActionId.REOPEN, *CLOSED_ACTIONS)
    first = (ActionId.ACKNOWLEDGE,) if incident.status is Status.TRIGGERED else ()
    nowhere = not (incident.opens_channel or incident.places.channel or incident.places.in_thread)
    room = (ActionId.OPEN_CHANNEL,) if nowhere else ()  # there may be no announcement to offer it
    return (*first, ActionId.REASSIGN, ActionId.ESCALATE, ActionId.RESOLVE, *room, *OPEN_ACTIONS)


def build(incident: Incident, context: CardContext) -> dict[str, Any]:
    """The panel's view for the incident as it stands."""
    return panel_form.build(incident, context, available=available(incident))


async def open_panel(turn: Turn, incident: Incident) -> None:
    """The control panel of one incident."""
    await turn.open(build(incident, await turn.desk.card_context(incident)))


async def escalation_choices(turn: Turn, incident: Incident) -> list[tuple[str, str]]:
    """What the escalation form offers."""
    return (await turn.desk.asking.reach(incident)).choices()


async def escalation_target(turn: Turn, incident: Incident, words: str) -> EscalationTarget:
    """What was typed or chosen; UserError names what there is instead."""
    return (await turn.desk.asking.reach(incident)).target(words)
