"""A migrated database of one's own in a few milliseconds, a clock that is set, and a whole house."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.domain.action_item import ActionItem
from bot.domain.catalog import Catalog
from bot.domain.incident import Actor, Incident, PagerKind, PagerLink
from bot.domain.page import Page, PageEvent
from bot.mapping.alerts import AlertMapper
from bot.services.alert_actions import AlertActions
from bot.services.alerts import AlertIntake
from bot.services.base import House, Options, SlackUser
from bot.services.inbound import InboundEvents
from bot.services.incidents import Incidents, NewIncident
from bot.services.paging import Paging
from bot.services.people import PeopleDirectory
from bot.services.privacy import Privacy
from bot.services.reminding import Reminding
from bot.services.reports import Reports
from bot.services.updates import Updates
from bot.store.engine import database_url
from bot.store.tables import EffectRow
from bot.store.tx import NO_DOMAINS
from bot.store.work import Work
from tests.databases import an_empty_database

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.domain.identities import Domains
    from bot.domain.incident import Status
    from bot.store.tx import Tx

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANA = SlackUser("U0ANA", "Ana")
BEN = SlackUser("U0BEN", "Ben")
ANA_ACTOR = Actor(name="Ana", slack_id="U0ANA")
BEN_ACTOR = Actor(name="Ben", slack_id="U0BEN")


class SetClock:
    """A clock that only moves when it is told to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> datetime:
        self.time += timedelta(seconds=seconds)
        return self.time


class FixedRouter:
    """Routes as it is told, and remembers what it was asked."""

    def __init__(self, answer: str = "") -> None:
        self.answer = answer
        self.asked: list[Mapping[str, Any]] = []

    async def route(self, subject: Mapping[str, Any]) -> str:
        self.asked.append(subject)
        return self.answer or ("channel" if subject["urgency"] == "high" else "announce")


def open_work(folder: Path, clock: SetClock | None = None, domains: Domains = NO_DOMAINS) -> Work:
    return Work(database_url(an_empty_database(folder)), clock or SetClock(), domains=domains)


@dataclass
class Home:
    """The use cases of one bot on one database."""

    work: Work
    clock: SetClock
    catalog: Catalog
    router: FixedRouter
    house: House
    incidents: Incidents
    paging: Paging
    people: PeopleDirectory
    reports: Reports
    inbound: InboundEvents
    updates: Updates
    reminding: Reminding
    privacy: Privacy
    intake: AlertIntake
    alerts: AlertActions
    presses: int = field(default=0)

    def press(self) -> str:
        """A once-key nobody used."""
        self.presses += 1
        return f"press/{self.presses}"

    async def declare(self, title: str = "Checkout is down", **more: Any) -> Incident:
        new = NewIncident(title=title, **{"by": ANA, **more})
        return (await self.incidents.declare(new, once=self.press())).incident

    async def incident(self, number: int = 1) -> Incident:
        return await self.incidents.get(number)

    async def change(self, number: int = 1, **changes: Any) -> Incident:
        """Set fields of a stored incident, as if it had come so far."""

        def save(tx: Tx) -> Incident:
            return tx.save(replace(tx.incident(number), **changes))

        return await self.work.write(save)

    async def effects(self, kind: str = "", state: str | None = None) -> list[EffectRow]:
        return await effects_in(self.work, kind, state)

    async def keys(self, kind: str = "") -> list[str]:
        return [row.key for row in await self.effects(kind)]

    async def dismiss_all(self) -> None:
        """Let every waiting effect rest, as if all had been carried out."""

        def rest(tx: Tx) -> None:
            for row in tx.session.execute(select(EffectRow)).scalars().all():
                tx.dismiss(row.id or 0)

        await self.work.write(rest)

    async def entries(self, number: int = 1) -> list[str]:
        return [e.kind.value for e in await self.work.read(lambda tx: tx.entries(number))]


async def effects_in(work: Work, kind: str = "", state: str | None = None) -> list[EffectRow]:
    """Rows of the effect table in the order they were written."""

    def look(tx: Tx) -> list[EffectRow]:
        rows = tx.session.execute(select(EffectRow).order_by("id")).scalars().all()
        found = [r for r in rows if r.kind.startswith(kind) and state in {None, r.state}]
        for row in found:
            tx.session.expunge(row)
        return found

    return await work.read(look)


def build_home(
    folder: Path,
    *,
    catalog: Catalog | None = None,
    options: Options | None = None,
    route: str = "",
) -> Home:
    clock = SetClock()
    shelf, router = catalog or Catalog(), FixedRouter(route)
    work = open_work(folder, clock, shelf.domains)
    house = House(work=work, catalog=shelf, router=router, options=options or Options())
    incidents = Incidents(house)
    intake = AlertIntake(house, incidents, AlertMapper(shelf.alerts))
    return Home(
        work=work,
        clock=clock,
        catalog=shelf,
        router=router,
        house=house,
        incidents=incidents,
        paging=Paging(house, incidents),
        people=PeopleDirectory(house),
        reports=Reports(house),
        inbound=InboundEvents(house),
        updates=Updates(house),
        reminding=Reminding(house),
        privacy=Privacy(house, incidents),
        intake=intake,
        alerts=AlertActions(house, incidents, intake),
    )


def an_incident(**changes: Any) -> Incident:
    """INC-1, triggered, by nobody's pager."""
    plain = Incident(
        number=1, title="Checkout is down", started_at=NOW, created_at=NOW, updated_at=NOW
    )
    return replace(plain, **changes)


def an_item(**changes: Any) -> ActionItem:
    """An open action item of INC-1, nobody's, without an issue."""
    plain = ActionItem(id=5, incident=1, text="Add an alert", created_at=NOW, created_by=ANA_ACTOR)
    return replace(plain, **changes)


def paged(**changes: Any) -> Incident:
    """INC-1 at PagerDuty as P1."""
    return an_incident(pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P1"), **changes)


def a_page(page_id: str = "P1", **changes: Any) -> Page:
    """A high-urgency page at the pager, triggered."""
    from bot.domain.incident import Status, Urgency

    status: Status = changes.pop("status", Status.TRIGGERED)
    page = Page(
        id=page_id,
        number=7,
        title="Disk is full",
        status=status,
        urgency=Urgency.HIGH,
        url=f"https://acme.pagerduty.com/incidents/{page_id}",
        key=None,
        service_id="S1",
        service_name="Billing",
        priority=None,
        assignees=(),
        policy_id="E1",
        policy_name="Ops",
        created_at=NOW,
        changed_at=NOW,
    )
    return replace(page, **changes)


def an_event(kind: Any, seconds: float = 60, **more: Any) -> PageEvent:
    """Something that happened at the pager some seconds after NOW."""
    return PageEvent(kind=kind, at=NOW + timedelta(seconds=seconds), **more)
