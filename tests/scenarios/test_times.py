"""The five times: corrected by command and form, in the person's own zone, kept in the timeline, used everywhere."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain import evidence_text
from bot.store import evidence
from tests.scenarios.test_reminders import LateClock
from tests.stage import ALICE, BOB, Json, Stage, stage
from tests.workspace import card_of, messages_in, room_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

#: Where Bob lives (bot/sandbox/seed.py).
BERLIN = ZoneInfo("Europe/Berlin")


@contextlib.asynccontextmanager
async def resolved(folder: Path) -> AsyncIterator[tuple[Stage, LateClock, str, Json]]:
    """An incident declared at noon, acknowledged after 10 minutes and resolved after an hour."""
    clock = LateClock()
    async with stage(folder, clock=clock, PAGERDUTY_API_TOKEN=None, GITHUB_TOKEN=None) as s:
        name = await s.declare("SEV2 Checkout is down")
        await s.settled(name)
        clock.pass_by(minutes=10)
        await s.command(f"/incident ack {name}")
        clock.pass_by(minutes=20)
        await s.command(f"/incident status {name} monitoring")
        clock.pass_by(minutes=30)
        await s.command(f"/incident resolve {name} done")
        room = room_of(await s.settled(name), name)
        assert room
        yield s, clock, name, room
        assert await s.problems() == []


def local(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%Y-%m-%d %H:%M}"


async def test_a_time_is_corrected_in_the_persons_own_zone(tmp_path: Path) -> None:
    async with resolved(tmp_path) as (s, _, name, room):
        assert s.bot
        over = (await s.bot.world.incidents.get(int(name[4:]))).resolved_at
        assert over, "three hours before that, not before now: minutes may have passed"
        started = (over - timedelta(hours=3)).replace(second=0, microsecond=0)
        answer = await s.command(
            f"/incident times started {local(started)}", user=BOB, channel=room["id"]
        )
        assert f"Started: {started:%Y-%m-%d %H:%M} UTC" in str(answer)
        state = await s.settled(name)
        card = text_of(card_of(state, name) or {})
        assert f"<!date^{int(started.timestamp())}^" in card
        assert "after 3 h" in card, "the duration is of the corrected time"
        told = [
            text_of(m) for m in messages_in(state, room) if "corrected when it was" in text_of(m)
        ]
        [line] = told
        assert "started" in line
        assert BOB in line
        assert "(was " in line


async def test_show_tells_all_five_and_how_long_each_took(tmp_path: Path) -> None:
    async with resolved(tmp_path) as (s, _, name, _room):
        shown = str(await s.command(f"/incident show {name}"))
        for word in ("*Started*", "*Detected*", "*Acknowledged*", "*Mitigated*", "*Resolved*"):
            assert word in shown
        assert "10 min to acknowledge" in shown
        assert "30 min to mitigate" in shown
        assert "1 h to resolve" in shown


async def test_the_form_shows_what_counts_and_saves_what_was_changed(tmp_path: Path) -> None:
    async with resolved(tmp_path) as (s, clock, name, room):
        await s.command("/incident times", user=BOB, channel=room["id"])
        await s.until(lambda state: state["views"], user=BOB)
        at = (clock.now() - timedelta(hours=2)).replace(second=0, microsecond=0)
        await s.submit({"Started": int(at.timestamp())}, user=BOB)
        state = await s.settled(name)
        assert state["views"] == []
        assert f"<!date^{int(at.timestamp())}^" in text_of(card_of(state, name) or {})
        lines = [m for m in messages_in(state, room) if "corrected when it was" in text_of(m)]
        assert len(lines) == 1, "what was not touched was not changed"


async def test_an_odd_order_is_said_and_the_future_refused_beside_its_field(tmp_path: Path) -> None:
    async with resolved(tmp_path) as (s, clock, name, room):
        await s.command("/incident times", user=BOB, channel=room["id"])
        await s.until(lambda state: state["views"], user=BOB)
        future = int((clock.now() + timedelta(days=1)).timestamp())
        answer = await s.submit({"Detected": future}, user=BOB)
        assert "in the future" in str(answer)
        late = int((clock.now() - timedelta(minutes=20)).timestamp())
        answer = await s.submit({"Detected": late}, user=BOB)
        state = await s.until(
            lambda state: "Acknowledged is before detected" in str(state["views"]) and state,
            user=BOB,
        )
        assert "Saved" in str(state["views"])
        await s.settled(name)
        assert "before detected" in str(await s.command(f"/incident show {name}"))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("yesterday 14:05", "There is no time called yesterday"),
        ("started", "Write the time after the word"),
        ("started noon", "I cannot read noon"),
        ("started 2099-01-01 10:00", "in the future"),
        ("started none", "always has a time"),
        ("resolved 2001-01-01 10:00", "Is the year right?"),
    ],
)
async def test_wrong_input_says_what_is_right_and_changes_nothing(
    tmp_path: Path, typed: str, answer: str
) -> None:
    async with resolved(tmp_path) as (s, _, name, room):
        before = (
            await s.bot.work.read(lambda tx: tx.incident(int(name[4:]), lock=False))
            if s.bot
            else None
        )
        assert answer in str(await s.command(f"/incident times {typed}", channel=room["id"]))
        assert s.bot
        assert await s.bot.work.read(lambda tx: tx.incident(int(name[4:]), lock=False)) == before


async def test_the_report_and_the_export_count_with_the_corrected_times(tmp_path: Path) -> None:
    async with resolved(tmp_path) as (s, clock, name, room):
        assert s.bot
        detected = (clock.now() - timedelta(hours=4)).replace(second=0, microsecond=0)
        await s.command(f"/incident times detected {local(detected)}", user=BOB, channel=room["id"])
        await s.settled(name)
        numbers = (await s.bot.world.reports.statistics()).total
        assert numbers.seconds_to_resolve == pytest.approx(4 * 3600, abs=120)
        assert numbers.seconds_to_acknowledge == pytest.approx(4 * 3600 - 50 * 60, abs=120)
        document = await _exported(s, name)
        assert document["incident"]["detected_at"] == detected.astimezone(UTC).isoformat()
        assert [e["kind"] for e in document["events"]].count("time_changed") == 1
        assert f"Detected: {detected:%Y-%m-%d %H:%M}" in evidence_text.markdown(document)
        headers = {"Authorization": "Bearer a-token-for-programs"}
        told = (await s.http.get(f"{s.bot_url}/api/incidents/{name[4:]}", headers=headers)).json()
        assert datetime.fromisoformat(told["detected_at"]) == detected


async def _exported(s: Stage, name: str) -> dict[str, Any]:
    assert s.bot
    found = await s.bot.work.read(lambda tx: evidence.read(tx, int(name[4:])))
    return dict(json.loads(json.dumps(found)))


async def test_the_button_in_the_panel_and_an_open_incident(tmp_path: Path) -> None:
    async with stage(tmp_path, PAGERDUTY_API_TOKEN=None, GITHUB_TOKEN=None) as s:
        name = await s.declare("SEV3 Still open")
        room = room_of(await s.settled(name), name)
        assert room
        await s.command("/incident", channel=room["id"])
        await s.until(lambda state: state["views"])
        await s.press("Times", where="view")
        view = str(
            await s.until(
                lambda state: "In your own time zone" in str(state["views"]) and state["views"]
            )
        )
        assert "*Resolved:* not yet" in view
        assert "*Acknowledged:* not yet" in view
        answer = await s.command("/incident times resolved 00:00", user=ALICE, channel=room["id"])
        assert "Resolve it first" in str(answer)
