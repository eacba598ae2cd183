"""*Attach alerts*: which incident a group of alerts belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import alerts, kit
from blocks.forms import pick_incident
from blocks.forms.base import Answers, modal
from blocks.ids import AlertsButton, BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.alert_groups import GroupView


@dataclass(frozen=True, kw_only=True)
class Form:
    """The group, and the incident it belongs to."""

    group: int
    number: int


def build(view: GroupView) -> dict[str, Any]:
    """The form."""
    blocks = [
        kit.section(alerts.line(view)),
        pick_incident.field(hint="Its card shows the alerts, and the alerts show it."),
    ]
    metadata = AlertsButton(group=view.group.id)
    return modal(
        "Attach alerts", CallbackId.ATTACH_ALERTS, blocks, submit="Attach", metadata=metadata
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    group = AlertsButton.decode(view.get("private_metadata")).group
    chosen = answers.choice(BlockId.INCIDENT, required="Choose the incident.")
    answers.check()
    return Form(group=group, number=int(chosen or 0))
