"""Channels of incidents that are over: announced, kept open by whatever happens, archived in the end, once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.catalog import Catalog
from tests.scenarios.test_reminders import NOTHING, LateClock
from tests.stage import ALICE, BOB, Json, Stage, stage
from tests.workspace import buttons, card_of, channel_named, messages_in, room_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

RULES = replace(NOTHING, archive_channel_after=timedelta(days=14))


class SharedClock(LateClock):
    """Slack's time as well."""

    def monotonic(self) -> float:
        return time.monotonic()


class Shelf:
    """One incident that is over, and time that passes."""

    def __init__(self, s: Stage, clock: SharedClock, name: str, room: Json) -> None:
        self.s, self.clock, self.name, self.room = s, clock, name, room

    async def later(self, **time: float) -> None:
        """Time passes, and the sweep comes by (twice, as with two replicas)."""
        assert self.s.bot
        await self.s.quiet()  # time must not leap over what is under way: its lease would be over
        self.clock.pass_by(**time)
        for _ in range(2):
            await asyncio.gather(self.s.bot.sweeps.remind(), self.s.bot.sweeps.remind())
            await self.s.quiet()

    async def archived(self) -> bool:
        state = await self.s.state()
        return any(c["is_archived"] for c in state["channels"] if c["id"] == self.room["id"])

    async def said(self, part: str) -> list[Json]:
        messages = messages_in(await self.s.state(), self.room)
        return [m for m in messages if part in text_of(m) and not m["ephemeral"]]

    async def notices(self) -> list[Json]:
        return [m for m in await self.said("will be archived") if "Keep open" in buttons(m)]


@contextlib.asynccontextmanager
async def shelf(folder: Path, *, over: bool = True, **changes: Any) -> AsyncIterator[Shelf]:
    clock = SharedClock()
    catalog = Catalog(reminders=changes.pop("rules", RULES))
    async with stage(
        folder, catalog=catalog, clock=clock, everywhere=True, PAGERDUTY_API_TOKEN=None, **changes
    ) as s:
        name = await s.declare("SEV2 Checkout is down")
        room = room_of(await s.settled(name), name)
        assert room
        if over:
            await s.command(f"/incident resolve {name} done", user=BOB)
            await s.settled(name)
        yield Shelf(s, clock, name, room)
        assert await s.problems() == []


