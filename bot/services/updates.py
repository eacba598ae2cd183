"""The use cases around status updates: post one, follow an incident, tell whoever follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import notify, updates
from bot.domain.permissions import Right
from bot.services import audit
from bot.services.permissions import require
from bot.store import followers
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from bot.domain.effects import Effect
    from bot.domain.incident import Entry, Incident, Phase
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What whoever writes an update wants to know: the last one, and how soon the next is usual."""

    incident: Incident
    last: Entry | None
    usual: timedelta | None


class Updates:
    """Every method is one use case: load, decide, save and emit in one transaction."""

    def __init__(self, house: House) -> None:
        """Given the shared parts; from now on every new timeline entry is told to those who follow."""
        self._house = house
        self._work = house.work
        house.work.entry_listeners.append(self.told)

    async def standing(self, number: int) -> Standing:
        """For the form."""

        def look(tx: Tx) -> Standing:
            incident = tx.incident(number, lock=False)
            usual = updates.usual_promise(incident, self._house.catalog)
            return Standing(incident=incident, last=followers.last_update(tx, number), usual=usual)

        return await self._work.read(look)

    async def post(
        self,
        number: int,
        text: str,
        *,
        by: SlackUser,
        once: str,
        phase: Phase | None = None,
        promise: timedelta | None = None,
        usual: bool = False,
    ) -> Incident:
        """Post a status update; ``usual`` promises the next one as the severity asks for.

        FieldError for no text, NotAllowed for whoever may not publish; the same press again posts nothing.
        """

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            require(self._house, tx, Right.PUBLISH, by, incident)
            soon = updates.usual_promise(incident, self._house.catalog) if usual else promise
            who = tx.people.actor(by.id, by.name)
            return tx.record(
                updates.post_update(incident, text, who, tx.now, phase=phase, promise=soon)
            )

        return await self._work.write(change, patience=PATIENCE)

    async def toggle(self, number: int, *, by: SlackUser, once: str) -> bool:
        """Subscribe, or end the subscription; whether they are subscribed now."""

        def change(tx: Tx) -> bool:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return by.id in followers.followers(tx, number)
            require(self._house, tx, Right.FOLLOW, by, incident)
            now_on = followers.follow(tx, number, by.id)
            if not now_on:
                followers.unfollow(tx, number, by.id)
            audit.own(tx, incident, by, "subscribed" if now_on else "unsubscribed")
            return now_on

        return await self._work.write(change, patience=PATIENCE)

    async def unsubscribe(self, number: int, *, by: SlackUser) -> bool:
        """End a subscription; False when there was none. Works for whoever may not see the incident any more."""

        def change(tx: Tx) -> bool:
            incident = tx.incident_or_none(number)
            if incident is None or not followers.unfollow(tx, number, by.id):
                return False
            audit.own(tx, incident, by, "unsubscribed")
            return True

        return await self._work.write(change, patience=PATIENCE)

    def told(self, tx: Tx, incident: Incident, entry: Entry) -> Iterable[Effect]:
        """Who is told of a new timeline entry besides the channel, the pager and the ticket."""
        effects = [*updates.told_elsewhere(incident, entry)]
        effects += notify.notified(self._house.catalog, incident, entry)
        if entry.kind in updates.FOLLOWED and not incident.drill:
            author = entry.actor.slack_id if entry.actor else None
            for user in followers.followers(tx, incident.number):
                if user != author:
                    effects += self._told_directly(tx, incident, entry, user)
        return effects

    def _told_directly(self, tx: Tx, incident: Incident, entry: Entry, user: str) -> list[Effect]:
        """One subscriber: a direct message, and their own addresses beyond Slack."""
        person = tx.people.by_slack(user)
        email = person.email if person else None
        direct = updates.tell_subscriber(incident, entry, user)
        beyond = notify.followed(self._house.catalog, incident, entry, email) if email else []
        return [direct, *beyond]
