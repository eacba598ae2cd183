"""*Services*: which ones the incident concerns; the first is the primary one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit, text
from blocks.forms.base import Answers, about, choose, modal
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton, ServiceButton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block

    from blocks.forms.base import Choice
    from bot.domain.incident import Affected, Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """The service to add."""

    number: int
    service: str


def build(incident: Incident, *, services: Sequence[Choice]) -> dict[str, Any]:
    """What is affected now, each with **Remove**, and a service to add; ``services`` are all there are."""
    affected = incident.services
    blocks: list[Block] = [about(incident)]
    blocks += [_line(incident, each, nth) for nth, each in enumerate(affected[:40])]
    if not affected:
        blocks.append(kit.context("No service is affected so far."))
    known = {each.id for each in affected}
    free = [(value, label) for value, label in services if value not in known]
    if free:
        adding = choose(
            "Add a service",
            BlockId.SERVICE,
            free,
            otherwise="/incident service add <name> adds any of them.",
            optional=False,
        )
        blocks.append(adding)
    else:
        blocks.append(kit.context("*Add a service:* there is no other in muster.yml."))
    return modal(
        "Services",
        CallbackId.SERVICES,
        blocks,
        submit="Add" if free else None,
        close="Close",
        metadata=IncidentButton(number=incident.number),
    )


def _line(incident: Incident, service: Affected, nth: int) -> Block:
    title = text.inline(service.title, 150, empty="a service")
    words = f"*{title}*{' · primary: pager and issue follow it' if nth == 0 else ''}"
    target = ServiceButton(number=incident.number, service=service.id)
    fits = text.size(target.encode()) <= kit.BUTTON_VALUE_LIMIT
    button = kit.button("Remove", ActionId.REMOVE_SERVICE, target, about=service.title)
    return kit.section(words, accessory=button if fits else None)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        service=answers.choice(BlockId.SERVICE, required="Choose a service.") or "",
    )
    answers.check()
    return form
