"""Direct messages to one person: paged, or handed an incident by somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, BlockId, IncidentButton
from bot.domain.incident import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block, InteractiveElement

    from bot.domain.incident import Actor, Incident
    from bot.ports import Message

_VERBS: Final = {
    "reassign": "assigned it to you",
    "escalate": "asks for your help",
    "page": "pages you",
    "role": "gave you a role",
    "refused": "could not open a channel for it",
}
#: The same for what the native pager pages somebody for in another's name.
PAGED_AS: Final = {
    "reassigned": _VERBS["reassign"],
    "escalated": _VERBS["escalate"],
    "asked": _VERBS["page"],
}


def handed_over(incident: Incident, verb: str, by: Actor | None, note: str = "") -> Message:
    """``@ana assigned it to you``, with what they wrote."""
    who = text.mention(by, nobody="Somebody")
    return _direct(incident, f"👉 {who} {_VERBS.get(verb, 'wants you to look at it')}.", note)


def _direct(incident: Incident, why: str, note: str) -> Message:
    target = IncidentButton(number=incident.number)
    buttons: list[InteractiveElement] = []
    if incident.status is Status.TRIGGERED:
        acknowledge = kit.button(
            "Acknowledge", ActionId.ACKNOWLEDGE, target, style="primary", about=incident.name
        )
        buttons.append(acknowledge)
    buttons.append(kit.button("More", ActionId.MORE, target, about=incident.name))
    return about(incident, why, note, buttons)


def about(
    incident: Incident,
    why: str,
    note: str,
    buttons: Sequence[InteractiveElement],
    *,
    status: bool = True,
) -> Message:
    """Why somebody is told, which incident it is, its ``status``, what was written, and what can be done.

    A private incident is named by number only: its title is for those in its channel.
    """
    title = "🔒 private" if incident.private else f"*{text.inline(incident.title, 300)}*"
    severity = f" · {text.inline(incident.severity, 60)}" if incident.severity else ""
    why = f"🧯 *DRILL* {why}" if incident.drill else why
    stands = f" · {kit.status_words(incident)}" if status else ""
    line = f"{why}\n{kit.home_link(incident)} {title}{severity}{stands}"
    blocks: list[Block] = [kit.section(line)]
    if text.shows(note):
        blocks.append(kit.section(text.quote(note)))
    blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    said = f"\n{text.inline(note, 1000)}" if text.shows(note) and not incident.private else ""
    return kit.message(f"{line}{said}", blocks)
