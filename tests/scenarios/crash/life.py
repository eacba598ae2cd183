"""One workspace, one database, one bot that is killed again and again while people work."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import func, select

from bot.ports import SystemClock
from bot.sandbox.server import SandboxConfig, serve
from bot.store import action_items, runlog
from bot.store.engine import database_url
from bot.store.tables import EffectRow, IncidentRow
from bot.store.work import Work
from tests.scenarios.crash.process import PATIENCE
from tests.scenarios.crash.stories import STORIES, difference, doubled_topics, picture
from tests.stage import Stage, bot_environ, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from bot.store.tx import Tx
    from tests.scenarios.crash.process import Bot, Starter
    from tests.scenarios.crash.stories import Story
    from tests.stage import Json

#: The contract: everything is as if nothing had happened this long after the restart, seconds.
RESTART_SECONDS = 10.0
#: Shortens the sandbox's pauses between attempts to deliver a webhook to a bot that is down.
WEBHOOK_PAUSES = 0.2
VENDORS = ("slack", "pagerduty", "github")


@dataclass(frozen=True)
class Place:
    """The ``n``-th place the bot reaches after the story began (see ``bot/failpoints.py``)."""

    n: int

    def __str__(self) -> str:
        return f"place {self.n}"


@dataclass(frozen=True)
class Answered:
    """The ``n``-th call of a vendor is done, its answer never arrives."""

    vendor: str
    n: int

    def __str__(self) -> str:
        return f"{self.vendor} call {self.n}"


Point = Place | Answered


@dataclass(frozen=True)
class Recorded:
    """One story of an undisturbed life: what was to be seen, and where it could have ended."""

    picture: list[str]
    places: tuple[str, ...]
    calls: Mapping[str, int]

    @property
    def points(self) -> list[Point]:
        """Every way to die."""
        answered = (Answered(v, n + 1) for v, most in self.calls.items() for n in range(most))
        return [*(Place(n + 1) for n in range(len(self.places))), *answered]


#: Bob's account at GitHub, so that what is his is assigned to him.
CONFIG = "people: {bob@example.com: {github: bob}}\n"


class WrongError(AssertionError):
    """The promise was broken."""


@dataclass
class Life:
    """The sandbox, the database, and the bot of the moment."""

    stage: Stage
    work: Work
    folder: Path
    starter: Starter
    bots: list[Bot] = field(default_factory=list)
    ready_at: float = 0.0
    took: list[float] = field(default_factory=list)  # from each restart until all was done
    deaf: bool = False  # whoever took webhooks is dead for good
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    # --- the bot ----------------------------------------------------------------------

    async def start(self, *, place: int = 0, gate: str = "never", port: int | None = None) -> Bot:
        """Start a bot; it dies at ``place``, counted once ``open_gate(gate)`` was called."""
        log = self.folder / f"bot-{next(self._numbers)}.log"
        environ = {
            **self.stage.environ,
            "MUSTER_FAILPOINT": str(place),
            "MUSTER_FAILPOINT_GATE": str(self.folder / gate),
            "MUSTER_FAILPOINT_LOG": str(self.folder / f"places-{gate}"),
            "LOG_LEVEL": "DEBUG",
        }
        if port is not None:
            environ["HTTP_PORT"] = str(port)
        bot = await self.starter.start(environ, self.folder, log)
        self.bots.append(bot)
        return bot

    async def ready(self, bot: Bot, url: str | None = None, seconds: float = PATIENCE) -> None:
        """Wait until it says it is ready."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self.stage.http.get(f"{url or self.stage.bot_url}/readyz")
                if answer.status_code == 200:
                    break
            if bot.ended.done() or time.monotonic() > deadline:
                raise WrongError(f"the bot is not ready:\n{bot.said()}")
            await asyncio.sleep(0.02)
        self.ready_at = time.monotonic()

    def open_gate(self, gate: str) -> None:
        (self.folder / gate).touch()

    def places(self, gate: str) -> tuple[str, ...]:
        """The places reached since that gate was opened."""
        log = self.folder / f"places-{gate}"
        lines = log.read_text().splitlines() if log.exists() else []
        return tuple(line.partition(" ")[2] for line in lines)

    # --- looking ----------------------------------------------------------------------

    async def status(self) -> str | None:
        """What the database says of the only incident there may be and its items, None when there is none."""

        def look(tx: Tx) -> str | None:
            columns: Any = IncidentRow
            rows = tx.session.execute(
                select(columns.status, columns.private, columns.number).order_by(columns.number)
            ).all()
            if len(rows) > 1:
                raise WrongError(f"{len(rows)} incidents in the database")
            if not rows:
                return None
            [row] = rows
            done, every = action_items.counted(tx, row.number)
            items = f", {done} of {every} done" if every else ""
            status = str(getattr(row.status, "value", row.status))
            return f"{status}{items}{' private' * row.private}"

        return await self.work.read(look)

    async def picture(self) -> list[str]:
        return picture(await self.stage.state())

    async def idle(self) -> bool:
        """Whether no webhook is under way and no effect is left to do now."""
        now = self.work.clock.now()
        if self._webhooks():
            return False
        effects: Any = EffectRow
        leased = select(func.count()).where(effects.state == "leased")
        due = await self.work.read(lambda tx: runlog.due_now(tx, now))
        held = await self.work.read(lambda tx: tx.session.execute(leased).scalar())
        return not due and not held and not self._webhooks()

    def _webhooks(self) -> bool:
        return not self.deaf and self.stage._webhooks_under_way()

    async def until(self, check: Callable[[], Any], deadline: float) -> bool:
        """Look again and again; whether it came true in time."""
        feed = self.stage.sandbox.sandbox.feed
        changed = feed.subscribe()
        try:
            while True:
                changed.clear()
                if await check():
                    return True
                if time.monotonic() > deadline:
                    return False
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), 0.2)
                await asyncio.sleep(0.02)  # many changes at once are one look
        finally:
            feed.unsubscribe(changed)

    async def rest(self, seconds: float = 30) -> None:
        """Wait until the bot has nothing left to do."""
        if not await self.until(self.idle, time.monotonic() + seconds):
            raise WrongError(f"not idle within {seconds} s: {await self.unfinished()}")

    async def unfinished(self) -> list[Json]:
        """Effects that are not done, and why."""
        columns: Any = EffectRow
        query = select(columns).where(columns.state.in_(("pending", "leased", "dead")))

        def look(tx: Tx) -> list[Json]:
            rows = tx.session.execute(query).scalars()
            names = ("key", "state", "attempts", "last_reason", "last_detail", "due", "lease_until")
            return [{name: str(getattr(row, name)) for name in names} for row in rows]

        return await self.work.read(look)

    async def dead(self) -> list[Json]:
        return [row for row in await self.unfinished() if row["state"] == "dead"]


