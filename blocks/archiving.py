"""What is said in a channel before it is archived, and when it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.ids import ActionId, BlockId, IncidentButton

if TYPE_CHECKING:
    from datetime import datetime

    from slack_sdk.models.blocks import Block

    from bot.domain.archiving import Memory
    from bot.domain.incident import Incident
    from bot.ports import Message


def notice(incident: Incident, at: datetime) -> Message:
    """When the channel is archived, what keeps it open, and what stays."""
    words = (
        f"📦 This channel will be archived {text.date(at)}, because {incident.name} is over. "
        "Everything stays readable and searchable."
    )
    keep = kit.button(
        "Keep open", ActionId.KEEP_OPEN, IncidentButton(number=incident.number), about=incident.name
    )
    blocks: list[Block] = [
        kit.section(words),
        kit.context("Writing something here, or reopening the incident, keeps it open as well."),
        kit.actions([keep], BlockId.ACTIONS),
    ]
    return kit.message(words, blocks)


def postponed(incident: Incident, memory: Memory, at: datetime | None) -> Message:
    """The notice does not count any more."""
    who = text.inline(memory.kept_by, 80) if memory.kept_by and memory.kept_at else ""
    why = f"{who} keeps it open" if who else "something happened here"
    if incident.is_open:
        why = f"{incident.name} is open again"
    later = (
        f" Nothing happening, it will be archived {text.date(at)}; I say so before." if at else ""
    )
    words = f"📦 This channel is not archived yet: {why}.{later}"
    return kit.message(words, [kit.section(words)])


def farewell(incident: Incident) -> Message:
    """The last message: where the record is."""
    places = [text.link(url, label) for label, url in _record(incident) if url]
    where = f" The record: {' · '.join(places)}." if places else ""
    words = (
        f"📦 {incident.name} is over and this channel is archived now.{where} "
        f"`/incident show {incident.name}` and `/incident timeline {incident.name}` tell the story; "
        f"`/incident reopen {incident.name}` goes on in a new channel."
    )
    return kit.message(words, [kit.section(words)])


def _record(incident: Incident) -> list[tuple[str, str | None]]:
    ticket = incident.ticket
    return [
        ("post-mortem", incident.places.postmortem_url),
        ("announcement", None if incident.private else incident.places.announcement_url),
        (f"{ticket.repo}#{ticket.number}" if ticket else "", ticket.url if ticket else None),
        ("PagerDuty", incident.pager.url),
    ]
