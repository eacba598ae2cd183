"""Two bots on one PostgreSQL and one workspace: the work is shared, and nothing happens twice."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.store.tables import EffectRow, IncidentRow
from tests.databases import cluster_or_skip
from tests.scenarios.crash.life import Life, life, others_share
from tests.stage import ALICE, BOB, CAROL, DAVE, free_port
from tests.workspace import cards_of, channel_named, issues, room_of

if TYPE_CHECKING:
    from pathlib import Path

    from bot.store.tx import Tx
    from tests.scenarios.crash.process import Bot, Forge
    from tests.stage import Json

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

DECLARED, TRIGGERED = 12, 8
#: Triggered only when one of the two is dead already.
AFTERWARDS = 2
#: How long what a killed bot held may stay with it, seconds.
TAKEN_OVER_SECONDS = 10.0
#: Twenty incidents in three systems, on a machine that does other things as well.
WORK_SECONDS = 90.0
#: Polling finds what a webhook to the killed bot told nobody.
POLL_SECONDS = "2"


@dataclass
class Pair:
    """Both bots; webhooks go to the first."""

    one: Life
    first: Bot
    second: Bot
    urls: tuple[str, str]


async def pair(one: Life) -> Pair:
    """Start both; each makes its own Socket Mode connection."""
    port = free_port()
    second_url = f"http://127.0.0.1:{port}"
    first, second = await asyncio.gather(
        one.start(gate="first"), one.start(gate="second", port=port)
    )
    await asyncio.gather(one.ready(first), one.ready(second, second_url))
    await one.rest()
    assert len(one.stage.sandbox.sandbox.slack.socket.connections) == 2
    return Pair(one, first, second, (one.stage.bot_url, second_url))


async def declared(one: Life, number: int) -> tuple[str, bool]:
    """Somebody declares; the title, and whether Slack showed the bot's answer."""
    title = f"Declared problem {_word(number)}"
    user = (ALICE, BOB, CAROL, DAVE)[number % 4]
    answer = await one.stage.command(f"/incident declare SEV2 {title}", user=user)
    return title, bool(answer["ok"])


async def triggered(one: Life, number: int) -> str:
    title = f"Triggered problem {_word(number)}"
    answer = await one.stage.pagerduty("trigger", title=title, service="PPAYMNT", urgency="high")
    assert answer["ok"], answer
    return title


def _word(number: int) -> str:
    """Titles that differ only in a number look the same to the bot, which then asks."""
    return "".join(chr(ord("a") + int(digit)) * 3 for digit in f"{number:02}")


async def titles_known(one: Life) -> dict[str, int]:
    """Title to number of every incident in the database."""
    columns: Any = IncidentRow

    def look(tx: Tx) -> list[tuple[str, int]]:
        return [tuple(row) for row in tx.session.execute(select(columns.title, columns.number))]

    found = await one.work.read(look)
    titles = Counter(title for title, _ in found)
    assert all(times == 1 for times in titles.values()), f"declared twice: {titles}"
    return dict(found)


def faults_of(state: Json, title: str, number: int) -> list[str]:
    """What is missing or doubled of one incident."""
    name = f"INC-{number}"
    room = room_of(state, name)
    if room is None:
        return [f"{name}: no channel"]
    announced = cards_of(state, name)
    pinned = room["pins"]
    bookmarks = sorted(one["title"] for one in room["bookmarks"])
    pages = [p for p in state["pagerduty"]["incidents"] if p["title"] == title]
    notes = [n["content"] for p in pages for n in p["notes"]]
    counted = {
        "channels": len([c for c in state["channels"] if _is_room(c, number)]),
        "announcements": len(announced),
        "cards": len(cards_of(state, name, room["name"])),
        "pins": len(pinned),
        "PagerDuty incidents": len(pages),
        "PagerDuty notes": len(notes),
        "GitHub issues": len(issues(state, name)),
    }
    wrong = [f"{name}: {n} {what}" for what, n in counted.items() if n != 1]
    if bookmarks != ["Announcement", "GitHub issue", "PagerDuty"]:
        wrong.append(f"{name}: bookmarks {bookmarks}")
    if announced and room["id"] not in str(announced[0]["blocks"]):
        wrong.append(f"{name}: the announcement does not link its channel yet")
    return wrong


def _is_room(channel: Json, number: int) -> bool:
    return bool(re.match(rf"incident-{number}(-|$)", channel["name"]))


