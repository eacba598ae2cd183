"""The native pager's runners: nothing is paged twice, whatever answer was lost, and nobody is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.domain import page_plan
from bot.domain.alert_sources import Alerts
from bot.domain.catalog import Address, Catalog, EscalationPolicy, Level, Person, Rule, Service
from bot.domain.effects import EffectKind as K
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.incident import PagerKind, PagerLink, Places
from bot.errors import ProviderError, Reason, UserError
from bot.ports import Member
from bot.providers import beyond
from bot.store import effects as effect_store
from bot.store import sql
from tests.unit.store.house import ANA, BEN, NOW
from tests.unit.worker.fakes import Shop, build_shop, claimed, refusal
from tests.unit.worker.pager_shop import (
    all_pages,
    carry,
    claim,
    deliveries,
    paged,
    passes,
    work_off,
)
from tests.unit.worker.test_alert_runners import deliver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ANAS, BENS = "person:ana@example.com", "person:ben@example.com"
CATALOG = Catalog(
    people={
        "ana@example.com": Person(
            email="ana@example.com", notify=(Address(url="json://127.0.0.1:9/a"),)
        )
    },
    services={"web": Service(id="web", title="Web")},
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(
                Level(notify=("group:ops",), wait=timedelta(minutes=3)),
                Level(notify=(BENS, "channel:ops")),
            ),
            repeat=1,
            acknowledge_expires=timedelta(hours=1),
        )
    },
    alerts=Alerts(routing=(Rule(when='.labels.page == "yes"', do="page"),)),
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went to people's own addresses."""
    found: list[str] = []

    async def send(_url: str, title: str, _body: str) -> None:
        found.append(title)

    monkeypatch.setattr(beyond, "send", send)
    return found


@pytest.fixture
async def shop(tmp_path: Path, sent: list[str]) -> AsyncIterator[Shop]:
    del sent
    built = build_shop(tmp_path, catalog=CATALOG)
    await built.home.people.mirror(built.chat, None)  # type: ignore[arg-type]
    ben = Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com")
    await built.home.people.remember([ben])
    built.chat.channels["ops"] = await built.chat.create_channel("ops")
    built.chat.calls.clear()
    yield built
    await built.home.intake._mapping.close()  # type: ignore[attr-defined]
    built.home.work.close()


async def running(shop: Shop) -> None:
    """An incident with its channel and card."""
    await shop.home.declare()
    await shop.home.change(1, places=Places(channel="C9", card_ts="5.5"))


async def test_a_page_reaches_everybody_of_a_level_once_and_then_climbs(
    shop: Shop, sent: list[str]
) -> None:
    await running(shop)
    await work_off(shop)
    assert sorted(paged(shop)) == ["DU0ANA", "DU0BEN"]
    assert sent == ["INC-1: you are paged"]
    [page] = await all_pages(shop)
    assert (page.round, page.level, page.next_at) == (1, 1, NOW + timedelta(minutes=3))
    await passes(shop, minutes=2)
    assert len(paged(shop)) == 2
    await passes(shop, minutes=2)
    assert sorted(paged(shop)[2:]) == ["C0", "DU0BEN"]
    assert (await shop.home.incident()).pager.level == 2
    await passes(shop, minutes=60)
    [page] = await all_pages(shop)
    assert page.state is PageState.EXHAUSTED
    assert page.told_at is not None
    assert len(paged(shop)) == 8, "twice everything, and no more"
    loud = [text for text in shop.chat.texts if "Nobody answered" in text]
    assert len(loud) == 1
    proof = [call for call in shop.chat.named("post") if "/proof" in call[2]]
    assert len(proof) == 1, "one message, edited"


