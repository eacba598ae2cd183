"""(d) 1,000 PagerDuty incidents within a minute, 30 % of them of high urgency, under Slack's real rate limits.

In real time. It is over when every incident was announced on its own or is listed in the summary.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.benchmarks.rig import Row, ground, room, say

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground

ANNOUNCED = (
    "SELECT urgency, sum(json_extract(places, '$.announcement_ts') IS NOT NULL),"
    " sum(coalesce(json_extract(places, '$.listed'), 0)), count(*) FROM incident GROUP BY urgency"
)
WAITING = (
    "SELECT count(*) FROM effect WHERE kind = 'slack.announce' AND state IN ('pending', 'leased')"
)
#: A sentence is edited every 15 s; 300 urgent incidents a minute are 75 more by then, and the edit takes its turn.
OFF = 100
#: Slack allows one announcement a second in one channel.
EACH_SECONDS = 1.1


@dataclass(frozen=True)
class Said:
    """The summary's sentence about what waits, when it was looked at, and how many announcements waited then."""

    at: float
    sentence: str
    waiting: int

    @property
    def announcements(self) -> int:
        found = re.search(r"(\d+) announcement", self.sentence)
        return int(found[1]) if found else 0

    @property
    def off(self) -> int:
        return abs(self.announcements - self.waiting)


@dataclass
class Seen:
    """What was observed while the storm went on."""

    refused: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    said: list[Said] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)


async def run(*, quick: bool) -> list[Row]:
    count, seconds = (100, 12) if quick else (1_000, 60)
    high = count * 3 // 10
    seen = Seen()
    async with ground({"PAGERDUTY_POLL_SECONDS": "60"}, limits=True) as place:
        await place.start_bot()
        await place.quiet()
        await place.calls("storm")
        began = time.monotonic()
        storms = [
            asyncio.create_task(_trigger(place, many, seconds, urgency))
            for many, urgency in ((high, "high"), (count - high, "low"))
        ]
        done = await _watch(place, seen, count, began)
        await asyncio.gather(*storms)
        took = time.monotonic() - began
        order = _order(place)
        counts = {row[0]: row[1:] for row in place.ask(ANNOUNCED)}
        refreshes = place.ask(
            "SELECT count(*) FROM effect WHERE kind LIKE 'slack.refresh%' AND state = 'done'"
        )[0][0]
        listed = sum(c[1] or 0 for c in counts.values())
        announced = sum(c[0] or 0 for c in counts.values())
    floor = announced * EACH_SECONDS
    for line in seen.timeline:
        say(f"  {line}")
    say(
        f"  calls {dict(seen.calls.most_common(14))}; refused {dict(seen.refused)}; counts {counts}"
    )
    return [
        *(
            Row(
                what=f"storm of {count:,} PagerDuty incidents in {seconds} s: answers 429 by {name}",
                measured=f"{seen.refused[vendor]}",
                baseline=f"{sum(n for op, n in seen.calls.items() if op.startswith(vendor)):,} calls",
                target="0",
                met=seen.refused[vendor] == 0,
            )
            for vendor, name in (("slack", "Slack"), ("pagerduty", "PagerDuty"))
        ),
        Row(
            what="the same: announced or listed in the summary",
            measured=f"{announced} announced, {listed} listed, after {took:.0f} s",
            baseline=f"{announced} announcements at Slack's pace take {floor:.0f} s",
            ratio=f"{took / max(floor, seconds):.2f}",
            target=f"all {count:,}",
            met=done and announced + listed == count,
        ),
        Row(
            what="the same: high urgency first",
            measured=f"{order['early']} low ones announced while a high one waited",
            baseline=f"{order['high']} high, {order['low']} low announced",
            target="no low one before a waiting high one",
            met=order["early"] == 0,
        ),
        Row(
            what="the same: updates coalesced",
            measured=f"{refreshes} edits of cards",
            baseline=f"{count:,} incidents",
            ratio=f"{refreshes / count:.2f}",
            target="fewer edits than incidents",
            met=refreshes < count,
        ),
        _told(seen.said, took),
    ]


def _told(said: list[Said], took: float) -> Row:
    """How many wait and how long, as the channel was told, against how it was."""
    what = "the same: says how many wait and how long"
    target = f"said in the announcement channel, never more than {OFF} off"
    if not said:
        return Row(what=what, measured="nothing was said", target=target, met=False)
    most = max(said, key=lambda each: each.announcements)
    off = max(each.off for each in said)
    return Row(
        what=what,
        measured=f'"{most.sentence}", at most {off} off',
        baseline=f"{most.waiting} waited then, the last for {took - most.at:.0f} s",
        target=target,
        met=off <= OFF,
    )


async def _trigger(place: Ground, count: int, seconds: float, urgency: str) -> None:
    await place.post(
        "/api/pagerduty", action="trigger", service="PCHECKO", urgency=urgency,
        title=f"Storm {urgency} {{n}}", count=count, seconds=seconds,
    )  # fmt: skip


async def _watch(place: Ground, seen: Seen, count: int, began: float) -> bool:
    """Note what happens until all are told of (or 40 minutes are over)."""
    last_look = 0.0
    while time.monotonic() - began < 2_400:
        for call in await place.calls("storm"):
            seen.calls[call["operation"].split("/")[0]] += 1
            if call["status"] == 429:
                seen.refused[call["vendor"]] += 1
        counts = {row[0]: row[1:] for row in place.ask(ANNOUNCED)}
        told = sum((c[0] or 0) + (c[1] or 0) for c in counts.values())
        if time.monotonic() - last_look > 15:
            last_look = time.monotonic()
            summary = await _summary(place)
            if summary:
                waiting = int(place.ask(WAITING)[0][0])
                seen.said.append(Said(time.monotonic() - began, summary, waiting))
            shown = {
                u: f"{a or 0} announced, {b or 0} listed of {n}" for u, (a, b, n) in counts.items()
            }
            line = (
                f"{time.monotonic() - began:5.0f} s  {shown}  429s {dict(seen.refused)}  {summary}"
            )
            seen.timeline.append(line)
        if told >= count:
            return True
        await asyncio.sleep(1)
    return False


async def _summary(place: Ground) -> str:
    """What the storm's one message says about what waits."""
    state = await place.state()
    channel = room(state)
    for message in reversed(state["messages"].get(channel["id"], []) if channel else []):
        for line in str(message["text"]).splitlines():
            if line.startswith("⏳"):
                return line.removeprefix("⏳").strip()
    return ""


def _order(place: Ground) -> dict[str, Any]:
    """How many low announcements were begun while a high one waited for its turn."""
    rows = place.ask(
        "SELECT i.urgency, e.created_at, e.first_tried_at FROM effect e"
        " JOIN incident i ON i.number = e.incident WHERE e.kind = 'slack.announce' AND e.state = 'done'"
    )
    high = [(created, begun) for urgency, created, begun in rows if urgency == "high"]
    low = [begun for urgency, _, begun in rows if urgency == "low"]
    early = sum(any(created < at < begun for created, begun in high) for at in low)
    return {"early": early, "high": len(high), "low": len(low)}
