"""The native pager's use cases for whoever has no Slack press: by member instead of by payload.

It keeps ``bot.providers.native.desk.Desk`` and decides nothing itself: every verb is the use case behind the button of
that name.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.incident import Origin, PagerKind, Urgency
from bot.domain.when import Span
from bot.errors import NotFound, UserError
from bot.services import rosters
from bot.services.asking import PolicyChoice
from bot.services.base import SlackUser
from bot.services.incidents import NewIncident
from bot.services.people import reached
from bot.store import rosters as roster_store
from bot.store.convert import storable
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident
    from bot.domain.roster import Rota
    from bot.ports_pager import PageRequest
    from bot.services.asking import Asking
    from bot.services.base import House
    from bot.services.incidents import Incidents
    from bot.services.standing_in import StandingIn
    from bot.store.tx import Tx


class NativeDesk:
    """Members act, and roster names and numbers name things."""

    def __init__(
        self, house: House, incidents: Incidents, asking: Asking, standing_in: StandingIn
    ) -> None:
        """Given the shared parts and the use cases it hands on to."""
        self._house = house
        self._incidents = incidents
        self._asking = asking
        self._standing_in = standing_in

    # --- incidents ---------------------------------------------------------------------------------------------

    async def open(self, request: PageRequest, *, key: str, by: Actor) -> Incident:
        """Declare it; the same key gives the first one again. UserError when no native policy covers the service."""
        service = self._incidents.service_named(request.service_id)
        if self._house.pager_for(service).kind is not PagerKind.NATIVE:
            msg = (
                f"{service.title} is not paged natively: name its escalation_policy in muster.yml."
            )
            raise UserError(msg)
        new = NewIncident(
            title=request.title,
            description=request.details,
            severity=self._house.catalog.severity_of_priority(request.priority),
            service=service.id,
            by=_user(by),
            origin=Origin.API,
        )

        def change(tx: Tx) -> Incident:
            if not tx.remember(_once(key), None):
                return tx.declared_by(_once(key))
            draft = replace(
                self._incidents.draft(tx, new),
                urgency=request.urgency,
                opens_channel=request.urgency is Urgency.HIGH,
            )
            incident = self._incidents.start(tx, draft)
            tx.answered(_once(key), incident.number)
            return incident

        return await self._house.work.write(change, patience=PATIENCE)

    async def acknowledge(self, number: int, *, by: Actor) -> Incident:
        """Take responsibility."""
        return await self._incidents.acknowledge(number, by=_user(by), once=_press())

    async def resolve(self, number: int, *, by: Actor, note: str) -> Incident:
        """Close it."""
        return await self._incidents.resolve(number, by=_user(by), once=_press(), note=note)

    async def reopen(self, number: int, *, by: Actor) -> Incident:
        """Open it again."""
        return await self._incidents.reopen(number, by=_user(by), once=_press())

    async def reassign(self, number: int, *, to: Actor, by: Actor) -> Incident:
        """Hand it over."""
        return await self._incidents.reassign(
            number, to=to.slack_id or "", by=_user(by), once=_press()
        )

    async def escalate(self, number: int, words: str, *, by: Actor) -> Incident:
        """To what ``/incident escalate`` takes."""
        reach = await self._asking.reach(await self._incidents.get(number))
        return await self._incidents.escalate(
            number, to=reach.target(words), person=None, by=_user(by), once=_press()
        )

    async def page_person(self, number: int, *, to: Actor, by: Actor, message: str) -> Incident:
        """Ask one more person."""
        return await self._asking.page_person(
            number, to.slack_id or "", by=_user(by), once=_press(), message=message
        )

    async def page_policy(self, number: int, name: str, *, by: Actor, message: str) -> Incident:
        """Ask whoever a policy reaches first."""
        policy = PolicyChoice(name=name)
        return await self._asking.page_policy(
            number, policy, by=_user(by), once=_press(), message=message
        )

    # --- reading -----------------------------------------------------------------------------------------------

    def opened(self, tx: Tx, key: str) -> Incident | None:
        """The incident that was opened under that key."""
        try:
            return tx.declared_by(_once(key))
        except NotFound:
            return None

    def reached(
        self, tx: Tx, notify: Sequence[str], at: datetime
    ) -> list[tuple[Actor, str | None]]:
        """Everybody that targets mean at a moment, each once, and the roster they are named by."""
        found: dict[str, tuple[Actor, str | None]] = {}
        for target in notify:
            kind, _, name = target.partition(":")
            roster = name if kind == "roster" else None
            named = [target]
            if roster is not None:
                emails = rosters.on_duty(tx, self._house.catalog, roster, at)
                named = [f"person:{email}" for email in emails]
            for slack_id, _ in reached(tx, self._house.catalog, named):
                person = tx.people.by_slack(slack_id)
                if person and not person.deleted:
                    found.setdefault(slack_id, (person.actor, roster))
        return list(found.values())

    def roster_names(self, tx: Tx) -> list[str]:
        """All rosters."""
        return rosters.names(tx, self._house.catalog)

    def rota(self, tx: Tx, name: str) -> Rota | None:
        """A roster with its overrides."""
        return rosters.rota(tx, self._house.catalog, name)

    # --- overrides ---------------------------------------------------------------------------------------------

    async def override(
        self, roster: str, *, to: Actor, since: datetime, until: datetime, by: Actor
    ) -> tuple[int, datetime, datetime]:
        """Somebody stands in for everybody; its number, and from when until when it is in force."""
        span = Span(since=since, until=until)
        made = await self._standing_in.override(
            roster, to.slack_id or "", span, by=_user(by), once=_press()
        )
        return made.id, made.since, made.until

    async def remove_override(self, roster: str, number: int, *, by: Actor) -> None:
        """Take one back; NotFound when that roster has none of that number."""

        def known(tx: Tx) -> bool:
            return any(each.id == number for each in roster_store.overrides(tx, roster))

        if not await self._house.work.read(known):
            msg = f"The roster {roster} has no override {number}."
            raise NotFound(msg)
        await self._standing_in.remove(number, by=_user(by), once=_press())


def _user(actor: Actor) -> SlackUser:
    return SlackUser(actor.slack_id or "", actor.name)


def _once(key: str) -> str:
    return f"native/{storable(key)}"


def _press() -> str:
    """Programs judge by state, so every call is a press of its own."""
    return f"native/{secrets.token_hex(8)}"
