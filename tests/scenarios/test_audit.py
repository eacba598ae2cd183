"""Who did what, when and from where: everything people do leaves a line, also what changes no field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, BOB, CAROL, Stage
from tests.workspace import cards_of, room_of, text_of, told

if TYPE_CHECKING:
    from bot.domain.incident import Entry

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRACE, RANDOM = "U0GRACE00", "C0RANDOM00"


async def done_by(s: Stage, name: str, who: str) -> list[Entry]:
    """What the evidence says that somebody did in Slack."""
    assert s.bot is not None
    number = int(name.removeprefix("INC-"))
    kept = await s.bot.work.read(lambda tx: tx.entries(number))
    own = [e for e in kept if e.actor and e.actor.slack_id == who]
    assert all(e.origin.value == "slack" and e.at.tzinfo for e in own)
    return own


async def test_retry_and_dismiss_are_in_the_timeline(s: Stage) -> None:
    await s.fault("github.POST /repos/*/*/issues", "error:Validation Failed", times=2)
    name = await s.declare("SEV3 Steps fail", user=ALICE)
    state = await s.settled(name)
    room = room_of(state, name)
    assert room
    await s.act("join", user=BOB, channel=room["id"])
    [card] = cards_of(await s.state(), name, room["name"])
    await s.press("Retry", user=BOB, channel=room["id"], ts=card["ts"])
    await s.quiet()
    [card] = cards_of(await s.state(), name, room["name"])
    await s.press("Dismiss", user=CAROL, channel=room["id"], ts=card["ts"])
    await s.quiet()
    assert [e.target for e in await done_by(s, name, BOB)] == ["tried again: GitHub issue"]
    assert [e.target for e in await done_by(s, name, CAROL)] == ["dismissed: GitHub issue"]
    shown = text_of((await s.command(f"/incident timeline {name}"))["ack"])
    assert f"<@{BOB}>: tried again: GitHub issue" in shown
    [card] = cards_of(await s.state(), name, room["name"])
    await s.press("Dismiss", user=BOB, channel=room["id"], ts=card["ts"])
    assert len(await done_by(s, name, BOB)) == 1, "what did nothing leaves nothing"


async def test_opening_a_channel_and_joining(s: Stage) -> None:
    await s.pagerduty("trigger", title="Only a whisper", service="PCHECKO", urgency="low")
    name = await s.announced("Only a whisper")
    await s.settled(name)
    await s.on_card(name, "Open channel", user=BOB)
    await s.quiet()
    assert [e.target for e in await done_by(s, name, BOB)] == ["opened a channel for it"]

    loud = await s.declare("SEV2 The same again", user=ALICE)
    await s.settled(loud)
    asked = await s.command("/incident declare SEV2 The same again", user=CAROL)
    assert "Join" in text_of(asked["ack"])
    [question] = [
        m
        for c, ms in (await s.state(CAROL))["messages"].items()
        for m in ms
        if m["ephemeral"] and "Join" in text_of(m)
    ]
    await s.press(f"Join {loud}", user=CAROL, channel="C0GENERAL0", ts=question["ts"])
    await s.quiet()
    assert [e.target for e in await done_by(s, loud, CAROL)] == ["joined"]


async def test_what_concerns_oneself_is_kept_but_not_shown(s: Stage) -> None:
    name = await s.declare("SEV3 Followed closely", user=ALICE)
    await s.settled(name)
    for _ in range(2):
        await s.on_card(name, "Subscribe", user=CAROL)
        await s.quiet()
    assert [e.target for e in await done_by(s, name, CAROL)] == ["subscribed", "unsubscribed"]
    shown = text_of((await s.command(f"/incident timeline {name}"))["ack"])
    assert "subscribed" not in shown
    assert await s.problems() == []


async def test_a_guest_in_the_announcement_channel_may_follow_and_nothing_more(s: Stage) -> None:
    await s.pagerduty("trigger", title="Seen by a guest", service="PCHECKO", urgency="low")
    name = await s.announced("Seen by a guest")
    state = await s.settled(name)
    channel = next(c for c in state["channels"] if c["name"] == "incidents")
    await s.act("join", user=BOB, channel=channel["id"])
    await s.act("invite", user=BOB, channel=channel["id"], who=GRACE)
    for label in ("Acknowledge", "Open channel"):
        await s.on_card(name, label, user=GRACE)
        await s.quiet()
    assert len(told(await s.state(GRACE), "Guests cannot change incidents here")) == 2
    assert room_of(await s.state(), name) is None
    await s.on_card(name, "Subscribe", user=GRACE)
    await s.until(lambda state: told(state, "subscribed"), user=GRACE)
    assert [e.target for e in await done_by(s, name, GRACE)] == ["subscribed"]
    assert await s.problems() == []
