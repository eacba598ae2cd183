"""Rosters in an answer: who is on call, who stands in for whom, who was on call at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, OverrideButton

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.incident import Actor
    from bot.domain.roster_views import RosterNow, StandIn
    from bot.ports import Message

MAX_PEOPLE: Final = 10
#: How many overrides are listed, each with a button; the others are counted.
LISTED: Final = 40
ROSTERS_ROOM: Final = 4000
BUTTONS: Final = "oncall.buttons"


def roster_blocks(rosters: Sequence[RosterNow]) -> tuple[list[str], list[Block]]:
    """A line for each roster (also for the fallback text), and the blocks with the buttons below."""
    if not rosters:
        return [], []
    lines = [roster_line(each) for each in rosters]
    kept, hidden = kit.fit(lines, ROSTERS_ROOM)
    more = [f"{hidden:,} more: name one, `/incident oncall <roster>`"] if hidden else []
    blocks = kit.paragraphs(["*Rosters*", *kept, *more])
    buttons = [
        kit.button("Override", ActionId.OVERRIDE),
        kit.button("Swap", ActionId.SWAP_TURNS),
        kit.button("Who was on call", ActionId.ON_CALL_AT),
        kit.button("Overrides", ActionId.OVERRIDES),
    ]
    return ["*Rosters*", *kept], [*blocks, kit.actions(buttons, BUTTONS)]


def answer(lines: Sequence[str], blocks: Sequence[Block]) -> Message:
    """What ``roster_blocks`` made, as an answer of its own."""
    return kit.message("\n".join(lines), blocks)


def roster_line(now: RosterNow) -> str:
    """``primary: @ana until …, then @ben``; nobody is worth telling too."""
    line = f"• {text.inline(now.name, 120)}: {_people(now.people, '⚠️ nobody')}"
    if now.until:
        line += f" until {text.date(now.until)}, then {_people(now.then, 'nobody')}"
    if now.subscribe:
        line += f" · {text.link(now.subscribe, 'calendar')}"
    return f"{line} (⚠️ {text.inline(now.problem, 300)})" if now.problem else line


def _people(people: Sequence[Actor], nobody: str = "nobody") -> str:
    named = ", ".join(text.mention(person) for person in people[:MAX_PEOPLE])
    rest = len(people) - MAX_PEOPLE
    return f"{named} and {rest} more" if rest > 0 else named or nobody


def override_line(one: StandIn) -> str:
    """Who stands in, in what, from when until when, instead of whom."""
    instead = f" instead of {_people(one.instead)}" if one.instead else ""
    return (
        f"{text.mention(one.person)} is on call in {text.inline(one.roster, 120)} "
        f"from {text.date(one.since)} until {text.date(one.until)}{instead}"
    )


def made(*overrides: StandIn) -> Message:
    """What was done: an override, or a swap with both its halves."""
    lines = [f"✅ {override_line(one)}." for one in overrides]
    removes = [_remove(overrides[0], swap=len(overrides) > 1)] if overrides else []
    blocks = [*kit.paragraphs(lines), kit.actions([*removes], BUTTONS)]
    return kit.message("\n".join(lines), blocks)


def removed(one: StandIn) -> Message:
    """What was taken back."""
    what = "Swap" if one.swap else "Override"
    both = "; so is the other half" if one.swap else ""
    line = f"✅ {what} removed: {override_line(one)}. It is not in force any more{both}."
    return kit.message(line, [kit.section(line)])


def override_list(overrides: Sequence[StandIn]) -> Message:
    """All that is in force or comes, each with its *Remove*."""
    heading = f"*{text.plural(len(overrides), 'override')} in force or to come*"
    if not overrides:
        heading = (
            "No override is in force and none is to come. `/incident oncall override` makes one."
        )
    blocks: list[Block] = [kit.section(heading)]
    lines = [heading]
    for one in overrides[:LISTED]:
        by = f" (by {text.mention(one.by)})" if one.by else ""
        kind = "swap" if one.swap else "override"
        line = f"{override_line(one)}, {kind}{by}"
        lines.append(f"• {line}")
        blocks.append(kit.section(line, accessory=_remove(one)))
    if len(overrides) > LISTED:
        blocks.append(kit.context(f"{len(overrides) - LISTED:,} more"))
    return kit.message("\n".join(lines), blocks)


def _remove(one: StandIn, *, swap: bool = False) -> ButtonElement:
    label = "Remove swap" if swap else "Remove"
    return kit.button(label, ActionId.REMOVE_OVERRIDE, OverrideButton(override=one.id))


def at_moment(rosters: Sequence[RosterNow], moment: datetime, *, ahead: bool) -> Message:
    """Who was, or will be, on call at that moment."""
    verb = "will be" if ahead else "was"
    heading = f"*Who {verb} on call* {text.date(moment, '{date_long} {time}')}"
    lines = [
        f"• {text.inline(each.name, 120)}: {_people(each.people, '⚠️ nobody')}" for each in rosters
    ]
    kept, hidden = kit.fit(lines or ["There is no roster."], ROSTERS_ROOM)
    more = [f"{hidden:,} more: name a roster"] if hidden else []
    blocks = kit.paragraphs([heading, *kept, *more])
    return kit.message("\n".join([heading, *kept]), blocks)