def others_share() -> float:
    """How many times slower than alone we run: processes that want to compute per processor.

    The promise is about a machine that is there for the bot, which this one may not be.
    """
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@contextlib.asynccontextmanager
async def life(
    folder: Path, database: str | None, starter: Starter, **changes: str | None
) -> AsyncIterator[Life]:
    """A fresh workspace and database; no bot yet."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - at once, on a local disk
    port = free_port()
    bot_url = f"http://127.0.0.1:{port}"
    (folder / "muster.yml").write_text(CONFIG, encoding="utf-8")
    running = await serve(SandboxConfig(port=0, limits=False, bot_url=bot_url))
    vendor: Any = running.sandbox.vendors["pagerduty"]
    vendor.desk.webhooks.retry_scale = WEBHOOK_PAUSES
    address = database or f"sqlite:///{folder}/muster.db"
    work = Work(database_url(address), SystemClock())
    environ = bot_environ(running.url, address, port, **changes)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        one = Life(Stage(running, None, bot_url, http, environ), work, folder, starter)
        try:
            yield one
        finally:
            for bot in one.bots:
                bot.kill()
            await asyncio.gather(*(bot.end() for bot in one.bots))
            work.close()
            await running.close()


# --- an undisturbed life ------------------------------------------------------------------


async def record(one: Life) -> dict[str, Recorded]:
    """Live through all stories without dying."""
    recorded = {}
    gates = [story.name for story in STORIES]
    bot = await one.start(gate=gates[0])
    await one.ready(bot)
    await one.rest()
    for story, following in itertools.zip_longest(STORIES, STORIES[1:]):
        await story.prepare(one.stage)
        before = len(await one.stage.calls())
        one.open_gate(story.name)
        answer = await story.act(one.stage)
        assert answer["ok"], answer
        await one.rest()
        places = _useful(one.places(story.name))
        calls = (await one.stage.calls())[before:]
        counted = {v: sum(c["vendor"] == v for c in calls) for v in VENDORS}
        recorded[story.name] = Recorded(await one.picture(), places, counted)
        if following is not None:  # a bot per story, so that each counts from one
            bot.kill()
            await bot.end()
            bot = await one.start(gate=following.name)
            await one.ready(bot)
            await one.rest()
    assert await one.stage.problems() == []
    assert await one.dead() == []
    return recorded


def _useful(places: tuple[str, ...]) -> tuple[str, ...]:
    """Without the idle looks for work after the last effect was settled."""
    last = max((n for n, name in enumerate(places) if name.startswith("call.")), default=0)
    return places[: last + 3]


# --- a life with deaths -------------------------------------------------------------------


async def die(
    one: Life, recorded: Mapping[str, Recorded], points: Mapping[str, Point]
) -> list[str]:
    """Live through all stories, dying at the given point of each; returns what was wrong.

    The bot that dies in a story is the one restarted after the death in the story before.
    """
    first = STORIES[0]
    bot = await _born(one, first, points[first.name])
    await one.rest()
    before: list[str] = await one.picture()
    for story, following in itertools.zip_longest(STORIES, STORIES[1:]):
        point = points[story.name]
        try:
            bot = await _death(
                one,
                bot,
                story,
                following,
                points,
                before=before,
                after=recorded[story.name].picture,
            )
        except AssertionError as error:
            names = one.places(story.name)
            where = f" ({' > '.join(names[-3:])})" if isinstance(point, Place) else ""
            return [f"{story.name}, killed at {point}{where}: {error}"]
        before = recorded[story.name].picture
    return []


async def _born(one: Life, story: Story | None, point: Point | None) -> Bot:
    """Start the bot that is to die in ``story``."""
    place = point.n if isinstance(point, Place) else 0
    bot = await one.start(place=place, gate=story.name if story else "never")
    await one.ready(bot)
    return bot


async def _death(
    one: Life,
    bot: Bot,
    story: Story,
    following: Story | None,
    points: Mapping[str, Point],
    *,
    before: list[str],
    after: list[str],
) -> Bot:
    """Let the bot die in one story, start it again, and judge; returns the new bot."""
    point = points[story.name]
    await story.prepare(one.stage)
    if isinstance(point, Answered):
        await one.stage.fault(f"{point.vendor}.*", "hold_after", skip=point.n - 1)
    one.open_gate(story.name)
    acting = asyncio.create_task(story.act(one.stage))
    try:
        await _killed(one, bot, point)
        again = await _born(one, following, points[following.name] if following else None)
        answer = await acting
    finally:
        acting.cancel()
    await _judge(one, story, again, answer, before=before, after=after)
    return again


async def _killed(one: Life, bot: Bot, point: Point) -> None:
    """Wait until it died of its failpoint, or kill it while a call is answered."""
    if isinstance(point, Answered):

        async def held() -> bool:
            return bool(one.stage.sandbox.sandbox.faults._held)

        # With other coincidences there is one call less; then it dies when all is done.
        while not await one.until(held, time.monotonic() + 2):
            if await one.idle():
                break
        bot.kill()
    code = await bot.end()
    await one.stage._call("DELETE", "/api/faults")
    if code != -9:
        raise WrongError(f"the bot ended with {code} instead of being killed:\n{bot.said()}")


async def _judge(
    one: Life, story: Story, bot: Bot, answer: Json, *, before: list[str], after: list[str]
) -> None:
    begun = one.ready_at
    if await one.status() != story.status:
        if answer["ok"]:
            raise WrongError(
                f"the person was told it is done, the database knows nothing: {answer}"
            )
        await one.rest()
        if found := difference(before, await one.picture()):
            raise WrongError(f"killed before the first commit, and yet:\n{found}")
        answer = await story.act(one.stage)
        if not answer["ok"]:
            raise WrongError(f"the same again was refused: {answer}\n{bot.said()}")
        begun = time.monotonic()
    await _complete(one, bot, after, begun)
    if not answer["ok"]:  # Slack showed its own failure, so the person does it again
        await story.act(one.stage)
        await _unchanged(one, bot, after, "the person did it again")
    wrong = [p for p in await one.stage.problems() if p["kind"] != "no_ack"]
    if wrong:
        raise WrongError(f"the vendors complain: {wrong}")


async def complaints(stage: Stage) -> list[Json]:
    """What the vendors complain of; an event whose bot went away meanwhile is delivered again, by Slack's own rule."""
    found = await stage.problems()
    return [p for p in found if p["kind"] != "no_ack" or "events_api" not in p["text"]]


async def _complete(one: Life, bot: Bot, after: list[str], begun: float) -> None:
    """In time everything is as in an undisturbed life, and it stays so."""

    async def same() -> bool:
        return await one.picture() == after

    allowed = RESTART_SECONDS * others_share()
    if not await one.until(same, begun + allowed):
        found = difference(after, await one.picture())
        waits = await one.unfinished()
        raise WrongError(
            f"{allowed:.1f} s after the restart:\n{found}\n"
            f"not done: {waits}\nthe bot said:\n{bot.said()}"
        )
    one.took.append(time.monotonic() - begun)
    await _unchanged(one, bot, after, "the bot came to rest")


async def _unchanged(one: Life, bot: Bot, after: list[str], when: str) -> None:
    await one.rest()
    if found := difference(after, await one.picture()):
        raise WrongError(f"when {when}:\n{found}\nthe bot said:\n{bot.said()}")
    if dead := await one.dead():
        raise WrongError(f"when {when}, given up: {dead}")
    if twice := doubled_topics(await one.stage.state()):
        raise WrongError(f"when {when}, told twice: {twice}")
