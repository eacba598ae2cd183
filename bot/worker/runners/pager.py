"""The pager: open, change in the person's name, note, read again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain import plan
from bot.domain.incident import EntryKind, PagerKind
from bot.domain.news import OWN_NOTE
from bot.domain.plan import actor_from
from bot.errors import ProviderError, Reason
from bot.ports import PageRequest
from bot.services import linking
from bot.services.readings import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident import Actor, Entry, Incident
    from bot.domain.page import PageEvent
    from bot.ports import Page, Pager
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()

#: PagerDuty: From address of nobody (developer.pagerduty.com/docs/errors).
UNKNOWN_REQUESTER = "1008"
#: How far PagerDuty's clock and ours may be apart when we look for a change of our own there.
CLOCKS_APART = timedelta(seconds=5)
#: What PagerDuty logs of one change lies within this.
ONE_CHANGE = timedelta(seconds=1.5)
#: What an escalation, or one more person who is asked, is logged as.
ESCALATIONS = frozenset(
    {
        EntryKind.ESCALATED,
        EntryKind.DELEGATED,
        EntryKind.RESPONDER_ADDED,
        EntryKind.REASSIGNED,
    }
)


async def open_page(world: World, effect: Claimed) -> Settle | None:
    """Open the incident at PagerDuty under our key; there already is as good."""
    incident = await world.load(effect.incident)
    if incident.pager.id or incident.pager.kind is not PagerKind.PAGERDUTY or not incident.is_open:
        return None
    pager = world.the_pager()
    request = PageRequest(
        title=_title(incident),
        details=_details(incident),
        service_id=incident.pager.service_id or "",
        urgency=incident.urgency,
        priority=_priority(world, incident),
        assignee=incident.pager.only,
    )
    # Somebody who opens what is assigned to them has acknowledged it, and would not be paged.
    opener = None if incident.pager.only else incident.reporter
    page = await as_person(world, opener, lambda by: pager.open(request, key=effect.key, by=by))

    def settle(tx: Tx) -> None:
        world.paging.opened(tx, incident.number, page)
        if request.priority and page.priority is None:
            tx.emit([plan.priority_later(incident)])

    return settle


def _title(incident: Incident) -> str:
    return f"Private incident {incident.name}" if incident.private else incident.title


def _said(incident: Incident, effect: Claimed) -> str:
    """What somebody wrote with it; of an incident that became private meanwhile nothing is passed on."""
    return "" if incident.private else str(effect.payload.get("text", ""))


def _details(incident: Incident) -> str:
    if incident.private:
        return f"{incident.name}, declared in Slack."
    who = f" by {incident.reporter.name}" if incident.reporter else ""
    if incident.drill:
        return f"{incident.description}\n\n{incident.name}, a drill that was started in Slack{who}."
    return f"{incident.description}\n\n{incident.name}, declared in Slack{who}.".strip()


def _priority(world: World, incident: Incident) -> str | None:
    """What the severity stands for; a drill has none, because PagerDuty may tell others of it by priority."""
    if incident.drill:
        return None
    severity = world.catalog.severity(incident.severity) if incident.severity else None
    return severity.pagerduty_priority if severity else None


async def as_person(world: World, who: Actor | None, call: Any) -> Any:
    """Do it in the person's name; a person PagerDuty does not know acts in the bot's."""
    _, email = await whose_name(world, who)
    return await in_name(world, email, call)


async def whose_name(world: World, who: Actor | None) -> tuple[Actor | None, str | None]:
    """Whoever acts as they are known now (they may have linked their account meanwhile), and their address."""
    return await world.people.at_pager(who) if who else (None, None)


async def in_name(world: World, email: str | None, call: Any) -> Any:
    """Do it in the name of that address, else in the bot's."""
    if email and email.lower() != world.from_email.lower():
        try:
            return await call(email)
        except ProviderError as error:
            if error.code != UNKNOWN_REQUESTER:
                raise
            log.info("pagerduty.unknown_requester")
    return await call(world.from_email)


async def change_page(world: World, effect: Claimed) -> Settle | None:
    """Acknowledge, resolve, reopen, reassign, escalate or set the priority in the name of whoever pressed."""
    incident = await world.load(effect.incident)
    if incident.pager.id is None:
        return None
    verb = effect.payload["verb"]
    by, address = await whose_name(world, actor_from(effect.payload.get("by")))
    known = await _already(world, effect, incident)
    page = known or await in_name(
        world, address, lambda email: _change(world, effect, incident, email)
    )
    if page is None:
        return None

    def settle(tx: Tx) -> None:
        world.paging.changed(tx, incident.number, verb, page, effect.id)
        tx.emit(in_the_bots_name(tx, effect, incident, by, verb))

    return settle


async def _already(world: World, effect: Claimed, incident: Incident) -> Page | None:
    """A retaken reassignment or escalation would page people again: look whether it took effect."""
    if effect.attempt == 1 or effect.payload["verb"] not in {"reassign", "escalate"}:
        return None
    page = await world.the_pager().page(incident.pager.id or "")
    if effect.payload["verb"] == "reassign":
        wanted = await _user_id(world, effect.payload["to"])
        return page if wanted in {one.pagerduty_id for one in page.assignees} else None
    known = await world.work.read(lambda tx: tx.entries(incident.number))
    before = [e for e in known if e.at < effect.created_at and e.kind in ESCALATIONS]
    since = effect.first_tried_at - CLOCKS_APART
    done = [e for e in page.events if e.kind in ESCALATIONS and e.at >= since]
    return page if any(not _belongs(event, before) for event in done) else None


