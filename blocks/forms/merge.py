"""*Merge*: two incidents that are one. Which other, and which of the two is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blocks import kit
from blocks.forms.add_message import choices_of
from blocks.forms.base import Answers, about, choose, labelled, modal, select
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Incident

THIS: Final = "this"
OTHER: Final = "other"


@dataclass(frozen=True, kw_only=True)
class Form:
    """``gone`` is merged into ``kept``."""

    gone: int
    kept: int


def build(incident: Incident, others: Sequence[Incident]) -> dict[str, Any]:
    """The form; ``others`` are the open incidents it can be merged with, at least one."""
    keep = [(THIS, f"Keep {incident.name}, resolve the other"), (OTHER, "Keep the other")]
    blocks = [
        about(incident),
        choose(
            "Merge with",
            BlockId.INCIDENT,
            choices_of(others),
            optional=False,
            otherwise="/incident merge INC-m into INC-n takes any of them.",
        ),
        labelled("Keep", BlockId.KEEP, select(keep, initial=THIS), optional=False),
        kit.context(
            "The one that is not kept is resolved here, at the pager and on GitHub, and points to the other. "
            "Its people are invited over. This cannot be undone."
        ),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal("Merge", CallbackId.MERGE, blocks, submit="Merge", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    number = IncidentButton.decode(view.get("private_metadata")).number
    chosen = answers.choice(BlockId.INCIDENT, required="Choose the other incident.")
    keep = answers.choice(BlockId.KEEP, required="Choose which one is kept.")
    answers.check()
    other = int(chosen or 0)
    return Form(gone=number, kept=other) if keep == OTHER else Form(gone=other, kept=number)
