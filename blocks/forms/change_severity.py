"""*Change severity*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import Answers, about, choose, labelled, modal, text_input
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blocks.forms.base import Choice
    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The new severity and why."""

    number: int
    severity: str
    reason: str = ""


def build(incident: Incident, *, severities: Sequence[Choice]) -> dict[str, Any]:
    """The form; ``severities`` worst first."""
    severity = choose(
        "Severity",
        BlockId.SEVERITY,
        severities,
        initial=incident.severity,
        otherwise="/incident severity <name> sets any of them.",
        optional=False,
    )
    reason = labelled("Reason", BlockId.REASON, text_input(multiline=True))
    return modal(
        "Change severity",
        CallbackId.CHANGE_SEVERITY,
        [about(incident), severity, reason],
        submit="Save",
        metadata=IncidentButton(number=incident.number),
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        severity=answers.choice(BlockId.SEVERITY, required="Choose a severity.") or "",
        reason=answers.words(BlockId.REASON),
    )
    answers.check()
    return form
