"""Being let in to a private incident: what outsiders are answered, and the question to the people in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.ids import AccessButton, ActionId, BlockId, IncidentButton
from bot.domain.access import AccessState
from bot.domain.incident import Actor

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.access import Request
    from bot.domain.incident import Incident
    from bot.errors import NotVisible
    from bot.ports import Message


def unseen(error: NotVisible) -> Message:
    """The same for a number nobody used and for a private incident: the question, and a button."""
    words = f"⚠️ {text.inline(str(error), 1000)}"
    blocks: list[Block] = [kit.section(words)]
    if 0 < error.number < 2**63:
        blocks.append(kit.actions([_request(error.number)], BlockId.ACTIONS))
    return kit.message(words, blocks)


def _request(number: int) -> ButtonElement:
    target = IncidentButton(number=number)
    return kit.button("Request access", ActionId.REQUEST_ACCESS, target, about=f"INC-{number}")


def requested(number: int) -> Message:
    """The answer to **Request access**, whatever the number."""
    words = (
        f"If INC-{number} is a private incident, the people in it are asked to let you in, and you hear from me "
        "when they have decided. Asking again changes nothing."
    )
    return kit.message(words, [kit.section(words)])


def veiled(incident: Incident) -> Message:
    """What is left of the card in a channel the incident has left."""
    words = (
        f"🔒 Private incident {incident.name} goes on in a private channel. "
        "What was written here stays readable."
    )
    blocks: list[Block] = [
        kit.context(words, BlockId.HEADER),
        kit.actions([_request(incident.number)], BlockId.ACTIONS),
    ]
    return kit.message(words, blocks)


def asked(incident: Incident, request: Request) -> Message:
    """``@carol asks to be let in`` with the two answers, and afterwards who gave which."""
    who = text.mention(Actor(name=request.slack_id, slack_id=request.slack_id))
    line = f"🙋 {who} asks to be let in to {incident.name}."
    if request.state is AccessState.ASKED:
        target = AccessButton(number=incident.number, user=request.slack_id)
        buttons = [
            kit.button("Let in", ActionId.LET_IN, target, style="primary", about=incident.name),
            kit.button("Decline", ActionId.DECLINE_ACCESS, target, about=incident.name),
        ]
        hint = "Whoever is let in is invited to this channel and can read all of it."
        blocks = [kit.section(line), kit.context(hint), kit.actions(buttons, BlockId.ACTIONS)]
        return kit.message(line, blocks)
    verb = "✅ let them in" if request.state is AccessState.LET_IN else "✋ declined"
    by = text.mention(request.answered_by, nobody="Somebody")
    when = f" {text.date(request.answered_at)}" if request.answered_at else ""
    line += f" {by} {verb}{when}."
    return kit.message(line, [kit.section(line)])


def told(incident: Incident, *, let_in: bool) -> Message:
    """Whoever asked hears how it was decided; declined, they learn nothing of the incident."""
    if not let_in:
        words = f"🔒 You were not let in to {incident.name}."
        return kit.message(words, [kit.section(words)])
    channel = incident.places.channel
    where = f" Go to {text.channel_link(channel)}." if channel else ""
    words = f"🔓 You were let in to private incident {incident.name}.{where}"
    more = kit.button("More", ActionId.MORE, IncidentButton(number=incident.number))
    return kit.message(words, [kit.section(words), kit.actions([more], BlockId.ACTIONS)])
