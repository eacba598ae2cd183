"""Several incidents, or one of them, told to one person or in one edited message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import card, kit, text
from blocks.entries import entry_line, entry_words
from blocks.facts import facts as fields
from blocks.facts import headline
from blocks.ids import (
    ActionId,
    BlockId,
    DeclareButton,
    IncidentButton,
)
from blocks.times import times_blocks
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block

    from blocks.card import CardContext
    from bot.domain.incident import Entry, Incident
    from bot.ports import Message

PAGE: Final = 20
LATEST: Final = 5
#: What somebody who joins late must know of the timeline.
_TOLD: Final = frozenset(
    {
        EntryKind.ANNOTATED,
        EntryKind.STATUS_UPDATE,
        EntryKind.PHASE,
        EntryKind.SUMMARY,
        EntryKind.ESCALATED,
        EntryKind.MESSAGE,
        EntryKind.ACTION_ITEM,
        EntryKind.MERGED,
    }
)
MAX_SIMILAR: Final = 3


def incident_line(incident: Incident, now: datetime) -> str:
    """``🚨 INC-12 #incident-12 Checkout is down · SEV1 · @ana · 12 min ago``."""
    lock = "🔒 " if incident.private else ""
    parts = [f"*{text.inline(incident.title, 200)}*", kit.status_words(incident)]
    if incident.severity:
        parts.append(text.inline(incident.severity, 60))
    parts += [kit.owners(incident), f"started {text.ago(incident.started_at, now)}"]
    return f"{lock}{kit.home_link(incident)} " + " · ".join(parts)


def _spoken(incident: Incident) -> str:
    """The same for the fallback; a private incident's title is not read out."""
    title = "private" if incident.private else text.inline(incident.title, 120)
    return f"{incident.name} {incident.status.value}: {title}"


def incident_list(
    incidents: Sequence[Incident], *, total: int, title: str, now: datetime
) -> Message:
    """At most 20 incidents; the rest is counted."""
    shown = incidents[:PAGE]
    heading = text.inline(title, 120, empty="Incidents")
    if not shown:
        return kit.message(f"{heading}: none", [kit.section(f"*{heading}:* none 🎉")])
    blocks: list[Block] = [kit.section(f"*{heading}* ({total:,})")]
    blocks += kit.paragraphs([incident_line(each, now) for each in shown])
    hidden = max(total, len(incidents)) - len(shown)
    more = (
        f"{hidden:,} more: narrow it down with `/incident list &lt;service&gt;`"
        if hidden > 0
        else ""
    )
    if more:
        blocks.append(kit.context(more))
    spoken = [f"{heading} ({total:,}):", *(_spoken(each) for each in shown)]
    return kit.message("\n".join([*spoken, more] if more else spoken), blocks)


def incident_details(incident: Incident, context: CardContext) -> Message:
    """``/incident show``: the card's content, with **More** as its only button."""
    *shown, buttons = _details(incident, context)
    return kit.message(card.fallback(incident), [*shown, *times_blocks(incident), buttons])


def _details(incident: Incident, context: CardContext) -> list[Block]:
    blocks: list[Block] = [
        kit.header(headline(incident, context.severities), BlockId.HEADER),
        kit.facts(fields(incident, context), BlockId.FACTS),
        *card.story(incident, "channel"),
    ]
    links = card.places_line(incident, context, "announcement")
    if links:
        blocks.append(kit.context(links))
    blocks += card.actions_line(context)
    if context.waiting:
        blocks.append(kit.context(f"⏳ {text.inline(context.waiting, 500)}"))
    if related := card.related_line(context):
        blocks.append(kit.context(related))
    more = kit.button(
        "More", ActionId.MORE, IncidentButton(number=incident.merged_into or incident.number)
    )
    return [*blocks, kit.actions([more], BlockId.ACTIONS)]


def welcome(incident: Incident, context: CardContext, entries: Sequence[Entry] = ()) -> Message:
    """Where things stand, for somebody who just joined the channel: facts, the latest news, what they can do."""
    hello = kit.section(f"👋 Welcome to *{incident.name}*. This is where things stand:")
    *facts, buttons = _details(incident, context)
    phase = kit.context(f"{kit.PHASE_EMOJI[incident.phase]} Phase: {incident.phase.value}")
    told = [_news(entry) for entry in entries if entry.kind in _TOLD][-LATEST:]
    latest = kit.paragraphs(["*Latest:*", *told]) if told else []
    help_ = kit.context(
        "`/incident` opens the control panel, `/incident timeline` tells the whole story, "
        "`/incident note` adds to it; 📌 on a message puts it into the timeline."
    )
    return kit.message(card.fallback(incident), [hello, *facts, phase, *latest, help_, buttons])


