"""Slack events: Home was opened, people and user groups changed; the topics bring the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.presence import status_of
from bot.ports import Member
from handlers import mention, messages, privacy, rooms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.turn import Handler, Turn


def _event(turn: Turn) -> Mapping[str, Any]:
    found = turn.body.get("event")
    return found if isinstance(found, dict) else {}


async def home_opened(turn: Turn) -> None:
    """Publish Home for whoever opened it."""
    if _event(turn).get("tab", "home") == "home":
        await turn.desk.open_home(turn.user.id)


async def member_changed(turn: Turn) -> None:
    """Somebody joined the workspace, changed their profile or was deactivated."""
    user = _event(turn).get("user")
    if isinstance(user, dict) and user.get("id"):
        await turn.desk.people.remember([member_from(user)])


def member_from(user: Mapping[str, Any]) -> Member:
    """A member as Slack describes one in events."""
    profile = user.get("profile") if isinstance(user.get("profile"), dict) else {}
    return Member(
        id=str(user["id"]),
        name=str(user.get("name") or user["id"]),
        real_name=str(user.get("real_name") or (profile or {}).get("real_name") or ""),
        email=(profile or {}).get("email"),
        tz=str(user.get("tz") or "UTC"),
        deleted=bool(user.get("deleted")),
        is_bot=bool(user.get("is_bot")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        status=status_of(profile or {}),
        teams=_teams(user),
    )


def _teams(user: Mapping[str, Any]) -> tuple[str, ...]:
    more = user.get("enterprise_user")
    teams = more.get("teams") if isinstance(more, dict) else ()
    found = [user.get("team_id"), *(teams if isinstance(teams, list) else ())]
    return tuple(one for one in found if isinstance(one, str) and one)


async def groups_changed(turn: Turn) -> None:
    """A user group changed: read them again."""
    turn.desk.mirror()


EVENTS: dict[str, Handler] = {
    "app_home_opened": home_opened,
    "team_join": member_changed,
    "user_change": member_changed,
    "subteam_created": groups_changed,
    "subteam_updated": groups_changed,
    "subteam_members_changed": groups_changed,
    **messages.EVENTS,
    **mention.EVENTS,
    **rooms.EVENTS,
    **privacy.EVENTS,
}
