"""The direct message for whoever takes a role: what it means, and where things stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.card import CardContext, places_line
from blocks.entries import entry_line, entry_words
from blocks.ids import ActionId, BlockId, IncidentButton
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Actor, Entry, Incident
    from bot.ports import Message

NEWEST: Final = 5
#: Entries that would only repeat what the briefing says itself.
_UNTOLD: Final = {EntryKind.ROLE}


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Which role, what ``muster.yml`` says about it, and between whom it went."""

    role: str
    to: Actor
    words: str = ""
    by: Actor | None = None
    before: Actor | None = None


def briefing(incident: Incident, handover: Handover, entries: Sequence[Entry]) -> Message:
    """What the role means, status, severity, phase, the newest of the timeline, links.

    A private incident is named by number only: what happened is told in its channel.
    """
    role = text.inline(handover.role, 80, empty="a role")
    mark = "🧯 *DRILL* " if incident.drill else ""
    start = f"{mark}🎖️ You are *{role}* of {kit.home_link(incident)}{_from(handover)}."
    blocks: list[Block] = [kit.section(start)]
    if text.shows(handover.words):
        blocks.append(kit.section(text.quote(handover.words, 1500)))
    blocks += _where_things_stand(incident, entries)
    return kit.message(f"{start} {text.inline(handover.words, 500, empty='')}".strip(), blocks)


def asked_to_help(
    incident: Incident, skill: str, by: Actor | None, entries: Sequence[Entry]
) -> Message:
    """Somebody is asked because of what they know: why, what is happening, where things stand.

    A private incident is named by number only: what happened is told in its channel.
    """
    who = text.mention(by, nobody="Somebody")
    start = f"🧭 {who} asks you to help with {kit.home_link(incident)}, because you know *{text.inline(skill, 80)}*."
    blocks: list[Block] = [kit.section(start)]
    if not incident.private and text.shows(incident.description):
        blocks.append(kit.section(text.quote(incident.description, 1500)))
    blocks += _where_things_stand(incident, entries)
    return kit.message(start, blocks)


def _where_things_stand(incident: Incident, entries: Sequence[Entry]) -> list[Block]:
    """Status, severity, phase, the newest of the timeline, links, and the way to the rest."""
    blocks: list[Block] = [kit.section("\n".join(_standing(incident)))]
    if not incident.private:
        blocks += _newest(entries)
        links = places_line(incident, CardContext(now=incident.updated_at), "announcement")
        if links:
            blocks.append(kit.context(links))
    target = IncidentButton(number=incident.number)
    more = kit.button("More", ActionId.MORE, target, about=incident.name)
    return [*blocks, kit.actions([more], BlockId.ACTIONS)]


def _from(handover: Handover) -> str:
    """Who gave it, and who had it: nothing when they took it themselves and nobody had."""
    by, before = handover.by, handover.before
    if by is not None and by.is_same(handover.to):
        return f", after {text.mention(before)}" if before else ""
    if by is not None and before is not None and by.is_same(before):
        return f": {text.mention(by)} handed it over to you"
    given = f": {text.mention(by)} gave it to you" if by else ""
    return f"{given} (it was {text.mention(before)})" if before else given


def _standing(incident: Incident) -> list[str]:
    title = "🔒 private" if incident.private else f"*{text.inline(incident.title, 300)}*"
    severity = text.inline(incident.severity, 60) if incident.severity else "not set"
    status = kit.status_words(incident)
    phase = [] if incident.phase.value in status else [f"*Phase:* {incident.phase.value}"]
    facts = (
        f"*Status:* {status}",
        *phase,
        f"*Severity:* {severity}",
        f"*Owner:* {kit.owners(incident)}",
        f"*Started:* {text.date(incident.started_at)}",
    )
    return [f"Where things stand: {title}", " · ".join(facts)]


def _newest(entries: Sequence[Entry]) -> list[Block]:
    told = [entry for entry in entries if entry.kind not in _UNTOLD]
    lines = [
        text.truncate(
            f"{text.date(entry.at)}  {entry_line(entry, text.inline(entry_words(entry), 300, empty=''))}",
            600,
        )
        for entry in sorted(told, key=lambda e: (e.at, e.id or 0))[-NEWEST:]
    ]
    return kit.paragraphs(["*What happened last*", *lines]) if lines else []
