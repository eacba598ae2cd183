"""*Who was on call*: at a moment, in one roster or in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit
from blocks.forms.base import Answers, labelled, modal
from blocks.forms.override import moment, picker, roster_choice
from blocks.ids import BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Form:
    """When, and in which roster (None: in all)."""

    at: datetime
    roster: str | None = None


def build(rosters: Sequence[str]) -> dict[str, Any]:
    """The form."""
    blocks = [
        labelled("When", BlockId.AT, picker(), optional=False),
        roster_choice(rosters, optional=True),
        kit.context("In your own time zone; without a roster all of them are told."),
    ]
    return modal("Who was on call", CallbackId.ON_CALL_AT, blocks, submit="Show")


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    at = moment(answers, BlockId.AT)
    if at is None:
        answers.refuse(BlockId.AT, "Choose a time.")
    answers.check()
    assert at is not None  # noqa: S101 - refused above
    return Form(at=at, roster=answers.choice(BlockId.ROSTER))
