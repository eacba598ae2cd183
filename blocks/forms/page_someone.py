"""*Page someone*: one more person, or whoever an escalation policy reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks.forms.base import Answers, about, choose, labelled, modal, text_input, user_select
from blocks.ids import BlockId, CallbackId, IncidentButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block

    from blocks.forms.base import Choice
    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """Whom to page: ``person`` is a Slack id, ``policy`` the value of a choice; one of them."""

    number: int
    person: str | None = None
    policy: str | None = None
    message: str = ""


def build(incident: Incident, *, policies: Sequence[Choice] = ()) -> dict[str, Any]:
    """The form; ``policies`` are those the incident's pager can page."""
    blocks: list[Block] = [
        about(incident),
        labelled("Person", BlockId.PERSON, user_select()),
    ]
    if policies:
        otherwise = "/incident page <policy> pages any of them."
        blocks.append(
            choose("Or an escalation policy", BlockId.TARGET, policies, otherwise=otherwise)
        )
    blocks.append(labelled("Message", BlockId.MESSAGE, text_input(multiline=True)))
    metadata = IncidentButton(number=incident.number)
    return modal("Page someone", CallbackId.PAGE_SOMEONE, blocks, submit="Page", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        person=answers.person(BlockId.PERSON),
        policy=answers.choice(BlockId.TARGET),
        message=answers.words(BlockId.MESSAGE),
    )
    if not form.person and not form.policy:
        answers.refuse(BlockId.PERSON, "Choose a person or an escalation policy to page.")
    if form.person and form.policy:
        answers.refuse(BlockId.TARGET, "Choose a person or a policy, not both.")
    answers.check()
    return form
