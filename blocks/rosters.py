"""Rosters as they are told: hand-overs, gaps, the list, and as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from slack_sdk.models.blocks import SectionBlock

from blocks import kit, text
from blocks.alerts import line as alert_line
from blocks.forms.roster import delete_button
from blocks.ids import ActionId, RosterButton
from blocks.lists import incident_line
from bot.domain.roster_duties import NewsKind
from bot.domain.roster_text import hours_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.catalog import RosterLayer
    from bot.domain.incident import Actor
    from bot.domain.roster_draft import Listed, Saved
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


# --- the list ------------------------------------------------------------------------------------------------------

MAX_LISTED: Final = 40
#: Of a code block, with its fences; and how many messages one answer may take.
FENCED: Final = 2900
MAX_MESSAGES: Final = 4
_TOO_MUCH: Final = (
    "That is more than fits here. One by one: /incident oncall roster export &lt;name&gt;"
)


def roster_list(listed: Sequence[Listed], now: datetime) -> Message:
    """``/incident oncall rosters``: who is on call in each, how it turns, and where it is changed."""
    shown = [_described(each, now) for each in listed[:MAX_LISTED]]
    kept, _ = kit.fit(shown, kit.MESSAGE_ROOM - 1000)
    blocks: list[Block] = [kit.section(f"*Rosters* ({len(listed):,})")]
    for each, words in zip(listed, kept, strict=False):
        blocks.append(SectionBlock(text=kit.mrkdwn(words), accessory=_edit(each)))
    hidden = len(listed) - len(kept)
    if hidden:
        blocks.append(kit.context(f"{hidden:,} more: `/incident oncall rosters &lt;name&gt;`"))
    if not listed:
        blocks = [kit.section("There are no rosters yet. *New roster* makes the first one.")]
    blocks.append(kit.actions([kit.button("New roster", ActionId.ROSTER_NEW)], "rosters.new"))
    spoken = [
        f"{text.escape(each.roster.name)}: {people(each.people)}" for each in listed[:MAX_LISTED]
    ]
    return kit.message("\n".join([f"Rosters ({len(listed):,})", *spoken]), blocks)


def _edit(listed: Listed) -> ButtonElement | None:
    if listed.file is not None:
        return None
    name = listed.roster.name
    return kit.button("Edit roster", ActionId.ROSTER_EDIT, RosterButton(name=name), about=name)


def _described(listed: Listed, now: datetime) -> str:
    roster = listed.roster
    until = f" until {text.date(listed.until)}" if listed.until else ""
    lines = [f"*{text.inline(roster.name, 80)}* · on call: {people(listed.people)}{until}"]
    for layer, members in zip(roster.layers, listed.members, strict=True):
        lines.append(_layer(layer, members))
    facts = [text.inline(roster.time_zone, 60)]
    if roster.ical:
        facts.append("from a calendar")
    if roster.user_group:
        facts.append(f"keeps @{text.inline(roster.user_group, 80)}")
    if roster.announce_in:
        facts.append(f"announces in {_channel(roster.announce_in)}")
    lines.append(" · ".join(facts))
    if listed.file is not None:
        lines.append(
            f"_In {text.inline(listed.file, 80)}: changed there, overrides and swaps here_"
        )
    elif listed.changed_at is not None:
        who = text.mention(listed.changed_by, nobody="somebody")
        lines.append(f"Made in Slack, changed by {who} {text.ago(listed.changed_at, now)}")
    return text.truncate("\n".join(lines), kit.SECTION_LIMIT)


def _layer(layer: RosterLayer, members: Sequence[Actor]) -> str:
    turns = layer.rotate if layer.rotate in {"daily", "weekly"} else f"every {layer.rotate}"
    hours = hours_text(layer.only)
    only = f" · {text.inline(hours, 80)}" if hours else ""
    start = text.inline(layer.start, 30, empty="?")
    how = f"{text.inline(turns, 40)}, {text.inline(layer.handover, 20)}{only}, from {start}"
    return f"• {people(members)}: {how}"


def _channel(name: str) -> str:
    """By its id as a link, by its name as it is written."""
    linked = text.channel_link(name)
    return linked if linked.startswith("<#") else f"#{text.inline(name, 90)}"


def saved(what: Saved, now: datetime) -> Message:
    """What became of the form, and whom nobody could reach."""
    words = f"✅ Saved.\n{_described(what.listed, now)}"
    blocks: list[Block] = [kit.section(words)]
    if what.unreachable:
        lines = [
            f"• {text.inline(email, 120)} {text.inline(why, 300)}"
            for email, why in what.unreachable
        ]
        kept, hidden = kit.fit(lines, kit.MESSAGE_ROOM // 2)
        kept += [f"and {hidden:,} more"] if hidden else []
        blocks += kit.paragraphs(["⚠️ *Not everybody in it can be reached:*", *kept])
    return kit.message(words, blocks)


def deleting(name: str) -> Message:
    """Asked before a roster is deleted by command."""
    words = f"Delete the roster *{text.inline(name, 80)}*?"
    return kit.message(
        words, [kit.section(words), kit.actions([delete_button(name)], "roster.sure")]
    )


def exported(document: str) -> list[Message]:
    """YAML for muster.yml, in as many messages as it takes."""
    parts: list[str] = []
    packed = ""
    for line in document.splitlines():
        shown = text.verbatim(line)
        if packed and text.size(packed) + text.size(shown) + 1 > FENCED:
            parts.append(packed)
            packed = ""
        packed = f"{packed}\n{shown}" if packed else shown
    parts.append(packed)
    per = kit.MESSAGE_ROOM // (FENCED + 100)
    groups = [parts[n : n + per] for n in range(0, len(parts), per)]
    messages = []
    for n, group in enumerate(groups[:MAX_MESSAGES], 1):
        count = f" ({n} of {len(groups)})" if len(groups) > 1 else ""
        heading = f"Put this into muster.yml{count}, then delete the roster here: a name may be in one place only."
        blocks: list[Block] = [kit.section(heading)]
        blocks += [kit.section(f"```{part}```") for part in group]
        if n == MAX_MESSAGES < len(groups):
            blocks.append(kit.context(_TOO_MUCH))
        messages.append(kit.message(heading, blocks))
    return messages
