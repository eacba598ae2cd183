"""What happens to incident channels by hand: somebody joins, renames, archives, deletes."""

from __future__ import annotations

from datetime import UTC, datetime
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
        channel = str(_event(turn).get("channel") or "")
        await turn.desk.rooms.joined(channel, turn.user.id, await _when(turn))


async def left(turn: Turn) -> None:
    """Whoever leaves a private incident's channel sees nothing of it any more."""
    channel = str(_event(turn).get("channel") or "")
    if turn.user.id:
        await turn.desk.rooms.left(channel, turn.user.id, await _when(turn))


async def _when(turn: Turn) -> datetime:
    """When it happened, by Slack's clock."""
    try:
        return datetime.fromtimestamp(float(_event(turn).get("event_ts") or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return await turn.desk.incidents.now()


async def taken_out(turn: Turn) -> None:
    """We were taken out of a private channel."""
    await turn.desk.rooms.taken_out(str(_event(turn).get("channel") or ""))


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
    "member_left_channel": left,
    "group_left": taken_out,
    "channel_rename": renamed,
    "group_rename": renamed,
    "channel_archive": archived,
    "group_archive": archived,
    "channel_unarchive": archived,
    "group_unarchive": archived,
    "channel_deleted": deleted,
    "group_deleted": deleted,
}
