"""*Resolve*: close the incident, and say what fixed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import Answers, about, labelled, modal, text_input
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """What fixed it, if anybody said."""

    number: int
    resolution: str = ""


def build(incident: Incident) -> dict[str, Any]:
    """The form."""
    typed = text_input(multiline=True, focus=True)
    blocks = [
        about(incident),
        labelled("What fixed it?", BlockId.RESOLUTION, typed),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal("Resolve", CallbackId.RESOLVE, blocks, submit="Resolve", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        resolution=answers.words(BlockId.RESOLUTION),
    )
    answers.check()
    return form
