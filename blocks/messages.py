"""A message of Slack's, read: who said what, and how it is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks import text
from bot.domain.moments import Said

if TYPE_CHECKING:
    from collections.abc import Mapping


def said_from(message: Mapping[str, Any], channel: str) -> Said:
    """A message object of Slack's as plain text with its author; files and attachments are named."""
    bot = message.get("bot_profile")
    named = message.get("username") or (bot.get("name") if isinstance(bot, dict) else "")
    thread = message.get("thread_ts")
    return Said(
        channel=channel,
        ts=str(message.get("ts") or ""),
        text=_words(message),
        author=str(message["user"]) if message.get("user") else None,
        author_name=str(named or ""),
        thread=str(thread) if thread else None,
        reactions={
            str(each.get("name")): tuple(str(one) for one in each.get("users") or ())
            for each in _objects(message.get("reactions"))
        },
        pinned=bool(message.get("pinned_to")),
    )


def _words(message: Mapping[str, Any]) -> str:
    said = text.plain(str(message.get("text") or "")).strip()
    if said:
        return said
    more = [str(each.get("fallback") or "") for each in _objects(message.get("attachments"))]
    more += [f"(file: {each.get('name') or 'unnamed'})" for each in _objects(message.get("files"))]
    return "\n".join(text.plain(each) for each in more if each) or "(a message without text)"


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def split(words: str, limit: int) -> tuple[str, str]:
    """A message as title (its first line) and description (the rest, or all that did not fit)."""
    lines = [line for line in words.splitlines() if text.shows(line)]
    if not lines:
        return "", ""
    first = " ".join(lines[0].split())
    if len(first) <= limit:
        return first, "\n".join(lines[1:])
    return text.truncate(first, limit), words.strip()
