"""Reminders: one message in the channel, to the right person, at the right time, that can be snoozed and goes away."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.catalog import DEFAULT_SEVERITIES, Catalog, Reminders
from bot.ports import SystemClock
from tests.stage import ALICE, BOB, CAROL, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    channel_named,
    messages_in,
    room_of,
    text_of,
    told,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

RULES = Reminders(
    no_acknowledge=timedelta(minutes=5),
    no_commander=timedelta(minutes=10),
    no_severity=timedelta(minutes=15),
    stale=timedelta(days=7),
    postmortem_due=timedelta(days=3),
)
NOTHING = Reminders(no_acknowledge=None, no_commander=None, no_severity=None, stale=None)
MIDDAY = 12


class LateClock:
    """The machine's time from a Monday noon on, moved on when a story says that time has passed."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        now = self._clock.now()
        monday = now - timedelta(days=now.weekday()) + timedelta(days=7)
        noon = monday.replace(hour=MIDDAY, minute=0, second=0, microsecond=0)
        self._late = noon - now

    def now(self) -> datetime:
        return self._clock.now() + self._late

    def pass_by(self, **time: float) -> None:
        self._late += timedelta(**time)


class Watch:
    """A stage whose clock is ours."""

    def __init__(self, s: Stage, clock: LateClock) -> None:
        self.s, self.clock = s, clock

    async def declared(self, words: str, **more: Any) -> tuple[str, Json]:
        name = await self.s.declare(words, **more)
        room = room_of(await self.s.settled(name), name)
        assert room
        return name, room

    async def later(self, **time: float) -> None:
        """Time passes, and the sweep comes by (twice, as with two replicas)."""
        assert self.s.bot
        await self.s.quiet()  # time does not leap over what is under way
        self.clock.pass_by(**time)
        await asyncio.gather(self.s.bot.sweeps.remind(), self.s.bot.sweeps.remind())
        await self.s.quiet()

    async def reminders(self, room: Json) -> list[Json]:
        """The reminders that stand in the channel."""
        messages = messages_in(await self.s.state(), room)
        return [
            m
            for m in messages
            if not m["ephemeral"] and ("Reminder" in text_of(m) or "reminded you" in text_of(m))
        ]

    async def reminder(self, room: Json) -> Json:
        [one] = await self.reminders(room)
        return one


@contextlib.asynccontextmanager
async def watch(folder: Path, rules: Reminders = NOTHING, **catalog: Any) -> AsyncIterator[Watch]:
    clock = LateClock()
    shelf = Catalog(reminders=rules, **catalog)
    async with stage(folder, catalog=shelf, clock=clock, PAGERDUTY_API_TOKEN=None) as s:
        yield Watch(s, clock)
        assert await s.problems() == []


async def test_nobody_acknowledged(tmp_path: Path) -> None:
    async with watch(tmp_path, replace(NOTHING, no_acknowledge=timedelta(minutes=5))) as w:
        name, room = await w.declared("SEV2 Nobody is there")
        await w.later(minutes=4)
        assert await w.reminders(room) == []
        await w.later(minutes=2)
        one = await w.reminder(room)
        assert "Nobody has acknowledged it" in text_of(one)
        assert ALICE in text_of(one), "nobody owns it: whoever declared it is addressed"
        await w.s.press("Acknowledge", user=BOB, channel=room["id"], ts=one["ts"])
        await w.s.settled(name)
        await w.later(minutes=1)
        gone = await w.reminder(room)
        assert gone["ts"] == one["ts"], "edited in place"
        assert "nothing of what I reminded you of is open" in text_of(gone)
        await w.later(hours=3)
        assert (await w.reminder(room))["ts"] == one["ts"]


async def test_one_message_for_all_of_it_counted_and_quiet_in_the_end(tmp_path: Path) -> None:
    async with watch(tmp_path, RULES) as w:
        name, room = await w.declared("Everything is missing")
        await w.s.command(f"/incident reassign {name} @carol", user=BOB)
        await w.s.settled(name)
        await w.later(minutes=16)
        one = await w.reminder(room)
        for words in ("acknowledged", "commands", "severity"):
            assert words in text_of(one)
        assert CAROL in text_of(one)
        for _ in range(20):
            await w.later(hours=5)
        again = await w.reminder(room)
        assert again["ts"] == one["ts"]
        private = [t for t in told(await w.s.state(CAROL), name) if "nobody has acknowledged" in t]
        assert 1 <= len(private) <= 2, "three times in all, twice after the message was posted"


async def test_no_severity_goes_away_when_there_is_one(tmp_path: Path) -> None:
    rules = replace(NOTHING, no_severity=timedelta(minutes=15))
    async with watch(tmp_path, rules) as w:
        name, room = await w.declared("How bad is it")
        await w.later(minutes=16)
        one = await w.reminder(room)
        assert "no severity" in text_of(one)
        assert "Change severity" in buttons(one)
        await w.s.command("/incident severity SEV3", channel=room["id"])
        await w.s.settled(name)
        await w.later(seconds=1)
        assert "is open any more" in text_of(await w.reminder(room))


