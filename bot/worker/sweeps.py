"""Things done by the clock (APScheduler, memory only): polls, the people mirror, probes of stopped providers.

Sweeps hold no state: what they find due becomes an effect under a key of its name and time, so that all replicas
may run them.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain import action_plan, plan_identity, report
from bot.domain.effects import Effect, EffectKind, Rank
from bot.errors import ProviderError, Reason
from bot.services import calendars, reachability
from bot.services.readings import Readings
from bot.store import alerts
from bot.store import effects as effect_store
from bot.worker import cron

if TYPE_CHECKING:
    from bot.store.tx import Tx
    from bot.worker.loop import Worker
    from bot.worker.world import World

log = structlog.get_logger()

MIRROR_EVERY = timedelta(hours=1)
MIRROR_RETRY = 5.0
PROBE_SECONDS = 30
REMIND_SECONDS = 15
DIGEST_SECONDS = 60
ROSTER_SECONDS = 10
CALENDAR_SECONDS = 15
DRILL_SECONDS = 15
AUDIT_SECONDS = 60
#: When the admins hear who cannot be reached (UTC).
UNREACHABLE_WEEKLY = "Mon 09:00"
#: How often GitHub is asked which issues changed: without webhooks, and with them (it sends each only once).
ISSUE_SECONDS_ALONE, ISSUE_SECONDS = 60, 600
#: With more repositories than this they take turns: 5,000 requests an hour are all there are.
REPOS_AT_ONCE = 25
#: Of so many issues it is asked each time whether they are still there, which no list tells; of one per repository
#: at least.
LOOKS_AT_ONCE = 10
PRUNE_EVERY = timedelta(hours=6)
#: Finished effects, once-keys, applied webhooks and alerts that are over are deleted when they are older than this
#: (the timeline is kept for ever).
KEEP = timedelta(days=30)

#: Outcomes of a call that mean more than that this one call was refused.
_DOWN = {
    Reason.AUTH.value: "it refuses our key",
    Reason.UNAVAILABLE.value: "it does not answer",
    Reason.UNKNOWN_OUTCOME.value: "it does not answer properly",
}


class Sweeps:
    """Starts and stops all that runs by the clock."""

    def __init__(
        self,
        world: World,
        worker: Worker,
        *,
        poll_seconds: int,
        told_by_github: bool = False,
    ) -> None:
        """``poll_seconds`` 0 switches polling off (what was missed is still caught up at start).

        ``told_by_github``: its webhooks can reach us, so that it need not be asked so often.
        """
        self._issue_seconds = ISSUE_SECONDS if told_by_github else ISSUE_SECONDS_ALONE
        self._world = world
        self._worker = worker
        self._poll_seconds = poll_seconds
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._mirroring: asyncio.Task[None] | None = None
        self._changed_meanwhile = False
        self._started = f"{time.time():.3f}"
        self.down: dict[str, str] = {}

    async def start(self) -> None:
        """Catch up at once, then by the clock."""
        add = self._scheduler.add_job
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": 60}
        self.mirror_soon()
        add(self.mirror_soon, "interval", seconds=MIRROR_EVERY.total_seconds(), **options)
        await self.audit_pages()
        add(self.audit_pages, "interval", seconds=AUDIT_SECONDS, **options)
        add(self.remind, "interval", seconds=REMIND_SECONDS, **options)
        await self.rosters()
        add(self.rosters, "interval", seconds=ROSTER_SECONDS, **options)
        if self._world.catalog.digest is not None:
            await self.digest()
            add(self.digest, "interval", seconds=DIGEST_SECONDS, **options)
        await self.calendars()
        add(self.calendars, "interval", seconds=CALENDAR_SECONDS, **options)
        await self.unreachable()
        add(self.unreachable, "interval", seconds=DIGEST_SECONDS, **options)
        if self._world.catalog.drills.schedule is not None:
            await self.drill()
            add(self.drill, "interval", seconds=DRILL_SECONDS, **options)
        add(self._probe, "interval", seconds=PROBE_SECONDS, **options)
        add(self._prune, "interval", seconds=PRUNE_EVERY.total_seconds(), **options)
        if self._world.pager is not None:
            await self._emit_poll(f"start/{self._started}")
            if self._poll_seconds:
                add(self._poll, "interval", seconds=self._poll_seconds, **options)
        if self._world.tickets is not None:
            await self.look_at_issues(f"start/{self._started}")
            add(self.look_at_issues, "interval", seconds=self._issue_seconds, **options)
        self._scheduler.start()

    async def stop(self) -> None:
        """Nothing more by the clock."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._mirroring is not None:
            self._mirroring.cancel()

    # --- reminders ---------------------------------------------------------------------------------------------

    async def remind(self) -> None:
        """Look which incidents' people are to be reminded, and which channels' time is over."""
        sent = await self._world.reminding.sweep()
        if sent:
            log.info("reminders.due", count=sent)
        due = await self._world.afterwards.archiving.sweep()
        if due:
            log.info("archiving.due", count=due)

    # --- rosters -----------------------------------------------------------------------------------------------

    async def rosters(self) -> None:
        """Look which rosters hand over or have nobody on call, and which user groups differ from who is."""
        due = await self._world.roster_watch.sweep()
        if due:
            log.info("rosters.due", count=due)

    # --- calendars ---------------------------------------------------------------------------------------------

    async def calendars(self) -> None:
        """Have the calendars of rosters read; most looks find that it is not time yet."""
        found = await self._world.work.read(lambda tx: calendars.due(tx, self._world.catalog))
        if found:
            await self._world.work.write(lambda tx: tx.emit(found))

    # --- pages -------------------------------------------------------------------------------------------------

    async def audit_pages(self) -> None:
        """Every open page has a next step; what has none is mended, and told."""
        found = await self._world.page_audit.sweep(ping=self._world.deadman is not None)
        self._worker.metrics.audited(mended=len(found.mended), late=len(found.late))
        if found.mended or found.late:
            log.warning("pages.audited", mended=list(found.mended), late=list(found.late))

    # --- polling -----------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        now = self._world.work.clock.now().timestamp()
        await self._emit_poll(f"{int(now // self._poll_seconds) * self._poll_seconds}")

    async def _emit_poll(self, slot: str) -> None:
        effect = Effect(
            kind=EffectKind.POLL_PAGER,
            key=f"poll/{slot}",
            lane="poll",
            merge="poll",
            rank=Rank.INBOUND,
        )
        await self._world.work.write(lambda tx: tx.emit([effect]))

    async def look_at_issues(self, slot: str = "") -> None:
        """Ask GitHub which issues changed, one question per repository with something open, and which are gone."""
        repos = await self._world.following.watched()
        now = self._world.work.clock.now().timestamp()
        slot = slot or f"{int(now // self._issue_seconds) * self._issue_seconds}"
        first = int(now // self._issue_seconds) * REPOS_AT_ONCE % len(repos) if repos else 0
        turn = (repos[first:] + repos[:first])[:REPOS_AT_ONCE]
        if turn:
            looks = max(1, LOOKS_AT_ONCE // len(turn))
            effects = [action_plan.poll_issues(repo, slot, looks) for repo in turn]
            await self._world.work.write(lambda tx: tx.emit(effects))

    # --- people ------------------------------------------------------------------------------------------------

    def mirror_soon(self) -> None:
        """Read people, groups and PagerDuty accounts again; one reading at a time, tried until it works.

        What changes during a reading may have been read before it changed: it is read once more.
        """
        self._changed_meanwhile = True
        if self._mirroring is None or self._mirroring.done():
            self._mirroring = asyncio.create_task(self._mirror(), name="mirror")

    async def _mirror(self) -> None:
        wait = MIRROR_RETRY
        while True:
            self._changed_meanwhile = False
            try:
                readings = Readings()
                rooms = await readings.take("rooms", self._world.chat.private_channels())
                if rooms is not None:
                    await self._world.privacy.catch_up(rooms)
                await self._world.people.mirror(self._world.chat, self._world.pager)
                readings.check()
            except ProviderError as error:
                log.warning(
                    "people.not_mirrored", provider=error.provider, reason=error.reason.value
                )
                await asyncio.sleep(error.retry_after or wait)
                wait = min(wait * 2, 300)
            else:
                if not self._changed_meanwhile:
                    return

    # --- the weekly digest -------------------------------------------------------------------------------------

    async def digest(self) -> None:
        """Post last week's report once it is time; its key is that time, so replicas post it once."""
        wanted = self._world.catalog.digest
        due = report.digest_due(wanted.weekly, self._world.work.clock.now()) if wanted else None
        if wanted is None or due is None:
            return
        effect = report.send(key=f"digest/{due:%Y-%m-%dT%H:%M}", days=7, channel=wanted.channel)
        await self._world.work.write(lambda tx: tx.emit([effect]))

    async def unreachable(self) -> None:
        """Once a week the admins hear who is counted on and cannot be reached; with all reachable, nothing."""
        due = report.digest_due(UNREACHABLE_WEEKLY, self._world.work.clock.now())
        with_pager = self._world.pager is not None
        if due is not None and await self._world.work.read(
            lambda tx: reachability.is_known(tx, with_pager=with_pager)
        ):
            effect = plan_identity.list_unreachable(due)
            await self._world.work.write(lambda tx: tx.emit([effect]))

    # --- scheduled drills --------------------------------------------------------------------------------------

    async def drill(self) -> None:
        """Start the drill whose time has come; replicas agree on one, and what is late by an hour is left out."""
        rules, now = self._world.catalog.drills, self._world.work.clock.now()
        if rules.schedule is None:
            return
        since = await self._world.drills.schedule.looked()
        recent, missed = cron.due(rules.schedule, rules.time_zone, since, now)
        await self._world.drills.schedule.come_due(recent, missed)

    # --- stopped providers -------------------------------------------------------------------------------------

    def heard(self, vendor: str, outcome: str) -> None:
        """How a call ended: a vendor that does not answer or refuses us is ``down`` until one succeeds."""
        problem = _DOWN.get(outcome)
        if problem:
            self.down[vendor] = problem
        else:
            self.down.pop(vendor, None)

    async def _probe(self) -> None:
        """A provider that is down or refused our key is asked from time to time whether that is over."""
        for provider in {*self._world.stopped, *self.down}:
            if await self._takes_the_key(provider) and provider in self._world.stopped:
                log.info("provider.back", provider=provider)
                await self._worker.resume(provider)

    async def _takes_the_key(self, provider: str) -> bool:
        world = self._world
        try:
            if provider == "slack":
                await world.chat.identity()
            elif provider == "pagerduty" and world.pager is not None:
                await world.pager.abilities()
            elif provider == "github" and world.tickets is not None:
                await world.tickets.login()
        except ProviderError as error:
            return error.reason is not Reason.AUTH and error.reason is not Reason.UNAVAILABLE
        return True

    # --- retention ---------------------------------------------------------------------------------------------

    async def _prune(self) -> None:
        def prune(tx: Tx) -> int:
            return effect_store.prune(tx.session, tx.now - KEEP) + alerts.prune(tx, tx.now - KEEP)

        deleted = await self._world.work.write(prune)
        if deleted:
            log.info("database.pruned", rows=deleted)
