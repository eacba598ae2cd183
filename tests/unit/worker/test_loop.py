"""The worker: claim, run, settle; whatever happens to a call, the effect is never lost."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.effects import Effect, EffectKind
from bot.errors import MusterError, ProviderError, Reason
from bot.store import effects as store
from bot.store.engine import is_sqlite
from bot.worker import loop as loop_module
from bot.worker import runners
from bot.worker.loop import BUG_TRIES, Worker
from tests.unit.store.house import ANA, NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World
    from tests.unit.worker.fakes import Shop

PAGE = EffectKind.OPEN_PAGE


class Runner:
    """Does what it is told, in order; the last one for ever."""

    def __init__(self, *deeds: Any) -> None:
        self.deeds = list(deeds)
        self.seen: list[Claimed] = []
        self.started = asyncio.Event()

    async def __call__(self, world: World, effect: Claimed) -> Settle | None:
        del world
        self.seen.append(effect)
        self.started.set()
        deed = self.deeds.pop(0) if len(self.deeds) > 1 else self.deeds[0] if self.deeds else None
        if isinstance(deed, Exception):
            raise deed
        if isinstance(deed, asyncio.Event):
            await deed.wait()
            return None
        return deed


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(kind: EffectKind, *deeds: Any) -> Runner:
        runner = Runner(*deeds)
        monkeypatch.setitem(runners.EFFECTS, kind, runner)
        return runner

    return put


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.worker.loop.retry.random_jitter", lambda: 0.5)


def emit(shop: Shop, *effects: Effect) -> Any:
    return shop.home.work.write(lambda tx: tx.emit(effects))


def page(key: str = "k", **more: Any) -> Effect:
    return Effect(kind=PAGE, key=key, lane=key, **more)


@asynccontextmanager
async def running(shop: Shop) -> AsyncIterator[None]:
    task = asyncio.create_task(shop.worker.run())
    try:
        yield
    finally:
        await shop.worker.drain(5)
        await task


async def until(shop: Shop, key: str, *states: str) -> Any:
    async with asyncio.timeout(20):
        while True:
            for row in await shop.home.effects():
                if row.key == key and row.state in states:
                    return row
            await asyncio.sleep(0.005)


async def turn(shop: Shop) -> None:
    """One look, and everything it started carried out."""
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    await asyncio.gather(*(shop.worker._carry(e) for e in claim.effects))


def counted(shop: Shop, outcome: str) -> float:
    found = shop.metrics.registry.get_sample_value(
        "muster_effects_total", {"kind": PAGE.value, "outcome": outcome}
    )
    return found or 0.0


# --- the whole loop -------------------------------------------------------------------------------


async def test_an_emitted_effect_is_carried_out_and_settled(shop: Shop, use: Any) -> None:
    runner = use(PAGE, lambda tx: tx.set_value("settled", {"yes": 1}))
    async with running(shop):
        await emit(shop, page())
        row = await until(shop, "k", "done")
    assert row.attempts == 1
    assert [e.key for e in runner.seen] == ["k"]
    assert await shop.home.work.read(lambda tx: tx.value("settled")) == {"yes": 1}
    assert counted(shop, "done") == 1
    assert shop.worker.last_look > 0


async def test_many_are_carried_out_side_by_side(shop: Shop, use: Any) -> None:
    gate = asyncio.Event()
    page_runner, issue_runner = use(PAGE, gate), use(EffectKind.OPEN_TICKET, gate)
    issues = [Effect(kind=EffectKind.OPEN_TICKET, key=f"t{n}", lane=f"t{n}") for n in range(40)]
    pages, tickets = loop_module.AT_ONCE["pagerduty"], loop_module.AT_ONCE["github"]
    async with running(shop):
        await emit(shop, *(page(f"k{n}") for n in range(40)), *issues)
        async with asyncio.timeout(20):
            while len(page_runner.seen) + len(issue_runner.seen) < pages + tickets:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert (len(page_runner.seen), len(issue_runner.seen)) == (pages, tickets)
        gate.set()
        await until(shop, "k39", "done")
        await until(shop, "t39", "done")


async def test_while_webhooks_flood_in_little_else_is_done(shop: Shop, use: Any) -> None:
    gate = asyncio.Event()
    runner = use(PAGE, gate)
    shop.home.inbound.crowded_at = time.monotonic() + 60
    await emit(shop, *(page(f"k{n}") for n in range(20)))
    await shop.worker._turn()
    await asyncio.sleep(0)
    assert len(runner.seen) == loop_module.FLOOD_AT_ONCE
    gate.set()
    assert await shop.worker.drain(5) == 0


async def test_never_more_at_once_than_allowed(shop: Shop, use: Any) -> None:
    shop.worker = Worker(shop.world, shop.metrics, budgeted=False, concurrency=3)
    gate = asyncio.Event()
    runner = use(PAGE, gate)
    async with running(shop):
        await emit(shop, *(page(f"k{n}") for n in range(9)))
        await runner.started.wait()
        await emit(shop, page("more"))
        assert shop.worker.under_way <= 3
        gate.set()
        await until(shop, "more", "done")
    assert len(runner.seen) == 10


async def test_draining_waits_for_what_is_under_way_and_leaves_the_rest(
    shop: Shop, use: Any
) -> None:
    gate = asyncio.Event()
    runner = use(PAGE, gate)
    task = asyncio.create_task(shop.worker.run())
    await emit(shop, page("slow"))
    await runner.started.wait()
    draining = asyncio.create_task(shop.worker.drain(20))
    await asyncio.sleep(0)
    await emit(shop, page("new"))
    gate.set()
    assert await draining == 0
    await task
    states = {row.key: row.state for row in await shop.home.effects()}
    assert states == {"slow": "done", "new": "pending"}


@pytest.mark.sqlite
async def test_what_does_not_finish_in_time_is_left_to_the_next_process(
    shop: Shop, use: Any
) -> None:
    use(PAGE, asyncio.Event())
    task = asyncio.create_task(shop.worker.run())
    await emit(shop, page())
    await until(shop, "k", "leased")
    async with asyncio.timeout(20):
        while not shop.worker.under_way:  # noqa: ASYNC110 - what is waited for is a row or a counter
            await asyncio.sleep(0)
    assert await shop.worker.drain(0.01) == 1
    await task
    assert counted(shop, "done") == 0
    runner = use(PAGE, None)
    shop.worker = Worker(shop.world, shop.metrics, budgeted=False)
    async with running(shop):
        await until(shop, "k", "done")
    assert [e.attempt for e in runner.seen] == [2], "it must look whether its call was made"


async def test_a_database_that_is_away_for_a_moment_stops_nothing(
    shop: Shop, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(PAGE, None)
    write, fails = shop.home.work.write, [3]

    async def flaky(fn: Any, **more: Any) -> Any:
        if fails[0]:
            fails[0] -= 1
            raise MusterError("away")
        return await write(fn, **more)

    async def no_pause(_: float) -> None:
        return None

    pause = asyncio.sleep
    await emit(shop, page())
    monkeypatch.setattr(shop.home.work, "write", flaky)
    monkeypatch.setattr("bot.worker.loop.asyncio.sleep", lambda _: pause(0))
    task = asyncio.create_task(shop.worker.run())
    async with asyncio.timeout(20):
        while not counted(shop, "done"):
            await pause(0.001)
    monkeypatch.undo()
    await shop.worker.drain(5)
    await task
    assert fails == [0]


# --- one effect that fails ------------------------------------------------------------------------


async def test_a_vendor_that_does_not_answer_is_asked_again(shop: Shop, use: Any) -> None:
    runner = use(PAGE, ProviderError("pagerduty", Reason.UNAVAILABLE, "no answer"), None)
    await emit(shop, page())
    await turn(shop)
    [row] = await shop.home.effects()
    assert (row.state, row.last_reason, row.last_detail) == ("pending", "unavailable", "no answer")
    assert row.due == NOW + timedelta(seconds=0.25)
    await turn(shop)
    assert len(runner.seen) == 1, "not before its time"
    shop.home.clock.advance(1)
    await turn(shop)
    [row] = await shop.home.effects()
    assert (row.state, row.attempts, row.last_reason) == ("done", 2, None)
    assert counted(shop, "unavailable") == 1


async def test_a_call_that_takes_too_long_has_an_unknown_outcome(
    shop: Shop, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "RUNNER_SECONDS", 0.01)
    use(PAGE, asyncio.Event())
    await emit(shop, page())
    await turn(shop)
    [row] = await shop.home.effects()
    assert (row.state, row.last_reason) == ("pending", "unknown_outcome")


async def test_a_refusal_is_shown_on_the_cards_until_somebody_decides(shop: Shop, use: Any) -> None:
    await shop.home.declare()
    before = set(await shop.home.keys("slack.refresh"))
    use(PAGE, ProviderError("pagerduty", Reason.INVALID, "no such service"))
    await shop.home.dismiss_all()
    await emit(shop, page(incident=1))
    await turn(shop)
    [row] = [r for r in await shop.home.effects() if r.key == "k"]
    assert (row.state, row.last_detail) == ("dead", "no such service")
    assert set(await shop.home.keys("slack.refresh")) - before
    incident, message = await shop.world.card(1, "channel")
    assert incident.number == 1
    assert "no such service" in str(message.blocks)


async def test_after_a_step_was_shown_the_next_press_still_refreshes_the_cards(
    shop: Shop, use: Any
) -> None:
    await shop.home.declare()
    use(PAGE, ProviderError("pagerduty", Reason.INVALID, "no"))
    for kind in (
        EffectKind.ANNOUNCE, EffectKind.CREATE_CHANNEL, EffectKind.REFRESH_ANNOUNCEMENT,
        EffectKind.REFRESH_CARD, EffectKind.OPEN_TICKET,
    ):  # fmt: skip
        use(kind, None)
    await turn(shop)
    await turn(shop)
    assert not await shop.home.effects("slack.refresh", "pending")
    [dead] = await shop.home.effects(state="dead")
    await shop.home.incidents.acknowledge(1, by=ANA, once="press")
    assert await shop.home.effects("slack.refresh_announcement", "pending")
    await turn(shop)
    await turn(shop)
    await shop.home.incidents.retry_step(dead.id or 0, 1, by=ANA)
    await turn(shop)
    await turn(shop)
    await shop.home.incidents.dismiss_step(dead.id or 0, 1, by=ANA)
    assert await shop.home.effects("slack.refresh_announcement", "pending")
    await turn(shop)
    await turn(shop)
    await shop.home.incidents.resolve(1, by=ANA, once="press again")
    assert await shop.home.effects("slack.refresh_announcement", "pending")


async def test_a_step_that_is_late_shows_at_the_fourth_attempt(shop: Shop, use: Any) -> None:
    await shop.home.declare()
    use(PAGE, ProviderError("pagerduty", Reason.UNAVAILABLE, "down"))
    for kind in EffectKind:
        if kind.provider != "pagerduty":
            use(kind, None)
    for attempt in range(1, 6):
        await turn(shop)
        shown = await shop.home.effects("slack.refresh")
        assert bool(shown) is (attempt >= 4), attempt
        shop.home.clock.advance(60)


async def test_a_refused_key_stops_the_provider_and_tells_the_admins_once(
    shop: Shop, use: Any
) -> None:
    runner = use(PAGE, ProviderError("pagerduty", Reason.AUTH, "401"), None)
    use(EffectKind.TELL_ADMINS, asyncio.Event())
    await emit(shop, page("a"), page("b"))
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    for effect in claim.effects:
        runner.deeds = [ProviderError("pagerduty", Reason.AUTH, "401")]
        await shop.worker._carry(effect)
    [told] = await shop.home.effects("slack.tell_admins")
    assert "PagerDuty refused the key: 401" in told.payload["text"]
    runner.deeds = [None]
    await emit(shop, page("c"))
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    assert [e.kind for e in claim.effects] == [EffectKind.TELL_ADMINS]
    assert shop.world.stopped == {"pagerduty": "401"}

    await shop.worker.resume("pagerduty")
    assert shop.world.stopped == {}
    await turn(shop)
    states = {r.key: r.state for r in await shop.home.effects("pagerduty")}
    assert states == {"a": "done", "b": "done", "c": "done"}


async def test_a_refusal_that_is_written_during_a_claim_holds_the_effect_back(
    shop: Shop, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one commit on the effect waits again and its provider stands still: a claim sees both, or neither."""
    use(PAGE, ProviderError("pagerduty", Reason.AUTH, "401"))
    await emit(shop, page("a"))
    work = shop.home.work
    first = await work.write(lambda tx: shop.worker._claim(tx, 64))
    began, written = threading.Event(), threading.Event()
    if is_sqlite(work.url):
        written.set()  # one writes at a time there: the refusal comes after the claim
    candidates = store._candidates

    def choosing(*facts: Any) -> Any:
        began.set()
        assert written.wait(20)
        return candidates(*facts)

    monkeypatch.setattr(store, "_candidates", choosing)

    async def refused() -> None:
        assert await asyncio.to_thread(began.wait, 20)
        await shop.worker._carry(first.effects[0])
        written.set()

    claim, _ = await asyncio.gather(work.write(lambda tx: shop.worker._claim(tx, 64)), refused())
    assert [effect.key for effect in claim.effects if effect.kind is PAGE] == []


