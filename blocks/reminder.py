"""The one reminder of an incident: what is open, whom it concerns, and what can be done about it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, BlockId, IncidentButton
from bot.domain.reminders import SNOOZE_LONG, Reminder, snooze_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.incident import Actor, Incident
    from bot.domain.reminders import Facts
    from bot.ports import Message

#: One click to what ends the reminder.
_HELPS: Final = {
    Reminder.NO_ACKNOWLEDGE: ("Acknowledge", ActionId.ACKNOWLEDGE),
    Reminder.UPDATE: ("Post an update", ActionId.POST_UPDATE),
    Reminder.NO_SEVERITY: ("Change severity", ActionId.CHANGE_SEVERITY),
    Reminder.STALE: ("Resolve", ActionId.RESOLVE),
    Reminder.POSTMORTEM: ("Post-mortem", ActionId.POSTMORTEM),
}
#: The same in a few plain words.
_BRIEFLY: Final = {
    Reminder.NO_ACKNOWLEDGE: "nobody has acknowledged it yet",
    Reminder.UPDATE: "an update is overdue",
    Reminder.NO_COMMANDER: "nobody commands it",
    Reminder.NO_SEVERITY: "it has no severity",
    Reminder.STALE: "nothing has happened for long",
    Reminder.POSTMORTEM: "its post-mortem is due",
}


def reminder(
    incident: Incident,
    facts: Facts,
    kinds: Sequence[Reminder],
    *,
    whom: Sequence[Actor] = (),
    snoozed_by: str = "",
    now: datetime,
) -> Message:
    """Everything that is open in one message; with nothing open it says so and asks for nothing."""
    if not kinds:
        words = f"✅ {incident.name}: nothing of what I reminded you of is open any more."
        return kit.message(words, [kit.context(words)])
    lines = [line(kind, incident, facts) for kind in kinds]
    people = " ".join(text.mention(actor) for actor in whom[:5])
    start = f"⏰ *Reminder*{f' for {people}' if people else ''}"
    blocks: list[Block] = [kit.section("\n".join([start, *(f"• {each}" for each in lines)]))]
    until = facts.snoozed_until
    if until is not None and until > now:
        who = text.inline(snoozed_by, 80, empty="somebody")
        blocks.append(kit.context(f"💤 Snoozed by {who} until {text.date(until)}"))
    blocks.append(kit.actions(_buttons(incident, tuple(kinds)), BlockId.ACTIONS))
    if incident.private:
        return kit.message(f"⏰ Reminder in private incident {incident.name}", blocks)
    return kit.message(" ".join([f"⏰ {incident.name}:", people, *lines]), blocks)


def line(kind: Reminder, incident: Incident, facts: Facts) -> str:
    """One open point as a sentence of mrkdwn."""
    since = incident.status_changed_at or incident.created_at
    match kind:
        case Reminder.NO_ACKNOWLEDGE:
            return f"Nobody has acknowledged it since {text.date(max(since, incident.created_at))}."
        case Reminder.NO_COMMANDER:
            return "Nobody commands it: `/incident role commander @somebody`."
        case Reminder.NO_SEVERITY:
            return "It has no severity yet."
        case Reminder.UPDATE:
            return _overdue(incident, facts)
        case Reminder.STALE:
            return f"Nothing has happened since {text.date(facts.activity)}. Is it over? Then resolve it."
        case Reminder.POSTMORTEM:
            ended = f", it ended {text.date(incident.resolved_at)}" if incident.resolved_at else ""
            return f"Its post-mortem is due{ended}."


def _overdue(incident: Incident, facts: Facts) -> str:
    if incident.next_update_at is not None:
        return f"The update promised for {text.date(incident.next_update_at)} is overdue."
    every = facts.update_every
    rule = (
        f"; {text.inline(incident.severity or '', 60)} asks for one every {text.duration(every.total_seconds())}"
        if every
        else ""
    )
    last = (
        f"The last update was {text.date(facts.last_update)}"
        if facts.last_update
        else "No update was posted yet"
    )
    return f"{last}{rule}."


def told_again(incident: Incident, kinds: Sequence[Reminder]) -> str:
    """The same for one person in plain text; of a private incident nothing but its number."""
    if incident.private:
        return f"⏰ {incident.name} still waits for you; see the reminder in its channel."
    return f"⏰ {incident.name}: {', '.join(_BRIEFLY[kind] for kind in kinds)}."


def _buttons(incident: Incident, kinds: tuple[Reminder, ...]) -> list[ButtonElement]:
    target = IncidentButton(number=incident.number)
    helps = [_HELPS[kind] for kind in kinds if kind in _HELPS]
    buttons = [kit.button(label, action, target, about=incident.name) for label, action in helps]
    long = snooze_for(kinds) == SNOOZE_LONG
    snooze = f"Snooze {'1 day' if long else '1 hour'}"
    return [
        *buttons,
        kit.button(snooze, ActionId.SNOOZE, target, about=incident.name),
        kit.button("More", ActionId.MORE, target, about=incident.name),
    ]
