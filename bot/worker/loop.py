"""The worker: claim, run, settle. One effect is one vendor call, at least once, under its key.

Started by ``app``; woken by every commit that emitted effects (and looking each second for replicas' work). Leases
of effects under way are renewed; a retaken effect knows by its attempts that its call may have been made.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot import failpoints
from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.lifecycle import Decision
from bot.errors import MusterError, ProviderError, Reason
from bot.services import page_moves, steps
from bot.store import effects as store
from bot.store import runlog
from bot.store.engine import is_sqlite
from bot.store.runlog import SHOWN_AFTER
from bot.worker import retry
from bot.worker.runners import EFFECTS

if TYPE_CHECKING:
    from datetime import datetime

    from bot.metrics import Metrics
    from bot.store.effects import Claim, Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()

#: Effects under way at once; each is one vendor call that mostly waits.
CONCURRENCY = 160
#: Of them so many at once per provider: one that hangs must not keep Slack's waiting, and vendors mind crowds.
AT_ONCE = {
    "pagerduty": 16,
    "github": 8,
    "muster": 32,
    "apprise": 16,
    "alertmanager": 4,
    "deadman": 1,
}
#: In a flood webhooks are kept first and applied a few at a time; it is over when none were crowded for a moment.
FLOOD_AT_ONCE, FLOOD_SECONDS = 4, 0.25
FLOOD_OVER = 0.5
#: What people wait for; the others claimed with it begin a moment later, so that its request is sent before theirs.
FIRST = {EffectKind.ANNOUNCE, EffectKind.OPEN_PAGE, EffectKind.PAGE_NATIVE, EffectKind.DELIVER_PAGE}
BREATH = 0.02
#: What a page's proof follows attempt by attempt.
DELIVERIES = {EffectKind.DELIVER_PAGE, EffectKind.DELIVER_BEYOND}
#: No runner takes longer: a look-up and a call of 5 s each, with room.
RUNNER_SECONDS = 20.0
RENEW_SECONDS = 2.0
LOOK_SECONDS = 1.0
#: Bugs are tried again a few times (they may be passing), then shown.
BUG_TRIES = 5


class Worker:
    """One per process; any number of processes may share a database."""

    def __init__(
        self, world: World, metrics: Metrics, *, budgeted: bool, concurrency: int = CONCURRENCY
    ) -> None:
        """``budgeted``: keep Slack's rate limits by ourselves (SLACK_RATE_BUDGET)."""
        self.world = world
        self.metrics = metrics
        self.name = secrets.token_hex(6)
        self._budgeted = budgeted
        self._concurrency = concurrency
        self._running: dict[int, asyncio.Task[None]] = {}
        self._at_work: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._freed_at = 0.0
        self.last_look: float = 0.0

    def wake(self) -> None:
        """Look for work now; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self) -> None:
        """Work until cancelled or drained."""
        self._loop = asyncio.get_running_loop()
        work = self.world.work
        work.on_effects = self.wake
        await self._recover()
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._draining:
                await self._turn()
        finally:
            renewing.cancel()

    async def _recover(self) -> None:
        """Take back what a dead process held; on SQLite there is no other, so all of it at once."""
        everything = is_sqlite(self.world.work.url)

        def free(tx: Tx) -> int:
            for provider in runlog.stopped(tx):
                tx.set_value(f"stopped:{provider}", None)
                steps.provider_changed(tx, provider)
            return store.free_leases(tx.session, tx.now, everything=everything)

        freed = await self._patiently(free)
        if freed:
            log.info("worker.recovered", effects=freed)

    async def _patiently(self, fn: object) -> int:
        """At start the database may still be on its way up."""
        while True:
            try:
                return await self.world.work.write(fn)  # type: ignore[arg-type]
            except MusterError:
                await asyncio.sleep(0.5)

    async def _turn(self) -> None:
        """One look: claim what fits, start it, wait for a reason to look again."""
        self._wake.clear()
        flood = time.monotonic() - self.world.inbound.crowded_at < FLOOD_OVER
        room = (FLOOD_AT_ONCE if flood else self._concurrency) - len(self._running)
        next_at: datetime | None = None
        if room > 0:
            try:
                claim = await self.world.work.write(lambda tx: self._claim(tx, min(room, 64)))
            except Exception as error:  # noqa: BLE001 - the worker outlives a database that is away for a while
                log.warning("worker.claim_failed", error=type(error).__name__)
                await asyncio.sleep(0.5)
                return
            self.last_look = time.monotonic()
            if self._draining:  # claimed while we were told to stop: left to the next process
                return
            hurry = any(effect.kind in FIRST for effect in claim.effects)
            for effect in claim.effects:
                self._start(effect, BREATH if hurry and effect.kind not in FIRST else 0.0)
            if flood:
                await asyncio.sleep(FLOOD_SECONDS)
            if len(claim.effects) == min(room, 64):
                return
            next_at = claim.next_at
        await self._pause(next_at)

    def _claim(self, tx: Tx, limit: int) -> Claim:
        if time.monotonic() - self._freed_at > LOOK_SECONDS:
            self._freed_at = time.monotonic()
            # A machine that slept, or whose clock leapt, finds the leases of its own calls under way run out.
            if ours := list(self._running):
                store.renew(tx.session, ours, self.name, tx.now)
            store.free_leases(tx.session, tx.now)
        self._learn_who_stands_still(tx)
        return store.claim(
            tx.session,
            now=tx.now,
            worker=self.name,
            limit=limit,
            room={name: most - self._at_work[name] for name, most in AT_ONCE.items()},
            budgeted=self._budgeted,
        )

    def _learn_who_stands_still(self, tx: Tx) -> None:
        """Another process may have been refused, or heard that the key is taken again."""
        known = runlog.stopped(tx)
        for provider in {*self.world.stopped} - {*known}:
            self.world.stopped.pop(provider, None)
        self.world.stopped.update(known)

    async def _pause(self, next_at: datetime | None) -> None:
        seconds = LOOK_SECONDS
        if next_at is not None:
            left = (next_at - self.world.work.clock.now()).total_seconds()
            seconds = min(max(left, 0.005), LOOK_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _start(self, effect: Claimed, after: float = 0.0) -> None:
        task = asyncio.create_task(self._carry(effect, after), name=effect.key)
        self._running[effect.id] = task
        self._at_work[effect.kind.provider] += 1
        task.add_done_callback(lambda _: self._finished(effect))

    def _finished(self, effect: Claimed) -> None:
        self._running.pop(effect.id, None)
        self._at_work[effect.kind.provider] -= 1
        self._wake.set()

    # --- one effect --------------------------------------------------------------------------------------------

    async def _carry(self, effect: Claimed, after: float = 0.0) -> None:
        if after:
            await asyncio.sleep(after)
        began = time.monotonic()
        outcome = "interrupted"
        bound = {"effect": effect.kind.value, "id": effect.id, "incident": f"INC-{effect.incident}"}
        with structlog.contextvars.bound_contextvars(**bound):
            try:
                failpoints.reach(f"call.before {effect.kind.value}")
                async with asyncio.timeout(RUNNER_SECONDS):
                    settle = await EFFECTS[effect.kind](self.world, effect)
                failpoints.reach(f"call.after {effect.kind.value}")
                await self._settle(effect, settle)
                outcome = "done"
            except ProviderError as error:
                outcome = error.reason.value
                await self._failed(effect, error)
            except TimeoutError:
                outcome = Reason.UNKNOWN_OUTCOME.value
                late = ProviderError(
                    effect.kind.provider, Reason.UNKNOWN_OUTCOME, "no answer in time"
                )
                await self._failed(effect, late)
            except Exception as error:  # noqa: BLE001 - a bug in one effect must not stop the others
                outcome = "bug"
                await self._bug(effect, error)
            finally:
                self.metrics.effect(effect.kind.value, outcome, time.monotonic() - began)

    async def _settle(self, effect: Claimed, settle: Settle | None) -> None:
        def finish(tx: Tx) -> None:
            if not store.still_mine(tx.session, effect, self.name):
                log.warning("worker.lease_lost")
                return
            store.settle(tx.session, effect.id, tx.now)
            if settle is not None:
                settle(tx)
            if effect.attempt > SHOWN_AFTER or effect.last_reason == Reason.AUTH:
                self._show(tx, effect)  # until now the card says that it failed

        await self.world.work.write(finish)
        log.debug("effect.done", attempt=effect.attempt)

    async def _failed(self, effect: Claimed, error: ProviderError) -> None:
        now = self.world.work.clock.now()
        verdict = retry.decide(
            error,
            attempts=effect.attempt,
            first_tried=effect.first_tried_at,
            now=now,
            deadline=effect.deadline,
            jitter=retry.random_jitter(),
        )
        log.warning(
            "effect.failed", reason=error.reason.value, code=error.code, detail=error.detail,
            attempt=effect.attempt, verdict=type(verdict).__name__,
        )  # fmt: skip
        await self._record(lambda tx: self._write_verdict(tx, effect, error, verdict))

    def _write_verdict(
        self, tx: Tx, effect: Claimed, error: ProviderError, verdict: retry.Verdict
    ) -> None:
        if not store.still_mine(tx.session, effect, self.name):
            return
        reason, detail = error.reason.value, error.detail or error.reason.value
        match verdict:
            case retry.Retry(at):
                if error.reason is Reason.RATE_LIMITED:
                    store.block_budget(tx.session, effect.kind, at.timestamp())
                store.reschedule(
                    tx.session, effect.id, effect.merge, at, reason, detail, now=tx.now
                )
                if effect.kind in DELIVERIES and effect.last_reason is None:
                    page_moves.struggles(tx, effect.payload["page"])
                if (
                    effect.attempt == SHOWN_AFTER
                ):  # from now on the card says that this step is late
                    self._show(tx, effect)
            case retry.GiveUp(why):
                store.give_up(tx.session, effect.id, tx.now, reason, why)
                self._show(tx, effect)
            case retry.Reauth(why):
                waits = 0.0  # until the provider is started again; another's step is not held back
                if error.provider != effect.kind.provider:
                    waits = max(retry.backoff(effect.attempt, 1.0), LOOK_SECONDS)
                at = tx.now + timedelta(seconds=waits)
                store.reschedule(tx.session, effect.id, effect.merge, at, reason, why, now=tx.now)
                self._stop(tx, error.provider, why)
                self._show(tx, effect)

    def _stop(self, tx: Tx, provider: str, why: str) -> None:
        """The provider refuses our key: nothing more is sent there, the admins are told once."""
        if tx.value_to_change(f"stopped:{provider}"):
            return
        since = tx.now.isoformat()
        tx.set_value(f"stopped:{provider}", {"why": why, "since": since})
        text = f"{_NAMES.get(provider, provider)} refused the key: {why}. Ask an admin to renew it; I stopped retrying."
        tx.emit(
            [
                Effect(
                    kind=EffectKind.TELL_ADMINS,
                    key=f"stopped/{provider}/{since}",
                    lane="admins",
                    payload={"text": text},
                    rank=Rank.ANSWER,
                )
            ]
        )
        steps.provider_changed(tx, provider)

    @staticmethod
    def _show(tx: Tx, effect: Claimed) -> None:
        """What failed shows on the cards."""
        if effect.incident is None or effect.kind.value.startswith("slack.refresh"):
            return
        incident = tx.incident_or_none(effect.incident)
        if incident is not None:
            tx.record(Decision(incident=incident, effects=plan.refresh(incident)))

    async def _bug(self, effect: Claimed, error: Exception) -> None:
        ref = secrets.token_hex(2).upper()
        log.error("effect.bug", ref=ref, error=repr(error), exc_info=error)
        detail = f"something broke on my side, ref {ref}"

        def write(tx: Tx) -> None:
            if not store.still_mine(tx.session, effect, self.name):
                return
            if effect.attempt >= BUG_TRIES:
                store.give_up(tx.session, effect.id, tx.now, "bug", detail)
                self._show(tx, effect)
            else:
                at = tx.now + timedelta(seconds=retry.backoff(effect.attempt + 1, 1.0))
                store.reschedule(tx.session, effect.id, effect.merge, at, "bug", detail, now=tx.now)

        await self._record(write)

    async def _record(self, fn: object) -> None:
        """Write down a failure; when even that fails the lease runs out and the effect is taken again."""
        try:
            await self.world.work.write(fn)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - nothing is lost: the lease runs out
            log.warning("worker.verdict_not_written", error=type(error).__name__)

    # --- housekeeping ------------------------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            ids = list(self._running)
            if ids:
                await self._record(
                    lambda tx, ids=ids: store.renew(tx.session, ids, self.name, tx.now)
                )

    async def resume(self, provider: str) -> None:
        """The provider takes our key again (or somebody pressed Retry)."""

        def go_on(tx: Tx) -> None:
            tx.set_value(f"stopped:{provider}", None)
            steps.provider_changed(tx, provider)

        await self._record(go_on)
        self.world.stopped.pop(provider, None)
        self.wake()

    async def drain(self, seconds: float) -> int:
        """Claim nothing more, let what is under way finish; how many had to be left to the next process."""
        self._draining = True
        self._wake.set()
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        left = [t for t in tasks if not t.done()]
        for task in left:
            task.cancel()
        return len(left)

    @property
    def under_way(self) -> int:
        """Effects being carried out now."""
        return len(self._running)


_NAMES = {"pagerduty": "PagerDuty", "github": "GitHub", "slack": "Slack"}
