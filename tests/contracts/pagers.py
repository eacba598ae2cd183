"""The pagers under contract, each with the same people, policies and schedules, on a clock that is set.

Alice, Bob and Carol take weekly turns from Monday 2026-03-02 09:00 UTC on. The service has a policy of three levels
(the schedule, Bob, Carol), and there is another policy of two (a schedule that begins with Bob, Carol).
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.catalog import (
    Catalog,
    EscalationPolicy,
    Level,
    Roster,
    RosterLayer,
    Service,
)
from bot.ports import Member
from bot.providers.native import Native
from bot.providers.pagerduty import PagerDuty
from bot.services.asking import Asking
from bot.services.native_desk import NativeDesk
from bot.services.standing_in import StandingIn
from tests.unit.store.house import SetClock, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.ports_pager import PagerUser

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday: Alice has her week
HANDOVER = datetime(2026, 3, 9, 9, tzinfo=UTC)
NAMES = ("alice", "bob", "carol", "erin")
ALICE, NOBODY = "alice@example.com", "nobody@example.com"


@dataclass
class Bench:
    """One pager, and how it names what all of them have."""

    pager: Any
    clock: SetClock
    service: str
    policy: str
    other_policy: str
    schedule: str
    ids: dict[str, str]  # of people, by first name
    name: str = ""

    def user(self, name: str) -> str:
        """The pager's id of a person."""
        return self.ids[name.lower()]

    def who(self, *users: PagerUser) -> list[str]:
        """First names."""
        known = {own: name.title() for name, own in self.ids.items()}
        return [known[user.id] for user in users]

    def on_duty(self, page: Any) -> list[str]:
        """First names of a page's assignees."""
        return [actor.name.split()[0] for actor in page.assignees]


@asynccontextmanager
async def pagerduty(folder: Path) -> AsyncIterator[Bench]:
    """PagerDuty's client on the stand-in."""
    del folder
    from bot.sandbox.pagerduty import PagerDuty as StandIn

    clock = SetClock(NOW)
    people = [
        {"id": f"U{n}", "name": name, "real_name": name.title(), "email": f"{name}@example.com"}
        for n, name in enumerate(NAMES)
    ]
    stand_in = StandIn(
        clock=clock.now, changed=lambda: None, people=people, base_url="http://127.0.0.1/pagerduty",
        webhook_url=None, webhook_secret="",
    )  # fmt: skip
    app = web.Application()
    stand_in.add_routes(app, "/pagerduty")
    running = TestServer(app)
    await running.start_server()
    client = PagerDuty("key", str(running.make_url("/pagerduty")))
    users = await client.users()
    yield Bench(
        pager=client, clock=clock, service="PCHECKO", policy="PEPCHKO", other_policy="PEPPAYM",
        schedule="PSCHKOX", ids={user.name.lower(): user.id for user in users},
    )  # fmt: skip
    await client.aclose()
    await stand_in.close()
    await running.close()


def roster(name: str, *people: str, start: str = "2026-03-02") -> Roster:
    """A weekly one."""
    emails = tuple(f"{person}@example.com" for person in people)
    return Roster(name=name, layers=(RosterLayer(people=emails, start=start),))


def policy(name: str, *targets: str) -> EscalationPolicy:
    """One target a level, each with half an hour to answer."""
    waits = timedelta(minutes=30)
    levels = tuple(Level(notify=(target,), wait=waits) for target in targets)
    return EscalationPolicy(name=name, levels=levels)


CATALOG = Catalog(
    services={"checkout": Service(id="checkout", title="Checkout API", escalation_policy="web")},
    policies={
        "web": policy(
            "web", "roster:primary", "person:bob@example.com", "person:carol@example.com"
        ),
        "payments": policy("payments", "roster:money", "person:carol@example.com"),
    },
    rosters={
        "primary": roster("primary", "alice", "bob", "carol"),
        "money": roster("money", "bob", "carol", "erin"),
    },
)


@asynccontextmanager
async def native(folder: Path) -> AsyncIterator[Bench]:
    """Muster's own pager on a database of its own."""
    home = build_home(folder, catalog=CATALOG)
    home.clock.time = NOW
    members = [
        Member(id=f"U0{name.upper()}", name=name.title(), email=f"{name}@example.com")
        for name in NAMES
    ]
    await home.people.remember(members)
    asking = Asking(home.house, home.incidents, home.people)
    desk = NativeDesk(home.house, home.incidents, asking, StandingIn(home.house))
    yield Bench(
        pager=Native(home.work, CATALOG, desk), clock=home.clock, service="checkout", policy="web",
        other_policy="payments", schedule="primary",
        ids={name: f"{name}@example.com" for name in NAMES},
    )  # fmt: skip
    home.work.close()


BENCHES: dict[str, Callable[[Path], AbstractAsyncContextManager[Bench]]] = {
    "native": native,
    "pagerduty": pagerduty,
}
