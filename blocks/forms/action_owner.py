"""*Change owner* of one action item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import kit
from blocks.action_items import headline
from blocks.forms.base import Answers, about, labelled, modal, user_select
from blocks.ids import BlockId, CallbackId, ItemButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """Whose it is from now on; None for nobody."""

    number: int
    item: int
    owner: str | None  # Slack id


def build(incident: Incident, item: ActionItem) -> dict[str, Any]:
    """The form, with who has it now chosen."""
    owner = item.owner.slack_id if item.owner else None
    return modal(
        "Change owner",
        CallbackId.ACTION_OWNER,
        [
            about(incident),
            kit.section(headline(item, 500)),
            labelled("Owner", BlockId.PERSON, user_select(owner), hint="Nobody: leave it empty"),
        ],
        submit="Change owner",
        metadata=ItemButton(number=incident.number, item=item.id),
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted."""
    about_item = ItemButton.decode(view.get("private_metadata"))
    answers = Answers(view)
    return Form(
        number=about_item.number, item=about_item.item, owner=answers.person(BlockId.PERSON)
    )
