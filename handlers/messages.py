"""What people do with messages: open an incident from one, put one into a timeline, by shortcut, emoji or pin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blocks import text
from blocks.forms import add_message
from blocks.forms import declare as declare_form
from blocks.ids import CallbackId, DeclareOrigin, ShortcutId
from blocks.messages import said_from, split
from bot.domain.lifecycle import TITLE_LIMIT
from bot.domain.moments import Said
from bot.errors import UserError
from handlers.places import usable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.turn import Handler, Turn

#: So much of a message is kept in the declare form for the timeline; the link leads to all of it.
KEPT = 1000
CHOICES = 100


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def bot_of(turn: Turn) -> str:
    """Our own Slack id, as the event's envelope says."""
    ours = turn.body.get("authorizations")
    first = ours[0] if isinstance(ours, list) and ours else {}
    return str(_mapping(first).get("user_id") or "")


# --- shortcuts -------------------------------------------------------------------------------------------------


async def open_incident(turn: Turn) -> None:
    """**Open an incident** on a message: the declare form, filled in from it."""
    said = _said(turn)
    title, description = split(said.text, TITLE_LIMIT)
    origin = DeclareOrigin(
        channel=said.channel,
        message_ts=said.ts,
        thread_ts=said.thread,
        link=await turn.desk.messages.link(said) or None,
        author=said.author,
        words=text.truncate(text.clean(said.text), KEPT),
        usable=await usable(turn),
    )
    await turn.open(
        declare_form.build(
            severities=turn.desk.severity_choices(),
            services=turn.desk.service_choices(),
            prefill=declare_form.Form(title=title, description=description, origin=origin),
        )
    )


async def add_to_timeline(turn: Turn) -> None:
    """**Add to timeline** on a message: of the incident it stands with, elsewhere a form asks of which."""
    said = _said(turn)
    here = await turn.desk.messages.placed(said)
    if here is not None:
        await turn.desk.messages.add(here, said, by=turn.user, once=turn.once)
        return
    await turn.desk.incidents.may_act(turn.user)
    page = await turn.desk.incidents.listed(viewer=turn.user.id, limit=CHOICES)
    if not page.incidents:
        msg = "No incident is open, so there is no timeline to add it to. Declare one: /incident declare."
        raise UserError(msg)
    await turn.open(add_message.build(said, page.incidents))


async def submit_message(turn: Turn) -> None:
    """The form's answer: add it to the chosen incident."""
    form = add_message.parse(turn.view)
    incident = await turn.incident(form.number)
    spot = form.spot
    said = Said(
        channel=spot.channel, ts=spot.ts, thread=spot.thread, author=spot.author,
        author_name=spot.name, text=form.words,
    )  # fmt: skip
    await turn.desk.messages.add(incident.number, said, by=turn.user, once=turn.once)


def _said(turn: Turn) -> Said:
    return said_from(_mapping(turn.body.get("message")), turn.channel or "")


# --- emoji and pins --------------------------------------------------------------------------------------------


async def reacted(turn: Turn) -> None:
    """An emoji was added to a message or taken away; most mean nothing to us."""
    event = _mapping(turn.body.get("event"))
    item = _mapping(event.get("item"))
    mark = turn.desk.catalog.reactions.mark(str(event.get("reaction") or ""))
    ours = bot_of(turn)
    if (
        mark is None
        or item.get("type") != "message"
        or ours in {turn.user.id, event.get("item_user")}
    ):
        return
    await _marked(turn, str(item.get("channel") or ""), str(item.get("ts") or ""), mark)


async def pinned(turn: Turn) -> None:
    """A message was pinned or unpinned: that is the timeline's mark as well."""
    event = _mapping(turn.body.get("event"))
    item = _mapping(event.get("item"))
    ours = bot_of(turn)
    if item.get("type") != "message" or ours in {turn.user.id, event.get("item_user")}:
        return
    channel = str(event.get("channel_id") or item.get("channel") or "")
    await _marked(turn, channel, str(_mapping(item.get("message")).get("ts") or ""), "timeline")


async def _marked(turn: Turn, channel: str, ts: str, mark: str) -> None:
    kind = str(_mapping(turn.body.get("event")).get("type") or "")
    await turn.desk.messages.marked(
        channel, ts, mark, by=turn.user.id, once=turn.once, removed=kind.endswith("_removed")
    )


SHORTCUTS: dict[ShortcutId, Handler] = {
    ShortcutId.OPEN_INCIDENT: open_incident,
    ShortcutId.ADD_TO_TIMELINE: add_to_timeline,
}
VIEWS: dict[CallbackId, Handler] = {CallbackId.ADD_MESSAGE: submit_message}
EVENTS: dict[str, Handler] = {
    "reaction_added": reacted,
    "reaction_removed": reacted,
    "pin_added": pinned,
    "pin_removed": pinned,
}
