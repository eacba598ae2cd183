"""The use cases of asking for help: page somebody, and who is on call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import asking, plan_people
from bot.domain.incident import PagerKind
from bot.domain.lifecycle import EscalationTarget
from bot.errors import UserError
from bot.services.members import member
from bot.services.people import reached
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.catalog import EscalationPolicy, Service
    from bot.domain.incident import Actor, Incident
    from bot.domain.lifecycle import Decision
    from bot.domain.plan_people import Question
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.services.people import PeopleDirectory
    from bot.store.tx import Tx


@dataclass(frozen=True, kw_only=True)
class PolicyChoice:
    """An escalation policy that can be paged: PagerDuty's (with ``id``) or one of ``muster.yml``."""

    name: str
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class NativeDuty:
    """Whom one level of a native policy reaches; ``others`` are targets that are no people (rosters, channels)."""

    policy: str
    level: int
    people: tuple[Actor, ...] = ()
    others: tuple[str, ...] = ()


class Asking:
    """Asking people for help, through PagerDuty where it pages for the incident, else by direct message."""

    def __init__(self, house: House, incidents: Incidents, people: PeopleDirectory) -> None:
        """Given the shared parts, how an incident is changed, and the mirror."""
        self._house = house
        self._incidents = incidents
        self._people = people

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
                asked = asking.Asked(label=policy.name, people=self._first(tx, policy.name))
            return asking.page(incident, asked, who, tx.now, message=message)

        return await self._incidents.change(number, by, once, decide)

    def _first(self, tx: Tx, name: str) -> tuple[Actor, ...]:
        policy = self._house.catalog.policies.get(name)
        levels = policy.levels if policy else ()
        for level in levels:
            found = _people(tx, level.notify)
            if found:
                return found
        msg = (
            f"Nobody of the policy {name} can be reached by direct message. Page a person instead."
        )
        raise UserError(msg)

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
                NativeDuty(
                    policy=policy.name,
                    level=n,
                    people=_people(tx, level.notify),
                    others=tuple(t for t in level.notify if t.startswith(("roster:", "channel:"))),
                )
                for policy in policies
                for n, level in enumerate(policy.levels, 1)
            ]

        return await self._house.work.read(look)

    async def ask_pagerduty(self, question: Question, *, once: str) -> None:
        """Have PagerDuty asked who is on call, and the answer sent to whoever asked."""

        def change(tx: Tx) -> None:
            if tx.remember(once, None):
                tx.emit([plan_people.ask_on_call(question, once, tx.now)])

        await self._house.work.write(change, patience=PATIENCE)


def _people(tx: Tx, notify: Sequence[str]) -> tuple[Actor, ...]:
    found = (tx.people.by_slack(user) for user, _ in reached(tx, notify))
    return tuple(person.actor for person in found if person and not person.deleted)
