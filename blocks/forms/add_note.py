"""*Add a note* to the timeline, the pager and the issue."""

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
    """The note."""

    number: int
    note: str


def build(incident: Incident) -> dict[str, Any]:
    """The form."""
    typed = text_input(multiline=True, focus=True)
    blocks = [
        about(incident),
        labelled("Note", BlockId.NOTE, typed, optional=False),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal("Add a note", CallbackId.ADD_NOTE, blocks, submit="Add", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        note=answers.words(BlockId.NOTE, required="Write the note."),
    )
    answers.check()
    return form
