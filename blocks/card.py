"""The card: one message in the announcement channel and one pinned in the incident's channel.

Rendered from the state at the moment of sending and edited in place, so everything on it must be
true at ``context.now`` and stay honest when it is old: an open incident's duration says as of when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject

from blocks import kit, text
from blocks.drill import banner
from blocks.facts import facts, headline, pager_link, services
from blocks.ids import ActionId, BlockId, IncidentButton
from blocks.steps import FailedStep, failed_steps
from bot.domain.incident import PagerKind, Status, Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.ports import Message

__all__ = [
    "CardContext",
    "FailedStep",
    "Link",
    "Place",
    "card",
    "fallback",
    "places_line",
    "story",
]

Place = Literal["announcement", "channel"]

MAX_FAILURES: Final = 5
MAX_NOTES: Final = 5
MAX_LINKS: Final = 10
MAX_RELATED: Final = 5


@dataclass(frozen=True, kw_only=True)
class Link:
    """A further address for the card's link line (runbook, status page, dashboard)."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class CardContext:
    """What the card shows beside the incident. ``waiting`` and ``notes`` are plain text."""

    now: datetime
    severities: Mapping[str, str] = field(default_factory=dict)  # name -> emoji, worst first
    failures: tuple[FailedStep, ...] = ()
    waiting: str | None = None
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    related: tuple[Incident, ...] = ()
    actions: tuple[int, int] = (0, 0)  # action items: how many are done, how many there are
    postmortem_available: bool = False
    subscribe_available: bool = False


def card(incident: Incident, context: CardContext, *, place: Place) -> Message:
    """The whole card for one place."""
    if incident.private and place == "announcement":
        return _veiled(incident)
    blocks: list[Block] = [
        kit.header(headline(incident, context.severities), BlockId.HEADER),
        kit.facts(facts(incident, context), BlockId.FACTS),
        *story(incident, place),
    ]
    links = places_line(incident, context, place)
    if links:
        blocks.append(kit.context(links))
    blocks += actions_line(context)
    if context.waiting:
        blocks.append(kit.context(f"⏳ {text.inline(context.waiting, 500)}"))
    notes = [note for note in context.notes if text.shows(note)][:MAX_NOTES]
    blocks += [kit.context(text.prose(note, 600)) for note in notes]
    blocks += _failures(incident, context, place)
    blocks.append(_buttons(incident, context, place))
    return kit.message(fallback(incident), blocks)


def _veiled(incident: Incident) -> Message:
    """What may be known of a private incident outside of its channel."""
    words = f"🔒 Private incident {incident.name}"
    state = f"{words}: {kit.status_words(incident)}"
    return kit.message(state, [kit.context(state, BlockId.HEADER)])


def story(incident: Incident, place: Place) -> list[Block]:
    """What a reader must know beyond the fields: how it ended, that nobody is paged."""
    blocks: list[Block] = [banner()] if incident.drill else []
    if incident.merged_into is not None:
        blocks.append(kit.section(f"🔀 Merged into *{merged_into(incident)}*. Go on there."))
    if not incident.is_open:
        blocks.append(kit.section(_ending(incident)))
    elif incident.pager.kind is PagerKind.NOBODY and not incident.drill:
        blocks.append(kit.section(_nobody_paged(incident)))
    if place == "channel" and text.shows(incident.description):
        head = "" if incident.is_open else "*What happened:*\n"
        blocks.append(kit.section(f"{head}{text.quote(incident.description, 900)}"))
    return blocks


def merged_into(incident: Incident) -> str:
    """``INC-9`` it was merged into, as a link to where that one lives."""
    name, places = f"INC-{incident.merged_into}", incident.places
    if places.merged_channel:
        return f"{name} {text.channel_link(places.merged_channel)}"
    return text.link(places.merged_url, name) if places.merged_url else name


def _ending(incident: Incident) -> str:
    who = text.mention(incident.resolved_by, nobody="")
    line = f"✅ *Resolved*{f' by {who}' if who else ''}"
    if incident.resolved_at:
        lasted = text.duration((incident.resolved_at - incident.started_at).total_seconds())
        line += f" {text.date(incident.resolved_at)} after {lasted}"
    if text.shows(incident.resolution):
        line += f"\n*What fixed it:*\n{text.quote(incident.resolution, 1500)}"
    return line


def _nobody_paged(incident: Incident) -> str:
    if incident.urgency is Urgency.LOW:
        return "🔕 *Nobody is paged* for this incident: no pager covers it."
    return (
        "🔕 *Nobody is paged* for this incident: its service has no pager and no escalation "
        "policy. Call people yourself, or use *Reassign*."
    )


