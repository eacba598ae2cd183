"""The use cases of private incidents: who sees one, making one private, following Slack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import merging, privacy, storm
from bot.domain.permissions import Right
from bot.services.access import Access
from bot.services.permissions import is_named
from bot.services.rooms import locked
from bot.services.withdrawing import left_readable, withdraw_items
from bot.store import members
from bot.store import privacy as kept
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident, TicketLink
    from bot.domain.lifecycle import Decision
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx


class Privacy:
    """Who is in a private incident = members of its channel, as Slack's events and readings tell."""

    def __init__(self, house: House, incidents: Incidents) -> None:
        """Given the shared parts, and how an incident is changed."""
        self._house = house
        self._work = house.work
        self._incidents = incidents
        self.access = Access(house, self)

    async def may_see(self, incident: Incident, by: SlackUser, *, here: str | None = None) -> bool:
        """Whether somebody may see it: they act in its channel (``here``), are in it, or muster.yml names them."""
        if not incident.private or (here is not None and here == incident.places.channel):
            return True
        return await self._work.read(lambda tx: self.sees(tx, incident, by))

    def sees(self, tx: Tx, incident: Incident, by: SlackUser) -> bool:
        """The same inside a transaction, wherever they act."""
        if members.sees(tx, incident, by.id):
            return True
        return is_named(self._house, tx, Right.PRIVATE, by, incident)

    async def make_private(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """It goes on in a new private channel and is told nowhere else; NotAllowed, or UserError when it is already."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            had_one = incident.places.channel_name is not None
            reserved = self._incidents.reserve_name(tx, incident, nth=2 if had_one else 1)
            decision = privacy.make_private(
                incident,
                who,
                tx.now,
                ticket=self._ticket(incident),
                fallback_repo=self._fallback(),
                channel_name=reserved.places.channel_name,
                more=left_readable(tx, number),
            )
            self._list_no_more(tx, number)
            members.expect(tx, decision.incident, [by.id])
            return self._with_items(tx, decision)

        return await self._incidents.change(number, by, once, decide, Right.PRIVATE)

    async def converted(self, channel: str, *, by: SlackUser, once: str) -> None:
        """Somebody made an incident's channel private in Slack: the incident follows."""
        if await self._work.read(lambda tx: tx.by_channel(channel)) is None:
            return

        def change(tx: Tx) -> None:
            if tx.remember(once, None):
                who = tx.people.actor(by.id, by.name) if by.id else None
                self._follow(tx, channel, who)

        await self._work.write(change, patience=PATIENCE)

    def _follow(self, tx: Tx, channel: str, who: Actor | None) -> None:
        incident = locked(tx, channel)
        if incident is None or incident.private:
            return
        self._list_no_more(tx, incident.number)
        ticket, fallback = self._ticket(incident), self._fallback()
        more = left_readable(tx, incident.number)
        decision = privacy.converted(
            incident, who, tx.now, ticket=ticket, fallback_repo=fallback, more=more
        )
        tx.record(self._with_items(tx, decision))

    def _with_items(self, tx: Tx, decision: Decision) -> Decision:
        after = decision.incident
        items = withdraw_items(tx, after, ticket=after.ticket, fallback_repo=self._fallback())
        return replace(decision, effects=(*decision.effects, *items))

    async def catch_up(self, private_channels: Collection[str]) -> None:
        """What was missed while nobody listened; ``private_channels`` are those we are in now."""

        def change(tx: Tx) -> None:
            for channel in kept.public_in(tx, private_channels):
                self._follow(tx, channel, None)
            for incident in kept.rooms(tx):
                room = incident.places.channel or ""
                if room in private_channels:
                    tx.emit(privacy.mirror_members(incident, tx.now.isoformat()))
                elif not incident.places.archived:
                    members.forget(tx, room)

        await self._work.write(change)

    @staticmethod
    def were_read(tx: Tx, number: int, channel: str, users: Sequence[str], began: datetime) -> None:
        """All members of its channel were read."""
        incident = tx.incident(number)
        if incident.private and incident.places.channel == channel:
            members.were_read(tx, incident, channel, users, began)

    def _ticket(self, incident: Incident) -> TicketLink | None:
        service = self._house.catalog.service(incident.service or "")
        return self._house.ticket_for(service, incident.service_title, private=True)

    def _fallback(self) -> str | None:
        link = self._house.ticket_for(None, None, private=False)
        return link.repo if link else None

    @staticmethod
    def _list_no_more(tx: Tx, number: int) -> None:
        """A storm's summary that names it is edited, also one of long ago; what was merged into it tells its number."""
        for merged in kept.merged_into(tx, number):
            tx.record(merging.lead_no_more(tx.incident(merged)))
        for name, found in kept.storms_naming(tx, number):
            rest = replace(found, listed=tuple(n for n in found.listed if n != number))
            tx.set_value(name, rest.as_value())
            tx.emit([storm.summarise(rest, due=tx.now, of=name)])
