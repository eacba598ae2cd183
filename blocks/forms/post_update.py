"""*Post an update*: one honest line for everybody who waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blocks.forms.base import (
    Answers,
    Choice,
    about,
    choose,
    labelled,
    modal,
    phase_choices,
    text_input,
)
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident, Phase


#: Seconds until the next update, and how people say it.
NEXT_UPDATES: Final[tuple[Choice, ...]] = (
    ("900", "15 minutes"),
    ("1800", "30 minutes"),
    ("3600", "1 hour"),
    ("7200", "2 hours"),
    ("14400", "4 hours"),
    ("86400", "1 day"),
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """The update; ``phase`` None leaves it, ``next_update`` is seconds or None."""

    number: int
    update: str
    phase: Phase | None = None
    next_update: int | None = None


def build(incident: Incident, *, next_update: int | None = None) -> dict[str, Any]:
    """The form; ``next_update`` (seconds) is chosen when it is among the choices."""
    phase = choose(
        "Phase", BlockId.PHASE, phase_choices(), initial=incident.phase.value, otherwise=""
    )
    after = choose(
        "Next update in",
        BlockId.NEXT_UPDATE,
        NEXT_UPDATES,
        initial=str(next_update) if next_update else None,
        otherwise="",
    )
    typed = text_input(
        multiline=True, placeholder="What people notice, what we do, what to expect", focus=True
    )
    update = labelled("Update", BlockId.UPDATE, typed, optional=False)
    return modal(
        "Post an update",
        CallbackId.POST_UPDATE,
        [about(incident), phase, update, after],
        submit="Post",
        metadata=IncidentButton(number=incident.number),
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    after = answers.choice(BlockId.NEXT_UPDATE)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        update=answers.words(BlockId.UPDATE, required="Write the update."),
        phase=answers.phase(),
        next_update=int(after) if after and after in dict(NEXT_UPDATES) else None,
    )
    answers.check()
    return form
