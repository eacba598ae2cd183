"""The use cases of affected services: adding, removing, inviting their owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import affected
from bot.domain.incident import Affected
from bot.errors import UserError
from bot.services.people import owners_of, reached

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog, Service
    from bot.domain.incident import Actor, Incident
    from bot.domain.lifecycle import Decision
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx


class AffectedServices:
    """Which services an incident concerns. Services are those of ``muster.yml``."""

    def __init__(self, house: House, incidents: Incidents) -> None:
        """Given the shared parts, and how an incident is changed."""
        self._house = house
        self._incidents = incidents

    async def add(self, number: int, name: str, *, by: SlackUser, once: str) -> Incident:
        """One more service (id or title): its owners are invited; FieldError when it is unknown or there."""
        service = self._incidents.service_named(name)

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            decision = affected.add(
                incident,
                _as_affected(service),
                who,
                tx.now,
                owners=_owners(tx, self._house.catalog, service),
                pager=None if incident.drill else self._house.pager_for(service),
                ticket=self._house.ticket_for(service, service.title, private=incident.private),
            )
            tx.affect(decision.incident)
            return decision

        return await self._incidents.change(number, by, once, decide)

    async def remove(self, number: int, name: str, *, by: SlackUser, once: str) -> Incident:
        """One service less (id or title, also one that muster.yml does not know)."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            decision = affected.remove(incident, name, who, tx.now)
            tx.affect(decision.incident)
            return decision

        return await self._incidents.change(number, by, once, decide)

    async def invite_owners(
        self, number: int, name: str, *, by: SlackUser, once: str
    ) -> tuple[str, list[str]]:
        """Invite a service's owners into the channel; the service's title and who they are."""
        service = self._incidents.service_named(name)
        names: list[str] = []

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            if incident.places.channel is None:
                msg = f"{incident.name} has no channel to invite anybody to."
                raise UserError(msg)
            owners = _owners(tx, self._house.catalog, service)
            if not owners:
                msg = f"{service.title} has no owners in muster.yml whom I could find in Slack."
                raise UserError(msg)
            names.extend(tx.people.actor(user).name for user in owners)
            return affected.owners_invited(incident, _as_affected(service), owners, who, tx.now)

        await self._incidents.change(number, by, once, decide)
        return service.title, names


def _as_affected(service: Service) -> Affected:
    return Affected(id=service.id, title=service.title)


def _owners(tx: Tx, catalog: Catalog, service: Service) -> list[str]:
    """Slack ids of the owners who are still here."""
    found = [tx.people.by_slack(user) for user, _ in reached(tx, catalog, owners_of(service))]
    return [person.slack_id for person in found if person and not person.deleted]