async def test_a_promised_update_is_asked_for_when_its_time_has_come(tmp_path: Path) -> None:
    async with watch(tmp_path) as w:
        name, room = await w.declared("SEV1 We promised")
        await w.s.command("/incident update", channel=room["id"])
        await w.s.until(lambda state: state["views"])
        await w.s.submit({"Update": "More soon", "Next update in": "30 minutes"})
        await w.s.settled(name)
        await w.later(minutes=29)
        assert await w.reminders(room) == []
        await w.later(minutes=2)
        one = await w.reminder(room)
        assert "promised" in text_of(one)
        assert "Post an update" in buttons(one)
        await w.s.press("Post an update", user=BOB, channel=room["id"], ts=one["ts"])
        await w.s.until(lambda state: state["views"], user=BOB)
        await w.s.submit({"Update": "Here it is", "Next update in": "no promise"}, user=BOB)
        await w.s.settled(name)
        await w.later(seconds=1)
        assert "is open any more" in text_of(await w.reminder(room))


async def test_a_severity_asks_for_updates_without_a_promise(tmp_path: Path) -> None:
    hourly = tuple(replace(s, update_every=timedelta(hours=1)) for s in DEFAULT_SEVERITIES)
    async with watch(tmp_path, severities=hourly) as w:
        _, room = await w.declared("SEV1 Silence")
        await w.later(minutes=59)
        assert await w.reminders(room) == []
        await w.later(minutes=2)
        assert "No update was posted yet; SEV1 asks for one every 1 h" in text_of(
            await w.reminder(room)
        )


async def test_snooze_silences_and_says_who_did(tmp_path: Path) -> None:
    rules = replace(NOTHING, no_acknowledge=timedelta(minutes=5))
    async with watch(tmp_path, rules) as w:
        name, room = await w.declared("SEV2 Not now")
        await w.s.command(f"/incident reassign {name} @carol", user=BOB)
        await w.s.settled(name)
        await w.later(minutes=6)
        one = await w.reminder(room)
        await w.s.press("Snooze 1 hour", user=CAROL, channel=room["id"], ts=one["ts"])
        await w.s.until(lambda state: "Snoozed by" in str(messages_in(state, room)))
        await w.later(minutes=50)
        assert not told(await w.s.state(CAROL), "nobody has acknowledged")
        await w.later(minutes=20)
        assert told(await w.s.state(CAROL), "nobody has acknowledged")
        assert "Snoozed" not in text_of(await w.reminder(room))


async def test_what_is_stale_waits_for_working_hours(tmp_path: Path) -> None:
    async with watch(tmp_path, replace(NOTHING, stale=timedelta(days=7))) as w:
        name, room = await w.declared("SEV4 Forgotten")
        await w.later(days=6)
        assert await w.reminders(room) == []
        await w.s.command("/incident note still here", channel=room["id"])
        await w.s.settled(name)
        await w.later(days=2)
        assert await w.reminders(room) == [], "activity holds it back"
        await w.later(days=4, hours=23)  # Sunday
        await w.later(hours=2)
        assert await w.reminders(room) == [], "nobody is reminded of this on a Sunday"
        await w.later(days=1, hours=2)
        one = await w.reminder(room)
        assert "Nothing has happened since" in text_of(one)
        assert "Snooze 1 day" in buttons(one)


async def test_the_post_mortem_is_asked_for_after_the_end(tmp_path: Path) -> None:
    async with watch(tmp_path, replace(NOTHING, postmortem_due=timedelta(days=3))) as w:
        name, room = await w.declared("SEV2 Lessons")
        await w.s.command(f"/incident resolve {name} done", user=BOB)
        await w.s.settled(name)
        await w.later(days=2, hours=23)
        assert await w.reminders(room) == []
        await w.later(hours=2)
        one = await w.reminder(room)
        assert "post-mortem is due" in text_of(one)
        assert BOB in text_of(one), "whoever resolved it is addressed"


async def test_a_private_incident_is_reminded_in_its_channel_only(tmp_path: Path) -> None:
    async with watch(tmp_path, replace(NOTHING, no_acknowledge=timedelta(minutes=5))) as w:
        _, room = await w.s.declare_private("Secret")
        await w.later(minutes=6)
        one = await w.reminder(room)
        assert "Secret" not in one["text"]
        for user in (BOB, CAROL):
            assert "acknowledged it" not in str((await w.s.state(user))["messages"])


async def test_what_is_only_announced_nags_nobody(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=Catalog(reminders=RULES), clock=(clock := LateClock())) as s:
        await s.pagerduty("trigger", title="Low and slow", service="PCHECKO", urgency="low")
        name = await s.announced("Low and slow")
        await s.settled(name)
        clock.pass_by(days=9)
        assert s.bot
        await s.bot.sweeps.remind()
        await s.quiet()
        messages = messages_in(await s.state(), channel_named(await s.state(), "incidents"))
        assert not any("Reminder" in text_of(m) for m in messages)
        assert card_of(await s.state(), name)