async def test_the_card_says_that_a_provider_stands_still_before_this_process_noticed(
    shop: Shop, use: Any
) -> None:
    await shop.home.declare()
    use(PAGE, ProviderError("pagerduty", Reason.AUTH, "401"))
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    [opening] = [effect for effect in claim.effects if effect.kind is PAGE]
    await shop.worker._carry(opening)
    assert shop.world.stopped == {}, "only looking for work tells this process"
    _, message = await shop.world.card(1, "announcement")
    assert "I stopped all calls to PagerDuty" in str(message.blocks)


async def test_a_rate_limit_closes_slacks_budget(shop: Shop, use: Any) -> None:
    shop.worker = Worker(shop.world, shop.metrics, budgeted=True)
    use(
        EffectKind.PIN_CARD,
        ProviderError("slack", Reason.RATE_LIMITED, "ratelimited", retry_after=20),
        None,
    )
    await emit(shop, Effect(kind=EffectKind.PIN_CARD, key="a", lane="a"))
    await turn(shop)
    await emit(shop, Effect(kind=EffectKind.PIN_CARD, key="b", lane="b"))
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    assert claim.effects == ()
    assert claim.next_at == NOW + timedelta(seconds=20.5)
    shop.home.clock.advance(20.5)
    await turn(shop)
    assert {r.state for r in await shop.home.effects()} == {"done"}


