"""An answer to ``@Muster …`` where only a form could do it: Slack opens forms for presses, not for mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit
from blocks.ids import ActionId, AskedButton, BlockId

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block

    from bot.ports import Message


def form_offer(words: str) -> Message:
    """The button that opens the form; ``words`` are what was asked, as ``/incident`` takes them."""
    line = "👉 That needs a form: open it here. `/incident` opens it at once."
    blocks: list[Block] = [kit.section(line)]
    asked = AskedButton(words=words)
    if len(asked.encode()) <= kit.BUTTON_VALUE_LIMIT:
        button = kit.button("Open the form", ActionId.OPEN_FORM, asked, style="primary")
        blocks.append(kit.actions([button], BlockId.ACTIONS))
    return kit.message(line, blocks)
