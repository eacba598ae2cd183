"""Changing what is set: title and summary forms, and ``current / proposed`` while a form is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.forms import change_phase, change_severity, change_summary, change_title
from blocks.ids import ActionId, CallbackId, IncidentButton
from handlers import roles

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn


async def submit_title(turn: Turn) -> None:
    """Change the title."""
    form = change_title.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.set_title(form.number, form.title, by=turn.user, once=turn.once)


async def submit_summary(turn: Turn) -> None:
    """Change the summary."""
    form = change_summary.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.set_summary(form.number, form.summary, by=turn.user, once=turn.once)


async def proposed(turn: Turn) -> None:
    """Something was chosen in a form: show it beside what is set now."""
    number = IncidentButton.decode(turn.view.get("private_metadata")).number
    again = _PROPOSALS.get(str(turn.view.get("callback_id")))
    incident = await turn.incident(number)
    if again is not None:
        await turn.replace(again(turn, incident))


def _severity(turn: Turn, incident: Incident) -> dict[str, Any]:
    chosen = change_severity.chosen(turn.view)
    return change_severity.build(incident, severities=turn.desk.severity_choices(), proposed=chosen)


def _phase(turn: Turn, incident: Incident) -> dict[str, Any]:
    return change_phase.build(incident, proposed=change_phase.chosen(turn.view))


_PROPOSALS: dict[str, Callable[[Turn, Incident], dict[str, Any]]] = {
    CallbackId.ASSIGN_ROLE.value: roles.proposal,
    CallbackId.CHANGE_SEVERITY.value: _severity,
    CallbackId.CHANGE_PHASE.value: _phase,
}

ACTIONS: dict[ActionId, Handler] = {ActionId.PROPOSED: proposed}
VIEWS: dict[CallbackId, Handler] = {
    CallbackId.CHANGE_TITLE: submit_title,
    CallbackId.CHANGE_SUMMARY: submit_summary,
}
