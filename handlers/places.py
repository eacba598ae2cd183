"""Where something is done, as Slack's payload tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.turn import Turn

#: Conversations whose names Slack withholds, and the one with everybody in it.
NO_ROOMS = {"", "general", "directmessage", "privategroup"}


async def usable(turn: Turn) -> bool:
    """Whether an incident may use the channel this is done in: a public one that is nobody's yet."""
    place = turn.body.get("channel")
    named = place.get("name") if isinstance(place, dict) else None
    name = str(turn.body.get("channel_name") or named or "")
    if not turn.channel or name in NO_ROOMS or name.startswith("mpdm-"):
        return False
    return await turn.desk.incidents.may_use(turn.channel)
