"""The signed link of a page against a database: what it can still do, for whom, and that it works once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_groups import Group
from bot.domain.catalog import Address, Catalog, EscalationPolicy, Level, Person
from bot.domain.escalation import DeliveryState, Page, PageState
from bot.domain.permissions import NotAllowed
from bot.ports import Member
from bot.services.page_links import LinkState, PageLinks
from bot.services.sightings import Sightings
from bot.store import alerts
from bot.store import pages as store
from tests.unit.store.house import BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.escalation import Delivery
    from bot.store.tx import Tx

PUBLIC = "https://muster.example.com"
ZOE = "person:zoe@elsewhere.example"
POLICY = EscalationPolicy(
    name="default",
    levels=(
        Level(notify=("person:ana@example.com", ZOE)),
        Level(notify=("person:ben@example.com",)),
    ),
)
CATALOG = Catalog(
    policies={"default": POLICY},
    people={
        "ana@example.com": Person(email="ana@example.com", notify=(Address("json://a"),)),
        "zoe@elsewhere.example": Person(
            email="zoe@elsewhere.example", notify=(Address("json://z"),)
        ),
    },
)


class Desk:
    """A house in which Ana and Zoe are paged, and the links they hold."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.links = PageLinks(home.house, home.escalating, secret="xapp-1", public_url=PUBLIC)

    async def ready(self, **incident: Any) -> None:
        members = [
            Member(
                id="U0ANA", name="ana", real_name="Ana", email="ana@example.com", tz="Europe/Berlin"
            ),
            Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com"),
        ]
        await self.home.work.write(lambda tx: tx.people.save_members(members, NOW))
        await self.home.declare("The shop is closed", severity="SEV1", **incident)
        await self.home.work.write(lambda tx: self.home.escalating.begin(tx, 1, {"why": "started"}))

    async def page(self) -> Page:
        return await self.home.work.read(lambda tx: store.one(tx, 1, lock=False))

    async def deliveries(self) -> list[Delivery]:
        return await self.home.work.read(lambda tx: store.deliveries(tx, 1))

    async def sent(self, recipient: str, way: str = "apprise:1") -> Delivery:
        [found] = [d for d in await self.deliveries() if (d.recipient, d.way) == (recipient, way)]
        state = DeliveryState.SENT
        await self.home.work.write(lambda tx: self.home.escalating.delivered(tx, found.id, state))
        return found

    async def token(self, recipient: str = "U0ANA", way: str = "apprise:1") -> str:
        delivery = await self.sent(recipient, way)
        link = self.links.link(await self.page(), delivery, self.home.clock.now())
        assert link.startswith(f"{PUBLIC}/pages/")
        return link.rpartition("/")[2]

    async def state(self, token: str) -> LinkState:
        return (await self.links.look(token, seen=False)).state


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    built = Desk(build_home(tmp_path, catalog=CATALOG))
    yield built
    built.home.work.close()


async def test_an_open_page_says_what_for_whom_and_since_when(desk: Desk) -> None:
    await desk.ready()
    view = await desk.links.look(await desk.token(), seen=False)
    assert view.state is LinkState.OPEN
    assert view.heading == "INC-1"
    assert view.lines == (
        "SEV1 The shop is closed",
        "Ana, you are paged since 13:00 (Europe/Berlin).",
        "Acknowledging takes it over: nobody else is paged.",
    )


async def test_using_it_acknowledges_as_that_person_once(desk: Desk) -> None:
    await desk.ready()
    token, other = await desk.token(), await desk.token("zoe@elsewhere.example")
    view = await desk.links.acknowledge(token)
    assert view.state is LinkState.USED
    assert view.lines[0] == "You acknowledged it at 13:00 (Europe/Berlin)."
    incident = await desk.home.incident()
    assert incident.acknowledged_by is not None
    assert incident.acknowledged_by.slack_id == "U0ANA"
    version = incident.version
    assert (await desk.links.acknowledge(token)).state is LinkState.USED
    taken = await desk.links.acknowledge(other)
    assert taken.state is LinkState.TAKEN
    assert taken.lines[0].startswith("Ana acknowledged it at 12:00")
    assert (await desk.home.incident()).version == version
    assert (await desk.page()).state is PageState.ACKNOWLEDGED


async def test_somebody_outside_of_slack_is_known_by_their_address(desk: Desk) -> None:
    await desk.ready()
    view = await desk.links.acknowledge(await desk.token("zoe@elsewhere.example"))
    assert view.state is LinkState.USED
    owner = (await desk.home.incident()).owner
    assert owner is not None
    assert (owner.email, owner.slack_id) == ("zoe@elsewhere.example", None)


async def test_after_an_acknowledgement_expired_the_used_link_stays_used(desk: Desk) -> None:
    await desk.ready()
    token = await desk.token()
    await desk.links.acknowledge(token)

    def again(tx: Tx) -> None:
        page = store.one(tx, 1)
        store.save(tx, replace(page, state=PageState.OPEN, acknowledged_by=None))

    await desk.home.work.write(again)
    view = await desk.links.acknowledge(token)
    assert view.state is LinkState.USED
    assert "use the newest message" in view.lines[1]
    assert (await desk.page()).state is PageState.OPEN


