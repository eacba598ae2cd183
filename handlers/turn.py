"""One thing a person did in Slack, as the handlers see it, and what they may use to answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackClientError

from blocks.card import CardContext
from blocks.forms import message_view
from blocks.ids import IncidentButton
from blocks.mention import form_offer
from bot.errors import NotFound, NotVisible, UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from slack_bolt.context.ack.async_ack import AsyncAck
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.domain.catalog import Catalog
    from bot.domain.incident import Incident
    from bot.ports import Chat, Message
    from bot.services.action_items import ActionItems
    from bot.services.affected import AffectedServices
    from bot.services.afterwards import Afterwards
    from bot.services.alert_actions import AlertActions
    from bot.services.asking import Asking
    from bot.services.base import SlackUser
    from bot.services.inbound import InboundEvents
    from bot.services.incidents import Incidents
    from bot.services.merging import Merging
    from bot.services.moments import MessageTimeline
    from bot.services.page_actions import PageActions
    from bot.services.people import PeopleDirectory
    from bot.services.privacy import Privacy
    from bot.services.reminding import Reminding
    from bot.services.reports import Reports
    from bot.services.roles import Roles
    from bot.services.rooms import Rooms
    from bot.services.sightings import Sightings
    from bot.services.standing_in import StandingIn
    from bot.services.updates import Updates

    Handler = Callable[["Turn"], Awaitable[None]]


class NoIncidentMeant(UserError):
    """No incident was named, and the place belongs to none."""

    def __init__(self) -> None:
        """Say how to name one."""
        super().__init__(
            "Say which incident, for example INC-12, or use this in the incident's channel."
        )


#: How long opening a modal may hold back the acknowledgement, of Slack's three seconds.
OPEN_PATIENCE = 1.5


@dataclass(kw_only=True)
class Desk:
    """What handlers work with: use cases, configuration, and Slack for views and ``response_url`` only."""

    incidents: Incidents
    inbound: InboundEvents
    people: PeopleDirectory
    reports: Reports
    messages: MessageTimeline
    alerts: AlertActions
    pages: PageActions
    merging: Merging
    rooms: Rooms
    updates: Updates
    reminding: Reminding
    roles: Roles
    services: AffectedServices
    asking: Asking
    standing_in: StandingIn
    actions: ActionItems
    afterwards: Afterwards
    privacy: Privacy
    sightings: Sightings
    catalog: Catalog
    chat: Chat
    views: AsyncWebClient
    open_home: Callable[[str], Awaitable[None]]
    mirror: Callable[[], None]
    diagnose: Callable[[], Awaitable[str]] | None = None

    def severity_choices(self) -> list[tuple[str, str]]:
        """Value and label of every severity, worst first."""
        return [(s.name, f"{s.name} {s.description}".strip()) for s in self.catalog.severities]

    def service_choices(self) -> list[tuple[str, str]]:
        """Value and label of every service."""
        return [(s.id, s.title) for s in self.catalog.services.values()]

    async def card_context(self, incident: Incident) -> CardContext:
        """What a card shows beside the incident, for private answers."""
        return CardContext(
            now=await self.incidents.now(),
            severities={s.name: s.emoji for s in self.catalog.severities},
            related=tuple(await self.incidents.related(incident)),
            actions=await self.actions.counted(incident.number),
        )


@dataclass(kw_only=True)
class Turn:
    """A command, press, submission, shortcut or event. ``once`` identifies this very press (PRODUCT.md)."""

    desk: Desk
    kind: str  # command | action | view | shortcut | event | mention | options
    body: Mapping[str, Any]
    ack: AsyncAck
    user: SlackUser
    channel: str | None
    once: str
    action: Mapping[str, Any] = field(default_factory=dict)
    acked: bool = False
    thread: str | None = None  # where a mention stands

    @property
    def trigger(self) -> str:
        """The trigger for a modal, valid for three seconds."""
        return str(self.body.get("trigger_id", ""))

    @property
    def view(self) -> Mapping[str, Any]:
        """The submitted or pressed-in view."""
        found = self.body.get("view")
        return found if isinstance(found, dict) else {}

    @property
    def in_direct(self) -> bool:
        """Whether a button of a direct message was pressed."""
        return self.kind == "action" and (self.channel or "").startswith("D")

    @property
    def response_url(self) -> str | None:
        """Where an answer to this may be sent, if Slack gave an address."""
        url = self.body.get("response_url")
        return url if isinstance(url, str) and url else None

    async def done(self, **answer: Any) -> None:
        """Acknowledge, once; a second call does nothing."""
        if not self.acked:
            self.acked = True
            await self.ack(**(answer if self.kind not in {"event", "mention"} else {}))

    async def say(self, message: Message) -> None:
        """Answer privately: in the acknowledgement of a command, else by ``response_url``, or a small modal."""
        if self.kind == "command" and not self.acked:
            await self.done(text=message.text, blocks=list(message.blocks))
            return
        if self.kind == "view" and not self.acked:
            await self.replace(message_view("Done", message))
            return
        await self.done()
        if self.response_url:
            await self.desk.chat.respond(self.response_url, message)
        elif self.channel:
            await self.desk.chat.tell(self.channel, self.user.id, message, thread=self.thread)
        elif self.kind in {"action", "shortcut"}:  # on Home, in a modal: there is no channel
            await self.open(message_view("Muster", message))

    async def open(self, view: Mapping[str, Any]) -> None:
        """Open a modal (on top of the one this came from).

        The press changes nothing, so a Slack that is slow to open must not cost the acknowledgement.
        After a submission it takes the place of the form that was submitted.
        """
        if self.kind == "mention":  # nothing to open a modal with: a button brings it
            await self.say(form_offer(str(self.body.get("text", ""))))
            return
        if self.kind == "view":
            await self.replace(view)
            return
        nested = self.kind == "action" and self.view.get("type") == "modal"
        call = self.desk.views.views_push if nested else self.desk.views.views_open
        opening = asyncio.ensure_future(call(trigger_id=self.trigger, view=dict(view)))
        await asyncio.wait({opening}, timeout=OPEN_PATIENCE)
        await self.done()
        await _shown(opening)

    async def replace(self, view: Mapping[str, Any]) -> None:
        """Show another content in the modal this came from."""
        if self.kind == "view" and not self.acked:
            await self.done(response_action="update", view=dict(view))
            return
        await self.done()
        await _shown(self.desk.views.views_update(view_id=self.view["id"], view=dict(view)))

    async def incident(self, number: int | None) -> Incident:
        """The incident meant: by its number, else the one of this channel. Private ones only for those in it."""
        if number is None:
            here = await self.desk.incidents.in_channel(self.channel) if self.channel else None
            if here is None:
                raise NoIncidentMeant
            return here
        try:
            found = await self.desk.incidents.get(number)
        except NotFound:
            raise NotVisible(number) from None
        if not await self.desk.privacy.may_see(found, self.user, here=self.channel):
            raise NotVisible(number)
        return found

    async def target(self) -> Incident:
        """The incident behind the pressed button."""
        return await self.incident(IncidentButton.decode(self.action.get("value")).number)


async def _shown(call: Awaitable[object]) -> None:
    """Slack's answer about a view; the SDK lets the errors of its HTTP client through as they are."""
    try:
        await call
    except SlackClientError:
        raise
    except Exception as error:
        raise SlackClientError(type(error).__name__) from error
