"""*Change the summary*: what is happening, as it is known now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import text
from blocks.forms.base import INPUT_LIMIT, Answers, about, labelled, modal, text_input
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The new summary; empty takes it away."""

    number: int
    summary: str


def build(incident: Incident) -> dict[str, Any]:
    """The form, holding the summary of now unless Slack's inputs are too small for it."""
    # Filled in cut, it would be saved cut: better an empty input that says so.
    fits = text.size(incident.description) <= INPUT_LIMIT
    typed = text_input(multiline=True, initial=incident.description if fits else "", focus=True)
    hint = None if fits else "The summary is too long to edit here; what you write replaces it."
    blocks = [about(incident), labelled("Summary", BlockId.SUMMARY, typed, hint=hint)]
    metadata = IncidentButton(number=incident.number)
    return modal(
        "Change the summary", CallbackId.CHANGE_SUMMARY, blocks, submit="Save", metadata=metadata
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        summary=answers.words(BlockId.SUMMARY),
    )
    answers.check()
    return form
