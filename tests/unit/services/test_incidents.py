"""The use cases of an incident on a database of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import storm
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Service
from bot.domain.effects import Effect, EffectKind
from bot.domain.identities import Configured
from bot.domain.incident import Origin, PagerKind, PagerLink, Places, Status, Urgency
from bot.domain.lifecycle import EscalationTarget
from bot.errors import AlreadyDone, FieldError, NotFound, UserError
from bot.ports import Delivery, Member, PagerUser
from bot.services.base import Options
from bot.services.incidents import NewIncident, SimilarOpen
from bot.services.rooms import Rooms
from bot.store import identities
from tests.unit.store.house import ANA, BEN, Home, a_page, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BILLING = Service(
    id="billing",
    title="Billing API",
    repo="acme/billing",
    private_repo="acme/secrets",
    owners=("ben@example.com", "group:ops"),
    pagerduty_service="SBILL",
    escalation_policy="db",
)
CATALOG = Catalog(
    services={"billing": BILLING, "web": Service(id="web", title="Web Shop")},
    policies={
        "default": EscalationPolicy(
            name="default", levels=(Level(notify=("person:ben@example.com",)),)
        ),
        "db": EscalationPolicy(name="db", levels=(Level(notify=()), Level(notify=()))),
    },
)
GITHUB = Options(github=True, github_owner="acme", github_repo="acme/incidents")
BOTH = replace(GITHUB, pagerduty=True, pagerduty_service="SDEF")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    built = build_home(tmp_path, catalog=CATALOG, options=GITHUB)
    members = [
        Member(id="U0ANA", name="ana", real_name="Ana", email="ana@example.com"),
        Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com"),
        Member(id="U0BOT", name="bot", is_bot=True),
        Member(id="U0GONE", name="gone", deleted=True),
    ]
    await built.people.remember(members)
    yield built
    built.work.close()


# --- declaring ------------------------------------------------------------------------------------


async def test_declaring_stores_everything_at_once(home: Home) -> None:
    incident = await home.declare(" Checkout\n is down ", severity="1", service="BILLING api")
    assert (incident.number, incident.title, incident.severity) == (1, "Checkout is down", "SEV1")
    assert (incident.service, incident.service_title) == ("billing", "Billing API")
    assert incident.pager == PagerLink(kind=PagerKind.NATIVE, policy_name="db")
    assert incident.ticket is not None
    assert incident.ticket.repo == "acme/billing"
    assert incident.places.channel_name == "incident-1-checkout-is-down"
    assert incident.reporter is not None
    assert incident.reporter.email == "ana@example.com"
    assert await home.entries() == ["triggered"]
    assert [e.kind for e in await home.effects()] == [
        "slack.announce", "slack.create_channel", "muster.page_native", "github.open",
    ]  # fmt: skip


async def test_the_same_key_gives_the_first_one_again(home: Home) -> None:
    new = NewIncident(title="x", by=ANA)
    found = await asyncio.gather(*(home.incidents.declare(new, once="view/V1") for _ in range(20)))
    assert {d.incident.number for d in found} == {1}
    assert [d.again for d in found].count(False) == 1
    assert len(await home.effects("slack.announce")) == 1


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("title", {"title": " "}),
        ("severity", {"severity": "SEV9"}),
        ("service", {"service": "nothing"}),
        ("description", {"description": "x" * 10_001}),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_happens(
    home: Home, field: str, facts: dict[str, Any]
) -> None:
    with pytest.raises(FieldError) as caught:
        await home.declare(**facts)
    assert caught.value.field == field
    assert await home.effects() == []


async def test_a_similar_one_is_asked_about_only_when_wanted(home: Home) -> None:
    await home.declare("Disk 91% full")
    new = NewIncident(title="disk 93% FULL", by=BEN)
    with pytest.raises(SimilarOpen) as caught:
        await home.incidents.declare(new, once="k", ask_similar=True)
    assert [i.number for i in caught.value.similar] == [1]
    assert [i.number for i in await home.incidents.similar("DISK 1% full", None)] == [1]
    declared = await home.incidents.declare(new, once="k")
    assert (declared.incident.number, declared.again) == (2, False)


async def test_a_private_incident_says_nothing_in_public(home: Home) -> None:
    incident = await home.declare(private=True, service="billing")
    assert incident.ticket is not None
    assert incident.ticket.repo == "acme/secrets"
    assert await home.effects("slack.announce") == []
    other = await home.declare(private=True, service="web")
    assert other.ticket is None


async def test_two_incidents_never_try_the_same_channel_name(tmp_path: Path) -> None:
    home = build_home(tmp_path, catalog=replace(CATALOG, channel_name="inc-{slug}"))
    names = [(await home.declare("Same")).places.channel_name for _ in range(3)]
    assert names == ["inc-same", "inc-same-2", "inc-same-3"]
    home.work.close()


@pytest.mark.parametrize(
    ("options", "service", "kind"),
    [
        (BOTH, "billing", PagerKind.PAGERDUTY),
        (BOTH, "web", PagerKind.PAGERDUTY),
        (replace(BOTH, pagerduty_service=None), "web", PagerKind.NATIVE),
        (GITHUB, "billing", PagerKind.NATIVE),
    ],
)
async def test_exactly_one_pager(
    tmp_path: Path, options: Options, service: str, kind: PagerKind
) -> None:
    home = build_home(tmp_path, catalog=CATALOG, options=options)
    incident = await home.declare(service=service)
    assert incident.pager.kind is kind
    home.work.close()


@pytest.mark.parametrize(
    ("options", "name", "repo"),
    [
        (Options(), "Web", None),
        (GITHUB, None, "acme/incidents"),
        (GITHUB, "Payment Gateway", "acme/payment-gateway"),
        (Options(github=True, github_owner="acme", github_repo="ops"), None, "acme/ops"),
        (Options(github=True, github_repo="ops"), None, None),
        (Options(github=True), "Web", None),
    ],
)
def test_which_repository(
    tmp_path: Path, options: Options, name: str | None, repo: str | None
) -> None:
    house = build_home(tmp_path, options=options).house
    link = house.ticket_for(None, name, private=False)
    assert (link.repo if link else None) == repo


async def test_without_a_policy_nobody_is_paged(tmp_path: Path) -> None:
    home = build_home(tmp_path)
    assert (await home.declare()).pager.kind is PagerKind.NOBODY
    home.work.close()


# --- a storm --------------------------------------------------------------------------------------


async def test_in_a_storm_low_urgency_is_listed_in_one_summary(home: Home) -> None:
    def crowd(tx: Any) -> None:
        tx.emit([Effect(kind=EffectKind.ANNOUNCE, key=f"a{n}", lane=f"a{n}") for n in range(11)])

    await home.work.write(crowd)
    await home.declare("High")

    def low(tx: Any) -> Any:
        page = a_page("PLOW", urgency=Urgency.LOW)
        return home.paging.create(tx, page, "announce")

    incident = await home.work.write(low)
    assert incident.places.listed
    state = storm.Storm.from_value(await home.work.read(lambda tx: tx.value(storm.VALUE)))
    assert state.listed == (2,)
    assert [e.kind for e in await home.effects("slack.summarise")] == ["slack.summarise"]
    assert "INC-2/announce" not in await home.keys()
    assert "INC-1/announce" in await home.keys()


# --- changing -------------------------------------------------------------------------------------


async def test_a_whole_life(home: Home) -> None:
    await home.declare()
    by = home.incidents
    await by.acknowledge(1, by=ANA, once="1")
    await by.set_severity(1, "sev2", by=ANA, once="2", reason="fewer hurt")
    await by.set_phase(1, " Monitoring ", by=ANA, once="3")
    await by.set_title(1, "Payments  are down", by=ANA, once="4")
    await by.set_summary(1, "All of them", by=ANA, once="5")
    await by.annotate(1, "DNS", by=BEN, once="6")
    await by.reassign(1, to="U0BEN", by=ANA, once="7")
    await by.escalate(1, to=EscalationTarget(), person=None, by=ANA, once="8")
    await by.resolve(1, by=BEN, once="9", note="Rolled back")
    reopened = await by.reopen(1, by=BEN, once="10")
    assert await home.entries() == [
        "triggered", "acknowledged", "severity_changed", "phase_changed", "title_changed",
        "summary_changed", "annotated", "reassigned", "escalated", "resolved", "reopened",
    ]  # fmt: skip
    assert (reopened.title, reopened.severity, reopened.status) == (
        "Payments are down",
        "SEV2",
        Status.TRIGGERED,
    )
    assert reopened.pager.level == 2
    assert reopened.version == (await home.incident()).version == 11


async def test_a_repeated_press_meets_its_first_result(home: Home) -> None:
    await home.declare()
    first = await home.incidents.acknowledge(1, by=ANA, once="press")
    again = await home.incidents.acknowledge(1, by=ANA, once="press")
    assert again == first
    with pytest.raises(AlreadyDone, match="Ana did that"):
        await home.incidents.acknowledge(1, by=BEN, once="another press")
    assert await home.entries() == ["triggered", "acknowledged"]


async def test_a_refused_press_may_be_repeated(home: Home) -> None:
    await home.declare()
    with pytest.raises(UserError, match="nothing to reopen"):
        await home.incidents.reopen(1, by=ANA, once="press")
    await home.incidents.resolve(1, by=ANA, once="r")
    assert (await home.incidents.reopen(1, by=ANA, once="press")).is_open


async def test_fifty_press_at_once_and_one_wins(home: Home) -> None:
    await home.declare()
    found = await asyncio.gather(
        *(home.incidents.acknowledge(1, by=ANA, once=f"p{n}") for n in range(50)),
        return_exceptions=True,
    )
    assert sum(1 for one in found if not isinstance(one, Exception)) == 1
    assert {type(one) for one in found if isinstance(one, Exception)} == {AlreadyDone}
    assert await home.entries() == ["triggered", "acknowledged"]


@pytest.mark.parametrize("name", ["resolved", "finished", ""])
async def test_a_phase_is_one_of_the_open_ones(home: Home, name: str) -> None:
    await home.declare()
    with pytest.raises(FieldError, match="investigating, identified, monitoring"):
        await home.incidents.set_phase(1, name, by=ANA, once="x")


@pytest.mark.parametrize(
    ("who", "says"),
    [("U0X", "do not know that person"), ("U0BOT", "is a bot"), ("U0GONE", "is deactivated")],
)
async def test_who_cannot_take_it_is_refused(home: Home, who: str, says: str) -> None:
    await home.declare()
    with pytest.raises(UserError, match=says):
        await home.incidents.reassign(1, to=who, by=ANA, once="x")


async def test_somebody_pagerduty_cannot_page_is_refused(tmp_path: Path) -> None:
    home = build_home(tmp_path, catalog=CATALOG, options=BOTH)
    await home.people.remember([Member(id="U0BEN", name="Ben", email="ben@example.com")])
    await home.declare()
    await home.incidents.reassign(1, to="U0BEN", by=ANA, once="before the mirror")

    def mirror(tx: Any) -> None:
        tx.set_value("pagerduty.users", {"count": 1})

    await home.work.write(mirror)
    with pytest.raises(UserError, match="Ben has no PagerDuty account with the address ben@"):
        await home.incidents.escalate(
            1, to=EscalationTarget(), person="U0BEN", by=ANA, once="after"
        )

    def mirror_again(tx: Any) -> None:
        identities.save_pager_users(tx, [PagerUser(id="PB", name="B", email="BEN@example.com")])
        identities.relink(tx, Configured())

    await home.work.write(mirror_again)
    done = await home.incidents.escalate(
        1, to=EscalationTarget(), person="U0BEN", by=ANA, once="now"
    )
    assert done.last_event == "escalated"
    home.work.close()


async def test_an_incident_that_is_not_there(home: Home) -> None:
    with pytest.raises(NotFound, match="There is no INC-9"):
        await home.incidents.acknowledge(9, by=ANA, once="x")
    with pytest.raises(NotFound):
        await home.incidents.view(9)


# --- channel, joining, steps ----------------------------------------------------------------------


async def test_a_channel_on_demand(home: Home) -> None:
    await home.declare()
    await home.change(opens_channel=False, places=Places())
    await home.dismiss_all()
    opened = await home.incidents.open_channel(1, by=BEN, once="a")
    assert opened.opens_channel
    assert opened.places.channel_name == "incident-1-checkout-is-down"
    again = await home.incidents.open_channel(1, by=BEN, once="b")
    assert again == opened


async def test_joining_is_an_invitation(home: Home) -> None:
    await home.declare()
    await home.incidents.join(1, by=BEN, once="a")
    assert await home.effects("slack.invite") == []
    await home.change(places=Places(channel="C1"))
    await home.incidents.join(1, by=BEN, once="b")
    await home.incidents.join(1, by=BEN, once="b")
    [invitation] = await home.effects("slack.invite")
    assert invitation.payload == {"users": ["U0BEN"]}


async def test_a_channel_renamed_by_hand_keeps_its_new_name(home: Home) -> None:
    await home.declare()
    await home.change(places=Places(channel="C1", channel_name="old"))
    rooms = Rooms(home.house)
    await rooms.renamed("C1", "new")
    await rooms.renamed("C1", "")
    await rooms.renamed("C9", "other")
    assert (await home.incident()).places.channel_name == "new"
    found = await home.incidents.in_channel("C1")
    assert found is not None
    assert await home.incidents.in_channel("C9") is None


async def test_looking(home: Home) -> None:
    await home.declare()
    view = await home.incidents.view(1)
    assert len(view.entries) == 1
    assert [s.label for s in view.steps] == ["Announcement", "Channel", "Page", "GitHub issue"]
    assert (await home.incidents.listed()).total == 1
    assert await home.incidents.now() == home.clock.time
    await home.incidents.open_home("U0ANA")
    await home.incidents.open_home("U0ANA")
    assert len(await home.effects("slack.publish_home")) == 1


# --- webhooks kept --------------------------------------------------------------------------------


async def test_an_event_is_kept_once_and_can_be_replayed(home: Home) -> None:
    delivery = Delivery("pagerduty", "e1", "incident.triggered", b"{}")
    assert await home.inbound.receive(delivery) is True
    assert await home.inbound.receive(delivery) is False
    assert await home.keys("muster") == ["inbound/1"]
    assert await home.inbound.replay("e1") == 1
    assert await home.inbound.replay("nothing") == 0
    home.clock.advance(1)
    assert await home.inbound.replay("1") == 1
    assert len(await home.effects("muster")) == 3
    assert (await home.effects("muster"))[0].payload == {"row": 1, "source": "pagerduty"}


async def test_the_way_in_is_remembered(home: Home) -> None:
    incident = await home.declare(origin=Origin.API)
    assert incident.origin is Origin.API


async def test_a_crowd_of_webhooks_is_noticed(home: Home) -> None:
    async def come(n: int) -> bool:
        return await home.inbound.receive(Delivery("pagerduty", f"c{n}", "x", b"{}"))

    assert await come(0)
    assert home.inbound.crowded_at < 0
    assert all(await asyncio.gather(*(come(n) for n in range(1, 30))))
    assert home.inbound.crowded_at > 0
    await home.inbound.poll_now()
    await home.inbound.poll_now()
    assert len(await home.effects("pagerduty.poll")) == 1
