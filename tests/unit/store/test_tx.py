"""What a use case can do inside one transaction, and the named reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.effects import Effect, EffectKind
from bot.domain.incident import (
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Places,
    Status,
)
from bot.domain.lifecycle import Decision, acknowledge
from bot.errors import NotFound
from bot.ports import Delivery
from bot.store import effects as effect_store
from bot.store import queries, runlog
from tests.unit.store.house import (
    ANA_ACTOR,
    BEN_ACTOR,
    NOW,
    SetClock,
    an_incident,
    effects_in,
    open_work,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from bot.store.work import Work


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def work(tmp_path: Path, clock: SetClock) -> AsyncIterator[Work]:
    opened = open_work(tmp_path, clock)
    yield opened
    opened.close()


async def add(work: Work, **changes: Any) -> Incident:
    return await work.write(lambda tx: tx.add(an_incident(**changes)))


# --- incidents ------------------------------------------------------------------------------------


async def test_numbers_are_given_in_order(work: Work) -> None:
    assert [(await add(work)).number for _ in range(3)] == [1, 2, 3]


async def test_an_incident_that_is_not_there(work: Work) -> None:
    with pytest.raises(NotFound, match="There is no INC-7"):
        await work.read(lambda tx: tx.incident(7))
    assert await work.read(lambda tx: tx.incident_or_none(7)) is None


async def test_found_by_its_page_and_by_its_channel(work: Work) -> None:
    await add(work)
    there = await add(
        work, pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P9"), places=Places(channel="C9")
    )
    assert await work.read(lambda tx: tx.by_page("P9")) == there
    assert await work.read(lambda tx: tx.by_page("P1")) is None
    assert await work.read(lambda tx: tx.by_channel("C9")) == there
    assert await work.read(lambda tx: tx.by_channel("C1")) is None


async def test_a_decision_is_saved_as_a_whole(work: Work) -> None:
    first = await add(work, places=Places(channel="C1", card_ts="1.1"))
    stored = await work.write(lambda tx: tx.record(acknowledge(first, ANA_ACTOR, tx.now)))
    assert stored.version == 1
    assert await work.read(lambda tx: tx.incident(1)) == stored
    [entry] = await work.read(lambda tx: tx.entries(1))
    kinds = [row.kind for row in await effects_in(work)]
    assert entry.kind is EntryKind.ACKNOWLEDGED
    assert "slack.refresh_card" in kinds
    [post] = [row for row in await effects_in(work) if row.kind == "slack.post_entry"]
    assert post.payload == {"entry": entry.id}


async def test_changes_that_have_not_reached_the_pager(work: Work) -> None:
    await add(work)
    change = Effect(kind=EffectKind.CHANGE_PAGE, key="c", lane="l", incident=1)
    assert not await work.read(lambda tx: tx.changes_pending(1))
    await work.write(lambda tx: tx.emit([change]))
    [row] = await effects_in(work)
    assert await work.read(lambda tx: tx.changes_pending(1))
    assert not await work.read(lambda tx: tx.changes_pending(1, besides=row.id))
    assert not await work.read(lambda tx: tx.changes_pending(2))
    await work.write(lambda tx: effect_store.settle(tx.session, row.id or 0, tx.now))
    assert not await work.read(lambda tx: tx.changes_pending(1))
    for seconds, reached_since in ((-1, True), (0, True), (1, False)):
        since = NOW + timedelta(seconds=seconds)
        found = await work.read(lambda tx, since=since: tx.changes_pending(1, since=since))
        assert found is reached_since, "an answer asked for before is older than the change"


@pytest.mark.parametrize(
    ("changes", "similar"),
    [
        ({}, True),
        ({"title": "CHECKOUT  is down"}, True),
        ({"service": None}, True),
        ({"title": "Payments are down"}, False),
        ({"service": "other"}, False),
        ({"status": Status.RESOLVED}, False),
        ({"private": True}, False),
        ({"created_at": NOW - timedelta(hours=25)}, False),
    ],
)
async def test_what_looks_the_same(work: Work, changes: dict[str, Any], similar: bool) -> None:
    await add(work, **{"service": "web", **changes})
    found = await work.read(lambda tx: tx.similar("checkout is DOWN", "web"))
    assert bool(found) is similar


async def test_similar_ones_of_other_services_hide_none_of_mine(work: Work) -> None:
    for n in range(8):
        await add(work, service=f"other-{n}")
    mine = await add(work, service="web")
    assert await work.read(lambda tx: tx.similar("Checkout is down", "web")) == [mine]
    assert len(await work.read(lambda tx: tx.similar("Checkout is down", None))) == 5


async def test_a_channel_name_is_reserved_by_one(work: Work) -> None:
    await add(work, places=Places(channel_name="incident-1-x"))
    assert await work.read(lambda tx: tx.channel_name_taken("incident-1-x", 2))
    assert not await work.read(lambda tx: tx.channel_name_taken("incident-1-x", 1))
    assert not await work.read(lambda tx: tx.channel_name_taken("incident-2-x", 2))


# --- timeline -------------------------------------------------------------------------------------


async def test_the_timeline_is_in_the_order_of_events(work: Work) -> None:
    incident = await add(work)

    def tell(tx: Tx) -> None:
        for seconds in (30, 10, 20):
            at = NOW + timedelta(seconds=seconds)
            tx.add_entry(incident, Entry(kind=EntryKind.OTHER, at=at, text=str(seconds)))

    await work.write(tell)
    told = [e.text for e in await work.read(lambda tx: tx.entries(1))]
    assert told == ["10", "20", "30"]
    recent = await work.read(lambda tx: tx.recent_entries(1, 2))
    assert [e.text for e in recent] == ["10", "20"]
    assert await work.read(lambda tx: tx.entry(99)) is None


async def test_only_what_was_done_here_waits_for_confirmation(work: Work) -> None:
    incident = await add(work)

    def tell(tx: Tx) -> list[int]:
        made = [
            Entry(kind=EntryKind.ACKNOWLEDGED, at=NOW, origin=Origin.PAGERDUTY),
            Entry(kind=EntryKind.ACKNOWLEDGED, at=NOW, origin=Origin.SLACK, text="first"),
            Entry(kind=EntryKind.ACKNOWLEDGED, at=NOW, origin=Origin.SLACK, text="second"),
        ]
        return [tx.add_entry(incident, e).id or 0 for e in made]

    ids = await work.write(tell)
    waiting = await work.read(lambda tx: tx.unconfirmed(1, "acknowledged"))
    assert waiting is not None
    assert waiting.text == "first"
    await work.write(lambda tx: tx.confirm(ids[1], NOW, "R1"))
    confirmed = await work.read(lambda tx: tx.entry(ids[1]))
    assert confirmed is not None
    assert (confirmed.vendor_at, confirmed.vendor_id) == (NOW, "R1")
    then = await work.read(lambda tx: tx.unconfirmed(1, "acknowledged"))
    assert then is not None
    assert then.text == "second"
    assert await work.read(lambda tx: tx.unconfirmed(1, "resolved")) is None


# --- effects by hand ------------------------------------------------------------------------------


async def test_retry_lets_the_provider_try_again(work: Work) -> None:
    effect = Effect(kind=EffectKind.OPEN_PAGE, key="k", lane="l")

    def fail(tx: Tx) -> None:
        tx.emit([effect])
        tx.set_value("stopped:pagerduty", {"why": "401"})
        effect_store.give_up(tx.session, 1, tx.now, "auth", "401")

    await work.write(fail)
    woken: list[int] = []
    work.on_effects = lambda: woken.append(1)
    assert await work.write(lambda tx: tx.retry(1)) is True
    assert woken == [1]
    assert await work.read(lambda tx: tx.value("stopped:pagerduty")) is None
    assert (await effects_in(work))[0].state == "pending"
    assert await work.write(lambda tx: tx.retry(99)) is False


async def test_dismissing_what_failed(work: Work) -> None:
    await work.write(lambda tx: tx.emit([Effect(kind=EffectKind.OPEN_PAGE, key="k", lane="l")]))
    await work.write(
        lambda tx: effect_store.claim(tx.session, now=tx.now, worker="w", limit=1, budgeted=False)
    )
    await work.write(lambda tx: tx.dismiss(1))
    assert (await effects_in(work))[0].state == "leased", "what is under way is not dismissed"
    await work.write(lambda tx: effect_store.give_up(tx.session, 1, tx.now, "invalid", "no"))
    await work.write(lambda tx: tx.dismiss(1))
    await work.write(lambda tx: tx.dismiss(99))
    assert (await effects_in(work))[0].state == "cancelled"


async def test_how_many_wait(work: Work) -> None:
    effects = [Effect(kind=EffectKind.ANNOUNCE, key=f"k{n}", lane=f"l{n}") for n in range(4)]
    await work.write(lambda tx: tx.emit(effects))
    assert await work.read(lambda tx: tx.waiting(EffectKind.ANNOUNCE)) == 4
    assert await work.read(lambda tx: tx.waiting(EffectKind.SUMMARISE)) == 0
    assert await work.read(lambda tx: tx.many_waiting(EffectKind.ANNOUNCE, 3))
    assert not await work.read(lambda tx: tx.many_waiting(EffectKind.ANNOUNCE, 4))


# --- once-keys, deliveries, values ----------------------------------------------------------------


async def test_a_key_is_used_up_once(work: Work) -> None:
    incident = await add(work)
    assert await work.write(lambda tx: tx.remember("k", None, {"a": 1})) is True
    assert await work.write(lambda tx: tx.remember("k", 4)) is False
    with pytest.raises(NotFound):
        await work.read(lambda tx: tx.declared_by("k"))
    await work.write(lambda tx: tx.answered("k", incident.number))
    await work.write(lambda tx: tx.answered("unknown", incident.number))
    assert await work.read(lambda tx: tx.declared_by("k")) == incident
    with pytest.raises(NotFound):
        await work.read(lambda tx: tx.declared_by("unknown"))


async def test_a_webhook_is_kept_as_it_came_and_once(work: Work) -> None:
    delivery = Delivery("pagerduty", "e1", "incident.triggered", b'{"x": "\xff"}')
    row = await work.write(lambda tx: tx.deliver(delivery))
    assert row is not None
    assert await work.write(lambda tx: tx.deliver(delivery)) is None
    other = replace(delivery, source="github")
    assert await work.write(lambda tx: tx.deliver(other)) not in {None, row}
    kept = await work.read(lambda tx: tx.inbound(row))
    assert kept is not None
    assert (kept.body, kept.state, kept.received_at) == (delivery.body, "stored", NOW)
    await work.write(lambda tx: tx.inbound_done(row, "failed", "odd"))
    done = await work.read(lambda tx: tx.inbound(row))
    assert done is not None
    assert (done.state, done.reason, done.applied_at) == ("failed", "odd", NOW)
    assert await work.read(lambda tx: tx.inbound(99)) is None


@pytest.mark.parametrize("odd", ["²", "9" * 40, "", "e\x00", "\ud800"])
async def test_looking_for_any_delivery_raises_nothing(work: Work, odd: str) -> None:
    assert await work.read(lambda tx: tx.kept(odd)) == []


@pytest.mark.parametrize("odd", ["\ud800", "a\x00b"])
async def test_a_delivery_with_an_odd_id_is_kept_all_the_same(work: Work, odd: str) -> None:
    delivery = Delivery("pagerduty", odd, odd, b"{}")
    assert await work.write(lambda tx: tx.deliver(delivery)) is not None
    assert await work.write(lambda tx: tx.deliver(delivery)) is None


async def test_kept_by_its_id_or_our_number(work: Work) -> None:
    row = await work.write(lambda tx: tx.deliver(Delivery("pagerduty", "e1", "x", b"{}")))
    assert await work.read(lambda tx: tx.kept("e1")) == [(row, "pagerduty")]
    assert await work.read(lambda tx: tx.kept(str(row))) == [(row, "pagerduty")]


async def test_small_values(work: Work) -> None:
    await work.write(lambda tx: tx.set_value("a", {"x": 1}))
    await work.write(lambda tx: tx.set_value("a", {"x": 2}))
    assert await work.read(lambda tx: tx.value("a")) == {"x": 2}
    await work.write(lambda tx: tx.set_value("a", None))
    assert await work.read(lambda tx: tx.value("a")) is None


# --- named reads ----------------------------------------------------------------------------------


async def test_lists_are_newest_first_without_private_ones(work: Work) -> None:
    await add(work, owners=(ANA_ACTOR,))
    await add(work, status=Status.RESOLVED, reporter=ANA_ACTOR)
    await add(work, private=True, owners=(ANA_ACTOR,))
    await add(work, service="web", service_title="Web Shop", roles={"commander": BEN_ACTOR})

    async def numbers(**how: Any) -> tuple[list[int], int]:
        page = await work.read(lambda tx: queries.incidents(tx, **{"open_only": True, **how}))
        return [i.number for i in page.incidents], page.total

    assert await numbers() == ([4, 1], 2)
    assert await numbers(limit=1) == ([4], 2)
    assert await numbers(open_only=False) == ([4, 2, 1], 3)
    assert await numbers(open_only=False, mine="U0ANA") == ([2, 1], 2)
    assert await numbers(mine="U0BEN") == ([4], 1)
    assert await numbers(mine="U0ANA", limit=1, open_only=False) == ([2], 2)
    assert await numbers(service="web") == ([4], 1)
    assert await numbers(service="web SHOP") == ([4], 1)
    assert await numbers(service="nothing") == ([], 0)


async def test_what_is_open_and_known_to_the_pager(work: Work) -> None:
    await add(work, pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P1"))
    await add(work, pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P2"), status=Status.RESOLVED)
    await add(work)
    assert await work.read(queries.open_pages) == {"P1": 1}


async def test_the_run_log_and_what_fails(work: Work, clock: SetClock) -> None:
    effects = [
        Effect(kind=EffectKind.ANNOUNCE, key="a", lane="a", incident=1),
        Effect(kind=EffectKind.REFRESH_CARD, key="r", lane="r", incident=1),
        Effect(kind=EffectKind.OPEN_TICKET, key="t", lane="t", incident=1, payload={"verb": "x"}),
        Effect(kind=EffectKind.OPEN_PAGE, key="p", lane="p", incident=1),
        Effect(kind=EffectKind.PIN_CARD, key="c", lane="c", incident=1),
        Effect(kind=EffectKind.OPEN_TICKET, key="other", lane="o", incident=2),
    ]
    await work.write(lambda tx: tx.emit(effects))
    ids = {row.key: row.id or 0 for row in await effects_in(work)}

    def happen(tx: Tx) -> None:
        effect_store.settle(tx.session, ids["a"], tx.now)
        effect_store.give_up(tx.session, ids["t"], tx.now, "invalid", "no such repository")
        effect_store.settle(tx.session, ids["c"], tx.now, state="cancelled")
        effect_store.reschedule(
            tx.session, ids["p"], None, tx.now, "auth", "the key was refused", now=tx.now
        )

    clock.advance(60)
    await work.write(happen)
    log = await work.read(lambda tx: runlog.steps(tx, 1))
    assert [(s.label, s.state) for s in log] == [
        ("Announcement", "done"),
        ("GitHub issue", "dead"),
        ("PagerDuty incident", "pending"),
    ]
    assert log[0].at == clock.time
    assert log[2].at == NOW
    assert log[1].payload == {"verb": "x"}
    failing = await work.read(lambda tx: runlog.failing(tx, 1))
    assert [(s.label, s.reason, s.detail) for s in failing] == [
        ("GitHub issue", "invalid", "no such repository"),
        ("PagerDuty incident", "auth", "the key was refused"),
    ]


async def test_a_step_that_keeps_failing_is_shown_though_it_goes_on(work: Work) -> None:
    await work.write(
        lambda tx: tx.emit([Effect(kind=EffectKind.OPEN_PAGE, key="p", lane="p", incident=1)])
    )

    def fail(tx: Tx) -> None:
        effect_store.claim(tx.session, now=tx.now, worker="w", limit=1, budgeted=False)
        effect_store.reschedule(tx.session, 1, None, tx.now, "unavailable", "x", now=tx.now)

    for attempt in range(1, runlog.SHOWN_AFTER + 1):
        await work.write(fail)
        shown = await work.read(lambda tx: runlog.failing(tx, 1))
        assert bool(shown) is (attempt >= runlog.SHOWN_AFTER)


async def test_a_step_is_shown_as_failing_while_it_is_tried_again(work: Work) -> None:
    await work.write(
        lambda tx: tx.emit([Effect(kind=EffectKind.OPEN_PAGE, key="p", lane="p", incident=1)])
    )

    def take(tx: Tx) -> None:
        effect_store.claim(tx.session, now=tx.now, worker="w", limit=1, budgeted=False)

    def fail(tx: Tx) -> None:
        effect_store.reschedule(tx.session, 1, None, tx.now, "unavailable", "x", now=tx.now)

    for attempt in range(1, runlog.SHOWN_AFTER + 2):
        await work.write(take)
        shown = await work.read(lambda tx: runlog.failing(tx, 1))
        assert bool(shown) is (attempt > runlog.SHOWN_AFTER), "while it is under way"
        await work.write(fail)
    await work.write(lambda tx: effect_store.settle(tx.session, 1, tx.now))
    assert await work.read(lambda tx: runlog.failing(tx, 1)) == []


async def test_what_waits_for_the_metrics(work: Work, clock: SetClock) -> None:
    now = [Effect(kind=EffectKind.OPEN_PAGE, key=f"p{n}", lane=f"{n}") for n in range(3)]
    later = Effect(kind=EffectKind.ANNOUNCE, key="a", lane="a", due=NOW + timedelta(seconds=60))
    await work.write(lambda tx: tx.emit([*now, later]))
    await work.write(
        lambda tx: effect_store.claim(tx.session, now=tx.now, worker="w", limit=1, budgeted=False)
    )
    rows = {(kind, state): (n, at) for kind, state, n, at in await work.read(runlog.waiting)}
    assert rows == {
        ("pagerduty.open", "leased"): (1, NOW),
        ("pagerduty.open", "pending"): (2, NOW),
        ("slack.announce", "pending"): (1, NOW),
    }
    assert await work.read(lambda tx: runlog.due_now(tx, NOW)) == 3
    assert await work.read(lambda tx: runlog.due_now(tx, clock.advance(60))) == 4


async def test_whether_a_webhook_came_since(work: Work) -> None:
    await work.write(lambda tx: tx.deliver(Delivery("pagerduty", "e", "pagey.ping", b"{}")))

    async def came(source: str, kind: str, seconds: float) -> bool:
        since = NOW + timedelta(seconds=seconds)
        return await work.read(lambda tx: queries.last_delivery(tx, source, kind, since))

    assert await came("pagerduty", "pagey.ping", 0)
    assert not await came("pagerduty", "pagey.ping", 1)
    assert not await came("github", "pagey.ping", 0)
    assert not await came("pagerduty", "other", 0)


async def test_a_saved_state_alone_counts_a_version_and_tells_nobody(work: Work) -> None:
    first = await add(work)
    saved = await work.write(lambda tx: tx.save(replace(first, title="New")))
    assert (saved.title, saved.version) == ("New", 1)
    assert await effects_in(work) == []
    recorded = await work.write(lambda tx: tx.record(Decision(incident=saved)))
    assert recorded.version == 2