async def test_it_ends_after_a_day_and_when_nobody_is_needed(desk: Desk) -> None:
    await desk.ready()
    token, other = await desk.token(), await desk.token("zoe@elsewhere.example")
    desk.home.clock.advance(86_400)
    view = await desk.links.acknowledge(token)
    assert view.state is LinkState.EXPIRED
    assert (await desk.home.incident()).acknowledged_by is None
    await desk.home.incidents.resolve(1, by=BEN, once="r")
    closed = await desk.links.acknowledge(other)
    assert closed.state is LinkState.CLOSED
    assert "INC-1 is resolved" in closed.lines[0]


async def test_an_exhausted_page_can_still_be_acknowledged(desk: Desk) -> None:
    await desk.ready()
    token = await desk.token()

    def over(tx: Tx) -> None:
        store.save(
            tx, replace(store.one(tx, 1), state=PageState.EXHAUSTED, next=None, next_at=None)
        )

    await desk.home.work.write(over)
    assert (await desk.links.acknowledge(token)).state is LinkState.USED
    assert (await desk.home.incident()).acknowledged_by is not None


@pytest.mark.parametrize("change", ["delivery", "page", "recipient", "key", "missing", "garbage"])
async def test_nobody_makes_a_link_of_another(desk: Desk, change: str) -> None:
    await desk.ready()
    page, delivery = await desk.page(), await desk.sent("U0ANA")
    links, now = desk.links, desk.home.clock.now()
    made = {
        "delivery": lambda: links.link(page, replace(delivery, id=delivery.id + 1), now),
        "page": lambda: links.link(replace(page, id=2), delivery, now),
        "recipient": lambda: links.link(page, replace(delivery, recipient="U0BEN"), now),
        "missing": lambda: links.link(page, replace(delivery, id=2**40), now),
        "garbage": lambda: "/pages/" + "A" * 43,
        "key": lambda: PageLinks(
            desk.home.house, desk.home.escalating, secret="xapp-2", public_url=PUBLIC
        ).link(page, delivery, now),
    }[change]()
    view = await links.acknowledge(made.rpartition("/")[2])
    assert view.state is LinkState.UNKNOWN
    assert view.heading == "This link is not valid"
    assert (await desk.home.incident()).acknowledged_by is None


async def test_a_guest_may_not_act_here_either(desk: Desk) -> None:
    await desk.ready()
    token = await desk.token()
    guest = Member(id="U0ANA", name="ana", real_name="Ana", email="ana@example.com", is_guest=True)
    await desk.home.work.write(lambda tx: tx.people.save_members([guest], NOW))
    with pytest.raises(NotAllowed):
        await desk.links.acknowledge(token)
    assert await desk.state(token) is LinkState.OPEN


async def test_opening_it_is_a_sign_that_somebody_saw_it(desk: Desk) -> None:
    await desk.ready()
    token = await desk.token()
    await desk.links.look(token, seen=False)
    ana = [d for d in await desk.deliveries() if d.recipient == "U0ANA"]
    assert {d.way: d.state.value for d in ana} == {"slack": "planned", "apprise:1": "sent"}
    await desk.links.look(token, seen=True)
    ana = [d for d in await desk.deliveries() if d.recipient == "U0ANA"]
    assert {d.way: d.state.value for d in ana} == {"slack": "planned", "apprise:1": "seen"}
    assert (await desk.home.incident()).acknowledged_by is None


async def test_there_is_no_link_without_a_public_address(desk: Desk) -> None:
    await desk.ready()
    links = PageLinks(desk.home.house, desk.home.escalating, secret="xapp-1", public_url=None)
    assert links.link(await desk.page(), (await desk.deliveries())[0], NOW) == ""


async def test_a_page_for_alerts_is_acknowledged_as_well(desk: Desk) -> None:
    await desk.home.work.write(
        lambda tx: tx.people.save_members(
            [Member(id="U0ANA", name="ana", email="ana@example.com")], NOW
        )
    )

    def begin(tx: Tx) -> None:
        group = Group(key="k", title="Disk is full", route="page", opened_at=NOW, last_at=NOW)
        stored = alerts.add_group(tx, group)
        page = Page(group=stored.id, policy="default", started_at=NOW)
        desk.home.escalating._climb(tx, store.add(tx, page))

    await desk.home.work.write(begin)
    token = await desk.token()
    view = await desk.links.look(token, seen=False)
    assert (view.heading, view.lines[0]) == ("Alerts", "Disk is full")
    assert (await desk.links.acknowledge(token)).state is LinkState.USED
    group = await desk.home.work.read(lambda tx: alerts.group(tx, 1))
    assert group.acknowledged_by is not None
    assert group.acknowledged_by.slack_id == "U0ANA"


# --- signs in Slack --------------------------------------------------------------------------------------------


async def test_only_messages_that_were_there_count_as_seen(desk: Desk) -> None:
    await desk.ready()
    sightings = Sightings(desk.home.house, desk.home.escalating)
    await sightings.saw("U0ANA", "opened the messages")
    assert {d.state.value for d in await desk.deliveries()} == {"planned"}
    await desk.sent("U0ANA", "slack")
    await desk.sent("U0ANA")
    desk.home.clock.advance(60)
    await sightings.saw("U0BEN", "opened the messages")
    await sightings.saw("U0ANA", "opened the messages")
    found = {(d.recipient, d.way): d for d in await desk.deliveries()}
    seen = found["U0ANA", "slack"]
    assert (seen.state.value, seen.seen_at) == ("seen", NOW + timedelta(seconds=60))
    assert found["U0ANA", "apprise:1"].state.value == "sent"
    before = (await desk.page()).version
    await sightings.saw("U0ANA", "opened the messages")
    assert (await desk.page()).version == before