async def test_announced_a_day_before_then_archived_with_a_last_word(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        await x.later(days=12, hours=23)
        assert await x.notices() == []
        await x.later(hours=2)
        [notice] = await x.notices()
        assert x.name in text_of(notice)
        await x.later(hours=21)
        assert not await x.archived()
        await x.later(hours=3)
        assert await x.archived()
        [last] = await x.said("is archived now")
        assert "GitHub" in text_of(last) or "acme/incidents#" in text_of(last)
        assert "announcement" in text_of(last)
        assert "(archived)" in text_of(card_of(await x.s.state(), x.name) or {})
        assert len([c for c in await x.s.calls("conversations.archive") if c["status"] == 200]) == 1
        await x.later(days=40)
        assert len(await x.said("will be archived")) == 1


async def test_reopened_afterwards_it_goes_on_in_a_new_channel(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        await x.later(days=13, hours=1)
        await x.later(days=1, hours=1)
        assert await x.archived()
        await x.s.command(f"/incident reopen {x.name}", user=BOB)
        state = await x.s.until(
            lambda state: (
                (found := room_of(state, x.name)) and found["id"] != x.room["id"] and state
            )
        )
        new = room_of(state, x.name)
        assert new
        assert new["name"].endswith("-2")


async def test_keep_open_begins_the_time_again_as_often_as_it_is_pressed(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        for _ in range(3):
            await x.later(days=13, hours=1)
            notice = (await x.notices())[-1]
            await x.s.press("Keep open", user=ALICE, channel=x.room["id"], ts=notice["ts"])
            await x.s.quiet()
            [edited] = [m for m in await x.said("not archived yet") if m["ts"] == notice["ts"]]
            assert "Alice" in text_of(edited)
            assert "Keep open" not in buttons(edited)
            await x.later(days=2)
            assert not await x.archived()
        await x.later(days=11, hours=1)
        await x.later(days=1, hours=1)
        assert await x.archived()


async def test_writing_in_the_channel_postpones_it_before_and_after_the_notice(
    tmp_path: Path,
) -> None:
    async with shelf(tmp_path) as x:
        await x.later(days=10)
        await x.s.act("message", user=ALICE, channel=x.room["id"], text="One more thing")
        await x.later(days=4)
        assert await x.notices() == [], "somebody wrote ten days after the end"
        await x.later(days=9, hours=1)
        [notice] = await x.notices()
        await x.s.act("message", user=ALICE, channel=x.room["id"], text="And another one")
        await x.later(days=1, hours=1)
        assert not await x.archived()
        [edited] = await x.said("not archived yet")
        assert edited["ts"] == notice["ts"]
        assert "something happened here" in text_of(edited)
        await x.later(days=13)
        await x.later(days=1, hours=1)
        assert await x.archived()


async def test_what_the_timeline_shows_postpones_it_and_reopening_ends_it(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        await x.later(days=13, hours=1)
        [notice] = await x.notices()
        await x.s.command("/incident note Still thinking", user=BOB, channel=x.room["id"])
        await x.later(days=1, hours=1)
        assert not await x.archived()
        assert len(await x.said("not archived yet")) == 1
        await x.later(days=12)
        await x.s.command("/incident reopen", user=BOB, channel=x.room["id"])
        await x.later(days=30)
        assert not await x.archived()
        assert [m for m in await x.said("is open again") if m["ts"] != notice["ts"]]


async def test_a_short_time_is_announced_at_half_of_it(tmp_path: Path) -> None:
    rules = replace(NOTHING, archive_channel_after=timedelta(hours=8))
    async with shelf(tmp_path, rules=rules) as x:
        await x.later(hours=3)
        assert await x.notices() == []
        await x.later(hours=1, minutes=5)
        assert len(await x.notices()) == 1
        await x.later(hours=3)
        assert not await x.archived()
        await x.later(hours=1, minutes=5)
        assert await x.archived()


async def test_after_a_long_silence_of_the_bot_the_notice_still_comes_first(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        await x.s.stop_bot()
        x.clock.pass_by(days=20)
        await x.s.start_bot()
        await x.s.ready(people=False)
        await x.later(minutes=1)
        assert len(await x.notices()) == 1
        await x.later(hours=22)
        assert not await x.archived()
        await x.later(hours=3)
        assert await x.archived()


async def test_switched_off_nothing_is_archived_unless_somebody_asks(tmp_path: Path) -> None:
    async with shelf(tmp_path, rules=NOTHING) as x:
        await x.later(days=60)
        assert await x.notices() == []
        answer = await x.s.command(f"/incident archive {x.name}", user=BOB)
        assert "will be archived" in str(answer)
        await x.later(minutes=1)
        assert len(await x.notices()) == 1
        await x.later(days=1)
        assert await x.archived()
        answer = await x.s.command(f"/incident archive {x.name}", user=BOB)
        assert "archived already" in str(answer)


async def test_an_open_incident_is_not_archived_on_request_either(tmp_path: Path) -> None:
    async with shelf(tmp_path, over=False) as x:
        assert "Resolve it first" in str(await x.s.command(f"/incident archive {x.name}"))
        await x.later(days=60)
        assert not await x.archived()


async def test_a_channel_of_the_peoples_own_stays(tmp_path: Path) -> None:
    clock = SharedClock()
    catalog = Catalog(reminders=RULES)
    async with stage(
        tmp_path, catalog=catalog, clock=clock, everywhere=True, PAGERDUTY_API_TOKEN=None
    ) as s:
        made = await s.act("create_channel", user=ALICE, name="payments-team")
        await s.act("invite", user=ALICE, channel=made["channel"], who="U0MUSTER00")
        await s.command("/incident declare", channel=made["channel"])
        await s.until(lambda state: state["views"])
        await s.submit({"Title": "In our own room", "Use this channel": True})
        name = await s.announced("In our own room")
        await s.settled(name)
        await s.command(f"/incident resolve {name}", user=BOB)
        await s.settled(name)
        x = Shelf(s, clock, name, {"id": made["channel"]})
        await x.later(days=60)
        await x.later(days=2)
        assert await x.notices() == []
        assert not await x.archived()
        await s.command(f"/incident archive {name}", user=ALICE)
        await x.later(minutes=1)
        [notice] = await x.notices()
        await s.press("Keep open", user=ALICE, channel=made["channel"], ts=notice["ts"])
        await x.later(days=60)
        assert not await x.archived(), "asked, and thought better of it"


async def test_a_private_channel_is_archived_without_a_word_elsewhere(tmp_path: Path) -> None:
    clock = SharedClock()
    async with stage(
        tmp_path,
        catalog=Catalog(reminders=RULES),
        clock=clock,
        everywhere=True,
        PAGERDUTY_API_TOKEN=None,
    ) as s:
        await s.command("/incident declare")
        await s.until(lambda state: state["views"])
        await s.submit({"Title": "Secret", "Private incident": True})
        room = await s.until(lambda state: channel_named(state, "secret"))
        await s.quiet()
        await s.command("/incident resolve", channel=room["id"])
        await s.quiet()
        x = Shelf(s, clock, "the private one", room)
        await x.later(days=13, hours=1)
        assert len(await x.notices()) == 1
        await x.later(days=1, hours=1)
        assert await x.archived()
        assert "Secret" not in text_of((await x.said("is archived now"))[0])
        assert "will be archived" not in str((await s.state(BOB))["messages"])


async def test_a_lost_answer_says_the_last_word_once(tmp_path: Path) -> None:
    async with shelf(tmp_path) as x:
        await x.s.fault("slack.chat.postMessage", "lost")
        await x.later(days=13, hours=1)
        await x.s.quiet(ahead=30)
        assert len(await x.notices()) == 1
        await x.s.fault("slack.chat.postMessage", "lost")
        await x.s.fault("slack.conversations.archive", "lost")
        await x.later(days=1, hours=1)
        await x.s.quiet(ahead=30)
        assert await x.archived()
        assert len(await x.said("is archived now")) == 1
