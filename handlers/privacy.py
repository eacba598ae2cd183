"""Private incidents: making one private, following Slack, being let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks import access, lists, notices
from blocks.forms import message_view
from blocks.ids import AccessButton, ActionId, IncidentButton
from bot.errors import NotVisible
from handlers import panel
from handlers.command import Command, meant

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message
    from handlers.turn import Handler, Turn

#: What Slack writes into a channel that was made private (docs.slack.dev/reference/events/message).
CONVERTED = "channel_convert_to_private"
SAID = (
    "{name} is private now: a private channel is being opened for it, everybody of its own channel is invited there, "
    "and the announcement is deleted. What stays readable is told in the new channel."
)


async def make_private(turn: Turn, rest: str) -> None:
    """``private [INC-n]``: at once, and says what it did."""
    incident, _ = await meant(turn, rest)
    after = await _make_private(turn, incident)
    await turn.say(notices.said(SAID.format(name=after.name)))


async def _make_private(turn: Turn, incident: Incident) -> Incident:
    return await turn.desk.privacy.make_private(incident.number, by=turn.user, once=turn.once)


async def pressed_private(turn: Turn) -> None:
    """**Make private** in the control panel, which asked first."""
    after = await _make_private(turn, await turn.target())
    await turn.replace(panel.build(after, await turn.desk.card_context(after)))


async def message(turn: Turn) -> None:
    """A message in a private channel: only Slack's own word that the channel is private now concerns us."""
    event: Any = turn.body.get("event") or {}
    if isinstance(event, dict) and event.get("subtype") == CONVERTED:
        channel = str(event.get("channel") or "")
        await turn.desk.privacy.converted(channel, by=turn.user, once=turn.once)


# --- being let in ----------------------------------------------------------------------------------------------


async def request_access(turn: Turn) -> None:
    """**Request access**: the same answer for every number somebody cannot see."""
    number = IncidentButton.decode(turn.action.get("value")).number
    try:
        incident = await turn.incident(number)
    except NotVisible:
        await turn.desk.privacy.access.ask(number, by=turn.user)
        await _answer(turn, "Request access", access.requested(number))
    else:
        context = await turn.desk.card_context(incident)
        await _answer(turn, incident.name, lists.incident_details(incident, context))


async def _answer(turn: Turn, title: str, words: Message) -> None:
    if turn.view.get("type") == "modal":
        await turn.replace(message_view(title, words))
    else:
        await turn.say(words)


async def let_in(turn: Turn) -> None:
    """**Let in**: invite whoever asked."""
    await _decide(turn, let_in=True)


async def decline(turn: Turn) -> None:
    """**Decline**."""
    await _decide(turn, let_in=False)


async def _decide(turn: Turn, *, let_in: bool) -> None:
    pressed = AccessButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    await turn.desk.privacy.access.answer(
        pressed.number, pressed.user, let_in=let_in, by=turn.user, once=turn.once
    )


COMMANDS: dict[str, Command] = {
    "private": Command(
        "private [INC-n]", "go on in a private channel, and be told of nowhere else", make_private
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.MAKE_PRIVATE: pressed_private,
    ActionId.REQUEST_ACCESS: request_access,
    ActionId.LET_IN: let_in,
    ActionId.DECLINE_ACCESS: decline,
}
#: Slack delivers what is said in private channels under this name.
EVENTS: dict[str, Handler] = {"message.groups": message}
