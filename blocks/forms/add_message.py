"""*Add to timeline*, used outside of incident channels: which incident the message belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit, text
from blocks.forms.base import Answers, Choice, choose, labelled, modal, text_input
from blocks.ids import BlockId, CallbackId, MessageSpot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Incident
    from bot.domain.moments import Said


@dataclass(frozen=True, kw_only=True)
class Form:
    """The incident chosen, and the words that go into its timeline."""

    number: int
    words: str
    spot: MessageSpot


def choices_of(incidents: Sequence[Incident]) -> list[Choice]:
    """``INC-12 Checkout is down`` for every incident."""
    return [(str(each.number), f"{each.name} {each.title}") for each in incidents]


def build(said: Said, incidents: Sequence[Incident]) -> dict[str, Any]:
    """The form; there is at least one incident to choose."""
    typed = text_input(multiline=True, initial=text.truncate(text.clean(said.text), 2900))
    blocks = [
        choose(
            "Incident",
            BlockId.INCIDENT,
            choices_of(incidents),
            optional=False,
            otherwise="use the shortcut in the incident's channel.",
        ),
        labelled("Text", BlockId.NOTE, typed, optional=False),
        kit.context("The entry carries the message's author, its time and a link to it."),
    ]
    spot = MessageSpot(
        channel=said.channel, ts=said.ts, thread=said.thread, author=said.author,
        name=text.truncate(text.clean(said.author_name), 80),
    )  # fmt: skip
    return modal("Add to timeline", CallbackId.ADD_MESSAGE, blocks, submit="Add", metadata=spot)


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    chosen = answers.choice(BlockId.INCIDENT, required="Choose the incident.")
    words = answers.words(BlockId.NOTE, required="Say what the entry should say.")
    answers.check()
    spot = MessageSpot.decode(view.get("private_metadata"))
    return Form(number=int(chosen or 0), words=words, spot=spot)
