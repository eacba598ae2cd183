"""*Which incident?*: INC-n with completion, for a command that did not name one. Reusable in other forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import ExternalDataSelectElement

from blocks import kit, text
from blocks.forms.base import Answers, labelled, modal, option
from blocks.ids import ActionId, BlockId, CallbackId, PickedFor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import InputBlock, Option

    from bot.domain.incident import Incident

#: Slack's limit for private_metadata.
ROOM: Final = 3000


@dataclass(frozen=True, kw_only=True)
class Form:
    """The incident chosen, and what was typed before."""

    number: int
    verb: str
    rest: str = ""


def field(
    label: str = "Incident", *, optional: bool = False, hint: str | None = None
) -> InputBlock:
    """A field that completes INC-n; ``handlers/options.py`` answers it."""
    select = ExternalDataSelectElement(
        action_id=ActionId.PICK_INCIDENT.value,
        placeholder=kit.plain_text("INC-12, or words of its title", 150),
        min_query_length=0,
        focus_on_load=True,
    )
    return labelled(label, BlockId.INCIDENT, select, optional=optional, hint=hint)


def options(incidents: Sequence[Incident]) -> list[dict[str, Any]]:
    """What may be chosen, ready for the answer to Slack's question."""
    return [_option(each).to_dict() for each in incidents[:100]]


def _option(incident: Incident) -> Option:
    lock = "🔒 " if incident.private else ""
    state = "" if incident.is_open else f"{incident.status.value} · "
    label = f"{lock}{incident.name} {incident.title}"
    about = f"{state}{incident.severity or 'no severity'}"
    return option(str(incident.number), label, about)


def fits(verb: str, rest: str) -> bool:
    """Whether all that was typed can be kept in the form."""
    return text.size(PickedFor(verb=verb, rest=rest).encode()) <= ROOM


def build(verb: str, rest: str = "") -> dict[str, Any]:
    """The form that asks for the incident; what was typed is kept and goes on afterwards."""
    typed = text.one_line(text.plain(f"/incident {verb} {rest}"), 200)
    return modal(
        "Which incident?",
        CallbackId.PICK_INCIDENT,
        [kit.context(text.inline(typed, 200)), field()],
        submit="Go on",
        metadata=PickedFor(verb=verb, rest=rest),
    )


def number(answers: Answers) -> int | None:
    """The number chosen in ``field``."""
    chosen = answers.choice(BlockId.INCIDENT)
    return int(chosen) if chosen and chosen.isascii() and chosen.isdigit() else None


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    chosen = number(answers)
    if chosen is None:
        answers.refuse(BlockId.INCIDENT, "Choose the incident.")
    answers.check()
    kept = PickedFor.decode(view.get("private_metadata"))
    return Form(number=chosen or 0, verb=kept.verb, rest=kept.rest)
