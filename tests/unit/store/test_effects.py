"""The effect table: who goes when, exactly one at a time, and nothing is ever lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.domain.budget import METHODS, TIER_2
from bot.domain.effects import Effect, EffectKind, Rank
from bot.ports import Delivery
from bot.store import effects as store
from bot.store.effects import LEASE, Claim, Claimed
from bot.store.tables import BudgetRow, EffectRow
from tests.unit.store.house import NOW, SetClock, effects_in, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from bot.store.work import Work


class Table:
    """The effect table, seen from one worker."""

    def __init__(self, work: Work, clock: SetClock) -> None:
        self.work = work
        self.clock = clock

    async def emit(self, *effects: Effect) -> None:
        await self.work.write(lambda tx: tx.emit(effects))

    async def claim(self, limit: int = 64, worker: str = "w", **more: Any) -> Claim:
        return await self.work.write(
            lambda tx: store.claim(tx.session, now=tx.now, worker=worker, limit=limit, **more)
        )

    async def keys(self, limit: int = 64, **more: Any) -> list[str]:
        return [e.key for e in (await self.claim(limit, budgeted=False, **more)).effects]

    async def one(self, **more: Any) -> Claimed:
        [effect] = (await self.claim(budgeted=False, **more)).effects
        return effect

    async def do(self, fn: Any) -> Any:
        return await self.work.write(lambda tx: fn(tx.session, tx.now))

    async def stands_still(self, provider: str, why: dict[str, Any] | None) -> None:
        await self.work.write(lambda tx: tx.set_value(f"stopped:{provider}", why))

    async def settle(self, effect: Claimed, state: str = "done") -> None:
        await self.do(lambda s, now: store.settle(s, effect.id, now, state=state))

    async def states(self) -> dict[str, str]:
        return {row.key: row.state for row in await effects_in(self.work)}

    async def row(self, key: str) -> EffectRow:
        [found] = [r for r in await effects_in(self.work) if r.key == key]
        return found


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[Table]:
    clock = SetClock()
    work = open_work(tmp_path, clock)
    yield Table(work, clock)
    work.close()


def effect(
    key: str, lane: str = "", kind: EffectKind = EffectKind.OPEN_PAGE, **more: Any
) -> Effect:
    return Effect(kind=kind, key=key, lane=lane or key, **more)


# --- claiming -------------------------------------------------------------------------------------


async def test_the_most_urgent_goes_first(table: Table) -> None:
    await table.emit(
        effect("follow"),
        effect("page", rank=Rank.PAGE),
        effect("card", rank=Rank.CARD),
        effect("older page", rank=Rank.PAGE, due=NOW - timedelta(seconds=1)),
    )
    assert await table.keys(limit=3) == ["older page", "page", "card"]
    assert await table.keys() == ["follow"]


async def test_a_lane_is_strictly_in_order(table: Table) -> None:
    await table.emit(
        effect("first", "lane", rank=Rank.DECORATION),
        effect("second", "lane", rank=Rank.PAGE),
        effect("elsewhere", "other"),
    )
    assert await table.keys() == ["elsewhere", "first"]
    assert await table.keys() == []
    first = await table.row("first")
    await table.do(lambda s, now: store.settle(s, first.id or 0, now))
    assert await table.keys() == ["second"]


@pytest.mark.parametrize("state", ["done", "cancelled", "dead"])
async def test_what_is_over_does_not_hold_its_lane(table: Table, state: str) -> None:
    await table.emit(effect("first", "lane"), effect("second", "lane"))
    await table.settle(await table.one(), state)
    assert await table.keys() == ["second"]


async def test_a_lane_waits_for_the_one_that_is_not_due_yet(table: Table) -> None:
    await table.emit(
        effect("later", "lane", due=NOW + timedelta(seconds=60)), effect("after it", "lane")
    )
    claim = await table.claim()
    assert claim.effects == ()
    assert claim.next_at == NOW + timedelta(seconds=60)
    table.clock.advance(60)
    assert await table.keys() == ["later"]


async def test_an_effect_waits_for_the_one_it_needs(table: Table) -> None:
    await table.emit(effect("dependent", after="needed"), effect("needed"))
    needed = await table.one()
    assert needed.key == "needed"
    assert await table.keys() == []
    await table.do(lambda s, now: store.give_up(s, needed.id, now, "invalid", "no"))
    assert await table.keys() == [], "a dead one is waited for until somebody decides"
    await table.do(lambda s, now: store.retry_dead(s, needed.id, now))
    await table.settle(await table.one())
    assert await table.keys() == ["dependent"]


async def test_dismissing_what_was_needed_lets_the_other_go(table: Table) -> None:
    await table.emit(effect("needed"), effect("dependent", after="needed"))
    await table.settle(await table.one(), "cancelled")
    assert await table.keys() == ["dependent"]


async def test_a_stopped_provider_gets_nothing(table: Table) -> None:
    await table.emit(effect("pd"), effect("gh", kind=EffectKind.OPEN_TICKET))
    await table.stands_still("pagerduty", {"why": "401"})
    assert await table.keys() == ["gh"]
    await table.stands_still("pagerduty", None)
    assert await table.keys() == ["pd"]


async def test_only_those_that_are_asked_again_stand_still(table: Table) -> None:
    await table.emit(effect("silence", kind=EffectKind.SILENCE_ALERTS))
    await table.stands_still(EffectKind.SILENCE_ALERTS.provider, {"why": "401"})
    assert await table.keys() == ["silence"]


async def test_a_claim_tells_the_worker_everything(table: Table) -> None:
    deadline = NOW + timedelta(minutes=5)
    await table.emit(effect("k", "l", incident=3, payload={"a": 1}, merge="m", deadline=deadline))
    first = await table.one(worker="me")
    assert first == Claimed(
        id=first.id,
        kind=EffectKind.OPEN_PAGE,
        key="k",
        lane="l",
        incident=3,
        payload={"a": 1},
        merge="m",
        attempt=1,
        created_at=NOW,
        first_tried_at=NOW,
        deadline=deadline,
        external_ref=None,
        last_reason=None,
    )
    row = await table.row("k")
    assert (row.state, row.leased_by, row.lease_until) == ("leased", "me", NOW + LEASE)
    table.clock.advance(1)
    await table.do(
        lambda s, now: store.reschedule(s, first.id, None, now, "unavailable", "x", now=now)
    )
    again = await table.one()
    assert (again.attempt, again.first_tried_at, again.last_reason) == (2, NOW, "unavailable")


async def test_the_next_look_is_when_something_is_due(table: Table) -> None:
    assert (await table.claim()).next_at is None
    await table.emit(
        effect("a", due=NOW + timedelta(seconds=9)), effect("b", due=NOW + timedelta(seconds=5))
    )
    assert (await table.claim()).next_at == NOW + timedelta(seconds=5)


# --- merging --------------------------------------------------------------------------------------


async def test_waiting_ones_are_one_and_one_under_way_is_not(table: Table) -> None:
    await table.emit(*(effect(f"refresh@{n}", "card", merge="card") for n in range(10)))
    assert await table.states() == {"refresh@0": "pending"}
    under_way = await table.one()
    await table.emit(*(effect(f"refresh@{n}", "card", merge="card") for n in range(10, 20)))
    assert await table.states() == {"refresh@0": "leased", "refresh@10": "pending"}
    await table.settle(under_way)
    assert await table.keys() == ["refresh@10"]


async def test_a_failed_one_gives_way_to_the_newer_one_that_waits(table: Table) -> None:
    await table.emit(effect("old", "card", merge="card"))
    old = await table.one()
    await table.emit(effect("new", "card", merge="card"))
    later = NOW + timedelta(seconds=30)
    await table.do(
        lambda s, now: store.reschedule(s, old.id, old.merge, later, "unavailable", "", now=now)
    )
    assert await table.states() == {"old": "cancelled", "new": "pending"}
    assert await table.keys() == ["new"]


async def test_a_key_is_used_once_for_ever(table: Table) -> None:
    await table.emit(effect("k"))
    await table.settle(await table.one())
    await table.emit(effect("k"))
    assert await table.states() == {"k": "done"}
    assert await table.work.write(lambda tx: store.emit(tx.session, [], tx.now)) == 0


# --- budgets --------------------------------------------------------------------------------------


async def test_slacks_limit_is_shared_by_all_replicas(table: Table) -> None:
    await table.emit(
        *(effect(f"c{n}", kind=EffectKind.CREATE_CHANNEL, incident=n) for n in range(30))
    )
    first = await table.claim(10, worker="one")
    second = await table.claim(64, worker="two")
    assert len(first.effects) == 10
    assert len(second.effects) == TIER_2.calls - 10
    assert second.next_at == NOW + timedelta(seconds=TIER_2.seconds)
    table.clock.advance(TIER_2.seconds - 1)
    assert (await table.claim()).effects == ()
    table.clock.advance(1)
    assert len((await table.claim()).effects) == 30 - TIER_2.calls


async def test_a_full_limit_does_not_stop_what_needs_another(table: Table) -> None:
    await table.emit(
        *(
            effect(f"c{n}", kind=EffectKind.CREATE_CHANNEL, rank=Rank.PAGE, incident=n)
            for n in range(100)
        ),
        effect("pin", kind=EffectKind.PIN_CARD, rank=Rank.DECORATION),
        effect("page"),
    )
    kinds = [e.key for e in (await table.claim(40)).effects]
    assert len(kinds) == TIER_2.calls + 2
    assert kinds[-2:] == ["page", "pin"]


async def test_one_message_a_second_and_channel(table: Table) -> None:
    await table.emit(
        effect("a1", kind=EffectKind.POST_ENTRY, incident=1),
        effect("a2", kind=EffectKind.POST_ENTRY, incident=1),
        effect("b1", kind=EffectKind.POST_ENTRY, incident=2),
    )
    claim = await table.claim()
    assert [e.key for e in claim.effects] == ["a1", "b1"]
    assert claim.next_at == NOW + timedelta(seconds=1.1)
    table.clock.advance(1.1)
    assert [e.key for e in (await table.claim()).effects] == ["a2"]


async def test_without_a_budget_everything_goes(table: Table) -> None:
    await table.emit(
        *(effect(f"c{n}", kind=EffectKind.CREATE_CHANNEL, incident=n) for n in range(40))
    )
    assert len((await table.claim(budgeted=False)).effects) == 40


async def test_a_429_closes_the_method_for_all(table: Table) -> None:
    until = NOW + timedelta(seconds=30)
    await table.do(lambda s, _: store.block_budget(s, EffectKind.CREATE_CHANNEL, until.timestamp()))
    await table.do(lambda s, _: store.block_budget(s, EffectKind.CREATE_CHANNEL, NOW.timestamp()))
    await table.do(lambda s, _: store.block_budget(s, EffectKind.APPLY_EVENT, 1e12))
    await table.emit(
        effect("c", kind=EffectKind.CREATE_CHANNEL), effect("p", kind=EffectKind.APPLY_EVENT)
    )
    claim = await table.claim()
    assert [e.key for e in claim.effects] == ["p"]
    assert claim.next_at == until
    table.clock.time = until
    assert [e.key for e in (await table.claim()).effects] == ["c"]


async def test_budgets_of_quiet_channels_are_forgotten(table: Table) -> None:
    await table.emit(*(effect(f"e{n}", kind=EffectKind.POST_ENTRY, incident=n) for n in range(40)))
    await table.claim()
    table.clock.advance(10)
    await table.emit(effect("again", kind=EffectKind.POST_ENTRY, incident=99))
    await table.claim()
    names = await table.work.read(
        lambda tx: {b.name for b in tx.session.execute(select(BudgetRow)).scalars()}
    )
    assert names == {"post:INC-99", METHODS[EffectKind.POST_ENTRY][0]}


# --- leases ---------------------------------------------------------------------------------------


async def test_a_lease_that_ran_out_is_given_to_another(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one(worker="dead")
    table.clock.advance(LEASE.total_seconds())
    assert await table.do(store.free_leases) == 0
    table.clock.advance(0.001)
    assert await table.do(store.free_leases) == 1
    theirs = await table.one(worker="alive")
    assert (theirs.id, theirs.attempt, theirs.last_reason) == (mine.id, 2, "interrupted")


async def test_a_sign_of_life_keeps_the_lease(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one(worker="me")
    table.clock.advance(5)
    await table.do(lambda s, now: store.renew(s, [mine.id], "me", now))
    await table.do(lambda s, now: store.renew(s, [mine.id], "you", now + timedelta(days=1)))
    assert (await table.row("k")).lease_until == table.clock.time + LEASE
    table.clock.advance(LEASE.total_seconds() - 1)
    assert await table.do(store.free_leases) == 0


async def test_a_starting_process_frees_everything_at_once(table: Table) -> None:
    await table.emit(effect("a"), effect("b", merge="m"))
    await table.claim()
    await table.emit(effect("c", merge="m"))
    freed = await table.do(lambda s, now: store.free_leases(s, now, everything=True))
    assert freed == 2
    assert await table.states() == {"a": "pending", "b": "cancelled", "c": "pending"}


async def test_only_the_holder_may_settle(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one(worker="me")

    async def is_mine(worker: str, claimed: Claimed = mine) -> bool:
        return bool(await table.do(lambda s, _: store.still_mine(s, claimed, worker)))

    assert await is_mine("me")
    assert not await is_mine("you")
    await table.do(lambda s, now: store.free_leases(s, now, everything=True))
    assert not await is_mine("me")
    again = await table.one(worker="me")
    assert not await is_mine("me"), "the same worker, but an attempt that was given up"
    assert await is_mine("me", again)
    await table.settle(again)
    assert not await is_mine("me", again)


# --- afterwards -----------------------------------------------------------------------------------


async def test_settling_keeps_the_reference_and_forgets_the_trouble(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one()
    await table.do(
        lambda s, now: store.reschedule(s, mine.id, None, now, "unavailable", "x", now=now)
    )
    await table.do(lambda s, now: store.settle(s, mine.id, now, ref="PX1"))
    row = await table.row("k")
    assert (row.state, row.external_ref, row.last_reason, row.last_detail) == (
        "done",
        "PX1",
        None,
        None,
    )
    assert row.settled_at == NOW


async def test_the_dead_wait_for_somebody(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one()
    await table.do(lambda s, now: store.give_up(s, mine.id, now, "invalid", "x" * 900))
    row = await table.row("k")
    assert (row.state, row.last_reason, row.lease_until) == ("dead", "invalid", None)
    assert row.last_detail == "x" * 500
    assert await table.keys() == []
    assert await table.do(lambda s, now: store.retry_dead(s, mine.id, now)) is True
    again = await table.one()
    assert again.attempt == 2
    assert await table.do(lambda s, now: store.retry_dead(s, mine.id, now)) is False
    assert await table.do(lambda s, now: store.retry_dead(s, 999, now)) is False


async def test_retrying_what_still_waits_makes_it_due_now(table: Table) -> None:
    await table.emit(effect("k"))
    mine = await table.one()
    later = NOW + timedelta(hours=1)
    await table.do(
        lambda s, now: store.reschedule(s, mine.id, None, later, "unavailable", "", now=now)
    )
    assert await table.keys() == []
    assert await table.do(lambda s, now: store.retry_dead(s, mine.id, now)) is True
    assert await table.keys() == ["k"]


async def test_old_traces_are_deleted_and_the_run_log_is_kept(table: Table) -> None:
    await table.emit(effect("step", incident=1), effect("free"), effect("dead"), effect("waits"))
    for claimed in (await table.claim(3, budgeted=False)).effects:
        state = "dead" if claimed.key == "dead" else "done"
        await table.settle(claimed, state)

    def remember(tx: Tx) -> None:
        tx.remember("old", 1)
        for n, state in enumerate(("applied", "ignored", "failed")):
            row = tx.deliver(Delivery("pagerduty", f"e{n}", "x", b"{}"))
            assert row is not None
            tx.inbound_done(row, state)
        tx.deliver(Delivery("pagerduty", "new", "x", b"{}"))

    await table.work.write(remember)
    assert await table.do(store.prune) == 0
    later = NOW + timedelta(seconds=1)
    assert await table.do(lambda s, _: store.prune(s, later, most=1)) == 3
    assert await table.do(lambda s, _: store.prune(s, later)) == 1
    assert await table.states() == {"step": "done", "dead": "dead", "waits": "pending"}
    kept = await table.work.read(lambda tx: [bool(tx.kept(f"e{n}")) for n in range(3)])
    assert kept == [False, False, True]
    assert await table.work.write(lambda tx: tx.remember("old", 1)), "the key is free again"


async def test_a_new_refresh_does_not_wait_for_the_back_off_of_the_one_it_joins(
    table: Table,
) -> None:
    await table.emit(effect("a", "card", merge="card"))
    claimed = await table.one()
    later = NOW + timedelta(minutes=1)
    await table.do(
        lambda s, now: store.reschedule(s, claimed.id, "card", later, "unavailable", "", now=now)
    )
    assert await table.keys() == []
    await table.emit(effect("b", "card", merge="card"))
    assert await table.keys() == ["a"]
