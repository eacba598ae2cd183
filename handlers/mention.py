"""``@Muster …``: the same words as after ``/incident``, answered to whoever wrote them only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from blocks.ids import ActionId, AskedButton
from handlers import commands
from handlers.access import admit
from handlers.messages import bot_of

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>[\s,:]*")


async def mentioned(turn: Turn) -> None:
    """Somebody (no bot) addressed us in a channel: carry out what stands behind our name."""
    event: Any = turn.body.get("event") or {}
    if event.get("bot_id") or event.get("edited"):
        return
    turn.kind = "mention"
    turn.channel = str(event.get("channel") or "") or None
    turn.thread = str(event["thread_ts"]) if event.get("thread_ts") else None
    turn.body = {"text": words_behind(str(event.get("text") or ""), bot_of(turn))}
    await admit(turn)
    await commands.incident_command(turn)


def words_behind(said: str, ours: str) -> str:
    """What follows the first mention of us (of anybody, while we do not know who we are)."""
    for found in _MENTION.finditer(said):
        if not ours or found[1] == ours:
            return said[found.end() :].strip()
    return said.strip()


async def open_form(turn: Turn) -> None:
    """The button of the answer: what was asked, now with a press that may open a form."""
    asked = AskedButton.decode(turn.action.get("value"))
    turn.body = {**turn.body, "text": asked.words}
    await commands.incident_command(turn)


EVENTS: dict[str, Handler] = {"app_mention": mentioned}
ACTIONS: dict[ActionId, Handler] = {ActionId.OPEN_FORM: open_form}