def places_line(incident: Incident, context: CardContext, place: Place) -> str:
    """Links to the other places the incident lives in, on one line."""
    places, ticket = incident.places, incident.ticket
    links: list[str] = []
    if place == "announcement" and places.channel:
        name = places.channel_name or "channel"
        state = " (archived)" if places.archived else ""
        links.append(f"💬 {text.channel_link(places.channel, fallback=name)}{state}")
    if place == "announcement" and places.in_thread and not places.channel:
        links.append("🧵 runs in this thread")
    if place == "channel" and places.announcement_url and not incident.private:
        links.append(text.link(places.announcement_url, "Announcement"))
    if places.opened_from:
        links.append(text.link(places.opened_from, "Message"))
    if place == "channel" and places.previous_channel:
        links.append(f"before: {text.channel_link(places.previous_channel)}")
    pager = pager_link(incident)
    if pager:
        links.append(pager)
    if ticket and ticket.url:
        links.append(text.link(ticket.url, f"{ticket.repo}#{ticket.number or '?'}"))
    if places.postmortem_url:
        links.append(f"🎓 {text.link(places.postmortem_url, 'Post-mortem')}")
    shown = context.links[:MAX_LINKS]
    links += [text.link(each.url, text.truncate(each.label, 60)) for each in shown]
    kept, _ = kit.fit(links, kit.FIELD_LIMIT)
    return " · ".join(kept)


def actions_line(context: CardContext) -> list[Block]:
    """``Action items: 2 of 3 done``, once there are any."""
    done, every = context.actions
    return [kit.context(f"⚡ Action items: {done:,} of {every:,} done")] if every else []


def related_line(context: CardContext) -> str:
    """Open incidents on the same services, as links; private ones are never named."""
    known = [each for each in context.related if not each.private][:MAX_RELATED]
    named = [f"{kit.home_link(each)} {text.inline(each.title, 80)}" for each in known]
    return f"🔗 *Related:* {' · '.join(named)}" if named else ""


def _failures(incident: Incident, context: CardContext, place: Place) -> list[Block]:
    """Failed steps, where the people who work on it see them; stakeholders need not."""
    if place == "announcement" and incident.places.card_ts:
        return []
    return failed_steps(incident.number, context.failures, MAX_FAILURES)


def _buttons(incident: Incident, context: CardContext, place: Place) -> ActionsBlock:
    target = IncidentButton(number=incident.number)

    def press(label: str, action: ActionId, style: str | None = None) -> ButtonElement:
        return kit.button(label, action, target, style=style, about=incident.name)

    buttons: list[ButtonElement] = []
    if incident.merged_into is not None:  # every button leads to the one that was kept
        kept = IncidentButton(number=incident.merged_into)
        go_on = kit.button("More", ActionId.MORE, kept, about=f"INC-{incident.merged_into}")
        return kit.actions([go_on], BlockId.ACTIONS)
    if incident.is_open:
        if incident.status is Status.TRIGGERED:
            buttons.append(press("Acknowledge", ActionId.ACKNOWLEDGE, "primary"))
        buttons += [
            press("Reassign", ActionId.REASSIGN),
            press("Escalate", ActionId.ESCALATE),
            _resolve_button(incident, target),
        ]
        if place == "announcement" and _can_open_channel(incident, context):
            buttons.append(press("Open channel", ActionId.OPEN_CHANNEL))
    else:
        if not incident.drill:  # one that is over is over
            buttons.append(press("Reopen", ActionId.REOPEN))
        if context.postmortem_available:
            buttons.append(press("Post-mortem", ActionId.POSTMORTEM))
    if place == "announcement" and context.subscribe_available and not incident.drill:
        buttons.append(press("Subscribe", ActionId.SUBSCRIBE))
    buttons.append(press("More", ActionId.MORE))
    return kit.actions(buttons, BlockId.ACTIONS)


def _can_open_channel(incident: Incident, context: CardContext) -> bool:
    """Announced only, or the channel waits in a storm; one that is being made needs no button."""
    if incident.places.channel or incident.places.in_thread:
        return False
    return not incident.opens_channel or context.waiting is not None


def _resolve_button(incident: Incident, target: IncidentButton) -> ButtonElement:
    at_pager = " at the pager too" if incident.pager.kind is not PagerKind.NOBODY else ""
    confirm = ConfirmObject(
        title=f"Resolve {incident.name}?",
        text=kit.plain_text(f"It is closed for everybody{at_pager}. You can reopen it.", 300),
        confirm="Resolve",
        deny="Cancel",
    )
    return kit.button("Resolve", ActionId.RESOLVE, target, confirm=confirm, about=incident.name)


def fallback(incident: Incident) -> str:
    """The card as one paragraph, for notifications and screen readers."""
    if incident.private:
        return f"🔒 Private incident {incident.name}: {incident.status.value}"
    severity = f" {text.inline(incident.severity, 60)}" if incident.severity else ""
    what = f"{incident.name}{severity} {incident.status.value}"
    parts = [
        f"{kit.STATUS_EMOJI[incident.status]} {what}: {text.inline(incident.title, 500)}",
        f"Owner: {kit.owners(incident)}",
    ]
    if named := services(incident):
        parts.append(f"Service: {named}")
    if incident.is_open and incident.pager.kind is PagerKind.NOBODY and not incident.drill:
        parts.append("Nobody is paged")
    if incident.places.channel:
        parts.append(f"Channel: {text.channel_link(incident.places.channel)}")
    pager, ticket = pager_link(incident), incident.ticket
    if pager:
        parts.append(pager)
    if ticket and ticket.url:
        parts.append(text.link(ticket.url, f"{ticket.repo}#{ticket.number or '?'}"))
    if text.shows(incident.resolution) and not incident.is_open:
        parts.append(f"What fixed it: {text.inline(incident.resolution, 500)}")
    return " · ".join(parts)
