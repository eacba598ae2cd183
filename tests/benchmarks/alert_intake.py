"""(h) Alerts mapped per second against reading the same JSON; accepted durably per second; none lost by a SIGKILL.

The bodies are Alertmanager's, five alerts in each, every alert different.
"""

from __future__ import annotations

import json
import time

from bot.domain.alert_sources import Alerts
from bot.mapping.alerts import AlertMapper
from tests.benchmarks.alerts import TOGETHER, TOKEN, alert
from tests.benchmarks.intake import Sender, killed, rates
from tests.benchmarks.rig import Row, millis, percentile, say

#: Mapping and reading take turns, so that whatever else the machine does falls on both.
ROUNDS = 5


def bodies(count: int) -> list[str]:
    """``count`` different deliveries."""
    made = []
    for number in range(count):
        alerts = [alert(number * TOGETHER + n) for n in range(TOGETHER)]
        made.append(json.dumps({"version": "4", "receiver": "muster", "alerts": alerts}))
    return made


SENDER = Sender(f"/webhooks/alerts/alertmanager?token={TOKEN}", bodies, {"ALERTS_TOKEN": TOKEN})


async def run(*, quick: bool) -> list[Row]:
    mapped, read = await _mapped(200 if quick else 1_000)
    found = await rates(SENDER, 1_000 if quick else 3_000)
    kept, base = found["kept"], found["base"]
    lost, applied, total, seconds = await killed(SENDER, 200 if quick else 2_000)
    return [
        Row(
            what=f"alerts mapped per second (Alertmanager's, {TOGETHER} in a delivery, one processor)",
            measured=f"{mapped:,.0f}/s",
            baseline=f"{read:,.0f}/s by json.loads alone",
            ratio=f"{mapped / read:.3f}",
        ),
        Row(
            what="alerts accepted durably per second (SQLite, worker running)",
            measured=f"{kept * TOGETHER:,.0f}/s in {kept:,.0f} deliveries, p95 {millis(found['kept_p95'])}",
            baseline=f"{base:,.0f} deliveries/s without keeping them",
            ratio=f"{kept / base:.2f}",
        ),
        Row(
            what=f"{total * TOGETHER:,} accepted alerts, SIGKILL right after the last 202, restart",
            measured=f"{lost} lost, {applied * TOGETHER:,} applied {seconds:.0f} s after the start",
            target="none lost, all applied",
            met=lost == 0 and applied == total,
        ),
    ]


async def _mapped(count: int) -> tuple[float, float]:
    """Alerts per second: mapped from bytes, and only read; the middle one of some rounds."""
    mapper, sent = AlertMapper(Alerts()), [body.encode() for body in bodies(count)]
    mapping, reading = [], []
    await mapper.map("alertmanager", json.loads(sent[0]))  # compiles the preset
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for body in sent:
            json.loads(body)
        reading.append(time.perf_counter() - began)
        began, alerts = time.perf_counter(), 0
        for body in sent:
            alerts += len((await mapper.map("alertmanager", json.loads(body))).alerts)
        mapping.append(time.perf_counter() - began)
        assert alerts == count * TOGETHER
    await mapper.close()
    say(f"  mapped in {[f'{s:.2f}' for s in mapping]} s, read in {[f'{s:.4f}' for s in reading]} s")
    number = count * TOGETHER
    return number / percentile(mapping, 0.5), number / percentile(reading, 0.5)
