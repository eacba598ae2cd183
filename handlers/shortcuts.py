"""Shortcuts: the global one, and those on messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.ids import ShortcutId
from handlers import commands, messages

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def declare(turn: Turn) -> None:
    """**Declare an incident**: the form, at once."""
    await commands.open_declare(turn)


SHORTCUTS: dict[ShortcutId, Handler] = {ShortcutId.DECLARE: declare, **messages.SHORTCUTS}
