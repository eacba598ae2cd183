"""Who is on call, told to one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.standing_in import ROSTERS_ROOM, roster_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Actor
    from bot.domain.roster_views import RosterNow
    from bot.ports import Message

MAX_PEOPLE: Final = 10


@dataclass(frozen=True, kw_only=True)
class OnDuty:
    """One level of a policy and whom it reaches; ``others`` are rosters and channels it names."""

    policy: str
    level: int
    people: Sequence[Actor] = ()
    others: Sequence[str] = ()
    until: datetime | None = None


def on_call_message(
    duties: Sequence[OnDuty],
    *,
    title: str = "",
    note: str = "",
    hint: str = "",
    rosters: Sequence[RosterNow] = (),
) -> Message:
    """Policy by policy, level 1 first, then the rosters; ``note`` and ``hint`` are plain text."""
    about = f" for {text.inline(title, 120)}" if title else ""
    heading = f"*Who is on call{about}*"
    lines: list[str] = []
    policy = None
    for duty in duties:
        if duty.policy != policy:
            policy = duty.policy
            lines.append(f"*{text.inline(policy, 120, empty='Policy')}*")
        lines.append(_line(duty))
    roster_lines, below = roster_blocks(rosters)
    kept, hidden = kit.fit(lines, kit.MESSAGE_ROOM - 1500 - (ROSTERS_ROOM if rosters else 0))
    if not kept and not rosters:
        kept = ["Nobody is: no escalation policy covers it."] if not note else []
    blocks = kit.paragraphs([heading, *kept])
    rest = [f"{hidden:,} more lines: name a service to see its own"] if hidden else []
    blocks += [kit.context(text.inline(each, 600)) for each in (note, *rest, hint) if each]
    told = [heading, *kept, text.inline(note, 600, empty=""), *roster_lines]
    return kit.message("\n".join(told), [*blocks, *below])


def _line(duty: OnDuty) -> str:
    named = [text.mention(person) for person in duty.people[:MAX_PEOPLE]]
    named += [text.inline(other, 80) for other in duty.others[:MAX_PEOPLE]]
    rest = len(duty.people) - MAX_PEOPLE
    more = f" and {rest} more" if rest > 0 else ""
    until = f" until {text.date(duty.until)}" if duty.until else ""
    return f"• Level {duty.level}: {', '.join(named) or 'nobody'}{more}{until}"
