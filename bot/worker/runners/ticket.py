"""The GitHub issue: open, keep its links, comment, close and reopen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.drill import TICKET_LABEL
from bot.domain.incident import Origin
from bot.domain.issue_news import CLOSED, DELETED, MOVED, OPEN
from bot.errors import ProviderError, Reason
from bot.ports import Ticket
from bot.services import steps
from bot.services.issue_news import remember_state
from bot.worker import markdown
from bot.worker.runners.issue_looks import both, where_it_is

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

CLOCKS_APART = timedelta(minutes=2)


def labels_of(incident: Incident) -> list[str]:
    """``bug``, ``incident``, and ``pagerduty`` when it came from there (PRODUCT.md); of a drill only that it is one."""
    if incident.drill:
        return [TICKET_LABEL]
    return ["bug", "incident", *(["pagerduty"] if incident.origin is Origin.PAGERDUTY else [])]


async def open_ticket(world: World, effect: Claimed) -> Settle | None:
    """Open the issue; a retaken effect looks for its marker first. A guessed repository falls back to the default."""
    incident = await world.load(effect.incident)
    if incident.ticket is None or incident.ticket.number or _outdated(incident, effect):
        return None
    try:
        ticket = await _open(world, effect, incident, incident.ticket.repo)
    except ProviderError as error:
        fallback = world.people.fallback_repo(incident)
        if error.reason is not Reason.NOT_FOUND or fallback is None:
            raise
        ticket = await _open(world, effect, incident, fallback)
    return lambda tx: _opened(tx, incident.number, ticket, effect)


def _outdated(incident: Incident, effect: Claimed) -> bool:
    """It became private: its issue is another one now, and what withdraws this one follows."""
    became = incident.private and incident.places.private_since is not None
    return became and effect.key != plan.ticket_key(incident)


def _opened(tx: Tx, number: int, ticket: Ticket, effect: Claimed) -> None:
    if not _outdated(tx.incident(number), effect):
        steps.ticket_opened(tx, number, ticket)


async def _open(world: World, effect: Claimed, incident: Incident, repo: str) -> Ticket:
    tickets = world.the_tickets()
    if effect.attempt > 1:
        found = await tickets.find(repo, effect.key, since=effect.first_tried_at - CLOCKS_APART)
        if found is not None:
            return found
    return await tickets.open(
        repo,
        title=f"{incident.name}: {incident.title}",
        body=markdown.issue_body(incident, world.workspace_url),
        labels=labels_of(incident),
        key=effect.key,
    )


def _ticket(incident: Incident) -> Ticket | None:
    link = incident.ticket
    if link is None or link.number is None:
        return None
    return Ticket(repo=link.repo, number=link.number, url=link.url or "")


async def refresh_ticket(world: World, effect: Claimed) -> Settle | None:
    """Write the body again, now that more links are known."""
    incident = await world.load(effect.incident)
    ticket = _ticket(incident)
    if ticket is None:
        return None
    body, tickets = markdown.issue_body(incident, world.workspace_url), world.the_tickets()
    key = plan.ticket_key(incident)
    _, found = await where_it_is(world, ticket, lambda to: tickets.edit_body(to, body, key=key))
    return found


async def comment(world: World, effect: Claimed) -> Settle | None:
    """Say on the issue what happened; a retaken effect looks whether it did."""
    incident = await world.load(effect.incident)
    ticket = _ticket(incident)
    entry = await world.work.read(lambda tx: tx.entry(effect.payload["entry"]))
    if ticket is None or entry is None:
        return None
    words, tickets = markdown.comment(incident, entry), world.the_tickets()

    async def say(to: Ticket) -> None:
        if effect.attempt == 1 or not await tickets.has_comment(to, effect.key):
            await tickets.comment(to, words, key=effect.key)

    _, found = await where_it_is(world, ticket, say)
    return found


async def change(world: World, effect: Claimed) -> Settle | None:
    """Close the issue when the incident is resolved, open it again when it is not (judged now)."""
    incident = await world.load(effect.incident)
    ticket = _ticket(incident)
    if ticket is None:
        return None
    tickets, is_open = world.the_tickets(), incident.is_open
    after, found = await where_it_is(
        world, ticket, lambda to: tickets.set_state(to, is_open=is_open)
    )
    if after is None:
        return found
    state, at = OPEN if is_open else CLOSED, after.updated_at
    return both(found, lambda tx: remember_state(tx, incident.number, state, at))


async def withdraw(world: World, effect: Claimed) -> Settle | None:
    """The incident became private: the issue tells nothing any more, says so, and is closed.

    One whose opening was interrupted is found by its marker.
    """
    incident, tickets = await world.load(effect.incident), world.the_tickets()
    found = await _withdrawn(world, effect, incident)
    if found is None:
        return None
    words, marker = markdown.withdrawn(incident), effect.payload["marker"]

    async def blank(issue: Ticket) -> None:
        title = f"Private incident {incident.name}"
        await tickets.withdraw(issue, title=title, body=words, key=marker)
        if effect.attempt == 1 or not await tickets.has_comment(issue, effect.key):
            await tickets.comment(issue, words, key=effect.key)

    # One that is merely out of our sight may tell everything to others: that is no success.
    _, kept = await where_it_is(world, found, blank, final={DELETED, MOVED})
    return kept


async def _withdrawn(world: World, effect: Claimed, incident: Incident) -> Ticket | None:
    repos, number = effect.payload["repos"], effect.payload["number"]
    if number:
        return Ticket(repo=repos[0], number=number, url="")
    for repo in repos:
        try:
            found = await world.the_tickets().find(
                repo, effect.payload["marker"], since=incident.created_at - CLOCKS_APART
            )
        except ProviderError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            continue
        if found is not None:
            return found
    return None
