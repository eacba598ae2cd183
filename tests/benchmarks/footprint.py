"""(e) Cold start to ready, and resident memory of the bot and its children a minute later, after one incident.

Vendors on: PagerDuty and GitHub. Read from /proc; a first start that is not counted fills the byte-code caches.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.rig import Row, cards_at, cpu_seconds, ground, resident, say, start

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground

MEMORY_MB, START_SECONDS = 150.0, 3.0
STARTS = 3


async def run(*, quick: bool) -> list[Row]:
    pause = 5 if quick else 60
    async with ground() as place:
        await place.start_bot()
        await place.stop_bot()
        bare = await _interpreter(place)
        starts, cpu = [], []
        for _ in range(STARTS):
            bot = await place.start_bot(wait=False)
            starts.append(await place.ready())
            cpu.append(cpu_seconds(bot.pid))
            if len(starts) < STARTS:
                await place.stop_bot()
        assert place.bot is not None
        fresh = resident(place.bot.pid)
        await place.post(
            "/api/pagerduty", action="trigger", title="Footprint", service="PCHECKO", urgency="high"
        )

        async def carded() -> bool:
            return any(cards_at(await place.state()).values())

        await place.wait(carded, 30, "the incident's card", every=0.2)
        await asyncio.sleep(pause)
        state = await place.state()
        issues = sum(len(r["issues"]) for r in state["github"]["repositories"])
        memory = resident(place.bot.pid)
        say(
            f"  starts {[f'{s:.2f}' for s in starts]} s using {[f'{s:.2f}' for s in cpu]} s of processor;"
            f" {fresh:.0f} MB when ready, {memory:.0f} MB {pause} s after an incident ({issues} issues at GitHub)"
        )
        peak = _peak(place.bot.pid)
    best = min(starts)
    return [
        Row(
            what="cold start to ready (PagerDuty and GitHub on)",
            measured=f"{best:.2f} s (best of {STARTS}), {min(cpu):.2f} s of processor",
            baseline=f"python -c pass: {bare:.2f} s",
            ratio=f"{best / bare:.0f}",
            target="under 3 s",
            met=best < START_SECONDS,
        ),
        Row(
            what=f"resident memory, bot and children, {pause} s after one incident",
            measured=f"{memory:.0f} MB (peak {peak:.0f} MB)",
            baseline=f"{fresh:.0f} MB when ready",
            ratio=f"{memory / fresh:.2f}",
            target="under 150 MB",
            met=memory < MEMORY_MB,
        ),
    ]


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def _interpreter(place: Ground) -> float:
    """What starting Python alone takes."""
    found = []
    for _ in range(3):
        began = time.monotonic()
        child = await start(place.folder, "nothing", "-c", "pass")
        await child.process.wait()
        found.append(time.monotonic() - began)
    return min(found)
