"""Modals without a form: something is on its way, or something is to be said."""

from __future__ import annotations

from typing import Any

from blocks import kit, text
from blocks.forms.base import modal
from blocks.ids import CallbackId


def loading(title: str) -> dict[str, Any]:
    """Opened at once, while the trigger lives; updated when what it shows has been read."""
    block = kit.section("⏳ One moment …")
    return modal(_title(title), CallbackId.LOADING, [block], close="Close")


def message_view(title: str, message: str) -> dict[str, Any]:
    """An answer where a modal is open: what was done, or why it was not."""
    parts = text.chunks(text.prose(message, 20_000), kit.SECTION_LIMIT)
    blocks = [kit.section(part) for part in parts] or [kit.section("Done.")]
    return modal(_title(title), CallbackId.MESSAGE, blocks, close="Close")


def _title(title: str) -> str:
    return text.one_line(title, 24, empty="Muster")
