"""*Change severity*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import text
from blocks.forms.base import Answers, about, choose, labelled, modal, proposal, text_input
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton

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


def build(
    incident: Incident, *, severities: Sequence[Choice], proposed: str | None = None
) -> dict[str, Any]:
    """The form; ``severities`` worst first, ``proposed`` is the one chosen so far."""
    severity = choose(
        "Severity",
        BlockId.SEVERITY,
        severities,
        initial=proposed or incident.severity,
        otherwise="/incident severity <name> sets any of them.",
        optional=False,
        dispatch=ActionId.PROPOSED,
    )
    reason = labelled("Reason", BlockId.REASON, text_input(multiline=True))
    blocks = [about(incident), severity]
    if incident.severity:
        wanted = text.inline(proposed, 60) if proposed else "choose another"
        blocks.append(proposal("Severity", text.inline(incident.severity, 60), wanted))
    return modal(
        "Change severity",
        CallbackId.CHANGE_SEVERITY,
        [*blocks, reason],
        submit="Save",
        metadata=IncidentButton(number=incident.number),
    )


def chosen(view: Mapping[str, Any]) -> str | None:
    """The severity chosen so far."""
    return Answers(view).choice(BlockId.SEVERITY)


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
