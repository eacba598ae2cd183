"""The use cases of asking for help: page somebody, and who is on call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import asking, plan_people
from bot.domain.incident import PagerKind, Urgency
from bot.domain.lifecycle import EscalationTarget
from bot.domain.reach import Reach, natively
from bot.errors import UserError
from bot.services import page_targets, rosters
from bot.services.members import member
from bot.services.people import reached
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.catalog import Catalog, EscalationPolicy, Service
    from bot.domain.incident import Actor, Incident
    from bot.domain.lifecycle import Decision
    from bot.domain.plan_people import Question
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.services.people import PeopleDirectory
    from bot.store.tx import Tx

#: Levels offered while PagerDuty has not told how many a policy has.
GUESSED = 3


@dataclass(frozen=True, kw_only=True)
class PolicyChoice:
    """An escalation policy that can be paged: PagerDuty's (with ``id``) or one of ``muster.yml``."""

    name: str
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class NativeDuty:
    """Whom one level of a native policy reaches now; ``others`` are channels, and rosters with nobody on call.

    ``schedules`` are the rosters with somebody on call, ``until`` is when the first of them hands over.
    """

    policy: str
    level: int
    people: tuple[Actor, ...] = ()
    others: tuple[str, ...] = ()
    until: datetime | None = None
    schedules: tuple[str, ...] = ()


class Asking:
    """Asking people for help, through PagerDuty where it pages for the incident, else by direct message."""

    def __init__(self, house: House, incidents: Incidents, people: PeopleDirectory) -> None:
        """Given the shared parts, how an incident is changed, and the mirror."""
        self._house = house
        self._incidents = incidents
        self._people = people

    async def reach(self, incident: Incident) -> Reach:
        """Where the incident can be escalated to: the levels and policies its pager has."""
        if incident.pager.kind is PagerKind.PAGERDUTY:
            known = await self._people.policies()
            own = next((p for p in known if p.id == incident.pager.policy_id), None)
            high = incident.urgency is Urgency.HIGH
            return Reach(
                own=own,
                policies=tuple(known),
                level=incident.pager.level,
                levels=high,
                guessed=GUESSED,
            )
        if incident.pager.kind is not PagerKind.NATIVE:
            return Reach()
        return natively(self._house.catalog, incident.pager)

    async def policies(self, incident: Incident) -> list[PolicyChoice]:
        """The policies the incident's pager can page."""
        if incident.pager.kind is PagerKind.PAGERDUTY:
            return [PolicyChoice(name=p.name, id=p.id) for p in await self._people.policies()]
        return [PolicyChoice(name=name) for name in self._house.catalog.policies]

    async def page_person(
        self, number: int, slack_id: str, *, by: SlackUser, once: str, message: str = ""
    ) -> Incident:
        """Page one member; without an account at PagerDuty they are paged by direct message."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            person = member(tx, incident, slack_id, who)
            at_pager = None
            if incident.pager.kind is PagerKind.PAGERDUTY and person.pagerduty_id:
                at_pager = EscalationTarget(person=person)
            asked = asking.Asked(label=person.name, at_pager=at_pager, people=(person,))
            return asking.page(incident, asked, who, tx.now, message=message)

        return await self._incidents.change(number, by, once, decide)

    async def page_policy(
        self, number: int, policy: PolicyChoice, *, by: SlackUser, once: str, message: str = ""
    ) -> Incident:
        """Page whoever the policy reaches first; UserError when that is nobody."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            if policy.id is not None:
                target = EscalationTarget(policy_id=policy.id, policy_name=policy.name)
                asked = asking.Asked(label=policy.name, at_pager=target)
            else:
                asked = asking.Asked(label=policy.name, policy=self._reaching(tx, policy.name))
            return asking.page(incident, asked, who, tx.now, message=message)

        return await self._incidents.change(number, by, once, decide)

    def _reaching(self, tx: Tx, name: str) -> str:
        """The policy's name, when a level of it reaches anybody; which one is paged is judged by the pager."""
        policy = self._house.catalog.policies.get(name)
        for level in policy.levels if policy else ():
            found = page_targets.resolve(tx, self._house.catalog, level.notify)
            if any(each.ways for each in found):
                return name
        raise UserError(f"Nobody of the policy {name} can be reached now. Page a person instead.")

    # --- who is on call ----------------------------------------------------------------------------------------

    def at_pagerduty(self, service: Service | None) -> bool:
        """Whether PagerDuty knows who is on call for it (without a service: for anything)."""
        options = self._house.options
        if not options.pagerduty:
            return False
        return service is None or bool(service.pagerduty_service or options.pagerduty_service)

    async def native_duties(self, service: Service | None) -> list[NativeDuty]:
        """Whom the native policies reach, level by level: the service's policy, or all of them."""
        catalog = self._house.catalog
        if service is not None:
            own = catalog.policy_for(service)
            policies: Sequence[EscalationPolicy] = [own] if own else []
        else:
            policies = list(catalog.policies.values())

        def look(tx: Tx) -> list[NativeDuty]:
            return [
                native_duty(tx, catalog, policy, n)
                for policy in policies
                for n in range(1, len(policy.levels) + 1)
            ]

        return await self._house.work.read(look)

    async def ask_pagerduty(self, question: Question, *, once: str) -> None:
        """Have PagerDuty asked who is on call, and the answer sent to whoever asked."""

        def change(tx: Tx) -> None:
            if tx.remember(once, None):
                tx.emit([plan_people.ask_on_call(question, once, tx.now)])

        await self._house.work.write(change, patience=PATIENCE)


def native_duty(tx: Tx, catalog: Catalog, policy: EscalationPolicy, level: int) -> NativeDuty:
    """One level of a native policy, counted from 1, as it stands now."""
    notify = policy.levels[level - 1].notify
    duties = {
        target: rosters.current(tx, catalog, target.partition(":")[2], tx.now)
        for target in notify
        if target.startswith("roster:")
    }
    empty = [f"{target} (nobody now)" for target, duty in duties.items() if not duty.people]
    return NativeDuty(
        policy=policy.name,
        level=level,
        people=_people(tx, catalog, notify),
        others=(*empty, *(target for target in notify if target.startswith("channel:"))),
        until=min((duty.until for duty in duties.values() if duty.until), default=None),
        schedules=tuple(t.partition(":")[2] for t, duty in duties.items() if duty.people),
    )


def _people(tx: Tx, catalog: Catalog, notify: Sequence[str]) -> tuple[Actor, ...]:
    found = (tx.people.by_slack(user) for user, _ in reached(tx, catalog, notify))
    return tuple(person.actor for person in found if person and not person.deleted)
