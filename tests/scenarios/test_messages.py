"""Messages: opening an incident from one, and putting one into the timeline by shortcut, emoji or pin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.moments import time_of
from bot.sandbox.slack import messages
from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage
from tests.workspace import card_of, header, messages_in, room_of, text_of, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.incident import Entry

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Talk:
    """People talk in an incident's channel and elsewhere."""

    def __init__(self, s: Stage, name: str, room: Json) -> None:
        self.s, self.name, self.room = s, name, room
        self.number = int(name.removeprefix("INC-"))

    async def say(self, words: str, *, user: str = ALICE, channel: str | None = None) -> str:
        """The ts of a message."""
        place = channel or self.room["id"]
        answer = await self.s.act("message", user=user, channel=place, text=words)
        assert answer["ok"], answer
        return str(answer["ts"])

    async def do(self, what: str, ts: str, *, user: str = ALICE, **more: Any) -> None:
        """React, pin and the like, and wait until everything that follows is done."""
        place = {"channel": self.room["id"], **more}
        answer = await self.s.act(what, user=user, ts=ts, **place)
        assert answer["ok"], answer
        await self.s.quiet()

    async def entries(self, words: str = "") -> list[Entry]:
        """The timeline's entries that say so."""
        assert self.s.bot is not None
        view = await self.s.bot.world.incidents.view(self.number)
        return [entry for entry in view.entries if words in entry.text]

    async def reactions(self, ts: str, channel: str | None = None) -> dict[str, list[str]]:
        """Emoji and who."""
        state = await self.s.state()
        found = [m for m in state["messages"][channel or self.room["id"]] if m["ts"] == ts]
        return {each["name"]: each["users"] for each in found[0]["reactions"]}


@pytest_asyncio.fixture(loop_scope="module")
async def talk(s: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Talk]:
    """An incident of the story's own, named like the test, with two people in its channel."""
    name = await s.declare(f"SEV3 {request.node.name.replace('_', ' ')}")
    room = room_of(await s.settled(name), name)
    assert room
    for who in (BOB, CAROL):
        await s.act("join", user=who, channel=room["id"])
    await s.quiet()
    yield Talk(s, name, room)
    assert await s.problems() == []


async def test_a_pushpin_puts_a_message_into_the_timeline_and_takes_it_out(talk: Talk) -> None:
    ts = await talk.say("The queue grew at 14:02, see @carol & co", user=BOB)
    await talk.do("react", ts, user=CAROL, name="pushpin")
    [entry] = await talk.entries("The queue grew")
    assert entry.at == time_of(ts)
    assert entry.text == "The queue grew at 14:02, see @Carol Okafor & co"
    assert entry.actor
    assert entry.actor.slack_id == BOB
    assert entry.target.endswith(f"/archives/{talk.room['id']}/p{ts.replace('.', '')}")
    assert (await talk.reactions(ts))["white_check_mark"] == ["U0MUSTER00"]
    shown = text_of((await talk.s.command("/incident timeline", channel=talk.room["id"]))["ack"])
    assert "The queue grew" in shown
    assert entry.target in shown

    await talk.do("react", ts, user=ALICE, name="pushpin")
    assert len(await talk.entries("The queue grew")) == 1
    await talk.do("unreact", ts, user=CAROL, name="pushpin")
    assert await talk.entries("The queue grew"), "another pushpin is still there"
    await talk.do("unreact", ts, user=ALICE, name="pushpin")
    assert not await talk.entries("The queue grew")
    assert await talk.reactions(ts) == {}
    await talk.do("react", ts, user=BOB, name="pushpin")
    assert len(await talk.entries("The queue grew")) == 1


async def test_what_was_removed_stays_in_the_evidence(talk: Talk) -> None:
    ts = await talk.say("Not so sure", user=BOB)
    await talk.do("react", ts, name="pushpin")
    await talk.do("unreact", ts, name="pushpin")
    assert talk.s.bot is not None
    kept = await talk.s.bot.work.read(lambda tx: tx.entries(talk.number))
    about = [e.kind.value for e in kept if e.vendor_id == f"slack:{talk.room['id']}/{ts}"]
    assert about == ["message", "removed"]


async def test_a_pin_is_the_same(talk: Talk) -> None:
    ts = await talk.say("Rolled back to 1.2.3", user=BOB)
    await talk.do("pin", ts, user=BOB)
    await talk.do("react", ts, user=ALICE, name="pushpin")
    assert len(await talk.entries("Rolled back")) == 1
    await talk.do("unreact", ts, user=ALICE, name="pushpin")
    assert len(await talk.entries("Rolled back")) == 1, "it is still pinned"
    await talk.do("unpin", ts, user=CAROL)
    assert not await talk.entries("Rolled back")


async def test_emoji_for_action_items_and_follow_ups(talk: Talk) -> None:
    ts = await talk.say("Add an alert on the queue's length", user=BOB)
    await talk.do("react", ts, name="zap")
    await talk.do("react", ts, name="fast_forward")
    kinds = {e.kind.value for e in await talk.entries("Add an alert")}
    assert kinds == {"action_item", "follow_up"}
    await talk.do("unreact", ts, name="zap")
    [entry] = await talk.entries("Add an alert")
    assert entry.kind.value == "follow_up"
    assert "white_check_mark" in await talk.reactions(ts)


