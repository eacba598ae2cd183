"""*Change the title*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import Answers, about, labelled, modal, text_input
from blocks.ids import BlockId, CallbackId, IncidentButton
from bot.domain.lifecycle import TITLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The new title, on one line."""

    number: int
    title: str


def build(incident: Incident) -> dict[str, Any]:
    """The form."""
    typed = text_input(initial=incident.title, focus=True)
    blocks = [
        about(incident),
        labelled("Title", BlockId.TITLE, typed, optional=False),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal(
        "Change the title", CallbackId.CHANGE_TITLE, blocks, submit="Save", metadata=metadata
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        title=answers.words(
            BlockId.TITLE, limit=TITLE_LIMIT, required="Please say what is broken."
        ),
    )
    answers.check()
    return form
