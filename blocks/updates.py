"""Status updates outside the incident's channel: in the announcement's thread and to subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.entries import entry_line, entry_words
from blocks.ids import ActionId, BlockId, IncidentButton

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Entry, Incident
    from bot.ports import Message


def mirrored(incident: Incident, entry: Entry) -> Message:
    """The update as the thread of the announcement shows it."""
    line = entry_line(entry)
    return kit.message(
        _fallback(incident, entry, line), [*_told(line, entry), *_standing(incident)]
    )


def for_subscriber(incident: Incident, entry: Entry) -> Message:
    """The news as a direct message, with how to hear no more of it."""
    line = f"{_name(incident)}\n{entry_line(entry)}"
    target = IncidentButton(number=incident.number)
    stop = kit.button("Unsubscribe", ActionId.UNSUBSCRIBE, target, about=incident.name)
    blocks = [*_told(line, entry), *_standing(incident), kit.actions([stop], BlockId.ACTIONS)]
    return kit.message(_fallback(incident, entry, line), blocks)


def subscribed(incident: Incident, *, now_on: bool) -> str:
    """What the press of Subscribe did, as plain text."""
    if not now_on:
        return f"You are not subscribed to {incident.name} any more."
    return (
        f"You are subscribed to {incident.name}: I write to you directly on every update, when the severity "
        "changes and when it is resolved. Press Subscribe again to end that."
    )


def next_update(incident: Incident) -> str:
    """``Next update by 14:30`` in the reader's own time zone; empty when none is promised."""
    if incident.next_update_at is None or not incident.is_open:
        return ""
    return f"Next update {text.date(incident.next_update_at)}"


def _name(incident: Incident) -> str:
    """A private incident is named by its number only: who reads this may be anywhere."""
    title = "🔒 private" if incident.private else f"*{text.inline(incident.title, 300)}*"
    return f"{kit.home_link(incident)} {title}"


def _told(line: str, entry: Entry) -> list[Block]:
    words = entry_words(entry)
    if not words:
        return [kit.section(line)]
    quoted = text.chunks(text.quote(words, kit.MESSAGE_ROOM - 1500), kit.SECTION_LIMIT - 800)
    marked = [part if part.startswith("> ") else f"> {part}" for part in quoted]
    return [kit.section(line), *(kit.section(part) for part in marked)]


def _standing(incident: Incident) -> list[Block]:
    parts = [kit.status_words(incident), next_update(incident)]
    return [kit.context(" · ".join(part for part in parts if part))]


def _fallback(incident: Incident, entry: Entry, line: str) -> str:
    if incident.private:
        return f"🔒 News in private incident {incident.name}"
    return f"{incident.name} {line} {text.inline(entry_words(entry), 1500, empty='')}".strip()