async def test_events_that_come_twice_or_for_what_is_not_meant_add_nothing(talk: Talk) -> None:
    ts = await talk.say("Once is enough", user=BOB)
    await talk.do("react", ts, name="pushpin", repeat=2)
    assert len(await talk.entries("Once is enough")) == 1
    await talk.do("react", ts, name="eyes")
    outside = await talk.say("Lunch?", channel=GENERAL)
    await talk.do("react", outside, name="pushpin", channel=GENERAL)
    state = await talk.s.state()
    news = [m for m in messages_in(state, talk.room) if m["user"] == "U0MUSTER00"]
    await talk.do("react", news[0]["ts"], name="pushpin")
    assert len([e for e in await talk.entries() if e.kind.value == "message"]) == 1
    assert "white_check_mark" not in await talk.reactions(outside, GENERAL)
    reply = await talk.s.act(
        "message", user=BOB, channel=talk.room["id"], text="In the thread", thread_ts=ts
    )
    await talk.do("react", reply["ts"], name="pushpin")
    assert len(await talk.entries("In the thread")) == 1


async def test_a_message_that_was_deleted_meanwhile(talk: Talk) -> None:
    # It cannot be read before it is gone, however soon that is tried again.
    await talk.s.fault("slack.conversations.history", "error:internal_error", times=1000)
    ts = await talk.say("Gone soon", user=BOB)
    slack = talk.s.sandbox.sandbox.slack.ws
    channel = slack.channels[talk.room["id"]]
    await talk.s.act("react", user=BOB, channel=channel.id, ts=ts, name="pushpin")
    if ts in channel.messages:
        messages.delete(slack, channel, channel.messages[ts])
    await talk.s._call("DELETE", "/api/faults")
    await talk.s.quiet(ahead=30)
    waiting = [one for one in await talk.s.unfinished() if "/message/" in one["effect"]]
    assert waiting == []
    assert await talk.entries("Gone soon") == []


async def test_the_shortcut_in_the_channel(talk: Talk) -> None:
    ts = await talk.say("By the shortcut", user=BOB)
    for _ in range(2):
        await talk.do("shortcut", ts, user=CAROL, name="Add to timeline")
    [entry] = await talk.entries("By the shortcut")
    assert entry.at == time_of(ts)
    assert entry.actor
    assert entry.actor.slack_id == BOB
    assert entry.actor_target
    assert entry.actor_target.slack_id == CAROL
    assert "white_check_mark" in await talk.reactions(ts)
    assert told(await talk.s.state(CAROL), "in the timeline of")


async def test_the_shortcut_elsewhere_asks_which_incident(talk: Talk) -> None:
    ts = await talk.say("Customers write us since noon", user=BOB, channel=GENERAL)
    await talk.do("shortcut", ts, user=BOB, name="Add to timeline", channel=GENERAL)
    view = (await talk.s.until(lambda state: state["views"], user=BOB))[-1]
    assert view["title"] == "Add to timeline"
    title = header(card_of(await talk.s.state(), talk.name) or {}).split(" ", 2)[2]
    answer = await talk.s.submit({"Incident": f"{talk.name} {title}"[:75]}, user=BOB)
    assert answer["ok"]
    assert not answer["errors"], answer
    await talk.s.quiet()
    [entry] = await talk.entries("Customers write us")
    assert entry.at == time_of(ts)
    state = await talk.s.state(BOB)
    assert "white_check_mark" in str(state["messages"][GENERAL]) or told(state, "in the timeline")


async def test_an_incident_is_opened_from_a_message(talk: Talk) -> None:
    words = "Payments fail in <Europe>\nsince 12:04, all cards & wallets"
    ts = await talk.say(words, user=BOB, channel=GENERAL)
    await talk.do("shortcut", ts, user=CAROL, name="Open an incident", channel=GENERAL)
    view = (await talk.s.until(lambda state: state["views"], user=CAROL))[-1]
    assert view["title"] == "Declare an incident"
    shown = str(view["blocks"])
    assert "Payments fail in <Europe>" in shown
    assert "'since 12:04, all cards & wallets'" in shown
    answer = await talk.s.submit({"Severity": "SEV2"}, user=CAROL)
    assert answer["ok"]
    assert not answer["errors"], answer
    name = await talk.s.announced("Payments fail in <Europe>")
    state = await talk.s.settled(name)
    link = f"/archives/{GENERAL}/p{ts.replace('.', '')}"
    assert link in text_of(card_of(state, name) or {})
    assert talk.s.bot is not None
    opened = await talk.s.bot.world.incidents.view(int(name.removeprefix("INC-")))
    [entry] = [e for e in opened.entries if e.kind.value == "message"]
    assert entry.at == time_of(ts)
    assert entry.target.endswith(link)
    room = room_of(state, name)
    assert room
    seen = [m for m in state["messages"][GENERAL] if m.get("thread_ts") == ts and m["ts"] != ts]
    told_there = [text_of(m) for m in seen] or told(await talk.s.state(CAROL), name)
    assert any(room["id"] in words for words in told_there)
