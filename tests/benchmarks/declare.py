"""(a) 100 people submit the declare form at the same moment, every Slack call takes 200 ms, no rate limits.

Real Socket Mode envelopes. The baseline is ``peer.py``, a minimal Bolt app that does the same calls in its listeners.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks.rig import (
    NO_VENDORS,
    Row,
    announced_at,
    cards_at,
    cpu_seconds,
    ground,
    percentile,
    say,
    start,
    times_of,
)

if TYPE_CHECKING:
    from tests.benchmarks.rig import Ground, Json

LATENCY = 0.2
BOLT_SECONDS = 3.0
#: The forms are opened beforehand, a few at a time: a trigger lives three seconds.
FORMS_AT_ONCE = 5


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the submissions; times in seconds from the moment they were sent."""

    people: int
    acks: list[float]
    announced: list[float]
    ready: list[float]
    most_per_title: int

    @property
    def in_time(self) -> int:
        return len(self.acks)


async def run(*, quick: bool) -> list[Row]:
    count = 30 if quick else 100
    ours = await _muster(count)
    theirs = await _peer(count)
    floor = 2 * LATENCY  # create the channel, post the card: nothing can be faster
    slowest, last = max(ours.acks, default=99.0), max(ours.ready, default=99.0)
    complete = len(ours.announced) == ours.in_time == count and ours.most_per_title == 1
    peer_last = max(theirs.ready, default=float("nan"))
    return [
        Row(
            what=f"{count} declare forms submitted at once, Slack calls take 200 ms: last acknowledged after",
            measured=f"{slowest:.2f} s ({ours.in_time} of {count} in time)",
            baseline=f"Bolt listeners: {theirs.in_time} of {count} within {BOLT_SECONDS:.0f} s",
            ratio=f"{ours.in_time / max(theirs.in_time, 1):.1f}",
            target="all within 1 s",
            met=slowest <= 1 and ours.in_time == count,
        ),
        Row(
            what="the same: announced, each once",
            measured=f"{len(ours.announced)} announced, last after {max(ours.announced, default=99):.2f} s",
            baseline=f"{len(theirs.announced)}, last after {max(theirs.announced, default=99):.1f} s",
            ratio=f"{max(theirs.announced, default=99) / max(ours.announced, default=99):.1f}",
            target="all, no duplicate",
            met=complete,
        ),
        Row(
            what="the same: last channel with its card",
            measured=f"{last:.2f} s (p50 {percentile(ours.ready, 0.5):.2f} s)",
            baseline=f"{peer_last:.1f} s; two calls take {floor:.1f} s",
            ratio=f"{peer_last / last:.1f}",
            target="as fast as the calls allow",
            met=len(ours.ready) == count and last < peer_last / 5,
        ),
    ]


async def _muster(count: int) -> Outcome:
    async with ground(NO_VENDORS) as place:
        await place.start_bot()
        await place.quiet()
        assert place.bot is not None
        before = cpu_seconds(place.bot.pid)
        outcome = await _submit(place, count, 60)
        calls = Counter(call["operation"] for call in await place.calls())
        used = cpu_seconds(place.bot.pid) - before
        say(f"  calls {json.dumps(calls)}; the bot used {used:.1f} s of processor")
        problems = Counter(p["kind"] for p in await place.get("/api/problems"))
        if problems:
            say(f"  problems: {dict(problems)}")
        return outcome


async def _peer(count: int) -> Outcome:
    async with ground() as place:
        place.bot = await start(
            place.folder, "peer", "-m", "tests.benchmarks.peer", env=place.environ
        )

        async def connected() -> bool:
            return bool((await place.state()).get("ready"))

        await place.wait(connected, 60, "the peer to connect")
        return await _submit(place, count, 120)


async def _submit(place: Ground, count: int, patience: float) -> Outcome:
    people = await _people(place, count)
    await place.settings(slack_latency_ms=LATENCY * 1000)
    began, wall = time.monotonic(), time.time()

    async def submit(number: int, user: str) -> float | None:
        values = {"Title": f"Outage number-{number}-of-many"}
        answer = await place.post("/api/submit", user=user, values=values)
        return time.monotonic() - began if answer["ok"] else None

    found = await asyncio.gather(*(submit(n, user) for n, user in enumerate(people)))
    acks = [seconds for seconds in found if seconds is not None]
    state = await _settled(place, count, patience)
    announced, cards = announced_at(state), cards_at(state)
    shown = [times_of(announced, f"number-{n}-of-many") for n in range(count)]
    outcome = Outcome(
        people=count,
        acks=acks,
        announced=[min(times) - wall for times in shown if times],
        ready=[min(times) - wall for times in cards.values() if times],
        most_per_title=max(map(len, shown)),
    )
    say(
        f"  {len(acks)} of {count} acknowledged, p50 {percentile(acks, 0.5):.2f} s, last {max(acks, default=99):.2f} s;"
        f" {len(outcome.announced)} announced; {len(outcome.ready)} channels with a card"
    )
    return outcome


async def _people(place: Ground, count: int) -> list[str]:
    """That many people, each with the declare form open."""
    users: list[str] = []
    for n in range(count):
        answer = await place.post("/api/user", email=f"person{n}@example.com")
        users.append(answer["user"])
    state = await place.state()
    general = next(c["id"] for c in state["channels"] if c["name"] == "general")

    async def opened(user: str) -> None:
        await place.post("/api/join", user=user, channel=general)
        await place.post("/api/command", user=user, channel=general, text="/incident")

        async def there() -> Any:
            return (await place.get(f"/api/state?user={user}"))["views"]

        await place.wait(there, 60, "the form")

    for first in range(0, count, FORMS_AT_ONCE):
        await asyncio.gather(*map(opened, users[first : first + FORMS_AT_ONCE]))
    return users


async def _settled(place: Ground, count: int, patience: float) -> Json:
    """The workspace once every channel has its card, or patience is over."""
    deadline = time.monotonic() + patience
    while True:
        calls = Counter(c["operation"] for c in await place.get("/api/calls") if c["status"] == 200)
        if calls["slack.chat.postMessage"] >= 2 * count or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)
    return await place.state()
