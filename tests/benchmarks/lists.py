"""(f) What people wait for with 100,000 incidents in the database, against 100 in the same run.

Every sample counts, the first after a cold start too. Once with the incidents spread over two years, once with all
of them in the last 30 days, which is the worst there is for the numbers on Home.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.domain.effects import Effect, EffectKind
from bot.ports import SystemClock
from bot.store import effects as effect_store
from bot.store import queries
from bot.store.work import Work
from tests.benchmarks.many import seed
from tests.benchmarks.rig import ALICE, NO_VENDORS, Row, ground, millis, percentile, say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.store.tx import Tx
    from tests.benchmarks.rig import Ground

LIMIT = 0.1
TIMES = 30
TWO_YEARS, A_MONTH = 730, 30
Samples = dict[str, list[float]]


async def run(*, quick: bool) -> list[Row]:
    small, big = 100, 20_000 if quick else 100_000
    few = await _measure(small, TWO_YEARS)
    spread = await _measure(big, TWO_YEARS)
    dense = await _measure(big, A_MONTH)
    rows = [_row(what, spread[what], few[what], f"{big:,} incidents", small) for what in spread]
    worst = f"{big:,} incidents of the last 30 days"
    rows += [
        _row(what, dense[what], few[what], worst, small) for what in ("Home", "/incident report")
    ]
    rest = {what: each for what, each in dense.items() if what not in {"Home", "/incident report"}}
    slowest = max(rest, key=lambda what: percentile(rest[what], 0.95))
    rows.append(
        _row(f"the slowest of the others, {slowest}", rest[slowest], few[slowest], worst, small)
    )
    return rows


def _row(what: str, seconds: list[float], few: list[float], size: str, small: int) -> Row:
    p95, base = percentile(seconds, 0.95), percentile(few, 0.95)
    return Row(
        what=f"{what} with {size}",
        measured=f"p50 {millis(percentile(seconds, 0.5))}, p95 {millis(p95)}, max {millis(max(seconds))}",
        baseline=f"with {small}: p95 {millis(base)}",
        ratio=f"{p95 / base:.1f}",
        target="p95 under 100 ms",
        met=p95 < LIMIT,
    )


async def _measure(count: int, days: int) -> Samples:
    async with ground(NO_VENDORS) as place:
        await asyncio.to_thread(seed, f"sqlite:///{place.database}", count, days=days)
        await place.start_bot()
        found = {"Home": await _home(place)}  # first of all, while everything is cold
        found |= await _commands(place, count)
        found["completion of INC-n"] = await _completed(place)
        found["/metrics"] = await _times(lambda: _metrics(place))
        await place.quiet()
        await place.stop_bot()
        found |= await asyncio.to_thread(_reads, f"sqlite:///{place.database}", count)
        told = {what: f"{millis(percentile(e, 0.5))}/{millis(max(e))}" for what, e in found.items()}
        say(f"  {count:,} incidents of {days} days, p50/max: {told}")
        return found


async def _times(ask: Callable[[], Awaitable[object]]) -> list[float]:
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - began)
    return found


async def _commands(place: Ground, count: int) -> Samples:
    """From the envelope to its acknowledgement, which carries the answer."""
    state = await place.state()
    general = next(c["id"] for c in state["channels"] if c["name"] == "general")

    async def ask(words: str) -> None:
        answer = await place.post(
            "/api/command", user=ALICE, channel=general, text=f"/incident {words}"
        )
        if not answer["ok"] or not (answer["ack"] or {}).get("text"):
            raise RuntimeError(f"/incident {words} answered {str(answer)[:200]}")

    wanted = {
        "/incident list": "list",
        "/incident list all": "list all",
        "/incident list mine": "list mine",
        "/incident list checkout": "list checkout",
        "/incident show INC-n": f"show INC-{count - 2}",
        "/incident timeline INC-n (200 entries)": f"timeline INC-{count}",
        "/incident report": "report",
    }
    return {what: await _times(lambda w=words: ask(w)) for what, words in wanted.items()}


async def _completed(place: Ground) -> list[float]:
    """Typing a part of a title where an incident is asked for."""
    state = await place.state()
    general = next(c["id"] for c in state["channels"] if c["name"] == "general")
    await place.post("/api/command", user=ALICE, channel=general, text="/incident ack")
    typed = iter(["INC-99", "99", "wrong", "nothing like it", "checkout"] * TIMES)

    async def ask() -> None:
        answer = await place.post(
            "/api/options",
            user=ALICE,
            where="view",
            action_id="incident.pick",
            value=next(typed),
        )
        if not answer["ok"]:
            raise RuntimeError(f"completion answered {str(answer)[:200]}")

    return await _times(ask)


async def _metrics(place: Ground) -> None:
    async with place.http.get(f"{place.bot_url}/metrics") as answer:
        await answer.text()


async def _home(place: Ground) -> list[float]:
    """From the event to ``views.publish`` arriving."""
    found = []
    await place.calls("home")
    for _ in range(TIMES):
        began = time.time()
        await place.post("/api/open_home", user=ALICE)

        async def published() -> list[dict[str, Any]]:
            return [
                call
                for call in await place.calls("home")
                if call["operation"] == "slack.views.publish"
            ]

        call = (await place.wait(published, 10, "Home", every=0.005))[0]
        found.append(datetime.fromisoformat(call["at"]).timestamp() - began)
        await asyncio.sleep(0.2)
    return found


def _reads(url: str, count: int) -> Samples:
    """What has no answer of its own to wait for, straight from the database."""
    work = Work(url, SystemClock())
    title = f"Incident {count}: something is wrong with the checkout"

    def claim(tx: Tx) -> object:
        lane = f"bench/{tx.now.isoformat()}"
        tx.emit([Effect(kind=EffectKind.TELL_ADMINS, key=lane, lane=lane)])
        return effect_store.claim(tx.session, now=tx.now, worker="bench", limit=64)

    async def measure() -> Samples:
        services = ["checkout", "payments"]
        return {
            "similar titles": await _times(
                lambda: work.read(lambda tx: tx.similar(title, "checkout"))
            ),
            "related incidents": await _times(
                lambda: work.read(lambda tx: queries.on_services(tx, services, besides=count))
            ),
            "an effect emitted and claimed": await _times(lambda: work.write(claim)),
        }

    try:
        return asyncio.run(measure())
    finally:
        work.close()