async def test_a_retaken_delivery_looks_for_its_message_first(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    rows = await shop.home.effects(K.DELIVER_PAGE.value)
    for row in rows:
        retaken = claimed(K.DELIVER_PAGE, key=row.key, payload=row.payload, attempt=2)
        await carry(shop, retaken)
    assert len(paged(shop)) == 2


async def test_who_acknowledged_is_not_paged_by_what_was_still_on_its_way(
    shop: Shop, sent: list[str]
) -> None:
    await running(shop)
    [begin] = await claim(shop, [K.PAGE_NATIVE])
    await carry(shop, begin)
    waiting = await claim(shop, [K.DELIVER_PAGE, K.DELIVER_BEYOND])
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    for effect in waiting:
        await carry(shop, effect)
    assert paged(shop) == sent == []
    told = {each.recipient: each for each in await deliveries(shop)}
    assert told["U0BEN"].state is DeliveryState.SKIPPED
    assert told["U0BEN"].reason == "it was acknowledged before"


async def test_a_proof_that_stands_already_says_why_somebody_is_not_told_yet(
    shop: Shop, sent: list[str]
) -> None:
    await running(shop)
    [begin] = await claim(shop, [K.PAGE_NATIVE])
    await carry(shop, begin)

    async def under_way(kind: K) -> None:
        found = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
        due.extend(found.effects)
        for effect in [each for each in due if each.kind is kind]:
            due.remove(effect)
            await shop.worker._carry(effect)

    due: list[Any] = []
    await under_way(K.SHOW_PAGE)
    assert "waits:" not in shop.chat.texts[-1]
    shop.chat.fail["direct"] = [refusal("", Reason.UNAVAILABLE)] * 2
    await under_way(K.DELIVER_PAGE)
    await under_way(K.SHOW_PAGE)
    assert "direct message waits:" in shop.chat.texts[-1]


async def test_a_slack_that_is_down_holds_no_other_way_and_only_the_newest_is_sent(
    shop: Shop, sent: list[str]
) -> None:
    await running(shop)
    [begin] = await claim(shop, [K.PAGE_NATIVE])
    await carry(shop, begin)
    shop.chat.fail["direct"] = [refusal("", Reason.UNAVAILABLE)] * 2
    for effect in await claim(shop, [K.DELIVER_PAGE, K.DELIVER_BEYOND]):
        if effect.kind is K.DELIVER_BEYOND:
            await carry(shop, effect)
            continue
        with pytest.raises(ProviderError):
            await carry(shop, effect)
    assert sent == ["INC-1: you are paged"]
    await shop.home.work.write(
        lambda tx: effect_store.free_leases(tx.session, tx.now, everything=True)
    )
    shop.home.clock.advance(200)
    steps = [each for each in await claim(shop, [K.PAGE_STEP]) if each.kind is K.PAGE_STEP]
    for step in steps:
        await carry(shop, step)
    # Slack is back: Ben has one waiting of each level, and is told once.
    await shop.home.work.write(_revive)
    await work_off(shop)
    assert paged(shop).count("DU0BEN") == 1
    skipped = [each for each in await deliveries(shop) if each.state is DeliveryState.SKIPPED]
    assert [each.reason for each in skipped] == ["a newer page to them follows"]


def _revive(tx: Any) -> None:
    effects = sql.EFFECT
    kinds = [K.DELIVER_PAGE.value, K.SHOW_PAGE.value]
    tx.session.execute(
        update(effects)
        .where(effects.c.kind.in_(kinds))
        .values(state="pending", due=tx.now, merge=None)
    )


async def test_when_nobody_of_a_level_can_be_told_the_next_follows_at_once(shop: Shop) -> None:
    await running(shop)
    shop.chat.fail["direct"] = [refusal("user_disabled")] * 2
    people = {"ana@example.com": Person(email="ana@example.com")}
    shop.world.catalog = replace(CATALOG, people=people)
    shop.home.escalating._house = replace(shop.home.house, catalog=shop.world.catalog)
    await work_off(shop)
    assert sorted(paged(shop)) == ["C0", "DU0BEN"]
    failed = [each for each in await deliveries(shop) if each.state is DeliveryState.FAILED]
    assert {each.recipient for each in failed} == {"U0ANA", "U0BEN"}
    assert {each.reason for each in failed} == {"their Slack account is deactivated"}


@pytest.mark.parametrize(
    ("pager", "why", "pages"),
    [
        (PagerLink(kind=PagerKind.PAGERDUTY, service_id="S"), "pagerduty_unavailable", True),
        (
            PagerLink(kind=PagerKind.PAGERDUTY, service_id="S", id="P1"),
            "pagerduty_unavailable",
            False,
        ),
        (PagerLink(kind=PagerKind.PAGERDUTY, service_id="S"), "started", False),
    ],
)
async def test_the_net_below_pagerduty_catches_only_what_falls(
    shop: Shop, pager: PagerLink, why: str, pages: bool
) -> None:
    await running(shop)
    await shop.home.dismiss_all()
    await shop.home.change(1, pager=pager)
    await shop.run(K.PAGE_NATIVE, payload={"level": 1, "why": why})
    await work_off(shop)
    assert bool(paged(shop)) is pages
    if pages:  # PagerDuty took it after all: it pages now, we do not
        await shop.home.change(1, pager=replace(pager, id="P1"))
        await passes(shop, minutes=10)
        [page] = await all_pages(shop)
        assert (page.state, page.ended) == (PageState.CLOSED, "PagerDuty pages now")


async def test_a_page_that_was_emitted_by_an_older_version_goes_on_where_it_was(shop: Shop) -> None:
    await running(shop)
    await shop.home.dismiss_all()
    await shop.run(K.PAGE_NATIVE, payload={"level": 2, "why": "started"})
    await work_off(shop)
    assert sorted(paged(shop)) == ["C0", "DU0BEN"]


# --- alerts --------------------------------------------------------------------------------------


ALERT = (
    b'{"alerts": [{"status": "%s", "labels": {"alertname": "Disk", "page": "yes"}, "fingerprint": "1",'
    b' "startsAt": "2026-03-01T11:00:00Z", "endsAt": "2026-03-01T12:00:00Z"}]}'
)


async def test_alerts_are_paged_by_the_same_engine(shop: Shop) -> None:
    await deliver(shop, ALERT % b"firing")
    await shop.run(K.POST_ALERTS, None, payload={"group": 1})
    await work_off(shop)
    assert sorted(paged(shop)) == ["DU0ANA", "DU0BEN"]
    [proof] = [call for call in shop.chat.named("post") if "/proof" in call[2]]
    assert proof[3] is not None, "in the thread of the card"
    await shop.home.pages.escalate(1, by=BEN, once="e")
    await work_off(shop)
    assert sorted(paged(shop)[2:]) == ["C0", "DU0BEN"], "at once"
    await shop.home.alerts.acknowledge(1, by=ANA, once="k")
    with pytest.raises(UserError, match="Ana looks at those alerts"):
        await shop.home.pages.escalate(1, by=BEN, once="f")
    await passes(shop, minutes=40)
    assert len(paged(shop)) == 4
    await passes(shop, minutes=30)
    assert len(paged(shop)) > 4, "the acknowledgement expired"
    group = (await shop.home.alerts.view(1)).group
    assert group.acknowledged_at is None


@pytest.mark.parametrize("end", ["silence", "incident", "over"])
async def test_nobody_is_paged_for_alerts_that_need_nobody(shop: Shop, end: str) -> None:
    await deliver(shop, ALERT % b"firing")
    if end == "silence":
        await shop.home.alerts.silence(1, timedelta(hours=1), by=ANA, once="s")
    elif end == "incident":
        await shop.home.alerts.open_incident(1, by=ANA, once="o")
    else:
        await deliver(shop, ALERT % b"resolved", "e2")
    await shop.run(K.PAGE_ALERTS, None, payload={"group": 1, "level": 1})
    assert await all_pages(shop) == []


async def test_alerts_that_end_close_their_page_at_its_next_step(shop: Shop) -> None:
    await deliver(shop, ALERT % b"firing")
    await work_off(shop)
    await deliver(shop, ALERT % b"resolved", "e2")
    await passes(shop, minutes=5)
    [page] = await all_pages(shop)
    assert (page.state, page.ended) == (PageState.CLOSED, "the alerts are over")
    assert len(paged(shop)) == 2


async def test_a_page_for_alerts_that_are_gone_begins_nothing(shop: Shop) -> None:
    await shop.run(K.PAGE_ALERTS, None, payload={"group": 9, "level": 1})
    assert await all_pages(shop) == []


# --- the auditor ---------------------------------------------------------------------------------


async def lose(shop: Shop, *kinds: K) -> None:
    """What was to be done is gone, as if somebody had deleted it."""
    effects = sql.EFFECT
    names = [kind.value for kind in kinds]
    await shop.home.work.write(
        lambda tx: tx.session.execute(
            effects.delete().where(effects.c.kind.in_(names), effects.c.state == "pending")
        )
    )


async def test_the_auditor_gives_a_page_its_lost_step_back(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    assert (await shop.world.page_audit.sweep()).mended == ()
    await lose(shop, K.PAGE_STEP)
    found = await shop.world.page_audit.sweep()
    assert found.mended == ("page/1: its next step was lost",)
    assert found.passed
    assert (await shop.world.page_audit.sweep()).mended == (), "it is not mended twice"
    await passes(shop, minutes=4)
    assert len(paged(shop)) == 4
    [told] = await shop.home.effects(K.TELL_ADMINS.value)
    assert "page/1: its next step was lost" in told.payload["text"]


async def test_the_auditor_revives_a_step_that_was_given_up(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    [step] = await shop.home.effects(K.PAGE_STEP.value, "pending")
    await shop.home.work.write(
        lambda tx: effect_store.give_up(tx.session, step.id or 0, tx.now, "bug", "ref 1")
    )
    found = await shop.world.page_audit.sweep()
    assert found.mended == (f"{step.key} was given up",)
    await passes(shop, minutes=4)
    assert len(paged(shop)) == 4


async def test_the_auditor_pages_for_what_nobody_is_paged_for(shop: Shop) -> None:
    await running(shop)
    await lose(shop, K.PAGE_NATIVE)
    assert (await shop.world.page_audit.sweep()).mended == ("INC-1: nobody was paged",)
    await work_off(shop)
    assert len(paged(shop)) == 2
    assert (await shop.world.page_audit.sweep()).mended == ()


async def test_the_auditor_has_it_told_that_nobody_answered(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    [page] = await all_pages(shop)
    over = {"state": "exhausted", "next": None, "next_at": None}
    await shop.home.work.write(lambda tx: tx.session.execute(update(sql.PAGE).values(**over)))
    found = await shop.world.page_audit.sweep()
    assert found.mended == ("page/1: nobody was told that nobody answered",)
    await work_off(shop)
    [page] = await all_pages(shop)
    assert page.told_at is not None


async def test_a_worker_that_stands_still_does_not_ping(shop: Shop) -> None:
    class Switch:
        pings = 0

        async def ping(self) -> None:
            self.pings += 1
            if self.pings > 1:
                raise refusal("", Reason.UNAVAILABLE, "deadman")

    await running(shop)
    await work_off(shop)
    shop.world.deadman = switch = Switch()
    assert (await shop.world.page_audit.sweep(ping=True)).passed
    for effect in await claim(shop, [K.PING_DEADMAN]):
        await carry(shop, effect)
    assert switch.pings == 1
    await shop.run(K.PING_DEADMAN, None)
    assert switch.pings == 2, "one that is not heard is no error of ours"
    shop.home.clock.advance(600)  # nobody carries out what is due
    found = await shop.world.page_audit.sweep(ping=True)
    assert (found.passed, found.late) == (False, (1,))
    assert await shop.home.effects(K.PING_DEADMAN.value, "pending") == []


async def test_what_is_asked_too_late_is_not_asked(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    for what in (page_plan.STILL_ON_IT, page_plan.NOBODY_ANSWERED):
        await shop.run(K.TELL_PAGE, payload={"page": 1, "what": what, "to": None})
    assert not any("still on it" in text or "Nobody" in text for text in shop.chat.texts)
