"""Slack messages: post, find again, edit, answer."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog

from bot.errors import ProviderError
from bot.providers.slack.calls import Calls, SlackError, cut
from bot.providers.slack.parse import mapping, moment, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Message

log = structlog.get_logger()

POST_LIMIT = 40_000  # https://docs.slack.dev/reference/methods/chat.postMessage
UPDATE_LIMIT = 4_000  # https://docs.slack.dev/reference/methods/chat.update
CLOCK_SKEW = timedelta(minutes=2)  # ``since`` is our clock's, ``ts`` is Slack's
METADATA_TYPE = "muster"
#: Subtypes of what people write; the others are Slack's own lines (somebody joined, the topic changed).
SAID_BY_PEOPLE = frozenset({"", "file_share", "me_message", "thread_broadcast"})
REMEMBERED = 200  # messages waiting to be said without their refused blocks

#: The blocks are refused, so nothing was said: the same words without them are better than silence.
BLOCKS_REFUSED = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_blocks",
        "blocks_not_allowed",
    }
)


class Messages(Calls):
    """The part of ``Chat`` that concerns messages."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """As ``Calls``."""
        super().__init__(*arguments, **more)
        self._wordy: dict[str, None] = {}

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None = None
    ) -> str:
        """Post under ``key`` and return the ``ts``; without the blocks when Slack refuses those."""
        where: dict[str, Any] = {"channel": channel, **_unfurl(), "metadata": _metadata(key)}
        if thread:
            where["thread_ts"] = thread
        answer = await self._say("chat.postMessage", message, POST_LIMIT, **where)
        return self._required(answer, "ts", write=True)

    async def find_posted(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> str | None:
        """The ``ts`` of the message posted under ``key`` at or after ``since``, else None."""
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}"
        asked: dict[str, Any] = {"channel": channel, "oldest": oldest, "limit": 200}
        asked |= {"inclusive": True, "include_all_metadata": True}
        operation = "conversations.history"
        if thread:
            operation, asked["ts"] = "conversations.replies", thread
        try:
            async for found in self._pages(operation, "messages", **asked):
                metadata = mapping(found.get("metadata"))
                if metadata.get("event_type") != METADATA_TYPE:
                    continue
                if mapping(metadata.get("event_payload")).get("key") == key:
                    return text(found.get("ts")) or None
        except ProviderError as error:
            if error.code != "thread_not_found":
                raise
        return None

    async def last_said(self, channel: str, *, since: datetime) -> datetime | None:
        """Looked for among what was written at or after ``since``, the newest first."""
        oldest = f"{since.timestamp():.6f}"
        asked: dict[str, Any] = {"channel": channel, "oldest": oldest, "limit": 200}
        async for found in self._pages("conversations.history", "messages", **asked):
            person = found.get("user") and not found.get("bot_id")
            if person and text(found.get("subtype")) in SAID_BY_PEOPLE:
                return moment(float(text(found.get("ts")) or 0))
        return None

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        """Edit in place, keeping the metadata; without the blocks when Slack refuses those."""
        where: dict[str, Any] = {"channel": channel, "ts": ts, "metadata": _metadata(key)}
        await self._say("chat.update", message, UPDATE_LIMIT, **where)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete our own message; one that is gone already is fine."""
        await self._fine("chat.delete", {"message_not_found"}, channel=channel, ts=ts)

    async def tell(
        self, channel: str, user: str, message: Message, *, thread: str | None = None
    ) -> None:
        """Ephemeral message, seen by ``user`` only; at least once."""
        where: dict[str, Any] = {"channel": channel, "user": user}
        if thread:
            where["thread_ts"] = thread
        await self._say("chat.postEphemeral", message, POST_LIMIT, **where)

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer through a ``response_url`` (5 uses, 30 minutes: then NOT_FOUND); never retried.

        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
        """
        body: dict[str, Any] = {"text": message.text, "replace_original": replace}
        body["response_type"] = "ephemeral"
        if message.blocks:
            body["blocks"] = [dict(block) for block in message.blocks]

        async def send() -> None:
            async with self._http().post(response_url, json=body, allow_redirects=False) as answer:
                data = _answer(await answer.text())
                if answer.status != HTTPStatus.OK or data.get("ok") is not True:
                    raise self._refused(data, answer.status, answer.headers, write=True)

        await self._watched("response_url", send, write=True)

    async def direct(self, user: str) -> str:
        """Open (or find) the direct conversation with ``user`` and return its channel id."""
        answer = await self._call("conversations.open", users=user)
        return self._required(mapping(answer.get("channel")), "id", write=True)

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        answer = await self._call("chat.getPermalink", channel=channel, message_ts=ts)
        return self._required(answer, "permalink", write=False)

    async def pin(self, channel: str, ts: str) -> None:
        """Pin; pinned already is fine."""
        await self._fine("pins.add", {"already_pinned"}, channel=channel, timestamp=ts)

    async def react(self, channel: str, ts: str, emoji: str) -> None:
        """Add a reaction; there already is fine."""
        name = emoji.strip(":")
        await self._fine(
            "reactions.add", {"already_reacted"}, channel=channel, timestamp=ts, name=name
        )

    async def unreact(self, channel: str, ts: str, emoji: str) -> None:
        """Take our reaction back; not there is fine."""
        name = emoji.strip(":")
        fine = {"no_reaction", "message_not_found"}
        await self._fine("reactions.remove", fine, channel=channel, timestamp=ts, name=name)

    async def message(self, channel: str, ts: str) -> Mapping[str, Any] | None:
        """One message: of the channel itself, else a reply (named by itself, its thread is not known)."""
        asked: dict[str, Any] = {"channel": channel, "limit": 1, "inclusive": True}
        for operation, more in (
            ("conversations.history", {"latest": ts, "oldest": ts}),
            ("conversations.replies", {"ts": ts}),
        ):
            try:
                answer = await self._call(operation, **asked, **more)
            except SlackError as error:
                if error.code not in {"thread_not_found", "message_not_found"}:
                    raise
                continue
            found = answer.get("messages")
            for one in map(mapping, found if isinstance(found, list) else []):
                if one.get("ts") == ts:
                    return None if one.get("subtype") == "tombstone" else one
        return None

    async def replies(self, channel: str, ts: str) -> Sequence[Mapping[str, Any]]:
        """The thread of a message, all pages; none when nothing is left of it."""
        asked: dict[str, Any] = {"channel": channel, "ts": ts, "limit": 200}
        try:
            return [one async for one in self._pages("conversations.replies", "messages", **asked)]
        except SlackError as error:
            if error.code not in {"thread_not_found", "message_not_found"}:
                raise
            return []

    async def _say(
        self, operation: str, message: Message, limit: int, **where: Any
    ) -> Mapping[str, Any]:
        """Say it with blocks, and once more without them when Slack refuses the blocks.

        The refused attempt counts against Slack's rate limit, so the second one may have to wait:
        then whoever comes back with the same message goes straight to the words.
        """
        same = repr((operation, sorted(where.items(), key=str)))
        blocks = [dict(block) for block in message.blocks]
        if same not in self._wordy:
            words = cut(message.text, limit)
            try:
                return await self._call(operation, text=words, blocks=blocks, **where)
            except SlackError as error:
                if not blocks or not _blocks_refused(error):
                    raise
                log.warning("slack.blocks_refused", operation=operation, detail=error.detail)
            self._wordy[same] = None
            while len(self._wordy) > REMEMBERED:
                self._wordy.pop(next(iter(self._wordy)))
        plain = cut(message.text, UPDATE_LIMIT)
        answer = await self._call(operation, text=plain, blocks=[], **where)
        self._wordy.pop(same, None)  # the next version of it may have better blocks
        return answer


def _answer(body: str) -> Mapping[str, Any]:
    """What a ``response_url`` says: JSON, the word ``ok``, nothing, or an error code alone."""
    try:
        return mapping(json.loads(body or '{"ok": true}'))
    except ValueError:
        word = body.strip()
    if word == "ok":
        return {"ok": True}
    return {"error": word} if word.isidentifier() else {}


def _blocks_refused(error: SlackError) -> bool:
    if error.code in BLOCKS_REFUSED:
        return True
    return error.code == "invalid_arguments" and "/blocks" in error.messages


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": METADATA_TYPE, "event_payload": {"key": key}}


def _unfurl() -> dict[str, Any]:
    return {"unfurl_links": False, "unfurl_media": False}
