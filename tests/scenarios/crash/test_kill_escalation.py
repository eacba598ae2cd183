"""A real bot is killed between any two steps of an escalation.

Carol does not answer, Bob does. Whatever the bot died of, both were paged once, Bob's answer stopped it, one message
in the channel proves it, and no page is left without a next step.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import func, select

from bot.services.base import House, Options
from bot.services.page_audit import PageAudit
from bot.store import pages, sql
from tests.scenarios.crash.life import Life, life
from tests.stage import API_TOKEN, BOB, CAROL, DefaultRouter
from tests.workspace import room_of, said_in, text_of, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.databases import Cluster
    from tests.scenarios.crash.process import Bot, Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

POLICY = """
escalation_policies:
  default:
    acknowledge_expires: 2h
    levels:
      - {notify: [person:carol@example.com], wait: 1s}
      - {notify: [person:bob@example.com], wait: 1h}
      - {notify: [person:dave@example.com]}
"""
SETTINGS = {
    "PAGERDUTY_API_TOKEN": None,
    "PAGERDUTY_FROM_EMAIL": None,
    "PAGERDUTY_SERVICE_ID": None,
    "GITHUB_TOKEN": None,
}
AT_ONCE = 3
SECONDS = 40
EXPECTED: dict[str, Any] = {
    "carol": 1,
    "bob": 1,
    "proofs": 1,
    "answered": True,
    "pages": ["acknowledged"],
    "mended": (),
}


async def declared(one: Life) -> None:
    """A program declares, again and again until it is answered, under one key."""
    headers = {"Authorization": f"Bearer {API_TOKEN}", "Idempotency-Key": "night"}
    url = f"{one.stage.bot_url}/api/incidents"
    await until(lambda: _taken(one, url, headers), "the incident to be taken")


async def _taken(one: Life, url: str, headers: dict[str, str]) -> bool:
    with contextlib.suppress(httpx.TransportError):
        answer = await one.stage.http.post(url, json={"title": "Night"}, headers=headers)
        return answer.status_code == 202
    return False


async def until(check: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not await check():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited for {what}")
        await asyncio.sleep(0.05)


async def paged(one: Life, user: str) -> list[str]:
    return told_directly(await one.stage.state(user), "You are paged")


async def answers(one: Life) -> bool:
    """Bob presses Acknowledge, again and again until the incident is his."""
    state = await one.stage.state(BOB)
    for channel in (c for c in state["channels"] if c["is_im"]):
        for message in state["messages"][channel["id"]]:
            if "You are paged" in text_of(message):
                await one.stage.press(
                    "Acknowledge", user=BOB, channel=channel["id"], ts=message["ts"]
                )
    return await one.status() == "acknowledged"


async def seen(one: Life) -> dict[str, Any]:
    """What there is of it for people, and in the database."""
    state = await one.stage.state()
    # PostgreSQL gives a number away with a transaction that was killed before its commit.
    newest = select(func.max(sql.INCIDENT.c.number))
    number = await one.work.read(lambda tx: tx.session.execute(newest).scalar()) or 0
    room = room_of(state, f"INC-{number}")
    proofs = [line for line in said_in(state, room) if "*Page* for" in line]
    known = await one.work.read(lambda tx: pages.of_incident(tx, number, living=False, lock=False))
    house = House(
        work=one.work, catalog=one.stage.catalog, router=DefaultRouter(), options=Options()
    )
    return {
        "carol": len(await paged(one, CAROL)),
        "bob": len(await paged(one, BOB)),
        "proofs": len(proofs),
        "answered": any(f"acknowledged by <@{BOB}>" in line for line in proofs),
        "pages": [page.state.value for page in known],
        "mended": (await PageAudit(house).sweep()).mended,
    }


async def lived(
    folder: Path, smithy: Forge, place: int, database: str | None = None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """One night in which the bot dies at a place (0: at none), and what there was to be seen in the end."""
    async with life(folder, database, smithy, **SETTINGS) as one:
        (folder / "muster.yml").write_text(POLICY)  # life has written its own
        bot = await one.start(place=place, gate="page")
        await one.ready(bot)
        await one.rest()
        one.open_gate("page")
        async with _another(one, bot if place else None):
            await declared(one)
            await until(lambda: paged(one, BOB), "Bob's page")
            await until(lambda: answers(one), "Bob's answer")

            async def done() -> bool:
                return await one.idle() and await seen(one) == EXPECTED

            await one.until(done, time.monotonic() + SECONDS)
            return await seen(one), one.places("page")


@contextlib.asynccontextmanager
async def _another(one: Life, bot: Bot | None) -> AsyncIterator[None]:
    """When the bot dies another is started."""

    async def watch() -> None:
        if bot is not None and await bot.end(300) == -9:
            await one.start()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


async def killed(
    folder: Path, smithy: Forge, places: list[int], database: Callable[[int], str | None]
) -> list[str]:
    """What was wrong with the nights that had a death at those places."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(place: int) -> str:
        async with room:
            try:
                found, _ = await lived(folder / f"life-{place}", smithy, place, database(place))
            except AssertionError as error:
                return f"killed at place {place}: {error}"
        return "" if found == EXPECTED else f"killed at place {place}: {found}"

    return [wrong for wrong in await asyncio.gather(*map(one, places)) if wrong]


def on_sqlite(_place: int) -> None:
    """Each life makes its own file."""
    return


async def test_a_page_survives_a_death_here_and_there(tmp_path: Path, smithy: Forge) -> None:
    found, places = await lived(tmp_path / "undisturbed", smithy, 0)
    assert found == EXPECTED
    assert len(places) > 20
    third = len(places) // 3
    assert await killed(tmp_path, smithy, [third, 2 * third], on_sqlite) == []


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_page_survives_a_death_at_every_place(tmp_path: Path, smithy: Forge) -> None:
    found, places = await lived(tmp_path / "undisturbed", smithy, 0)
    assert found == EXPECTED
    # The last places are where nothing is left to do; other coincidences may have a few less.
    assert await killed(tmp_path, smithy, list(range(1, len(places) - 6)), on_sqlite) == []


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(900)
async def test_a_page_survives_a_death_on_postgresql(
    tmp_path: Path, smithy: Forge, postgres_cluster: Cluster
) -> None:
    first = postgres_cluster.fresh()
    found, places = await lived(tmp_path / "undisturbed", smithy, 0, first)
    assert found == EXPECTED
    wrong = await killed(
        tmp_path,
        smithy,
        list(range(1, len(places) - 6, 12)),
        lambda _place: postgres_cluster.fresh(),
    )
    assert wrong == []
