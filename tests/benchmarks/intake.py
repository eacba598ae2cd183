"""(c) Webhooks accepted durably per second, worker running, against a route of the same app that keeps nothing.

Then 10,000 accepted events, SIGKILL right after the last 202, a restart, and every one must be there and be applied.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.benchmarks import events
from tests.benchmarks.rig import ROOT, Row, cpu_seconds, ground, millis, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.benchmarks.rig import Ground

CONNECTIONS = 32
INCIDENTS = 100
LAUNCHER = ("-m", "tests.benchmarks.launcher")


async def load(place: Ground, path: str, bodies: list[str], **more: Any) -> dict[str, Any]:
    """Send from a process of its own and return what it saw."""
    address = urlsplit(place.bot_url)
    spec = {
        "host": address.hostname,
        "port": address.port,
        "path": path,
        "connections": CONNECTIONS,
        **events.signed(bodies),
        **more,
    }
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.client",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    answer, _ = await client.communicate(json.dumps(spec).encode())
    found: dict[str, Any] = json.loads(answer)
    return found


@dataclass(frozen=True)
class Sender:
    """Whose webhooks are sent: where to, and ``count`` different bodies."""

    path: str
    bodies: Callable[[int], list[str]]
    changes: Mapping[str, str | None] = field(default_factory=dict)


PAGERDUTY = Sender("/webhooks/pagerduty", lambda count: events.mixed(count, INCIDENTS))


async def run(*, quick: bool) -> list[Row]:
    found, half = await rates(PAGERDUTY, 2_000 if quick else 6_000), 0.25
    kept, base = found["kept"], found["base"]
    lost, applied, total, seconds = await killed(PAGERDUTY, 1_000 if quick else 10_000)
    return [
        Row(
            what="webhooks accepted durably per second (SQLite, worker running)",
            measured=f"{kept:,.0f}/s, p95 {millis(found['kept_p95'])}",
            baseline=f"{base:,.0f}/s without keeping them",
            ratio=f"{kept / base:.2f}",
            target="at least 0.25 of the baseline",
            met=kept / base >= half,
        ),
        Row(
            what=f"{total:,} accepted webhooks, SIGKILL right after the last 202, restart",
            measured=f"{lost} lost, {applied:,} applied {seconds:.0f} s after the start",
            baseline="-",
            target="none lost, all applied",
            met=lost == 0 and applied == total,
        ),
    ]


async def rates(sender: Sender, count: int) -> dict[str, float]:
    """Deliveries accepted per second, and how many a route takes that keeps nothing."""
    async with ground(sender.changes) as place:
        await place.start_bot(*LAUNCHER)
        await place.quiet()
        assert place.bot is not None
        bodies = sender.bodies(count)
        await load(place, "/bench/baseline", bodies[:500])
        before = await load(place, "/bench/baseline", bodies)
        used = cpu_seconds(place.bot.pid)
        kept = await load(place, sender.path, bodies)
        used = cpu_seconds(place.bot.pid) - used
        waiting = place.ask("SELECT count(*) FROM inbound WHERE state = 'stored'")[0][0]
        await place.quiet(300)
        after = await load(place, "/bench/baseline", bodies)
        say(
            f"  baseline {count / before['seconds']:,.0f}/s and {count / after['seconds']:,.0f}/s;"
            f" kept {count / kept['seconds']:,.0f}/s {kept['statuses']}, {waiting} not applied at the end,"
            f" {used / count * 1000:.2f} ms of processor each; client used {kept['cpu']:.1f} s"
        )
        base = 2 * count / (before["seconds"] + after["seconds"])
        taken = int(kept["statuses"].get("202", 0)) / kept["seconds"]
        return {"kept": taken, "base": base, "kept_p95": kept["p95"]}


async def killed(sender: Sender, count: int) -> tuple[int, int, int, float]:
    """Accepted deliveries that were lost by a SIGKILL, those applied after the restart, all, and how long that took."""
    async with ground(sender.changes) as place:
        bot = await place.start_bot()
        bodies = sender.bodies(count)
        found = await load(place, sender.path, bodies, kill=bot.pid)
        accepted = int(found["statuses"].get("202", 0))
        await bot.process.wait()
        stored = int(place.ask("SELECT count(*) FROM inbound")[0][0])
        done = int(place.ask("SELECT count(*) FROM inbound WHERE state != 'stored'")[0][0])
        say(f"  {accepted} answered 202, {stored} on disk, {done} of them applied before the kill")
        place.bot = None
        again = await place.start_bot()

        async def all_applied() -> bool:
            return not place.ask("SELECT count(*) FROM inbound WHERE state = 'stored'")[0][0]

        await place.wait(all_applied, 600, "all events to be applied", every=0.25)
        seconds = asyncio.get_running_loop().time() - again.started
        applied = int(place.ask("SELECT count(*) FROM inbound WHERE state = 'applied'")[0][0])
        return accepted - stored, applied, accepted, seconds
