"""(b) From a signed PagerDuty webhook to its announcement and its channel's card, every Slack call taking 200 ms.

The baseline is one bare Slack call (``auth.test``) measured between the webhooks.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.benchmarks import events
from tests.benchmarks.rig import (
    Row,
    announced_at,
    cards_at,
    ground,
    millis,
    percentile,
    say,
    sign,
    times_of,
)

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground

LATENCY_MS = 200


async def run(*, quick: bool) -> list[Row]:
    count = 12 if quick else 40
    trips: list[float] = []
    sent: dict[int, float] = {}
    async with ground() as place:
        await place.start_bot()
        await place.quiet()
        await place.settings(slack_latency_ms=LATENCY_MS, webhooks=False)
        for n in range(count):
            trips.append(await _bare(place))
            sent[n] = await _webhook(place, n)
            await asyncio.sleep(1.2)
        await asyncio.sleep(2)
        state = await place.state()
    announced, cards = announced_at(state), cards_at(state)
    shown = [min(times_of(announced, f"latency-{n}-check")) - at for n, at in sent.items()]
    ready = [min(times_of(cards, f"latency-{n}-check")) - at for n, at in sent.items()]
    base = percentile(trips, 0.95)
    say(f"  announced {_told(shown)}; channel with card {_told(ready)}; bare call {_told(trips)}")
    return [
        _row("webhook to announcement visible", shown, base, 1, 0.05),
        _row("webhook to channel with card", ready, base, 3, 0.1),
    ]


def _row(what: str, found: list[float], trip: float, trips: int, more: float) -> Row:
    p50, p95 = percentile(found, 0.5), percentile(found, 0.95)
    allowed = trips * trip + more
    plural = "round trip" if trips == 1 else f"{trips} round trips"
    return Row(
        what=f"{what} ({len(found)} webhooks, Slack calls take {LATENCY_MS} ms)",
        measured=f"p50 {millis(p50)}, p95 {millis(p95)}",
        baseline=f"one bare Slack call, p95 {millis(trip)}",
        ratio=f"{p95 / trip:.2f}",
        target=f"p95 at most {plural} + {millis(more)} = {millis(allowed)}",
        met=p95 <= allowed,
    )


def _told(values: list[float]) -> str:
    return f"p50 {millis(percentile(values, 0.5))} p95 {millis(percentile(values, 0.95))}"


async def _bare(place: Ground) -> float:
    began = time.perf_counter()
    headers = {"Authorization": "Bearer xoxb-sandbox"}
    async with place.http.post(f"{place.url}/slack/api/auth.test", headers=headers) as answer:
        await answer.read()
    return time.perf_counter() - began


async def _webhook(place: Ground, number: int) -> float:
    """An incident that really is at PagerDuty, told by a webhook of ours; returns when it was sent."""
    title = f"Latency latency-{number}-check"
    made = await place.post(
        "/api/pagerduty", action="trigger", title=title, service="PCHECKO", urgency="high"
    )
    page = made["incident"]["id"]
    data = events.incident(page, made["incident"]["incident_number"], title)
    body = events.body(number, "incident.triggered", data).encode()
    headers = {"X-PagerDuty-Signature": sign(body), "Content-Type": "application/json"}
    at = time.time()
    async with place.http.post(
        f"{place.bot_url}/webhooks/pagerduty", data=body, headers=headers
    ) as answer:
        await answer.read()
    return at
