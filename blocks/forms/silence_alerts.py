"""*Silence alerts*: for how long nobody is paged and no incident opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from blocks import alerts, kit
from blocks.forms.base import Answers, labelled, modal, select
from blocks.ids import AlertsButton, BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.alert_groups import GroupView

SPANS: Final = (
    ("1800", "30 minutes"),
    ("3600", "1 hour"),
    ("14400", "4 hours"),
    ("28800", "8 hours"),
    ("86400", "1 day"),
    ("604800", "1 week"),
)


@dataclass(frozen=True, kw_only=True)
class Form:
    """The group, and for how long."""

    group: int
    span: timedelta


def build(view: GroupView) -> dict[str, Any]:
    """The form."""
    blocks = [
        kit.section(alerts.line(view)),
        labelled("Silence for", BlockId.DURATION, select(SPANS, initial="3600"), optional=False),
        kit.context("The card goes on saying what fires; nobody is paged and no incident opens."),
    ]
    metadata = AlertsButton(group=view.group.id)
    return modal(
        "Silence alerts", CallbackId.SILENCE_ALERTS, blocks, submit="Silence", metadata=metadata
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    group = AlertsButton.decode(view.get("private_metadata")).group
    chosen = answers.choice(BlockId.DURATION, required="Choose for how long.")
    answers.check()
    return Form(group=group, span=timedelta(seconds=int(chosen or 0)))