def _news(entry: Entry) -> str:
    said = entry_words(entry)
    words = text.inline(said, 500) if said else ""
    return f"{text.date(entry.at, '{time}')}  {entry_line(entry, words)}"


def similar_question(
    title: str,
    similar: Sequence[Incident],
    *,
    severity: str | None = None,
    asked: str = "",
) -> Message:
    """The direct declare found an open incident like it: join that, or declare anyway."""
    wanted = f"Nothing is declared yet: *{text.inline(title, 300)}*"
    blocks: list[Block] = [kit.section(wanted), *similar_offers(similar)]
    anyway = DeclareButton(title=title, severity=severity, asked=asked)
    if text.size(anyway.encode()) <= kit.BUTTON_VALUE_LIMIT:
        button = kit.button("Declare anyway", ActionId.DECLARE_ANYWAY, anyway)
        blocks.append(kit.actions([button], BlockId.ACTIONS))
    else:
        blocks.append(kit.context("The title is too long for a button: use `/incident declare`."))
    names = ", ".join(each.name for each in similar if not each.private) or "another"
    return kit.message(f"{wanted}. Is it the same as {names}? Join, or declare anyway.", blocks)


def similar_offers(similar: Sequence[Incident]) -> list[Block]:
    """``INC-12 looks the same: join it?`` with a button; private incidents are never named."""
    known = list({each.number: each for each in similar if not each.private}.values())
    blocks: list[Block] = []
    for incident in known[:MAX_SIMILAR]:
        target = IncidentButton(number=incident.number)
        join = kit.button(f"Join {incident.name}", ActionId.JOIN, target)
        title = text.inline(incident.title, 200)
        line = f"*{incident.name}* looks the same: join it?\n{title} · {kit.status_words(incident)}"
        blocks.append(kit.section(line, f"similar.{incident.number}", accessory=join))
    hidden = len(known) - MAX_SIMILAR
    if hidden > 0:
        blocks.append(kit.context(f"{hidden:,} more look the same: `/incident list open`"))
    return blocks


def summary_message(
    listed: Sequence[Incident],
    *,
    total: int,
    waiting: int = 0,
    wait_seconds: float = 0.0,
    channels: int = 0,
) -> Message:
    """A storm in one edited message: low-urgency incidents by number and link, and what waits."""
    heading = "🌪️ *A storm of incidents.* High urgency is announced one by one."
    shown = [each for each in listed if not each.private]
    lines = [
        f"{kit.STATUS_EMOJI[each.status]} {kit.home_link(each)} {text.inline(each.title, 120)}"
        for each in shown
    ]
    kept, _ = kit.fit(lines, kit.MESSAGE_ROOM - 1000)
    blocks: list[Block] = [kit.section(heading)]
    counted = f"{text.plural(total, 'low-urgency incident')} listed here only" if total else ""
    if counted:
        blocks += kit.paragraphs([f"*{counted}:*", *kept])
    hidden = max(total, len(shown)) - len(kept)
    if hidden > 0:
        blocks.append(kit.context(f"{hidden:,} more: `/incident list open`"))
    tail = _queue(waiting, wait_seconds, channels)
    if tail:
        blocks.append(kit.context(tail))
    spoken = [heading, tail, counted, *(_spoken(each) for each in shown[:20])]
    return kit.message("\n".join(each for each in spoken if each), blocks)


def _queue(waiting: int, seconds: float, channels: int) -> str:
    """How many wait, and about how long the last of them will."""
    queue = [text.plural(waiting, "announcement")] if waiting else []
    queue += [text.plural(channels, "channel")] if channels else []
    if not queue:
        return ""
    verb = "waits" if waiting + channels == 1 else "wait"
    return f"⏳ {' and '.join(queue)} {verb} for Slack's limits, about {_about(seconds)}"


def waiting_line(count: int, seconds: float) -> str:
    """``12 messages wait for Slack's limits, about 3 min``; plain text."""
    verb = "waits" if count == 1 else "wait"
    return f"{text.plural(count, 'message')} {verb} for Slack's limits, about {_about(seconds)}"


def _about(seconds: float) -> str:
    """Rounded up: a promise of less would be broken."""
    return text.duration(seconds if seconds < text.MINUTE else -(-seconds // 60) * 60)
