"""*Override*: somebody is on call instead of whoever would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import DateTimePickerElement

from blocks import kit
from blocks.forms.base import Answers, choose, labelled, modal, user_select
from blocks.ids import ELEMENT, BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block


@dataclass(frozen=True, kw_only=True)
class Form:
    """Who (Slack id), where, from when (None: now) until when, and instead of whom (None: of everybody)."""

    person: str
    roster: str
    since: datetime | None
    until: datetime
    instead: str | None = None


def build(rosters: Sequence[str], person: str | None = None) -> dict[str, Any]:
    """The form; with a single roster it is chosen already."""
    blocks: list[Block] = [
        labelled("On call", BlockId.PERSON, user_select(person), optional=False),
        roster_choice(rosters),
        labelled("From", BlockId.SINCE, picker(), hint="Empty: from now on"),
        labelled("Until", BlockId.UNTIL, picker(), optional=False),
        labelled(
            "Instead of", BlockId.OTHER, user_select(), hint="Empty: instead of everybody on call"
        ),
        kit.context("Times are in your own time zone."),
    ]
    return modal("Override", CallbackId.OVERRIDE, blocks, submit="Override")


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    person = answers.person(BlockId.PERSON, required="Choose who is on call.")
    roster = answers.choice(BlockId.ROSTER, required="Choose a roster.")
    since, until = moment(answers, BlockId.SINCE), moment(answers, BlockId.UNTIL)
    if until is None:
        answers.refuse(BlockId.UNTIL, "Choose until when.")
    elif since and until <= since:
        answers.refuse(BlockId.UNTIL, "It ends before it begins. Correct one of the two times.")
    answers.check()
    assert until is not None  # noqa: S101 - refused above
    return Form(
        person=person or "",
        roster=roster or "",
        since=since,
        until=until,
        instead=answers.person(BlockId.OTHER),
    )


def roster_choice(rosters: Sequence[str], *, optional: bool = False) -> Block:
    """Which roster is meant."""
    return choose(
        "Roster",
        BlockId.ROSTER,
        [(name, name) for name in rosters],
        initial=rosters[0] if len(rosters) == 1 and not optional else None,
        otherwise="/incident oncall override @user <roster> until Friday 9:00 takes any of them.",
        optional=optional,
    )


def picker() -> DateTimePickerElement:
    """A date and a time."""
    return DateTimePickerElement(action_id=ELEMENT)


def moment(answers: Answers, block_id: BlockId) -> datetime | None:
    """What was picked."""
    stamp = answers.stamp(block_id)
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None
