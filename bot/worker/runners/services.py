"""What is known of a service that was added: one message for whoever works on the incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from blocks.service import Neighbour, ServiceFacts, service_message
from bot.errors import ProviderError, Reason
from bot.worker.posting import posted_before

if TYPE_CHECKING:
    from bot.domain.catalog import Service
    from bot.ports import Activity
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def show(world: World, effect: Claimed) -> Settle | None:
    """Post owners, links, what was new in the repository, and neighbours; GitHub is asked once, at best.

    Judged now: a service that was removed meanwhile is not shown.
    """
    incident = await world.load(effect.incident)
    service = world.catalog.services.get(effect.payload["service"])
    places = incident.places
    channel, thread = places.channel, None
    if channel is None and places.in_thread and not incident.private:
        channel, thread = places.announcement_channel, places.announcement_ts
    affected = {each.id for each in incident.services}
    if service is None or channel is None or service.id not in affected:
        return None
    if await posted_before(world, effect, channel, thread=thread):
        return None
    activity, silent = await _activity(world, service)
    facts = ServiceFacts(
        service=service,
        owners=await _owners(world, service),
        repo=world.people.repo_of(service) if service.repo or activity else None,
        activity=activity,
        silent=silent,
        upstream=_neighbours(world.catalog.upstream(service), affected),
        downstream=_neighbours(world.catalog.downstream(service), affected),
    )
    message = service_message(incident, facts)
    try:
        await world.chat.post(channel, message, key=effect.key, thread=thread)
    except ProviderError as error:
        if error.code != "is_archived":
            raise
    return None


async def _activity(world: World, service: Service) -> tuple[Activity | None, bool]:
    """What is new in the repository; whether GitHub did not say. Never a reason to wait or to fail."""
    repo = world.people.repo_of(service)
    if world.tickets is None or repo is None:
        return None, False
    try:
        return await world.tickets.recent(repo), False
    except ProviderError as error:
        log.info("github.recent", reason=error.reason.value, repo=repo)
        return None, bool(service.repo) or error.reason is not Reason.NOT_FOUND


async def _owners(world: World, service: Service) -> list[str]:
    return [user for user, _ in await world.people.owners(service)]


def _neighbours(services: list[Service], affected: set[str]) -> list[Neighbour]:
    return [
        Neighbour(id=s.id, title=s.title, has_owners=bool(s.owners), affected=s.id in affected)
        for s in services
    ]
