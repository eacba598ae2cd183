"""(f) ``/incident list`` and Home with 100,000 incidents in the database, against 100 in the same run."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.store import migrate
from bot.store.convert import fold_title
from bot.store.engine import open_engine
from bot.store.tables import IncidentRow, PersonalRow
from tests.benchmarks.rig import ALICE, NO_VENDORS, Row, ground, millis, percentile, say

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground

LIMIT = 0.1
#: One of so many is still open, and one of so many concerns the person who looks.
OPEN_EVERY, MINE_EVERY = 5, 50
LISTS = ("list", "list all", "list mine", "list checkout")


async def run(*, quick: bool) -> list[Row]:
    small, big = 100, 20_000 if quick else 100_000
    few, many = await _measure(small), await _measure(big)
    rows = []
    for what, seconds in many.items():
        p95, base = percentile(seconds, 0.95), percentile(few[what], 0.95)
        rows.append(
            Row(
                what=f"{what} with {big:,} incidents",
                measured=f"p50 {millis(percentile(seconds, 0.5))}, p95 {millis(p95)}",
                baseline=f"with {small}: p95 {millis(base)}",
                ratio=f"{p95 / base:.1f}",
                target="p95 under 100 ms",
                met=p95 < LIMIT,
            )
        )
    return rows


async def _measure(count: int) -> dict[str, list[float]]:
    async with ground(NO_VENDORS) as place:
        await asyncio.to_thread(seed, f"sqlite:///{place.database}", count)
        await place.start_bot()
        await place.quiet()
        found = {f"/incident {words}": await _listed(place, words) for words in LISTS}
        found["Home"] = await _home(place)
        told = {what: millis(percentile(each, 0.5)) for what, each in found.items()}
        say(f"  {count:,} incidents: {told}")
        return found


async def _listed(place: Ground, words: str, times: int = 15) -> list[float]:
    """From the envelope to its acknowledgement, which carries the list."""
    state = await place.state()
    general = next(c["id"] for c in state["channels"] if c["name"] == "general")
    found = []
    for _ in range(times):
        began = time.perf_counter()
        answer = await place.post(
            "/api/command", user=ALICE, channel=general, text=f"/incident {words}"
        )
        found.append(time.perf_counter() - began)
        if not answer["ok"] or "ncident" not in str(answer["ack"]):
            say(f"  /incident {words} answered {str(answer)[:200]}")
    return found[1:]


async def _home(place: Ground, times: int = 15) -> list[float]:
    """From the event to ``views.publish`` arriving."""
    found = []
    await place.calls("home")
    for _ in range(times):
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
    return found[1:]


def seed(url: str, count: int) -> None:
    """That many incidents over two years, by bulk inserts."""
    engine = open_engine(url)
    migrate.upgrade(engine)
    now = datetime.now(UTC)
    incidents, people = [], []
    for number in range(1, count + 1):
        at = now - timedelta(days=730) * (1 - number / count)
        is_open = number % OPEN_EVERY == 0
        title = f"Incident {number}: something is wrong with the checkout"
        owner = {"name": "Alice", "slack_id": ALICE}
        incidents.append(
            {
                "number": number,
                "title": title,
                "title_key": fold_title(title),
                "status": "triggered" if is_open else "resolved",
                "phase": "investigating" if is_open else "resolved",
                "last_event": "triggered" if is_open else "resolved",
                "severity": f"SEV{number % 4 + 1}",
                "urgency": "high" if number % 3 else "low",
                "service": ("checkout", "payments", "search")[number % 3],
                "service_title": ("Checkout", "Payments", "Search")[number % 3],
                "description": "It fails for some customers. " * 5,
                "resolution": "",
                "private": number % 50 == 0,
                "origin": "slack",
                "opens_channel": True,
                "owners": [] if number % MINE_EVERY else [owner],
                "roles": {},
                "pager_kind": "nobody",
                "pager": {},
                "channel": f"C{number:09d}",
                "channel_name": f"incident-{number}-something",
                "places": {"announcement_channel": "C0INCIDENT", "announcement_ts": f"{number}.1"},
                "started_at": at,
                "created_at": at,
                "updated_at": at,
                "acknowledged_at": at + timedelta(minutes=3),
                "resolved_at": None if is_open else at + timedelta(hours=1),
                "version": 3,
            }
        )
        if number % MINE_EVERY == 0:
            people.append({"slack_id": ALICE, "incident": number})
    with engine.begin() as connection:
        table: Any = IncidentRow
        involved: Any = PersonalRow
        connection.execute(table.__table__.insert(), incidents)
        connection.execute(involved.__table__.insert(), people)
    engine.dispose()
