"""Polling misses nothing and repeats nothing when no webhook reaches the bot, also across restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stage import BOB, Json, Stage, stage
from tests.workspace import card_of, cards, header, issues, pages, room_of, said_in

if TYPE_CHECKING:
    from pathlib import Path

EVERY_SECOND: dict[str, Any] = {"PAGERDUTY_POLL_SECONDS": "1", "PAGERDUTY_WEBHOOK_SECRET": None}


def titles(state: Json) -> list[str]:
    """Titles of what was announced, oldest first."""
    return [header(card).split(" ", 2)[2] for card in cards(state)]


async def test_everything_is_seen_within_one_interval_and_told_once(tmp_path: Path) -> None:
    async with stage(tmp_path, **EVERY_SECOND) as s:
        await s.act("settings", webhooks=False)
        made = await s.pagerduty("trigger", title="Seen by polling", service="PCHECKO")
        page = made["incident"]["id"]
        # One interval of a second, and time to work on a busy machine.
        await s.until(lambda state: "Seen by polling" in titles(state), timeout=8)
        name = await s.announced("Seen by polling")
        await s.settled(name)
        await s.pagerduty("acknowledge", by="bob@example.com", incident=page)
        await s.pagerduty("note", by="bob@example.com", incident=page, text="Looking at it")
        await s.pagerduty("resolve", by="bob@example.com", incident=page)

        def news(state: Json) -> list[str]:
            return said_in(state, room_of(state, name))

        await s.until(lambda state: any("resolved" in line for line in news(state)), timeout=8)
        await polled(s, 3)
        await s.quiet()
        lines = news(await s.state())
        for words in ("acknowledged", "Looking at it", "resolved"):
            assert len([x for x in lines if words in x]) == 1, (words, lines)
        assert all(BOB in line for line in lines)
        assert titles(await s.state()) == ["Seen by polling"]
        assert await s.problems() == []


async def polled(s: Stage, times: int) -> None:
    """Wait for that many more polls."""

    async def count() -> int:
        return len([c for c in await s.calls("pagerduty.GET /log_entries") if c["status"] == 200])

    before = await count()

    async def enough() -> bool:
        return await count() >= before + times

    await s.wait(enough, 10, "more polls")


async def test_what_happened_while_the_bot_was_down_is_caught_up_at_start(tmp_path: Path) -> None:
    """With webhooks on but nobody to take them, and polling off: the start itself looks."""
    async with stage(tmp_path) as s:
        made = await s.pagerduty("trigger", title="Known before", service="PCHECKO")
        await s.until(lambda state: "Known before" in titles(state))
        name = await s.announced("Known before")
        await s.settled(name)
        await s.stop_bot()
        known = made["incident"]["id"]
        lost = {"deliver": "never"}
        await s.pagerduty("trigger", title="While down", service="PPAYMNT", **lost)
        await s.pagerduty("trigger", title="Low while down", urgency="low", **lost)
        gone = await s.pagerduty("trigger", title="Over already", service="PPAYMNT", **lost)
        over = gone["incident"]["id"]
        await s.pagerduty("resolve", by="bob@example.com", incident=over, **lost)
        await s.pagerduty("acknowledge", by="bob@example.com", incident=known, **lost)
        await s.pagerduty("note", by="bob@example.com", incident=known, text="Missed me?", **lost)
        await s.start_bot()
        await s.ready()
        await s.until(lambda state: {"While down", "Low while down"} <= set(titles(state)))
        await s.until(lambda state: "acknowledged" in (card_of(state, name) or {})["text"])
        await s.quiet()
        state = await s.state()
        assert len(titles(state)) == len(set(titles(state)))
        assert len([x for x in said_in(state, room_of(state, name)) if "Missed me?" in x]) == 1
        new = await s.announced("While down")
        assert room_of(state, new)
        assert len(issues(state, new)) == 1
        low = await s.announced("Low while down")
        assert room_of(state, low) is None
        assert await s.problems() == []


async def test_webhooks_and_polling_together_double_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, PAGERDUTY_POLL_SECONDS="1") as s:
        for words in ("first", "second"):
            await s.pagerduty("trigger", title=f"The {words} of two", deliver="twice")
        await s.until(lambda state: len(titles(state)) >= 2)
        await s.quiet()
        state = await s.state()
        for title in titles(state):
            [page] = pages(state, title)
            await s.pagerduty("acknowledge", by="bob@example.com", incident=page["id"])
        await polled(s, 3)
        await s.quiet()
        state = await s.state()
        assert len(titles(state)) == 2
        for title in titles(state):
            name = await s.announced(title)
            news = said_in(state, room_of(state, name))
            assert len([line for line in news if "acknowledged" in line]) == 1, news
            assert len(issues(state, name)) == 1
        assert await s.problems() == []


async def test_a_failed_poll_loses_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, **EVERY_SECOND) as s:
        await s.act("settings", webhooks=False)
        await s.fault("pagerduty.GET /incidents", "500")
        await s.fault("pagerduty.GET /incidents", "reset")
        await s.fault("pagerduty.GET /log_entries", "garbage")
        await s.pagerduty("trigger", title="Hidden by an outage", service="PCHECKO")
        await s.until(lambda state: "Hidden by an outage" in titles(state), timeout=15)
        name = await s.announced("Hidden by an outage")
        state = await s.settled(name)
        assert room_of(state, name)
        assert titles(state) == ["Hidden by an outage"]
