"""Slack's objects into ours; nothing here raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.presence import status_of
from bot.ports import Channel, Member, UserGroup


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` when it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Any) -> str:
    """``value`` when it is text, else nothing."""
    return value if isinstance(value, str) else ""


def moment(value: Any) -> datetime | None:
    """Slack's epoch seconds as aware UTC; 0 and anything else is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def channel_from(data: Mapping[str, Any]) -> Channel:
    """A conversation (https://docs.slack.dev/reference/objects/conversation-object)."""
    return Channel(
        id=text(data.get("id")),
        name=text(data.get("name")),
        is_private=data.get("is_private") is True,
        is_archived=data.get("is_archived") is True,
        is_member=data.get("is_member") is True,
        topic=text(mapping(data.get("topic")).get("value")),
        purpose=text(mapping(data.get("purpose")).get("value")),
        creator=text(data.get("creator")),
        created=moment(data.get("created")),
        is_general=data.get("is_general") is True,
    )


def member_from(data: Mapping[str, Any]) -> Member:
    """A person (https://docs.slack.dev/reference/objects/user-object); Slackbot counts as a bot."""
    profile = mapping(data.get("profile"))
    found = text(data.get("id"))
    real = text(data.get("real_name")) or text(profile.get("real_name"))
    return Member(
        id=found,
        name=text(profile.get("display_name")) or text(data.get("name")) or real or found,
        real_name=real,
        email=text(profile.get("email")) or None,
        tz=text(data.get("tz")) or "UTC",
        deleted=data.get("deleted") is True,
        is_bot=data.get("is_bot") is True or found == "USLACKBOT",
        is_guest=data.get("is_restricted") is True or data.get("is_ultra_restricted") is True,
        is_admin=data.get("is_admin") is True or data.get("is_owner") is True,
        status=status_of(profile),
        teams=_teams(data),
    )


def _teams(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Their workspace, and with Enterprise Grid all of them (docs.slack.dev/reference/objects/user-object)."""
    more = mapping(data.get("enterprise_user")).get("teams")
    teams = [data.get("team_id"), *(more if isinstance(more, list) else ())]
    return tuple(one for one in teams if isinstance(one, str) and one)


def group_from(data: Mapping[str, Any]) -> UserGroup:
    """A user group (https://docs.slack.dev/reference/objects/usergroup-object)."""
    users = data.get("users")
    return UserGroup(
        id=text(data.get("id")),
        handle=text(data.get("handle")),
        users=tuple(one for one in users if isinstance(one, str))
        if isinstance(users, list)
        else (),
    )
