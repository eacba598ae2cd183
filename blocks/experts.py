"""Who knows something: on call first, each with a button that asks them in; and the message they get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, ExpertButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block

    from bot.domain.experts import Expert
    from bot.ports import Message

SHOWN: Final = 20


def found(
    skill: str, experts: Sequence[Expert], *, number: int | None = None, here: bool = True
) -> Message:
    """Everybody who knows it; with a ``number`` each can be invited to that incident.

    ``here`` says that there is an incident to invite to at all.
    """
    name = text.inline(skill, 80, empty="this")
    if not experts:
        line = f"🧭 Nobody who knows *{name}* is in Slack any more."
        return kit.message(line, [kit.section(line)])
    start = f"🧭 *{name}*: {text.plural(len(experts), 'person knows', 'people know')} it."
    blocks: list[Block] = [kit.section(start)]
    lines = []
    for n, expert in enumerate(experts[:SHOWN]):
        line = _line(expert)
        lines.append(line)
        blocks.append(kit.section(line, f"expert.{n}", accessory=_button(expert, skill, number)))
    if len(experts) > SHOWN:
        blocks.append(kit.context(f"{len(experts) - SHOWN:,} more."))
    if number is None and here:
        blocks.append(
            kit.context("In an incident's channel each of them can be invited from here.")
        )
    return kit.message("\n".join([start, *lines]), blocks)


def _button(expert: Expert, skill: str, number: int | None) -> object:
    if number is None or expert.person.slack_id is None:
        return None
    value = ExpertButton(number=number, user=expert.person.slack_id, skill=skill[:200])
    return kit.button("Invite", ActionId.INVITE_EXPERT, value, about=expert.person.name)


def _line(expert: Expert) -> str:
    facts = []
    if expert.on_call:
        named = ", ".join(text.inline(each, 60) for each in expert.on_call[:3])
        facts.append(f"📟 on call now ({named})")
    if expert.away:
        facts.append(f"🌴 away{_status(expert)}")
    elif expert.status:
        facts.append(f"status{_status(expert)}")
    hours = "in working hours" if expert.working else "outside working hours"
    facts.append(f"{hours}, {text.inline(expert.local_time, 20)} there")
    why = ", ".join(text.inline(each, 80) for each in expert.sources[:3])
    return f"{text.mention(expert.person)} · {' · '.join(facts)}\n_{why}_"


def _status(expert: Expert) -> str:
    return f" ({text.inline(expert.status, 100)})" if text.shows(expert.status) else ""


def all_skills(skills: Sequence[str]) -> Message:
    """What people know here; how to add to it when that is nothing."""
    if not skills:
        line = (
            "🧭 Nobody's skills are known yet. Set yours in my Home tab (*My settings*), or in muster.yml: "
            "`people: {ana@example.com: {skills: [redis]}}`."
        )
        return kit.message(line, [kit.section(line)])
    names = [f"• {text.inline(skill, 80)}" for skill in skills]
    kept, hidden = kit.fit(names, kit.MESSAGE_ROOM - 500)
    more = [f"… and {hidden:,} more"] if hidden else []
    start = "🧭 *What people know here.* `/incident expert` with one of them shows who, and who is there now."
    return kit.message("\n".join([start, *kept, *more]), kit.paragraphs([start, *kept, *more]))