async def test_a_bug_is_tried_a_few_times_and_then_shown(shop: Shop, use: Any) -> None:
    use(PAGE, ZeroDivisionError("oops"))
    await emit(shop, page(), page("other"))
    for attempt in range(1, BUG_TRIES + 1):
        await turn(shop)
        [row] = [r for r in await shop.home.effects() if r.key == "k"]
        assert row.state == ("dead" if attempt == BUG_TRIES else "pending")
        assert "something broke on my side, ref " in (row.last_detail or "")
        shop.home.clock.advance(120)
    assert counted(shop, "bug") == 2 * BUG_TRIES


async def test_a_settlement_that_breaks_is_a_bug_and_stores_nothing(shop: Shop, use: Any) -> None:
    def broken(tx: Tx) -> None:
        tx.set_value("half", {})
        raise KeyError("x")

    use(PAGE, broken)
    await emit(shop, page())
    await turn(shop)
    [row] = await shop.home.effects()
    assert (row.state, row.last_reason) == ("pending", "bug")
    assert await shop.home.work.read(lambda tx: tx.value("half")) is None


@pytest.mark.parametrize(
    "deed", [None, ProviderError("pagerduty", Reason.INVALID, "no"), ZeroDivisionError("oops")]
)
async def test_who_lost_the_lease_writes_nothing(shop: Shop, use: Any, deed: Any) -> None:
    wrote: list[Any] = []
    use(PAGE, deed or wrote.append)
    await emit(shop, page())
    claim = await shop.home.work.write(lambda tx: shop.worker._claim(tx, 64))
    await shop.home.work.write(lambda tx: store.free_leases(tx.session, tx.now, everything=True))
    other = await shop.home.work.write(
        lambda tx: store.claim(tx.session, now=tx.now, worker="other", limit=9, budgeted=False)
    )
    await shop.worker._carry(claim.effects[0])
    [row] = await shop.home.effects()
    assert (row.state, row.leased_by, row.attempts) == ("leased", "other", 2)
    assert len(other.effects) == 1
    assert wrote == []


