"""*Assign roles*: who commands, who communicates, who writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit, text
from blocks.forms.base import Answers, about, choose, labelled, modal, user_select
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block

    from blocks.forms.base import Choice
    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """Who takes which role."""

    number: int
    role: str
    person: str  # Slack id


def build(
    incident: Incident, *, roles: Sequence[Choice], person: str | None = None
) -> dict[str, Any]:
    """The form, with who holds which role now; ``person`` (a Slack id) is chosen beforehand."""
    free = next((role for role, _ in roles if role not in incident.roles), None)
    role = choose(
        "Role",
        BlockId.ROLE,
        roles,
        initial=free or (roles[0][0] if roles else None),
        otherwise="/incident role <role> @user assigns any of them.",
        optional=False,
    )
    return modal(
        "Assign roles",
        CallbackId.ASSIGN_ROLE,
        [
            about(incident),
            *_held(incident, roles),
            role,
            labelled("Person", BlockId.PERSON, user_select(person), optional=False),
        ],
        submit="Assign",
        metadata=IncidentButton(number=incident.number),
    )


def _held(incident: Incident, roles: Sequence[Choice]) -> list[Block]:
    labels = dict(roles)
    held = [
        f"*{text.inline(labels.get(role, role), 60)}:* {text.mention(person)}"
        for role, person in list(incident.roles.items())[:20]
    ]
    return [kit.context(" · ".join(held))] if held else []


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        role=answers.choice(BlockId.ROLE, required="Choose a role.") or "",
        person=answers.person(BlockId.PERSON, required="Choose who takes the role.") or "",
    )
    answers.check()
    return form