def _belongs(event: PageEvent, before: Sequence[Entry]) -> bool:
    """Whether a change made before this one explains the event; PagerDuty counts in whole seconds."""
    return any(
        (event.vendor_id and event.vendor_id == entry.vendor_id)
        or (entry.vendor_at and abs(event.at - entry.vendor_at) <= ONE_CHANGE)
        for entry in before
    )


async def _change(world: World, effect: Claimed, incident: Incident, email: str) -> Page | None:
    pager, payload, page_id = world.the_pager(), effect.payload, incident.pager.id or ""
    match payload["verb"]:
        case "acknowledge":
            return await pager.acknowledge(page_id, by=email)
        case "resolve":
            return await pager.resolve(page_id, by=email, resolution=_said(incident, effect))
        case "reopen":
            return await pager.reopen(page_id, by=email)
        case "reassign":
            return await pager.reassign(page_id, await _user_id(world, payload["to"]), by=email)
        case "escalate":
            return await _escalate(world, effect, incident, email)
        case _:
            return await _set_field(world, effect, incident, email)


async def _set_field(world: World, effect: Claimed, incident: Incident, email: str) -> Page | None:
    """The title, or the priority (``if_known``: nobody asked, so an account that shows us none is fine)."""
    pager, priority = world.the_pager(), _priority(world, incident)
    if effect.payload["verb"] == "title":
        return await pager.set_title(incident.pager.id or "", _title(incident), by=email)
    if priority is None:
        return None
    if effect.payload.get("if_known") and priority not in await _priorities(pager):
        return None
    return await pager.set_priority(incident.pager.id or "", priority, by=email)


async def _priorities(pager: Pager) -> Sequence[str]:
    """The account's priorities, as far as this key may read them."""
    try:
        return await pager.priorities()
    except ProviderError as error:
        if error.reason in UNSEEN:
            return ()
        raise


async def _escalate(world: World, effect: Claimed, incident: Incident, email: str) -> Page | None:
    pager, payload, page_id = world.the_pager(), effect.payload, incident.pager.id or ""
    if payload.get("person"):
        user = await _user_id(world, payload["person"])
        await pager.request_responder(page_id, user, by=email, message=_said(incident, effect))
        return await pager.page(page_id, history=False)
    if payload.get("responder"):
        await pager.request_responder(
            page_id, payload["policy_id"], by=email, message=_said(incident, effect), policy=True
        )
        return await pager.page(page_id, history=False)
    return await pager.escalate(
        page_id, by=email, level=payload.get("level"), policy_id=payload.get("policy_id")
    )


async def _user_id(world: World, data: dict[str, Any]) -> str:
    """PagerDuty's id of a person; a clear failure when they have no account."""
    actor, email = await whose_name(world, actor_from(data))
    if found_id := (actor.pagerduty_id if actor else None) or data.get("pagerduty_id"):
        return str(found_id)
    found = await world.the_pager().user_by_email(email) if email else None
    if found is None:
        name = actor.name if actor else "that person"
        raise ProviderError(
            "pagerduty",
            Reason.INVALID,
            f"{name} has no PagerDuty account; choose somebody else",
            code="no_account",
        )
    return found.id


def in_the_bots_name(
    tx: Tx, effect: Claimed, incident: Incident, by: Actor | None, verb: str
) -> list[Any]:
    """PagerDuty is told who it was; and whoever has no account that we know is asked for it, once a day."""
    if by is None or by.pagerduty_id or not by.slack_id or not tx.value("pagerduty.users"):
        return []
    acted = plan.bot_acted(incident, by, verb, effect.id)
    return [acted, *linking.offer(tx, incident, by, effect.key)]


async def note_page(world: World, effect: Claimed) -> Settle | None:
    """A note: the channel's link, or what somebody wrote."""
    incident = await world.load(effect.incident)
    page_id = incident.pager.id
    if page_id is None:
        return None
    pager = world.the_pager()
    own, by = effect.payload["text"], actor_from(effect.payload.get("by"))
    if own == "note" and incident.private:
        return None  # written before it became so
    text = (
        effect.payload.get("note", "") if own == "note" else _own_note(world, incident, own, effect)
    )
    if not text:
        return None
    note_id = await pager.find_note(page_id, text) if effect.attempt > 1 else None
    if note_id is None:
        note_id = await as_person(world, by, lambda email: pager.add_note(page_id, text, by=email))
    found = note_id
    return lambda tx: world.paging.noted(tx, incident.number, text, found)


def _own_note(world: World, incident: Incident, which: str, effect: Claimed) -> str:
    if which == "acted":
        return f"{OWN_NOTE}{effect.payload['verb']} by {effect.payload['who']} in Slack"
    channel = incident.places.channel
    if channel is None:
        return ""
    if incident.private:
        return f"{OWN_NOTE}{incident.name} is worked on in a private Slack channel"
    where = (
        f"{world.workspace_url.rstrip('/')}/archives/{channel}" if world.workspace_url else channel
    )
    return f"{OWN_NOTE}{incident.name} is worked on in Slack channel #{incident.places.channel_name} {where}"


async def read_page(world: World, effect: Claimed) -> Settle | None:
    """Read a page again: the vendor's answer wins."""
    page_id = effect.payload["page"]
    asked_at = world.work.clock.now()
    try:
        page = await world.the_pager().page(page_id)
    except ProviderError as error:
        if error.reason is Reason.NOT_FOUND:
            return None
        raise
    route = await world.paging.routed(page)

    def settle(tx: Tx) -> None:
        incident = tx.by_page(page.id)
        if incident is not None:
            world.paging.apply_page(tx, incident, page, asked_at=asked_at)
        elif not tx.value(f"ignored:{page.id}"):
            world.paging.create(tx, page, route)

    return settle
