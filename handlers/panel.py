"""The control panel, and what the escalation form offers: only what the pager can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks.forms import panel as panel_form
from blocks.ids import ActionId
from bot.domain.incident import PagerKind, Status, Urgency
from bot.domain.lifecycle import EscalationTarget
from bot.errors import UserError

if TYPE_CHECKING:
    from blocks.card import CardContext
    from bot.domain.incident import Incident
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
    """Levels first (the next one on top), then other policies; PagerDuty has no levels for low urgency."""
    if incident.pager.kind is PagerKind.NATIVE:
        policy = turn.desk.catalog.policies.get(incident.pager.policy_name or "")
        count = len(policy.levels) if policy else 0
        ahead = min(incident.pager.level, count)  # the next one on top
        order = [*range(ahead + 1, count + 1), *range(1, ahead + 1)]
        choices = [(f"level:{n}", f"Level {n}") for n in order]
        known = turn.desk.catalog.policies.values()
        return choices + [(f"policy:{p.name}", p.name) for p in known if p is not policy]
    if incident.pager.kind is not PagerKind.PAGERDUTY:
        return []
    listed = await turn.desk.people.policies()
    own = next((p for p in listed if p.id == incident.pager.policy_id), None)
    choices = []
    if incident.urgency is Urgency.HIGH:
        levels = own.levels if own else 3
        choices += [
            (f"level:{n}", f"Level {n} of {own.name if own else 'its policy'}")
            for n in range(2, levels + 1)
        ]
    choices += [(f"policy:{p.id}", p.name) for p in listed if p.id != incident.pager.policy_id]
    return choices


async def escalation_target(turn: Turn, incident: Incident, words: str) -> EscalationTarget:
    """What was typed or chosen: ``level:2``, ``2``, ``level 2``, ``policy:PID`` or a policy's name."""
    kind, _, value = words.partition(":")
    level = (value if kind == "level" else words.casefold().removeprefix("level")).strip()
    if level.isascii() and level.isdigit() and len(level) <= 3:  # noqa: PLR2004
        return EscalationTarget(level=int(level))
    known = await turn.desk.asking.policies(incident)
    wanted = (value if kind == "policy" else words).strip().casefold()
    for policy in known:
        if wanted in {(policy.id or policy.name).casefold(), policy.name.casefold()}:
            return EscalationTarget(policy_id=policy.id, policy_name=policy.name)
    names = ", ".join(p.name for p in known[:10])
    also = f", or one of {names}" if names else ""
    msg = f"I know no policy or level {words}. Use a level (2), a person (@ana){also}."
    raise UserError(msg)
