"""Slack's Web API as ``bot.ports.Chat``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.providers.slack.canvases import ChannelCanvases
from bot.providers.slack.channels import Channels
from bot.providers.slack.messages import Messages
from bot.providers.slack.parse import group_from, mapping, member_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Chat, Member, UserGroup


class SlackChat(Messages, Channels, ChannelCanvases):
    """All of ``Chat`` and ``Canvases``. Never retries, caches nothing, calls nothing when it is made.

    Every request ends after ``timeout`` seconds; reading a list is one request per page.
    """

    async def identity(self) -> Mapping[str, Any]:
        """``auth.test`` with the token's ``scopes`` (header ``x-oauth-scopes``) as a list."""
        answer, headers = await self._call_with_headers("auth.test")
        scopes = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), "")
        listed = [one.strip() for one in scopes.split(",") if one.strip()]
        return {**answer, "scopes": listed}

    async def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """``views.publish``; the last one wins, never retried without its blocks."""
        await self._call("views.publish", user_id=user, view=dict(view))

    async def members(self) -> Sequence[Member]:
        """Everybody in the workspace, all pages, deactivated ones too."""
        return [member_from(one) async for one in self._pages("users.list", "members", limit=1000)]

    async def member(self, user: str) -> Member:
        """``users.info``."""
        answer = await self._call("users.info", user=user)
        found = mapping(answer.get("user"))
        self._required(found, "id", write=False)
        return member_from(found)

    async def user_groups(self) -> Sequence[UserGroup]:
        """All enabled user groups with their members."""
        answer = await self._call("usergroups.list", include_users=True, include_disabled=False)
        found = answer.get("usergroups")
        return [group_from(mapping(one)) for one in found] if isinstance(found, list) else []

    async def set_group(self, group_id: str, users: Sequence[str]) -> UserGroup:
        """``usergroups.users.update``: replaces all members, so the same twice is fine."""
        answer = await self._call("usergroups.users.update", usergroup=group_id, users=list(users))
        changed = group_from(mapping(answer.get("usergroup")))
        return replace(changed, id=group_id, users=changed.users or tuple(users))


def _keeps_the_port(chat: SlackChat) -> Chat:
    return chat  # mypy fails here when the client and the Protocol part ways
