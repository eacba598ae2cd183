"""Who may mark messages, and where: guests, people of other workspaces, and the thread of an announcement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, BOB, CAROL, Json, Stage
from tests.workspace import buttons, card_of, channel_named, messages_in, room_of, text_of, told

if TYPE_CHECKING:
    from bot.domain.incident import Entry

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRACE = "U0GRACE00"  # a guest
CONFIRMED = "white_check_mark"


async def entries(s: Stage, name: str, words: str = "") -> list[Entry]:
    """All that is kept about an incident, as far as it says so."""
    assert s.bot is not None
    number = int(name.removeprefix("INC-"))
    kept = await s.bot.work.read(lambda tx: tx.entries(number))
    return [entry for entry in kept if words in f"{entry.text} {entry.target}"]


async def shown(s: Stage, name: str) -> str:
    """The timeline as people read it."""
    return text_of((await s.command(f"/incident timeline {name}"))["ack"])


async def do(s: Stage, what: str, user: str, channel: str, ts: str, **more: str) -> None:
    """React, pin and the like, and wait until everything that follows is done."""
    answer = await s.act(what, user=user, channel=channel, ts=ts, **more)
    assert answer["ok"], answer
    await s.quiet()


async def say(s: Stage, channel: str, words: str, *, user: str = BOB, **more: str) -> str:
    answer = await s.act("message", user=user, channel=channel, text=words, **more)
    assert answer["ok"], answer
    return str(answer["ts"])


async def reactions(s: Stage, channel: str, ts: str, user: str = ALICE) -> dict[str, list[str]]:
    found = [m for m in (await s.state(user))["messages"][channel] if m["ts"] == ts]
    return {each["name"]: each["users"] for each in found[0]["reactions"]}


async def room(s: Stage, title: str, *people: str) -> tuple[str, Json]:
    """An incident's name and channel, with people in it."""
    name = await s.declare(title)
    found = room_of(await s.settled(name), name)
    assert found
    for who in people:
        await s.act("invite", user=ALICE, channel=found["id"], who=who)
    await s.quiet()
    return name, found


async def zoe(s: Stage) -> str:
    """Somebody of a partner's workspace."""
    answer = await s.act("user", email="zoe@partner.example", team="T0PARTNER", real_name="Zoe Far")
    return str(answer["user"])


async def test_marks_of_guests_do_not_count_and_they_are_told_once(s: Stage) -> None:
    name, place = await room(s, "SEV3 A guest helps out", BOB, GRACE)
    ts = await say(s, place["id"], "The guest finds this important")
    await do(s, "react", GRACE, place["id"], ts, name="pushpin")
    await do(s, "react", GRACE, place["id"], ts, name="zap")
    second = await say(s, place["id"], "And this")
    await do(s, "pin", GRACE, place["id"], second)
    assert await entries(s, name, "important") == []
    assert await entries(s, name, "And this") == []
    assert CONFIRMED not in await reactions(s, place["id"], ts)
    refused = told(await s.state(GRACE), f"does not count for the timeline of {name}")
    assert len(refused) == 1, "politely, and once"
    assert "Guests cannot change incidents here. Ask a full member" in refused[0]
    assert told(await s.state(BOB), "does not count") == [], "nobody else hears of it"

    await do(s, "react", BOB, place["id"], ts, name="pushpin")
    [entry] = await entries(s, name, "important")
    assert entry.actor_target
    assert entry.actor_target.slack_id == BOB
    assert CONFIRMED in await reactions(s, place["id"], ts)
    await do(s, "unreact", BOB, place["id"], ts, name="pushpin")
    assert "important" not in await shown(s, name), "the guest's own pushpin does not keep it"
    assert await s.problems() == []


async def test_a_guest_takes_nothing_out_of_the_timeline(s: Stage) -> None:
    name, place = await room(s, "SEV3 A guest tidies up", BOB, GRACE)
    ts = await say(s, place["id"], "Pinned by a member")
    await do(s, "pin", BOB, place["id"], ts)
    await do(s, "unpin", GRACE, place["id"], ts)
    assert "Pinned by a member" in await shown(s, name)
    assert told(await s.state(GRACE), "does not count")
    assert await s.problems() == []


