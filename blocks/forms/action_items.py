"""*Action items*: add one, and the list of those there are with their state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blocks import kit
from blocks.action_items import buttons, headline, in_order, state_line
from blocks.forms.base import Answers, about, labelled, modal, text_input, user_select
from blocks.ids import BlockId, CallbackId, IncidentButton
from bot.domain.action_item import TEXT_LIMIT, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block

    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident

SHOWN: Final = 40


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is to be done, and by whom."""

    number: int
    text: str
    owner: str | None = None  # Slack id


def build(incident: Incident, items: Sequence[ActionItem]) -> dict[str, Any]:
    """The form, and below it every item with its buttons."""
    words = text_input(multiline=True, placeholder="Add an alert on the queue's length", focus=True)
    return modal(
        "Action items",
        CallbackId.ACTION_ITEMS,
        [
            about(incident),
            labelled("What is to be done?", BlockId.ACTION, words, optional=False),
            labelled("Owner", BlockId.PERSON, user_select()),
            *_list(items),
        ],
        submit="Add",
        close="Close",
        metadata=IncidentButton(number=incident.number),
    )


def _list(items: Sequence[ActionItem]) -> list[Block]:
    done, every = counted(items)
    if not every:
        return [kit.context("There are none yet.")]
    blocks: list[Block] = [kit.section(f"*{done:,} of {every:,} done*")]
    for item in in_order(items)[:SHOWN]:
        blocks.append(kit.section(f"{headline(item, 300)}\n{state_line(item)}"))
        blocks.append(kit.actions(buttons(item), f"item.{item.id}"))
    hidden = every - SHOWN
    return [*blocks, kit.context(f"{hidden:,} more are not shown")] if hidden > 0 else blocks


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        text=answers.words(BlockId.ACTION, limit=TEXT_LIMIT, required="Say what is to be done."),
        owner=answers.person(BlockId.PERSON),
    )
    answers.check()
    return form
