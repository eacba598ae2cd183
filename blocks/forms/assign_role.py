"""*Assign roles*: who commands, who communicates, who writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit, text
from blocks.forms.base import Answers, about, choose, labelled, modal, proposal, user_select
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton, RoleButton
from bot.domain.incident import Actor

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
    incident: Incident,
    *,
    roles: Sequence[Choice],
    role: str | None = None,
    person: str | None = None,
) -> dict[str, Any]:
    """The form, with who holds which role now; ``role`` and ``person`` (a Slack id) are chosen beforehand."""
    free = next((name for name, _ in roles if name not in incident.roles), None)
    chosen = role or free or (roles[0][0] if roles else None)
    select = choose(
        "Role",
        BlockId.ROLE,
        roles,
        initial=chosen,
        otherwise="/incident role <role> @user assigns any of them.",
        optional=False,
        dispatch=ActionId.PROPOSED,
    )
    who = user_select(person, action=ActionId.PROPOSED)
    return modal(
        "Assign roles",
        CallbackId.ASSIGN_ROLE,
        [
            about(incident),
            *_held(incident, roles),
            select,
            labelled("Person", BlockId.PERSON, who, optional=False, dispatch=True),
            *_about_role(incident, chosen, person),
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


def _about_role(incident: Incident, role: str | None, person: str | None) -> list[Block]:
    """``current / proposed`` when the role is taken, and what can be done with it at once."""
    if not role:
        return []
    holder = incident.roles.get(role)
    button = RoleButton(number=incident.number, role=role)
    blocks: list[Block] = []
    if holder is not None:
        proposed = (
            text.mention(Actor(name=person, slack_id=person)) if person else "choose a person"
        )
        blocks.append(proposal(role, text.mention(holder), proposed))
    buttons = [
        kit.button("I'll take it", ActionId.TAKE_ROLE, button, about=f"{role} of {incident.name}")
    ]
    if holder is not None:
        buttons.append(
            kit.button(
                "Free the role", ActionId.FREE_ROLE, button, about=f"{role} of {incident.name}"
            )
        )
    if text.size(button.encode()) <= kit.BUTTON_VALUE_LIMIT:
        blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    return blocks


def draft(view: Mapping[str, Any]) -> Form:
    """What is chosen so far, complete or not."""
    answers = Answers(view)
    return Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        role=answers.choice(BlockId.ROLE) or "",
        person=answers.person(BlockId.PERSON) or "",
    )


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
