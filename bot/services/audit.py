"""Who did what in Slack, for use cases whose decision writes no entry of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.incident import Entry, EntryKind, Origin

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.services.base import SlackUser
    from bot.store.tx import Tx


def did(tx: Tx, incident: Incident, by: SlackUser, words: str) -> None:
    """Something done to the incident: a line of its timeline, told to nobody. The incident is locked."""
    _noted(tx, incident, by, EntryKind.OTHER, words)


def own(tx: Tx, incident: Incident, by: SlackUser, words: str) -> None:
    """Something that concerns mostly themselves: kept as evidence, not shown in the timeline."""
    _noted(tx, incident, by, EntryKind.AUDIT, words)


def _noted(tx: Tx, incident: Incident, by: SlackUser, kind: EntryKind, words: str) -> None:
    who = tx.people.actor(by.id, by.name)
    tx.add_entry(
        incident, Entry(kind=kind, at=tx.now, actor=who, origin=Origin.SLACK, target=words)
    )
