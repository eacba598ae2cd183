"""What happens to incident channels by hand: somebody joins, renames, archives, deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handlers.messages import bot_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.turn import Handler, Turn


def _event(turn: Turn) -> Mapping[str, Any]:
    found = turn.body.get("event")
    return found if isinstance(found, dict) else {}


async def joined(turn: Turn) -> None:
    """Whoever joins an incident's channel is told where things stand, once."""
    if turn.user.id and turn.user.id != bot_of(turn):
        await turn.desk.rooms.joined(str(_event(turn).get("channel") or ""), turn.user.id)


async def renamed(turn: Turn) -> None:
    """Somebody renamed an incident's channel: follow it."""
    channel = _event(turn).get("channel")
    if isinstance(channel, dict) and channel.get("id"):
        name = str(channel.get("name") or "")
        await turn.desk.rooms.renamed(str(channel["id"]), name)


async def archived(turn: Turn) -> None:
    """Somebody archived an incident's channel, or brought it back."""
    event = _event(turn)
    if turn.user.id == bot_of(turn):
        return
    is_archived = not str(event.get("type") or "").endswith("unarchive")
    await turn.desk.rooms.archived(
        str(event.get("channel") or ""), by=turn.user, once=turn.once, archived=is_archived
    )


async def deleted(turn: Turn) -> None:
    """An incident's channel is gone for good."""
    await turn.desk.rooms.deleted(str(_event(turn).get("channel") or ""))


EVENTS: dict[str, Handler] = {
    "member_joined_channel": joined,
    "channel_rename": renamed,
    "group_rename": renamed,
    "channel_archive": archived,
    "group_archive": archived,
    "channel_unarchive": archived,
    "group_unarchive": archived,
    "channel_deleted": deleted,
    "group_deleted": deleted,
}
