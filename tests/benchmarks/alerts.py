"""(g) 10,000 alerts within a minute, in 500 groups, under Slack's real rate limits.

It is over when every alert is stored and every group has a card or is listed in the summary.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.benchmarks.rig import Row, ground, percentile, say

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground

TOKEN = "a-token-for-alerts"
#: Alerts in one delivery, as Alertmanager groups them.
TOGETHER = 5
GROUPS = 500
SHOWN = "SELECT count(*), sum(ts IS NOT NULL), sum(listed), sum(ts IS NULL AND NOT listed) FROM alert_group"


async def run(*, quick: bool) -> list[Row]:
    count, seconds = (1_000, 6) if quick else (10_000, 60)
    refused: Counter[str] = Counter()
    calls = 0
    async with ground({"ALERTS_TOKEN": TOKEN}, limits=True) as place:
        await place.start_bot()
        await place.quiet()
        await place.calls("alerts")
        began = time.monotonic()
        waits = await _send(place, count, seconds)
        sent = time.monotonic() - began
        stored = told = 0
        last = began
        while time.monotonic() - began < 900:
            for call in await place.calls("alerts"):
                calls += call["vendor"] == "slack"
                refused[call["vendor"]] += call["status"] == 429
            [(stored,)] = place.ask("SELECT count(*) FROM alert")
            [(groups, posted, listed, waiting)] = place.ask(SHOWN)
            if time.monotonic() - last > 15:
                last = time.monotonic()
                took = last - began
                say(
                    f"  {took:4.0f} s  {stored} stored, {groups} groups: {posted} cards, {listed} listed"
                )
            told = (posted or 0) + (listed or 0)
            if stored >= count and not waiting:
                break
            await asyncio.sleep(0.5)
        took = time.monotonic() - began
        summary = await _summary(place)
        for _ in range(40):  # it is edited every 15 seconds
            if f"{listed:,} groups" in summary:
                break
            await asyncio.sleep(0.5)
            summary = await _summary(place)
    return [
        Row(
            what=f"{count:,} alerts in {sent:.0f} s ({TOGETHER} in a delivery): kept before the answer",
            measured=f"p50 {percentile(waits, 0.5) * 1000:.0f} ms, p95 {percentile(waits, 0.95) * 1000:.0f} ms",
            target="p95 under 1 s, which Sentry allows",
            met=percentile(waits, 0.95) < 1,
        ),
        Row(
            what="the same: stored and grouped",
            measured=f"{stored:,} alerts, {told} of {groups} groups told after {took:.0f} s",
            baseline=f"sent in {sent:.0f} s",
            ratio=f"{took / sent:.2f}",
            target="all of them",
            met=stored == count and told == groups,
        ),
        Row(
            what="the same: answers 429 by Slack",
            measured=str(refused["slack"]),
            baseline=f"{calls:,} calls",
            target="0",
            met=refused["slack"] == 0,
        ),
        Row(
            what="the same: summed up in one message",
            measured=f"{posted} cards, {listed} groups in the summary: {summary}",
            target="a summary",
            met=bool(summary),
        ),
    ]


async def _send(place: Ground, count: int, seconds: float) -> list[float]:
    """Deliveries evenly over the time; how long each was waited for."""
    waits: list[float] = []
    began = time.monotonic()
    deliveries = count // TOGETHER

    async def one(number: int) -> None:
        await asyncio.sleep(max(0.0, began + seconds * number / deliveries - time.monotonic()))
        alerts = [alert(number * TOGETHER + n) for n in range(TOGETHER)]
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{place.bot_url}/webhooks/alerts/alertmanager"
        asked = time.monotonic()
        async with place.http.post(url, json={"alerts": alerts}, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
        waits.append(time.monotonic() - asked)

    await asyncio.gather(*(one(number) for number in range(deliveries)))
    return waits


def alert(number: int) -> dict[str, Any]:
    """The alert of that number, as Alertmanager sends it."""
    group = number % GROUPS
    return {
        "status": "firing",
        "labels": {
            "alertname": f"Alert{group}",
            "service": f"service-{group % 40}",
            "instance": f"host-{number}",
            "severity": "warning",
        },
        "annotations": {"summary": "Something is wrong"},
        "startsAt": "2026-03-01T09:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"{number:016x}",
    }


async def _summary(place: Ground) -> str:
    state = await place.state()
    for messages in state["messages"].values():
        for message in messages:
            if "storm of alerts" in message["text"]:
                return " ".join(message["text"].split())[:120]
    return ""