async def test_people_of_other_workspaces_can_do_nothing(s: Stage) -> None:
    name, place = await room(s, "SEV3 A partner looks on", BOB)
    stranger = await zoe(s)
    await s.act("invite", user=ALICE, channel=place["id"], who=stranger)
    await s.quiet()
    ts = await say(s, place["id"], "Seen by the partner")
    await do(s, "react", stranger, place["id"], ts, name="pushpin")
    assert await entries(s, name, "Seen by") == []
    assert CONFIRMED not in await reactions(s, place["id"], ts)
    [refused] = told(await s.state(stranger), "does not count")
    assert "Only members of this workspace can change incidents" in refused

    card = next(m for m in messages_in(await s.state(), place) if "Acknowledge" in buttons(m))
    before = await entries(s, name)
    for label in ("Acknowledge", "Resolve", "Reassign", "Escalate", "More"):
        await s.press(label, user=stranger, channel=place["id"], ts=card["ts"])
        await s.quiet()
    assert (await s.state(stranger))["views"] == [], "no form is shown"
    for words in (f"show {name}", "list", f"timeline {name}", "declare x", "", "oncall"):
        answer = await s.command(f"/incident {words}", user=stranger, channel=place["id"])
        assert "Only members of this workspace" in str(answer["ack"]), words
    await say(s, place["id"], "<@U0MUSTER00> list", user=stranger)
    await s.quiet()
    assert len(told(await s.state(stranger), "Only members of this workspace")) >= 6
    assert await entries(s, name) == before
    assert await s.problems() == []


async def test_marks_in_the_announcements_thread(s: Stage) -> None:
    name = await s.declare("SEV3 Talked about under the announcement")
    state = await s.settled(name)
    channel, card = channel_named(state, "incidents"), card_of(state, name)
    assert channel
    assert card
    await s.act("join", user=BOB, channel=channel["id"])
    await s.quiet()
    ts = await say(s, channel["id"], "Support hears of it too", thread_ts=card["ts"])
    other = await say(s, channel["id"], "Not about any incident")
    await do(s, "react", BOB, channel["id"], ts, name="pushpin")
    await do(s, "react", BOB, channel["id"], other, name="pushpin")
    await do(s, "react", BOB, channel["id"], card["ts"], name="pushpin")
    [entry] = await entries(s, name, "Support hears")
    assert f"thread_ts={card['ts']}" in entry.target
    assert CONFIRMED in await reactions(s, channel["id"], ts)
    assert CONFIRMED not in await reactions(s, channel["id"], other)
    assert [e for e in await entries(s, name) if e.kind.value == "message"] == [entry]
    await do(s, "unreact", BOB, channel["id"], ts, name="pushpin")
    assert "Support hears" not in await shown(s, name)
    assert CONFIRMED not in await reactions(s, channel["id"], ts)

    await do(s, "pin", BOB, channel["id"], ts)
    assert "Support hears" in await shown(s, name)
    await do(s, "unpin", BOB, channel["id"], ts)
    assert "Support hears" not in await shown(s, name)
    assert await s.problems() == []


async def test_the_shortcut_in_the_announcements_thread_asks_nothing(s: Stage) -> None:
    name = await s.declare("SEV3 Added from the thread")
    state = await s.settled(name)
    channel, card = channel_named(state, "incidents"), card_of(state, name)
    assert channel
    assert card
    await s.act("join", user=CAROL, channel=channel["id"])
    ts = await say(s, channel["id"], "By the shortcut there", user=CAROL, thread_ts=card["ts"])
    await do(s, "shortcut", CAROL, channel["id"], ts, name="Add to timeline")
    assert (await s.state(CAROL))["views"] == []
    assert await entries(s, name, "By the shortcut there")
    assert await s.problems() == []


async def test_marks_where_the_incident_runs_in_the_thread(s: Stage) -> None:
    await s.fault("slack.conversations.create", "error:restricted_action", times=1)
    name = await s.declare("SEV3 No channel of its own")
    state = await s.settled(name)
    assert room_of(state, name) is None
    channel, card = channel_named(state, "incidents"), card_of(state, name)
    assert channel
    assert card
    await s.act("join", user=BOB, channel=channel["id"])
    ts = await say(s, channel["id"], "It runs here", thread_ts=card["ts"])
    await do(
        s, "react", CAROL if CAROL in channel["members"] else BOB, channel["id"], ts, name="zap"
    )
    [entry] = await entries(s, name, "It runs here")
    assert entry.kind.value == "action_item"
    assert CONFIRMED in await reactions(s, channel["id"], ts)
    assert await s.problems() == []
