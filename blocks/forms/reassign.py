"""*Reassign*: hand the incident to one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import Answers, about, labelled, modal, text_input, user_select
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """Whom to assign, and what to tell them."""

    number: int
    person: str  # Slack id
    message: str = ""


def build(incident: Incident, *, person: str | None = None) -> dict[str, Any]:
    """The form; ``person`` (a Slack id) is chosen beforehand."""
    blocks = [
        about(incident),
        labelled("Assign to", BlockId.PERSON, user_select(person), optional=False),
        labelled("Message", BlockId.MESSAGE, text_input(multiline=True)),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal("Reassign", CallbackId.REASSIGN, blocks, submit="Reassign", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        person=answers.person(BlockId.PERSON, required="Choose who takes it.") or "",
        message=answers.words(BlockId.MESSAGE),
    )
    answers.check()
    return form
