"""Rosters in an answer: who is on call, who stands in for whom, who was on call at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, OverrideButton, PagerOverrideButton

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
#: A note below a list, and a person's name in a button, are cut to so many characters.
NOTE_ROOM: Final = 600
MAX_NAME: Final = 100
ROSTERS_ROOM: Final = 4000
BUTTONS: Final = "oncall.buttons"


def roster_blocks(rosters: Sequence[RosterNow]) -> tuple[list[str], list[Block]]:
    """A line for each roster (also for the fallback text), and the blocks with the buttons below."""
    if not rosters:
        return [], []
    lines = [roster_line(each) for each in rosters]
    kept, hidden = kit.fit(lines, ROSTERS_ROOM)
    more = [f"{hidden:,} more: name one behind `/incident oncall`"] if hidden else []
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
    remove = _remove(overrides[0], swap=len(overrides) > 1) if overrides else None
    rows = [kit.actions([remove], BUTTONS)] if remove else []
    return kit.message("\n".join(lines), [*kit.paragraphs(lines), *rows])


def removed(one: StandIn) -> Message:
    """What was taken back."""
    what = "Swap" if one.swap else "Override"
    both = "; so is the other half" if one.swap else ""
    line = f"✅ {what} removed: {override_line(one)}. It is not in force any more{both}."
    return kit.message(line, [kit.section(line)])


def override_list(
    overrides: Sequence[StandIn], *, where: str = "", notes: Sequence[str] = ()
) -> Message:
    """All that is in force or comes, each with its *Remove*.

    ``where`` (" at PagerDuty") ends the heading; ``notes`` are a few sentences of plain text.
    """
    heading = f"*{text.plural(len(overrides), 'override')} in force or to come{where}*"
    if not overrides:
        heading = f"No override is in force and none is to come{where}. `/incident oncall override` makes one."
    lines = [_listed(one) for one in overrides[:LISTED]]
    kept, _ = kit.fit(lines, kit.MESSAGE_ROOM - 1500 - NOTE_ROOM * len(notes))
    blocks: list[Block] = [kit.section(heading)]
    blocks += [
        kit.section(line, accessory=_remove(one))
        for line, one in zip(kept, overrides, strict=False)
    ]
    if len(overrides) > len(kept):
        blocks.append(kit.context(f"{len(overrides) - len(kept):,} more"))
    told = [text.inline(note, NOTE_ROOM) for note in notes]
    blocks += [kit.context(note) for note in told]
    return kit.message("\n".join([heading, *kept, *told]), blocks)


def _listed(one: StandIn) -> str:
    by = f" (by {text.mention(one.by)})" if one.by else ""
    there = " (it has begun: end it in PagerDuty)" if one.at_pager and not one.at_pager.id else ""
    return f"{override_line(one)}, {'swap' if one.swap else 'override'}{by}{there}"


def _remove(one: StandIn, *, swap: bool = False) -> ButtonElement | None:
    """The button; None for what PagerDuty tells no id of."""
    if one.at_pager is None:
        label = "Remove swap" if swap else "Remove"
        return kit.button(label, ActionId.REMOVE_OVERRIDE, OverrideButton(override=one.id))
    if not one.at_pager.id:
        return None
    value = PagerOverrideButton(
        schedule=one.at_pager.schedule,
        override=one.at_pager.id,
        user=one.at_pager.user,
        name=one.person.name[:MAX_NAME],
        since=int(one.since.timestamp()),
        until=int(one.until.timestamp()),
    )
    return kit.button("Remove", ActionId.REMOVE_AT_PAGER, value)


def _then(one: RosterNow) -> str:
    known = f" _(as I know it since {text.date(one.known_since)})_" if one.known_since else ""
    return f"• {text.inline(one.name, 120)}: {_people(one.people, '⚠️ nobody')}{known}"


def at_moment(
    rosters: Sequence[RosterNow], moment: datetime, *, ahead: bool, note: str = ""
) -> Message:
    """Who was, or will be, on call at that moment; ``note`` is plain text."""
    verb = "will be" if ahead else "was"
    heading = f"*Who {verb} on call* {text.date(moment, '{date_long} {time}')}"
    lines = [_then(each) for each in rosters]
    kept, hidden = kit.fit(lines or ["There is no roster."], ROSTERS_ROOM)
    more = [f"{hidden:,} more: name a roster"] if hidden else []
    blocks = kit.paragraphs([heading, *kept, *more])
    blocks += [kit.context(text.inline(each, 600)) for each in (note,) if each]
    return kit.message("\n".join([heading, *kept, *filter(None, (note,))]), blocks)
