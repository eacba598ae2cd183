"""The main job through the front door: declare, announce, channel, act, resolve; all three systems agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stage import ALICE, BOB, buttons, cards, channel_named, issues, messages_in, stage
from tests.workspace import header, room_of

if TYPE_CHECKING:
    from pathlib import Path


async def test_declare_by_command_reaches_all_three_systems(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        answer = await s.command("/incident declare SEV2 Checkout is down")
        assert "INC-1" in answer["ack"]["text"]
        card = await s.until(cards)
        labels = ["Acknowledge", "Reassign", "Escalate", "Resolve", "Subscribe", "More"]
        assert buttons(card[0]) == labels
        await s.quiet()
        state = await s.state()
        channel = channel_named(state, "incident-1-checkout-is-down")
        assert channel is not None
        assert len(channel["pins"]) == 1
        assert "SEV2" in channel["topic"]
        assert {"PagerDuty", "GitHub issue"} <= {b["title"] for b in channel["bookmarks"]}
        [page] = state["pagerduty"]["incidents"]
        assert page["title"] == "Checkout is down"
        [issue] = issues(state)
        assert {"bug", "incident"} == {label["name"] for label in issue["labels"]}
        assert await s.problems() == []


async def test_acknowledge_and_resolve_from_the_card(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        await s.pagerduty("trigger", title="Payments fail", service="PPAYMNT", urgency="high")
        [card] = await s.until(cards)
        announcements = channel_named(await s.state(), "incidents")
        assert announcements
        place = {"channel": announcements["id"], "ts": card["ts"]}
        await s.press("Acknowledge", user=BOB, **place)
        await s.until(lambda state: "Acknowledge" not in buttons(cards(state)[0]))
        await s.press("Resolve", user=BOB, **place)
        await s.submit({"What fixed it?": "Rolled back"}, user=BOB)
        await s.until(lambda state: "Reopen" in buttons(cards(state)[0]))
        await s.quiet()
        state = await s.state()
        assert state["pagerduty"]["incidents"][0]["status"] == "resolved"
        assert issues(state)[0]["state"] == "closed"
        name = header(card).split()[
            1
        ]  # a poll at the start and the webhook may each have taken a number
        said = [m["text"] for m in messages_in(state, room_of(state, name))]
        assert len([t for t in said if "acknowledged" in t and BOB in t and f"{name} 👀" in t]) == 1
        assert any("Rolled back" in t for t in said)
        assert await s.problems() == []
        assert ALICE
