"""Action items: their one message in the incident's channel, their GitHub issue, and what changed at GitHub."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from blocks.action_items import item_message
from bot.domain import action_item
from bot.errors import ProviderError, Reason
from bot.ports import Ticket
from bot.store import action_items as kept
from bot.worker import markdown
from bot.worker.posting import ARCHIVED, CLOCKS_APART, LOST, post_current
from bot.worker.runners.issue_looks import both, where_it_is

if TYPE_CHECKING:
    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def _load(world: World, effect: Claimed) -> tuple[Incident, ActionItem]:
    def look(tx: Tx) -> tuple[Incident, ActionItem]:
        found = kept.one(tx, effect.payload["item"])
        return tx.incident(effect.incident or 0, lock=False), found

    return await world.work.read(look)


async def show(world: World, effect: Claimed) -> Settle | None:
    """Post the item's message, or edit it in place; a retaken effect looks for it first."""
    incident, item = await _load(world, effect)
    places, message = incident.places, item_message(incident, item)
    channel, thread = places.channel, None
    if channel is None and places.in_thread:
        channel, thread = places.announcement_channel, places.announcement_ts
    if channel is None or (channel == places.channel and places.card_ts is None):
        return None  # it is shown once the card is there
    if item.ts and item.channel == channel:
        return await _edited(world, item, message)
    if item.withdrawn_at is not None:
        return None
    key = f"{incident.name}/action/{item.id}:{channel}"
    try:
        posted = await post_current(world, effect, channel, message, key=key, thread=thread)
    except ProviderError as error:
        if error.code != "is_archived":
            raise
        return None
    return lambda tx: world.actions.shown(tx, item.incident, item.id, channel, posted)


async def _edited(world: World, item: ActionItem, message: Message) -> Settle | None:
    channel, ts = item.channel or "", item.ts or ""
    key = f"INC-{item.incident}/action/{item.id}:{channel}"
    try:
        await world.chat.update(channel, ts, message, key=key)
    except ProviderError as error:
        if error.code in ARCHIVED:
            return None
        if error.code not in LOST:
            raise
        return lambda tx: world.actions.shown(tx, item.incident, item.id, channel, None)
    return None


# --- GitHub ----------------------------------------------------------------------------------------------------


async def open_issue(world: World, effect: Claimed) -> Settle | None:
    """Open the item's issue; a retaken effect looks for its marker first.

    Judged now: one that was withdrawn has none, one of a private incident only in its private repository.
    """
    incident, item = await _load(world, effect)
    wanted = world.actions.repo_for(incident)
    if item.withdrawn_at is not None or wanted is None or (item.ticket and item.ticket.number):
        return None
    try:
        ticket = await _open(world, effect, incident, item, wanted.repo)
    except ProviderError as error:
        fallback = world.people.fallback_repo(incident)
        if error.reason is not Reason.NOT_FOUND or fallback is None or fallback == wanted.repo:
            raise
        ticket = await _open(world, effect, incident, item, fallback)
    return lambda tx: world.actions.opened(tx, incident.number, item.id, ticket)


async def _open(
    world: World, effect: Claimed, incident: Incident, item: ActionItem, repo: str
) -> Ticket:
    tickets = world.the_tickets()
    if effect.attempt > 1:
        since = effect.first_tried_at - CLOCKS_APART
        found = await tickets.find(repo, effect.key, since=since)
        if found is not None:
            return found
    known = item.owner is None or await _login(world, item) is not None
    return await tickets.open(
        repo,
        title=action_item.title_of(item.text),
        body=markdown.action_body(incident, item, world.workspace_url, login_known=known),
        labels=action_item.LABELS,
        key=effect.key,
    )


async def _login(world: World, item: ActionItem) -> str | None:
    return await world.work.read(lambda tx: world.actions.login_of(tx, item.owner))


async def change_issue(world: World, effect: Claimed) -> Settle | None:
    """Make the issue's state or assignee equal to the item's (judged now); the same twice is fine."""
    _, item = await _load(world, effect)
    link, verb = item.ticket, effect.payload["verb"]
    if link is None or link.number is None:
        return None
    tickets, login = world.the_tickets(), await _login(world, item) if verb == "owner" else None

    async def change(ticket: Ticket) -> Ticket:
        if verb == "owner":
            return await tickets.assign(ticket, login)
        planned = item.withdrawn_at is None
        return await tickets.set_state(ticket, is_open=item.is_open, planned=planned)

    ticket = Ticket(repo=link.repo, number=link.number, url=link.url or "")
    after, found = await where_it_is(world, ticket, change)
    if after is None:
        return found
    done = partial(world.actions.followed, number=item.incident, item=item.id, verb=verb)
    return both(found, lambda tx: done(tx, ticket=after, login=login))
