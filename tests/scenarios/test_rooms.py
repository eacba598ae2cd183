"""Mentions of the bot, people who join, and channels that people change by hand."""

from __future__ import annotations

import pytest

from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage, buttons
from tests.workspace import card_of, messages_in, room_of, said_in, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MUSTER = "U0MUSTER00"


async def running(s: Stage, title: str) -> tuple[str, Json]:
    """An incident with its channel."""
    name = await s.declare(f"SEV3 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


async def private_answers(s: Stage, channel: str, user: str) -> list[Json]:
    """What only this person was told there."""
    await s.quiet()
    state = await s.state(user)
    return [m for m in state["messages"].get(channel, []) if m["ephemeral"]]


async def mention(s: Stage, words: str, channel: str, user: str = ALICE, **more: str) -> Json:
    """The private answer to ``@Muster words``."""
    before = len(await private_answers(s, channel, user))
    answer = await s.act("message", user=user, channel=channel, text=f"@Muster {words}", **more)
    assert set(answer["delivered"]) == {"acknowledged"}
    await answered(s, channel, user, before + 1)
    found = await private_answers(s, channel, user)
    assert len(found) == before + 1, "one answer"
    return found[-1]


async def answered(s: Stage, channel: str, user: str, count: int) -> None:
    """An event is acknowledged first, and what is said to it follows."""

    def told(state: Json) -> bool:
        messages = state["messages"].get(channel, [])
        return len([m for m in messages if m["ephemeral"]]) >= count

    await s.until(told, user=user)


async def test_a_mention_takes_the_same_words_as_the_command(s: Stage) -> None:
    name, room = await running(s, "Asked by mention")
    assert name in text_of(await mention(s, "list", room["id"]))
    assert "is acknowledged" in text_of(await mention(s, "ack", room["id"]))
    assert "acknowledged already" in text_of(await mention(s, "ack", room["id"]))
    assert "/incident resolve" in text_of(await mention(s, "resovle", room["id"]))
    noted = await mention(s, "note Tried <b> & this", room["id"])
    assert "Noted on" in text_of(noted)
    state = await s.settled(name)
    assert "acknowledged" in (card_of(state, name) or {})["text"]
    assert [t for t in said_in(state, room) if "Tried &lt;b&gt; &amp; this" in t]
    seen_by_others = [m for m in messages_in(await s.state(BOB), room) if m["ephemeral"]]
    assert not [m for m in seen_by_others if "Noted on" in text_of(m)]
    assert await s.problems() == []


async def test_a_mention_in_the_middle_and_in_a_thread(s: Stage) -> None:
    name, room = await running(s, "Asked in a thread")
    first = await s.act("message", user=ALICE, channel=room["id"], text="Let us see")
    answer = await mention(s, f"show {name}", room["id"], thread_ts=first["ts"])
    assert name in text_of(answer)
    assert answer["thread_ts"] == first["ts"]
    before = len(await private_answers(s, room["id"], ALICE))
    said = await s.act("message", user=ALICE, channel=room["id"], text="Hello @Muster, help")
    assert said["ok"]
    await answered(s, room["id"], ALICE, before + 1)
    assert "What I can do" in text_of((await private_answers(s, room["id"], ALICE))[-1])
    assert await s.problems() == []


async def test_what_needs_a_form_comes_with_a_button(s: Stage) -> None:
    name, room = await running(s, "Asked for a form")
    answer = await mention(s, "reassign", room["id"])
    assert buttons(answer) == ["Open the form"]
    await s.press("Open the form", channel=room["id"], ts=answer["ts"])
    view = (await s.until(lambda state: state["views"]))[-1]
    assert view["title"] == "Reassign"
    await s.act("close", user=ALICE)
    answer = await mention(s, "", room["id"])
    await s.press("Open the form", channel=room["id"], ts=answer["ts"])
    view = (await s.until(lambda state: state["views"]))[-1]
    assert view["title"] == name
    assert await s.problems() == []


async def test_whoever_joins_is_told_where_things_stand_once(s: Stage) -> None:
    name, room = await running(s, "Joined later")
    await s.command("/incident note The queue is full", channel=room["id"])
    await s.command("/incident status identified", channel=room["id"])
    await s.settled(name)
    await s.act("join", user=CAROL, channel=room["id"])
    [told] = await private_answers(s, room["id"], CAROL)
    for words in (name, "Welcome", "SEV3", "Phase: identified", "Owner", "Commander",
                  "The queue is full", "/incident timeline"):  # fmt: skip
        assert words in text_of(told), words
    assert buttons(told) == ["More"]
    await s.act("leave", user=CAROL, channel=room["id"])
    await s.act("join", user=CAROL, channel=room["id"])
    assert len(await private_answers(s, room["id"], CAROL)) == 1
    await s.act("join", user=BOB, channel="C0OPS00000")
    everywhere = [m for c in (await s.state(MUSTER))["messages"].values() for m in c]
    assert not [m for m in everywhere if m["ephemeral"]], "not the bot itself"
    assert await s.problems() == []


async def test_a_channel_renamed_by_hand(s: Stage) -> None:
    name, room = await running(s, "Renamed by hand")
    await s.act("rename", user=ALICE, channel=room["id"], name="checkout-war-room")
    state = await s.settled(name)
    shown = text_of((await s.command("/incident timeline", channel=room["id"]))["ack"])
    assert "called #checkout-war-room now" in shown
    assert room["id"] in text_of(card_of(state, name) or {})
    assert "is acknowledged" in str((await s.command("/incident ack", channel=room["id"]))["ack"])
    await s.quiet()
    assert await s.problems() == []


async def test_a_channel_archived_and_brought_back(s: Stage) -> None:
    name, room = await running(s, "Archived by hand")
    await s.act("archive", user=BOB if BOB in room["members"] else ALICE, channel=room["id"])
    state = await s.settled(name)
    assert "(archived)" in text_of(card_of(state, name) or {})
    assert not [c for c in state["channels"] if c["name"].startswith(f"{room['name']}-")]
    await s.act("unarchive", user=ALICE, channel=room["id"])
    await s.act("invite", user=ALICE, channel=room["id"], who=MUSTER)
    state = await s.settled(name)
    assert "(archived)" not in text_of(card_of(state, name) or {})
    assert await s.problems() == []


async def test_work_on_an_archived_channel_goes_on_in_a_new_one(s: Stage) -> None:
    name, room = await running(s, "Archived and needed")
    await s.act("archive", user=ALICE, channel=room["id"])
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=BOB)
    state = await s.settled(name)
    newer = room_of(state, name)
    assert newer
    assert newer["id"] != room["id"]
    card = text_of(card_of(state, name) or {})
    assert newer["id"] in card
    assert "(archived)" not in card


async def test_a_channel_deleted_by_hand(s: Stage) -> None:
    name, room = await running(s, "Deleted by hand")
    await s.act("delete_channel", user=ALICE, channel=room["id"])
    state = await s.settled(name)
    card = card_of(state, name) or {}
    assert "runs in this thread" in text_of(card)
    await s.on_card(name, "Acknowledge", user=BOB)
    state = await s.settled(name)
    replies = [
        m for m in state["messages"][next(c["id"] for c in state["channels"] if c["name"] == "incidents")]
        if m.get("thread_ts") == card["ts"] and m["ts"] != card["ts"]
    ]  # fmt: skip
    assert [m for m in replies if "acknowledged" in m["text"]]
    shown = text_of((await s.command(f"/incident timeline {name}", channel=GENERAL))["ack"])
    assert "was deleted" in shown
    assert await s.problems() == []
