"""The pager's news on a database of their own: announced once, linked to what is ours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import plan
from bot.domain.incident import (
    Actor,
    EntryKind,
    Incident,
    PagerKind,
    PagerLink,
    Phase,
    Places,
    Status,
    Urgency,
)
from bot.errors import ProviderError, Reason
from bot.ports import Inbound, OnCall, PagerUser
from bot.services.base import Options
from bot.store import effects as effect_store
from tests.unit.store.house import ANA, NOW, Home, a_page, an_event, build_home
from tests.unit.worker.fakes import FakeChat, FakePager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.page import Page
    from bot.store.tx import Tx

PD_ANA = Actor(name="Ana at PD", pagerduty_id="PANA")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    options = Options(pagerduty=True, pagerduty_service="S1")
    built = build_home(tmp_path, options=options)
    await built.people.mirror(FakeChat(), FakePager())  # type: ignore[arg-type]
    yield built
    built.work.close()


async def create(home: Home, page: Page, route: str = "channel") -> Incident | None:
    return await home.work.write(lambda tx: home.paging.create(tx, page, route))


async def apply(home: Home, page: Page, number: int = 1) -> Incident:
    return await home.work.write(lambda tx: home.paging.apply_page(tx, tx.incident(number), page))


async def inbound(
    home: Home, kind: str, event_id: str = "e1", route: str = "channel", **more: Any
) -> str:
    facts = {"page_id": "P1", "event": None, "page": a_page(), **more}
    event = Inbound(id=event_id, type=kind, occurred_at=NOW, **facts)
    return await home.work.write(home.paging.apply_inbound(event, route))


async def test_a_page_nobody_knows_becomes_an_incident(home: Home) -> None:
    incident = await create(home, a_page(priority="P2", assignees=(PD_ANA,)))
    assert incident is not None
    assert (incident.title, incident.severity, incident.service) == (
        "Disk is full",
        "SEV2",
        "Billing",
    )
    assert (incident.pager.id, incident.pager.kind) == ("P1", PagerKind.PAGERDUTY)
    assert incident.owner is not None
    assert incident.owner.slack_id == "U0ANA"
    kinds = [e.kind for e in await home.effects()]
    assert kinds == ["slack.announce", "slack.create_channel", "pagerduty.read"]


@pytest.mark.parametrize(
    ("route", "page", "channel"),
    [
        ("channel", a_page(), True),
        ("announce", a_page(urgency=Urgency.LOW), False),
        ("channel", a_page(status=Status.RESOLVED, changed_by=PD_ANA), False),
    ],
)
async def test_what_is_worth_a_channel(home: Home, route: str, page: Page, channel: bool) -> None:
    incident = await create(home, page, route)
    assert incident is not None
    assert incident.opens_channel is channel
    assert bool(await home.effects("slack.create_channel")) is channel
    assert (incident.phase is Phase.RESOLVED) is (page.status is Status.RESOLVED)


async def test_an_ignored_page_stays_ignored(home: Home) -> None:
    assert await create(home, a_page(), "ignore") is None
    assert await inbound(home, "incident.triggered") == "ignored"
    assert await home.effects("slack") == []


async def test_a_page_we_opened_is_linked_and_told_everything(home: Home) -> None:
    await home.declare()
    ours = await home.change(places=Places(channel="C1", channel_name="c"))
    incident = await create(home, a_page(key=plan.page_key(ours)))
    assert incident is not None
    assert (incident.number, incident.pager.id) == (1, "P1")
    assert "INC-1/page-note/channel:C1" in await home.keys("pagerduty.note")
    assert len(await home.effects("slack.announce")) == 1


@pytest.mark.parametrize(
    "key",
    ["INC-9/page", "INC-²/page", "INC-" + "9" * 40 + "/page", "INC-/page", "INC-x/page", "INC-1"],
)
async def test_a_key_that_only_looks_like_ours_is_another_incident(home: Home, key: str) -> None:
    await home.declare()
    incident = await create(home, a_page(key=key))
    assert incident is not None
    assert incident.number == 2


async def test_a_webhook_is_announced_at_once_and_then_read(home: Home) -> None:
    assert await inbound(home, "incident.triggered") == "applied"
    assert await home.entries() == ["triggered"]
    assert await inbound(home, "incident.triggered", "e2") == "applied"
    assert [i.number for i in (await home.incidents.listed()).incidents] == [1]
    assert len(await home.effects("pagerduty.read")) == 1


async def test_news_of_a_known_page_is_told(home: Home) -> None:
    await inbound(home, "incident.triggered")
    event = an_event(EntryKind.ACKNOWLEDGED, 60, actor=PD_ANA)
    page = a_page(status=Status.ACKNOWLEDGED, changed_at=event.at, changed_by=PD_ANA)
    assert await inbound(home, "incident.acknowledged", "e2", event=event, page=page) == "applied"
    incident = await home.incident()
    assert incident.status is Status.ACKNOWLEDGED
    assert incident.acknowledged_by is not None
    assert incident.acknowledged_by.slack_id == "U0ANA"
    assert await home.entries() == ["triggered", "acknowledged"]


@pytest.mark.parametrize(
    ("kind", "more", "became"),
    [
        ("incident.acknowledged", {}, "applied"),
        ("incident.triggered", {"page": None}, "applied"),
        ("service.updated", {"page_id": None, "page": None, "service_id": "S1"}, "ignored"),
        ("service.deleted", {"page_id": None, "page": None, "service_id": "S9"}, "ignored"),
        ("service.deleted", {"page_id": None, "page": None}, "ignored"),
        ("incident.triggered", {"page_id": None}, "ignored"),
        ("pagey.ping", {}, "ignored"),
    ],
)
async def test_what_becomes_of_other_events(
    home: Home, kind: str, more: dict[str, Any], became: str
) -> None:
    assert await inbound(home, kind, **more) == became
    assert await home.effects("slack") == []


async def test_the_admins_hear_that_a_service_we_page_through_is_gone(home: Home) -> None:
    gone = {"page_id": None, "page": None, "service_id": "S1"}
    for _ in range(2):
        assert await inbound(home, "service.deleted", **gone) == "applied"
    [told] = await home.effects("slack.tell_admins")
    assert "S1 was deleted" in told.payload["text"]
    assert "PAGERDUTY_SERVICE_ID" in told.payload["text"]


async def test_a_page_that_rises_to_high_urgency_gets_its_channel(home: Home) -> None:
    await create(home, a_page(urgency=Urgency.LOW), "announce")
    assert await home.effects("slack.create_channel") == []
    incident = await apply(home, a_page(changed_at=NOW + timedelta(seconds=60)))
    assert incident.opens_channel
    assert len(await home.effects("slack.create_channel")) == 1


async def test_a_page_read_with_its_history(home: Home) -> None:
    history = (
        an_event(EntryKind.ACKNOWLEDGED, 30, actor=PD_ANA, vendor_id="R1"),
        an_event(EntryKind.ANNOTATED, 40, actor=PD_ANA, text="hm", vendor_id="N1"),
    )
    incident = await create(
        home, a_page(status=Status.ACKNOWLEDGED, acknowledged_by=PD_ANA, events=history)
    )
    assert incident is not None
    assert await home.entries() == ["triggered", "acknowledged", "annotated"]
    before = await home.incident()
    assert await apply(home, a_page(status=Status.ACKNOWLEDGED, events=history)) == before


async def test_bookkeeping_alone_wakes_nobody(home: Home) -> None:
    await create(home, a_page())
    effects = len(await home.effects())
    after = await apply(home, a_page(changed_at=NOW + timedelta(seconds=5)))
    assert after.vendor_at == NOW + timedelta(seconds=5)
    assert len(await home.effects()) == effects


async def test_our_own_change_is_confirmed_and_not_echoed(home: Home) -> None:
    await create(home, a_page())
    await home.incidents.acknowledge(1, by=ANA, once="x")
    [change] = await home.effects("pagerduty.change")
    taken = a_page(status=Status.ACKNOWLEDGED, changed_at=NOW + timedelta(seconds=3))
    await home.work.write(
        lambda tx: home.paging.changed(tx, 1, "acknowledge", taken, change.id or 0)
    )
    echo = an_event(EntryKind.ACKNOWLEDGED, 3.4, actor=PD_ANA)
    await inbound(home, "incident.acknowledged", "e2", event=echo, page=taken)
    assert await home.entries() == ["triggered", "acknowledged"]
    [_, entry] = await home.work.read(lambda tx: tx.entries(1))
    assert entry.vendor_at is not None
    await home.work.write(lambda tx: home.paging.changed(tx, 1, "priority", taken, 99))


async def test_our_own_note_is_remembered_by_its_id(home: Home) -> None:
    await create(home, a_page())
    await home.incidents.annotate(1, "DNS", by=ANA, once="x")
    await home.work.write(lambda tx: home.paging.noted(tx, 1, "DNS", "N7"))
    await home.work.write(lambda tx: home.paging.noted(tx, 1, "channel", "N8"))
    await apply(
        home, a_page(events=(an_event(EntryKind.ANNOTATED, 2, text="DNS", vendor_id="N7"),))
    )
    assert await home.entries() == ["triggered", "annotated"]


async def test_what_we_opened_is_linked(home: Home) -> None:
    await home.declare()
    await home.work.write(lambda tx: home.paging.opened(tx, 1, a_page(priority="P1")))
    incident = await home.incident()
    assert (incident.pager.id, incident.pager.number, incident.priority) == ("P1", 7, "P1")
    assert await home.paging.known_open() == {"P1": 1}


async def test_the_routing_rules_are_asked_with_our_words(home: Home) -> None:
    assert await home.paging.routed(None) == "announce"
    assert await home.paging.routed(a_page(priority="P1")) == "channel"
    [asked] = home.router.asked
    assert asked["severity"] == "SEV1"
    assert asked["service"] == "Billing"
    assert asked["external_id"] == "P1"


# --- people ---------------------------------------------------------------------------------------


async def test_who_concerns_an_incident(home: Home) -> None:
    await home.declare()
    incident = await home.change(pager=PagerLink(kind=PagerKind.PAGERDUTY, service_id="S1"))
    pager = FakePager()
    pager.duty = [
        OnCall(
            user=PagerUser(id=i, name=i, email=f"{i}@example.com"),
            level=level, policy_id="E1", policy_name="Ops",
        )
        for i, level in (("ana", 1), ("ben", 1), ("late", 2))
    ]  # fmt: skip
    assert await home.people.on_call(incident, pager) == ["U0ANA"]  # type: ignore[arg-type]
    assert await home.people.on_call(incident, None) == []
    pager.fail["on_call"] = [ProviderError("pagerduty", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await home.people.on_call(incident, pager)  # type: ignore[arg-type]
    assert await home.people.concerned(incident) == ["U0ANA"]


async def test_whom_a_level_means(home: Home) -> None:
    wanted = ["person:ANA@example.com", "group:ops", "person:nobody@x", "roster:web", "group:none"]
    found = await home.people.targets(wanted)
    assert dict(found)["U0ANA"] == "Ana"
    assert [user for user, _ in found] == ["U0ANA", "U0BEN"]


async def test_policies_by_name(home: Home) -> None:
    assert [(p.name, p.levels) for p in await home.people.policies()] == [
        ("Database", 3),
        ("Ops", 2),
    ]


async def test_the_address_at_the_pager(home: Home) -> None:
    unknown, known = Actor(name="x"), Actor(name="x", email="a@b")
    assert await home.people.at_pager(unknown) == (unknown, None)
    assert await home.people.at_pager(known) == (known, "a@b")


async def test_an_answer_older_than_our_own_change_does_not_undo_it(home: Home) -> None:
    """A reading that was on its way while we acknowledged still says triggered."""
    await create(home, a_page())
    asked_at = home.clock.now()
    home.clock.advance(1)
    await home.incidents.acknowledge(1, by=ANA, once="press")
    [change] = await home.effects("pagerduty.change")
    acknowledged = a_page(status=Status.ACKNOWLEDGED, changed_at=home.clock.now())

    def taken(tx: Tx) -> None:
        effect_store.settle(tx.session, change.id or 0, tx.now)
        home.paging.changed(tx, 1, "acknowledge", acknowledged, change.id or 0)

    await home.work.write(taken)

    def answered(tx: Tx) -> Incident:
        return home.paging.apply_page(tx, tx.incident(1), a_page(), asked_at=asked_at)

    home.clock.advance(1)
    assert (await home.work.write(answered)).status is Status.ACKNOWLEDGED
    asked_at = home.clock.now()
    home.clock.advance(1)
    assert (await home.work.write(answered)).status is Status.TRIGGERED, (
        "asked for afterwards: news"
    )