async def test_a_verdict_that_cannot_be_written_leaves_the_lease_to_run_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise MusterError("away")

    monkeypatch.setattr(shop.home.work, "write", away)
    await shop.worker._record(lambda _: None)


async def test_signs_of_life_are_sent_while_a_call_is_under_way(
    shop: Shop, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "RENEW_SECONDS", 0.001)
    gate = asyncio.Event()
    runner = use(PAGE, gate)
    async with running(shop):
        await emit(shop, page())
        await runner.started.wait()
        shop.home.clock.advance(5)
        async with asyncio.timeout(20):
            while (await shop.home.effects())[0].lease_until == NOW + store.LEASE:  # noqa: ASYNC110 - what is waited for is a row or a counter
                await asyncio.sleep(0.005)
        gate.set()


async def test_a_clock_that_leaps_takes_no_call_under_way_from_its_own_process(
    shop: Shop, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(loop_module, "RENEW_SECONDS", 3600)
    gate = asyncio.Event()
    runner = use(PAGE, gate)
    use(EffectKind.PIN_CARD, None)
    async with running(shop):
        await emit(shop, page())
        await runner.started.wait()
        shop.home.clock.advance(3600)
        await emit(shop, Effect(kind=EffectKind.PIN_CARD, key="after", lane="after"))
        await until(shop, "after", "done")
        gate.set()
        row = await until(shop, "k", "done")
    assert (row.attempts, len(runner.seen)) == (1, 1), "made once"


async def test_waking_before_the_start_does_nothing(shop: Shop) -> None:
    shop.worker.wake()
