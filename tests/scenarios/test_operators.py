"""What operators rely on: health endpoints, starting while everything is down, recovering alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, EscalationPolicy, Level
from bot.ports import SystemClock
from tests.stage import ALICE, API_TOKEN, BOB, CAROL, GENERAL, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    cards,
    channel_named,
    issues,
    messages_in,
    pages,
    room_of,
    said_in,
    text_of,
    told,
)

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from bot.ports import Clock

PAGING_CAROL = Catalog(
    policies={
        "default": EscalationPolicy(
            name="default", levels=(Level(notify=("person:carol@example.com",)),)
        )
    }
)


class LateClock:
    """The machine's time, moved on when a story says that time has passed."""

    def __init__(self) -> None:
        self._clock: Clock = SystemClock()
        self._late: timedelta | None = None

    def now(self) -> datetime:
        return self._clock.now() + self._late if self._late else self._clock.now()

    def pass_by(self, time: timedelta) -> None:
        self._late = time


async def get(s: Stage, path: str) -> tuple[int, Any]:
    answer = await s.http.get(f"{s.bot_url}{path}")
    kind = answer.headers["content-type"]
    return answer.status_code, answer.json() if "json" in kind else answer.text


async def test_the_health_endpoints_tell_the_truth(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        assert await get(s, "/healthz") == (200, {"status": "alive"})
        status, report = await get(s, "/readyz")
        assert (status, report["degraded"]) == (200, {})
        assert set(report["parts"]) == {"database", "worker", "slack"}
        name = await s.declare("Counted")
        await s.settled(name)
        status, metrics = await get(s, "/metrics")
        assert status == 200
        for word in ("slack", "pagerduty", "github", "chat.postMessage"):
            assert word in metrics
        for secret in ("xoxb-", "xapp-", "ghp_", "pd-sandbox-token", API_TOKEN):
            assert secret not in metrics
        status, page = await get(s, "/docs")
        assert status == 200
        assert "swagger" in page.lower()
        status, described = await get(s, "/openapi.json")
        assert "/api/incidents" in described["paths"]
        assert await s.problems() == []


async def test_it_starts_while_pagerduty_and_github_are_down_and_recovers_alone(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, start=False) as s:
        await s.fault("pagerduty.*", "reset", times=10_000)
        await s.fault("github.*", "500", times=10_000)
        await s.start_bot()
        await s.ready(people=False)
        name = await s.declare("Nobody else is up")
        await s.until(lambda state: room_of(state, name) and card_of(state, name))

        async def named() -> bool:
            status, report = await get(s, "/readyz")
            return status == 200 and set(report["degraded"]) == {"pagerduty", "github"}

        await s.wait(named, what="the vendors that are down to be named")
        assert (await s.command(f"/incident ack {name}", user=BOB))["ok"]
        await s._call("DELETE", "/api/faults")
        await s.until(lambda state: pages(state, "Nobody else is up"), timeout=30)
        await s.until(lambda state: issues(state, name), timeout=30)
        await s.quiet(ahead=30, timeout=60)
        state = await s.state()
        [page] = pages(state, "Nobody else is up")
        assert page["status"] == "acknowledged"
        [issue] = issues(state, name)
        assert page["html_url"] in issue["body"]
        assert len(cards(state)) == 1
        assert "Retry" not in buttons(card_of(state, name) or {})
        _, report = await get(s, "/readyz")
        assert report["degraded"] == {}


async def test_it_starts_while_slack_is_down_and_is_ready_once_slack_is(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as s:
        await s.fault("slack.*", "500", times=10_000)
        await s.start_bot()

        async def says_so() -> bool:
            status, report = await get(s, "/readyz")
            return status == 503 and report["parts"]["slack"] != "up"

        await s.wait(says_so, what="/readyz to say that Slack is down")
        assert (await get(s, "/healthz"))[0] == 200
        # Programs are served all the same; nothing is lost meanwhile.
        answer = await s.http.post(
            f"{s.bot_url}/api/incidents",
            json={"title": "Declared while Slack is down"},
            headers={"Authorization": f"Bearer {API_TOKEN}"},
        )
        assert answer.status_code == 202
        name = answer.json()["id"]
        await s.until(lambda state: pages(state, "Declared while Slack is down"))
        await s._call("DELETE", "/api/faults")
        await s.ready(timeout=30)
        state = await s.until(
            lambda state: state if room_of(state, name) and card_of(state, name) else None,
            timeout=30,
        )
        assert len(cards(state)) == 1


@pytest.mark.parametrize("vendor", ["pagerduty", "github"])
async def test_a_wrong_token_stops_only_that_vendor(tmp_path: Path, vendor: str) -> None:
    async with stage(tmp_path, SLACK_ADMIN_CHANNEL="ops") as s:
        ops = channel_named(await s.state(), "ops")
        assert ops
        await s.act("invite", user=ALICE, channel=ops["id"], who="U0MUSTER00")
        await s.fault(f"{vendor}.*", "401", times=10_000)
        name = await s.declare("The key is wrong")
        await s.until(lambda state: room_of(state, name) and card_of(state, name))
        other = pages if vendor == "github" else issues
        key = "The key is wrong" if vendor == "github" else name
        await s.until(lambda state: other(state, key))
        room = (room_of(await s.state(), name) or {"name": ""})["name"]
        [card] = await s.until(
            lambda state: [c for c in cards(state, room) if "I stopped all calls" in text_of(c)]
        )
        assert "Retry" in buttons(card)
        said = await s.until(
            lambda state: [t for t in said_in(state, ops) if "refused" in t and "key" in t]
        )
        assert len(said) == 1
        status, report = await get(s, "/readyz")
        assert (status, list(report["degraded"])) == (200, [vendor])
        tried = len([c for c in await s.calls(f"{vendor}.") if c["error"] == "fault:401"])
        assert tried <= 8, "a refused key is not tried again and again"
        await s._call("DELETE", "/api/faults")
        channel = room_of(await s.state(), name)
        assert channel
        await s.press("Retry", channel=channel["id"], ts=card["ts"])
        await s.until(lambda state: issues(state, name) and pages(state, "The key is wrong"))


async def test_the_native_policy_pages_when_pagerduty_takes_nothing_for_two_minutes(
    tmp_path: Path,
) -> None:
    from datetime import timedelta

    clock = LateClock()
    async with stage(tmp_path, catalog=PAGING_CAROL, clock=clock) as s:
        await s.fault("pagerduty.POST /incidents", "500", times=10_000)
        name = await s.declare("PagerDuty is down")
        await s.until(lambda state: room_of(state, name) and card_of(state, name))
        clock.pass_by(timedelta(seconds=100))
        await s.declare("Something else")
        assert not told(await s.state(CAROL), "You are paged")
        clock.pass_by(timedelta(seconds=125))
        await s.until(lambda state: told(state, "You are paged"), user=CAROL)
        await s.until(
            lambda state: [t for t in said_in(state, room_of(state, name)) if "Level 1" in t]
        )
        assert len([t for t in told(await s.state(CAROL), "paged") if name in t]) == 1


async def test_without_channels_the_incident_runs_in_the_thread_of_its_announcement(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path) as s:
        await s.fault("slack.conversations.create", "error:restricted_action", times=10_000)
        name = await s.declare("No channels allowed")
        await s.until(lambda state: card_of(state, name))
        await s.quiet()
        await s.command(f"/incident ack {name}", user=BOB)
        await s.command(f"/incident note {name} Still works", user=CAROL)
        state = await s.settled(name)
        card = card_of(state, name)
        assert card
        assert room_of(state, name) is None
        assert "runs in this thread" in text_of(card)
        replies = [
            m["text"]
            for m in messages_in(state, channel_named(state, "incidents"))
            if m["thread_ts"] == card["ts"] and m["ts"] != card["ts"]
        ]
        assert len([t for t in replies if "acknowledged" in t]) == 1
        assert len([t for t in replies if "Still works" in t]) == 1
        [page] = pages(state, "No channels allowed")
        assert page["status"] == "acknowledged"
        assert len(issues(state, name)) == 1
        shown = await s.command(f"/incident timeline {name}", channel=GENERAL)
        assert "restricted_action" in str(shown["ack"])
        assert "Workspace settings" in str(shown["ack"])
        assert len([t for t in replies if "restricted_action" in t]) == 1


async def test_an_announcement_channel_the_bot_cannot_see_does_not_stop_the_start(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, start=False, SLACK_INCIDENTS_CHANNEL="war-room") as s:
        made = await s.act("create_channel", user=ALICE, name="war-room", is_private=True)
        await s.start_bot()
        await s.ready()

        async def says_how() -> Json | None:
            status, report = await get(s, "/readyz")
            assert status == 200
            return report["degraded"] if "announcements" in report["degraded"] else None

        degraded = await s.wait(says_how, what="/readyz to name the hidden channel")
        assert "war-room" in degraded["announcements"]
        assert "nvite me" in degraded["announcements"]
        name = await s.declare("Announced nowhere yet")
        await s.until(lambda state: room_of(state, name))
        await s.until(lambda state: pages(state, "Announced nowhere yet") and issues(state, name))
        await s.quiet()
        state = await s.state()
        room = room_of(state, name)
        assert room
        [card] = [m for m in messages_in(state, room) if "Retry" in buttons(m)]
        assert "war-room" in text_of(card)
        await s.act("invite", user=ALICE, channel=made["channel"], who="U0MUSTER00")
        await s.press("Retry", channel=room["id"], ts=card["ts"])
        await s.until(lambda state: cards(state, "war-room"))
        await s.quiet()
        assert len(cards(await s.state(), "war-room")) == 1
        _, report = await get(s, "/readyz")
        assert report["degraded"] == {}
