"""Global shortcuts (message shortcuts come with the rest of the conversation)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks.ids import ShortcutId
from handlers import commands

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def declare(turn: Turn) -> None:
    """**Declare an incident**: the form, at once."""
    await commands.open_declare(turn)


SHORTCUTS: dict[ShortcutId, Handler] = {ShortcutId.DECLARE: declare}
