"""*Find somebody who knows*: the skill, for ``/incident expert`` without one in an incident's channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import OPTION_VALUE_LIMIT, Answers, about, choose, modal
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The incident, and the skill that was chosen."""

    number: int
    skill: str


def build(incident: Incident, skills: Sequence[str]) -> dict[str, Any]:
    """The form; there is at least one skill."""
    field = choose(
        "Skill",
        BlockId.SKILL,
        [(skill[:OPTION_VALUE_LIMIT], skill) for skill in skills],
        otherwise="/incident expert <skill>",
        optional=False,
    )
    return modal(
        "Who knows about it?",
        CallbackId.CHOOSE_SKILL,
        [about(incident), field],
        submit="Show",
        metadata=IncidentButton(number=incident.number),
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    number = IncidentButton.decode(view.get("private_metadata")).number
    skill = answers.choice(BlockId.SKILL, required="Choose a skill.")
    answers.check()
    return Form(number=number, skill=skill or "")
