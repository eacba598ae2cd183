"""*Escalate*: to a level or policy of the pager, or to a person."""

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
    """Where to: ``target`` is the value of a choice, ``person`` a Slack id; one at least."""

    number: int
    target: str | None = None
    person: str | None = None
    message: str = ""


def build(incident: Incident, *, choices: Sequence[Choice] = ()) -> dict[str, Any]:
    """The form; ``choices`` are the levels and policies the pager can do, first the next one."""
    blocks: list[Block] = [about(incident)]
    if choices:
        blocks.append(
            choose(
                "Escalate to",
                BlockId.TARGET,
                choices,
                initial=choices[0][0],
                otherwise="/incident escalate <policy> reaches any of them.",
            )
        )
    blocks += [
        labelled("Or page a person", BlockId.PERSON, user_select()),
        labelled("Message", BlockId.MESSAGE, text_input(multiline=True)),
    ]
    metadata = IncidentButton(number=incident.number)
    return modal("Escalate", CallbackId.ESCALATE, blocks, submit="Escalate", metadata=metadata)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        target=answers.choice(BlockId.TARGET),
        person=answers.person(BlockId.PERSON),
        message=answers.words(BlockId.MESSAGE),
    )
    if not form.target and not form.person:
        answers.refuse(BlockId.PERSON, "Choose a level, a policy or a person to page.")
    answers.check()
    return form
