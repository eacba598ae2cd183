"""Steps that gave up, with the two buttons that settle them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.ids import ActionId, StepButton, step_block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slack_sdk.models.blocks import Block


@dataclass(frozen=True, kw_only=True)
class FailedStep:
    """A step of the run log that gave up; ``stopped``: its provider takes nothing until mended."""

    effect_id: int
    label: str
    reason: str
    provider: str
    stopped: bool = False


def failed_steps(incident_number: int, steps: Iterable[FailedStep], most: int) -> list[Block]:
    """The first ``most`` with their buttons, the others counted."""
    different = {step.effect_id: step for step in steps}
    blocks: list[Block] = []
    for step in list(different.values())[:most]:
        blocks += failed_step(incident_number, step)
    hidden = len(different) - most
    if hidden > 0:
        more = text.plural(hidden, "more failed step")
        blocks.append(kit.context(f"⚠️ {more}: settle these to see them"))
    return blocks


def failed_step(incident_number: int, step: FailedStep) -> list[Block]:
    """``⚠️ GitHub issue: acme/x has issues disabled (410).`` with its two buttons."""
    target = StepButton(effect_id=step.effect_id, number=incident_number)
    label = text.one_line(step.label, 50, empty="step")
    return [
        kit.context(f"⚠️ {failure_line(step)}"),
        kit.actions(
            [
                kit.button("Retry", ActionId.RETRY, target, about=label),
                kit.button("Dismiss", ActionId.DISMISS, target, about=label),
            ],
            step_block(step.effect_id),
        ),
    ]


def failure_line(step: FailedStep) -> str:
    """What failed, why, and whether the whole provider stands still."""
    reason = text.inline(step.reason, 600, empty="no reason given").rstrip(".")
    line = f"*{text.inline(step.label, 100, empty='Step')}:* {reason}."
    if step.stopped:
        line += (
            f" I stopped all calls to {kit.provider_name(step.provider)} until an admin mends it."
        )
    return line
