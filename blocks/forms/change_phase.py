"""*Change phase*: where the people stand with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import (
    Answers,
    about,
    choose,
    labelled,
    modal,
    phase_choices,
    proposal,
    text_input,
)
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton
from bot.domain.incident import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The new phase and why."""

    number: int
    phase: Phase
    reason: str = ""


def build(incident: Incident, *, proposed: str | None = None) -> dict[str, Any]:
    """The form; *resolved* is not among the phases, resolving has its own button."""
    phase = choose(
        "Phase",
        BlockId.PHASE,
        phase_choices(),
        initial=proposed or incident.phase.value,
        otherwise="",
        optional=False,
        dispatch=ActionId.PROPOSED,
    )
    change = proposal("Phase", incident.phase.value, _shown(proposed))
    reason = labelled("Reason", BlockId.REASON, text_input(multiline=True))
    return modal(
        "Change phase",
        CallbackId.CHANGE_PHASE,
        [about(incident), phase, change, reason],
        submit="Save",
        metadata=IncidentButton(number=incident.number),
    )


def _shown(proposed: str | None) -> str:
    return proposed if proposed in dict(phase_choices()) else "choose another"


def chosen(view: Mapping[str, Any]) -> str | None:
    """The phase chosen so far."""
    return Answers(view).choice(BlockId.PHASE)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    phase = answers.phase(required="Choose a phase.")
    reason = answers.words(BlockId.REASON)
    answers.check()
    return Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        phase=phase or Phase.INVESTIGATING,
        reason=reason,
    )
