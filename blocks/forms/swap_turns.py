"""*Swap turns*: two people exchange their next turns, or two turns they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit
from blocks.forms.base import Answers, labelled, modal, user_select
from blocks.forms.override import moment, picker, roster_choice
from blocks.ids import BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Form:
    """The two (Slack ids), the roster, and a moment of each one's turn (None: their next one)."""

    people: tuple[str, str]
    roster: str
    at: tuple[datetime | None, datetime | None] = (None, None)


def build(rosters: Sequence[str], person: str | None = None) -> dict[str, Any]:
    """The form; with a single roster it is chosen already."""
    hint = "A time within it; empty: the next turn that has not begun"
    blocks = [
        labelled("Person", BlockId.PERSON, user_select(person), optional=False),
        labelled("Other person", BlockId.OTHER, user_select(), optional=False),
        roster_choice(rosters),
        labelled("Turn of the first", BlockId.AT, picker(), hint=hint),
        labelled("Turn of the other", BlockId.OTHER_AT, picker(), hint=hint),
        kit.context("Times are in your own time zone."),
    ]
    return modal("Swap turns", CallbackId.SWAP_TURNS, blocks, submit="Swap")


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    one = answers.person(BlockId.PERSON, required="Choose a person.")
    other = answers.person(BlockId.OTHER, required="Choose the other person.")
    roster = answers.choice(BlockId.ROSTER, required="Choose a roster.")
    answers.check()
    return Form(
        people=(one or "", other or ""),
        roster=roster or "",
        at=(moment(answers, BlockId.AT), moment(answers, BlockId.OTHER_AT)),
    )
