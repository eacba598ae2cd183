"""The effect table's steps as the builders want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.timeline import Step, StepState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.store.runlog import StepRecord

_STATES = {
    "done": StepState.DONE,
    "pending": StepState.WAITING,
    "leased": StepState.WAITING,
    "dead": StepState.FAILED,
    "cancelled": StepState.DISMISSED,
}


def steps_of(records: Iterable[StepRecord]) -> list[Step]:
    """One line of the run log per step."""
    return [
        Step(
            label=_label(record),
            state=_STATES[record.state],
            effect_id=record.effect_id,
            reason=record.detail or record.reason,
            at=record.at,
            provider=record.provider,
        )
        for record in records
    ]


def _label(record: StepRecord) -> str:
    detail = record.payload.get("verb") or record.payload.get("link")
    return f"{record.label} ({detail})" if detail else record.label
