"""A real bot is killed at every step from an alert's delivery to its card and its incident.

The sender does what senders do: it sends again what was not answered. Afterwards there is one alert, one card, one
incident with one channel, whatever the bot died of.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.store import alert_lists
from tests.scenarios.crash.life import Life, life
from tests.workspace import cards, header

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenarios.crash.process import Bot, Forge

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

TOKEN = "a-token-for-alerts"
RULES = """
routing:
  alerts:
    - {when: '.severity == "critical"', do: incident, severity: SEV2}
"""
SETTINGS = {
    "ALERTS_TOKEN": TOKEN,
    "PAGERDUTY_API_TOKEN": None,
    "PAGERDUTY_FROM_EMAIL": None,
    "PAGERDUTY_SERVICE_ID": None,
    "GITHUB_TOKEN": None,
}
ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "QueueTooLong", "severity": "critical"},
    "annotations": {},
    "startsAt": "2026-03-01T09:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "f1",
}
AT_ONCE = 3
SECONDS = 30


async def deliver(one: Life, alert: dict[str, Any] = ALERT) -> bool:
    """Whether it was answered that it is kept."""
    try:
        answer = await one.stage.http.post(
            f"{one.stage.bot_url}/webhooks/alerts/alertmanager",
            json={"alerts": [alert]},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
    except httpx.TransportError:
        return False
    return answer.status_code == 202


async def seen(one: Life) -> dict[str, Any]:
    """What there is of it for people, and in the database."""
    state = await one.stage.state()
    views, total = await one.work.read(lambda tx: alert_lists.listed(tx, limit=10))
    return {
        "alerts": [header(card) for card in cards(state, "alerts")],
        "announced": [header(card) for card in cards(state, "incidents")],
        "rooms": [c["name"] for c in state["channels"] if c["name"].startswith("incident-")],
        "in the room": [header(card) for card in cards(state, "incident-1")],
        "groups": (total, [(view.counts.total, view.incident is not None) for view in views]),
    }


EXPECTED = {
    "alerts": ["🔴 QueueTooLong"],
    "announced": [":large_orange_circle: INC-1 QueueTooLong"],
    "rooms": ["incident-1-queuetoolong"],
    "in the room": [":large_orange_circle: INC-1 QueueTooLong"],
    "groups": (1, [(1, True)]),
}


async def settled(one: Life) -> dict[str, Any]:
    """What is to be seen once nothing is left to do (or time is up)."""

    async def done() -> bool:
        return await one.idle() and await seen(one) == EXPECTED

    await one.until(done, time.monotonic() + SECONDS)
    return await seen(one)


async def lived(folder: Path, smithy: Forge, place: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """One life that ends at a place (0: at none), and what there was to be seen in the end."""
    async with life(folder, None, smithy, **SETTINGS) as one:
        (folder / "muster.yml").write_text(RULES)  # life has written its own
        bot: Bot = await one.start(place=place, gate="alert")
        await one.ready(bot)
        one.open_gate("alert")
        answered = await deliver(one)
        if place:
            assert await bot.end() == -9, bot.said()
            again = await one.start()
            await one.ready(again)
            if not answered:
                assert await deliver(one)
        return await settled(one), one.places("alert")


async def killed(folder: Path, smithy: Forge, places: list[int]) -> list[str]:
    """What was wrong with the lives that ended at those places."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(place: int) -> str:
        async with room:
            found, _ = await lived(folder / f"life-{place}", smithy, place)
        return "" if found == EXPECTED else f"killed at place {place}: {found}"

    return [wrong for wrong in await asyncio.gather(*map(one, places)) if wrong]


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_an_alert_survives_a_death_at_its_first_places(tmp_path: Path, smithy: Forge) -> None:
    found, _ = await lived(tmp_path / "undisturbed", smithy, 0)
    assert found == EXPECTED
    assert await killed(tmp_path, smithy, [1, 2, 3, 4, 6]) == []


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_an_alert_survives_a_death_at_every_place(tmp_path: Path, smithy: Forge) -> None:
    found, places = await lived(tmp_path / "undisturbed", smithy, 0)
    assert found == EXPECTED
    assert len(places) > 10
    # The last places are where nothing is left to do; other coincidences may have a few less.
    assert await killed(tmp_path, smithy, list(range(1, len(places) - 4))) == []
