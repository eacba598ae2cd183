"""Modals without a form: something is on its way, or something is to be said."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import Block

from blocks import kit, text
from blocks.forms.base import modal
from blocks.ids import CallbackId
from bot.ports import Message


def loading(title: str) -> dict[str, Any]:
    """Opened at once, while the trigger lives; updated when what it shows has been read."""
    block = kit.section("⏳ One moment …")
    return modal(_title(title), CallbackId.LOADING, [block], close="Close")


def message_view(title: str, message: str | Message) -> dict[str, Any]:
    """An answer where a modal is open: what was done, or why it was not.

    ``message`` is plain text, or a whole message, which is shown as it is (escaped already).
    """
    if isinstance(message, Message):
        built = [block for each in message.blocks if (block := Block.parse(dict(each)))]
        return modal(_title(title), CallbackId.MESSAGE, built, close="Close")
    parts = text.chunks(text.prose(message, 20_000), kit.SECTION_LIMIT)
    blocks = [kit.section(part) for part in parts] or [kit.section("Done.")]
    return modal(_title(title), CallbackId.MESSAGE, blocks, close="Close")


def _title(title: str) -> str:
    return text.one_line(title, 24, empty="Muster")
