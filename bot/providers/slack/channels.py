"""Slack channels: create, find, furnish, invite into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import Reason
from bot.providers.slack.calls import Calls, SlackError, cut
from bot.providers.slack.parse import channel_from, mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Channel

TOPIC_LIMIT = 250  # https://docs.slack.dev/reference/methods/conversations.setTopic
INVITE_AT_ONCE = 100
ALREADY_THERE = frozenset({"already_in_channel", "cant_invite_self"})

#: Refusals of ``conversations.invite`` that concern the channel, not one of the people.
CHANNEL_REFUSALS = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "method_not_supported_for_channel_type",
        "too_many_members_in_channel",
        "channel_type_not_supported",
        "restricted_action",
    }
)


class Channels(Calls):
    """The part of ``Chat`` that concerns channels."""

    async def create_channel(self, name: str, *, private: bool = False) -> Channel:
        """Create; CONFLICT ``name_taken`` (archived ones too), INVALID with the other codes."""
        answer = await self._call("conversations.create", name=name, is_private=private)
        made = mapping(answer.get("channel"))
        self._required(made, "id", write=True)
        return channel_from(made)

    async def find_channel(self, name: str) -> Channel | None:
        """The channel of exactly that name, archived ones too; pages through the whole list."""
        asked: dict[str, Any] = {"exclude_archived": False, "limit": 1000}
        asked["types"] = "public_channel,private_channel"
        async for one in self._pages("conversations.list", "channels", **asked):
            if one.get("name") == name:
                return channel_from(one)
        return None

    async def channel_info(self, channel: str) -> Channel:
        """``conversations.info``; NOT_FOUND also for a private channel we are not in."""
        answer = await self._call("conversations.info", channel=channel)
        found = mapping(answer.get("channel"))
        self._required(found, "id", write=False)
        return channel_from(found)

    async def join(self, channel: str) -> None:
        """Join a public channel; being in it already is fine."""
        await self._fine("conversations.join", {"already_in_channel"}, channel=channel)

    async def set_topic(self, channel: str, topic: str) -> None:
        """At most 250 characters are kept."""
        await self._call("conversations.setTopic", channel=channel, topic=cut(topic, TOPIC_LIMIT))

    async def set_purpose(self, channel: str, purpose: str) -> None:
        """At most 250 characters are kept."""
        kept = cut(purpose, TOPIC_LIMIT)
        await self._call("conversations.setPurpose", channel=channel, purpose=kept)

    async def invite(self, channel: str, users: Sequence[str]) -> tuple[str, ...]:
        """Invite; who is in already is fine; returns those who could not be invited.

        A refusal that names the people is repeated without them, any other one by one; what
        concerns the channel itself raises. All of it can be done again.
        """
        refused: list[str] = []
        wanted = list(dict.fromkeys(user for user in users if user))
        for start in range(0, len(wanted), INVITE_AT_ONCE):
            refused += await self._invite(channel, wanted[start : start + INVITE_AT_ONCE])
        return tuple(refused)

    async def channel_members(self, channel: str) -> Sequence[str]:
        """Everybody in it, all pages."""
        found: list[str] = []
        cursor = ""
        while True:
            asked: dict[str, Any] = {"channel": channel, "limit": 1000}
            answer = await self._call(
                "conversations.members", **asked, **({"cursor": cursor} if cursor else {})
            )
            members = answer.get("members")
            found += [one for one in members if isinstance(one, str)] if members else []
            cursor = text(mapping(answer.get("response_metadata")).get("next_cursor"))
            if not cursor:
                return found

    async def private_channels(self) -> frozenset[str]:
        """Ids of the private channels we are in (Slack lists no others), all pages.

        What is listed without being called private is left out: an incident never becomes private by mistake.
        """
        asked: dict[str, Any] = {"types": "private_channel", "limit": 1000}
        pages = self._pages("conversations.list", "channels", **asked)
        return frozenset(
            [text(one.get("id")) async for one in pages if one.get("is_private") is True]
        )

    async def bookmarks(self, channel: str) -> Mapping[str, str]:
        """Title to bookmark id."""
        answer = await self._call("bookmarks.list", channel_id=channel)
        found = answer.get("bookmarks")
        listed = [mapping(one) for one in found] if isinstance(found, list) else []
        return {text(one.get("title")): text(one.get("id")) for one in listed}

    async def add_bookmark(self, channel: str, title: str, link: str, *, emoji: str = "") -> None:
        """Add a link to the bookmark bar (not idempotent: look at ``bookmarks`` first)."""
        more = {"emoji": emoji} if emoji else {}
        await self._call(
            "bookmarks.add", channel_id=channel, title=title, type="link", link=link, **more
        )

    async def archive(self, channel: str) -> None:
        """Archive; archived already is fine."""
        fine = {"already_archived", "is_archived"}
        await self._fine("conversations.archive", fine, channel=channel)

    async def _invite(self, channel: str, users: Sequence[str]) -> list[str]:
        refused: list[str] = []
        left = list(users)
        while left:
            try:
                await self._call("conversations.invite", channel=channel, users=",".join(left))
            except SlackError as error:
                if not _concerns_people(error):
                    raise
                named = _named(error, left)
                refused += [user for user, code in named.items() if code not in ALREADY_THERE]
                if not named:  # Slack did not say who: ask for each of them
                    return refused + [u for one in left for u in await self._invite(channel, [one])]
                left = [user for user in left if user not in named]
                continue
            break
        return refused


def _named(error: SlackError, users: Sequence[str]) -> dict[str, str]:
    """Who was refused and why; when there is only one person to invite it is that one."""
    if len(users) == 1:
        return {users[0]: error.code}
    return {user: code for user, code in error.people.items() if user in users}


def _concerns_people(error: SlackError) -> bool:
    if error.code in CHANNEL_REFUSALS:
        return False
    return error.reason in {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}
