"""Rosters as they are told: hand-overs, gaps, the list, and as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.alerts import line as alert_line
from blocks.lists import incident_line
from bot.domain.roster_duties import NewsKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Actor
    from bot.domain.roster_duties import Told
    from bot.ports import Message

#: People named in one line, and incidents and alerts listed in a hand-over.
MAX_PEOPLE: Final = 15
MAX_OPEN: Final = 10


def told(what: Told, now: datetime) -> Message:
    """A hand-over with what is open, or that nobody is on call."""
    return _hand_over(what, now) if what.kind is NewsKind.HAND_OVER else _gap(what)


def people(actors: Sequence[Actor], *, nobody: str = "nobody") -> str:
    """``@ana, @ben and 3 more``."""
    named = ", ".join(text.mention(actor) for actor in actors[:MAX_PEOPLE])
    rest = len(actors) - MAX_PEOPLE
    return (f"{named} and {rest} more" if rest > 0 else named) or nobody


def _hand_over(what: Told, now: datetime) -> Message:
    ends = f"{people(what.ending)} ends, " if what.ending else ""
    until = f" until {text.date(what.until)}" if what.until else ""
    verb = "are" if len(what.starting) > 1 else "is"
    heading = (
        f"🔁 *Hand-over of {text.inline(what.roster, 80)}* {text.date(what.since)}: "
        f"{ends}{people(what.starting)} {verb} on call{until}."
    )
    lines = [f"• {incident_line(each, now)}" for each in what.incidents[:MAX_OPEN]]
    firing = [f"• {alert_line(each)}" for each in what.alerts[:MAX_OPEN]]
    blocks: list[Block] = [kit.section(heading)]
    counts = []
    for title, every, shown in (
        ("open incident", what.incidents, lines),
        ("group of alerts without an incident", what.alerts, firing),
    ):
        if not every:
            continue
        many = f"{title}s" if title == "open incident" else "groups of alerts without an incident"
        counts.append(text.plural(len(every), title, many))
        kept, _ = kit.fit(shown, kit.MESSAGE_ROOM // 3)
        blocks += kit.paragraphs([f"*{counts[-1]}*", *kept])
        hidden = len(every) - len(kept)
        if hidden > 0:
            blocks.append(kit.context(f"{hidden:,} more"))
    if not counts:
        blocks.append(kit.context("Nothing is open."))
    return kit.message(f"{heading} {' and '.join(counts) or 'Nothing'} open.", blocks)


def _gap(what: Told) -> Message:
    name = text.inline(what.roster, 80)
    until = f" until {text.date(what.until)}" if what.until else ""
    if what.kind is NewsKind.GAP_AHEAD:
        words = f"⚠️ *Nobody will be on call in {name}* from {text.date(what.since)}{until}."
    else:
        ends = f" {people(what.ending)} ends." if what.ending else ""
        words = (
            f"⚠️ *Nobody is on call in {name}* since {text.date(what.since)}{until}.{ends} "
            "Its user group stays as it is."
        )
    mend = "`/incident oncall override` puts somebody in for that time; `/incident oncall rosters` changes the roster."
    return kit.message(f"{words} {mend}", [kit.section(words), kit.context(mend)])