def doubled(state: Json) -> list[str]:
    """The same words twice in one channel (private answers are at least once)."""
    said = Counter(
        (channel["name"], message["user"], message["text"])
        for channel in state["channels"]
        for message in state["messages"].get(channel["id"], [])
        if not message["ephemeral"]
    )
    return [f"#{name} {text}" for (name, _, text), times in said.items() if times > 1]


async def all_triggered(one: Life, numbers: range) -> set[str]:
    """Trigger and wait until the bots know all of them.

    While more than ten channels wait, further ones would open on demand only.
    """
    titles = set(await asyncio.gather(*(triggered(one, number) for number in numbers)))

    async def known() -> bool:
        return titles <= (await titles_known(one)).keys()

    assert await one.until(known, time.monotonic() + WORK_SECONDS), await one.unfinished()
    return titles


async def complete(one: Life, titles: set[str]) -> Json:
    """Wait until all of them are there, once; returns what is to be seen then."""
    wrong: list[str] = []

    async def whole() -> bool:
        if not await one.idle():
            return False
        known = await titles_known(one)
        state = await one.stage.state()
        wrong[:] = [f"unknown: {title}" for title in titles - known.keys()]
        wrong.extend(
            line for title, number in known.items() for line in faults_of(state, title, number)
        )
        return not wrong

    if not await one.until(whole, time.monotonic() + WORK_SECONDS):
        raise AssertionError("\n".join([*wrong[:20], str(await one.unfinished())[:3000]]))
    state = await one.stage.state()
    assert set(await titles_known(one)) == titles
    assert doubled(state) == []
    assert channel_named(state, "incidents")
    assert await one.dead() == []
    return state


def shares(one: Life) -> list[int]:
    """How many effects each of the bots carried out."""
    return [bot.log.read_text().count("effect.done") for bot in one.bots]


async def test_two_bots_share_the_work_and_nothing_happens_twice(
    tmp_path: Path, smithy: Forge
) -> None:
    async with life(
        tmp_path, cluster_or_skip().fresh(), smithy, PAGERDUTY_POLL_SECONDS=POLL_SECONDS
    ) as one:
        await pair(one)
        pages = await all_triggered(one, range(TRIGGERED))
        answers = await asyncio.gather(*(declared(one, n) for n in range(DECLARED)))
        assert all(answered for _, answered in answers), answers
        await complete(one, {title for title, _ in answers} | pages)
        assert await one.stage.problems() == []
        assert min(shares(one)) > sum(shares(one)) // 20, shares(one)


@pytest.mark.parametrize("victim", ["first", "second"])
async def test_one_of_two_bots_is_killed_and_the_other_finishes(
    victim: str, tmp_path: Path, smithy: Forge
) -> None:
    """The first is the one that PagerDuty's webhooks reach."""
    async with life(
        tmp_path, cluster_or_skip().fresh(), smithy, PAGERDUTY_POLL_SECONDS=POLL_SECONDS
    ) as one:
        both = await pair(one)
        pages = await all_triggered(one, range(TRIGGERED - AFTERWARDS))
        declaring = [asyncio.create_task(declared(one, n)) for n in range(DECLARED)]

        async def busy() -> bool:
            return bool(await leased(one)) and len(await one.stage.calls("postMessage")) > 5

        assert await one.until(busy, time.monotonic() + 30)
        bot = both.first if victim == "first" else both.second
        bot.kill()
        assert await bot.end() == -9
        one.deaf = victim == "first"
        held = await leased(one)

        async def taken_over() -> bool:
            return not held & await leased(one)

        allowed = TAKEN_OVER_SECONDS * others_share()
        in_time = await one.until(taken_over, time.monotonic() + allowed)
        assert in_time, f"still with the killed bot: {held & await leased(one)}"
        answers = await asyncio.gather(*declaring)
        known = await titles_known(one)
        lost = [n for n, (title, ok) in enumerate(answers) if not ok and title not in known]
        again = await asyncio.gather(*(declared(one, n) for n in lost))
        assert all(answered for _, answered in again), again
        everything = {title for title, _ in answers} | pages
        await complete(one, everything)
        everything |= await all_triggered(one, range(TRIGGERED - AFTERWARDS, TRIGGERED))
        await complete(one, everything)
        wrong = [p for p in await one.stage.problems() if p["kind"] != "no_ack"]
        assert wrong == []


async def leased(one: Life) -> set[tuple[str, int]]:
    """Effects that some bot holds now, with the attempt it makes."""
    columns: Any = EffectRow
    query = select(columns.key, columns.attempts).where(columns.state == "leased")
    return await one.work.read(lambda tx: {tuple(row) for row in tx.session.execute(query)})
