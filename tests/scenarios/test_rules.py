"""A broken rule is answered privately with who did what and when, and changes nothing."""

from __future__ import annotations

import pytest

from tests.stage import ALICE, BOB, CAROL, Json, Stage
from tests.workspace import (
    card_of,
    channel_named,
    comments,
    pages,
    told,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRANK = "U0FRANK00"  # deactivated


async def test_breaking_a_rule_is_answered_privately_with_who_did_what_when(s: Stage) -> None:
    name = await s.declare("Rules are broken")
    before = await s.settled(name)
    card = card_of(before, name)
    assert card
    place: Json = {"channel": (channel_named(before, "incidents") or {})["id"], "ts": card["ts"]}
    # Carol's screen is older than Bob's resolution: the same message still shows its buttons.
    await s.press("Resolve", user=CAROL, **place)
    await s.press("Resolve", user=BOB, **place)
    await s.submit({"What fixed it?": "Bob did"}, user=BOB)
    late = await s.submit({"What fixed it?": "Carol did"}, user=CAROL)
    assert "resolved already" in str(late["view"])
    assert BOB in str(late["view"])
    assert "<!date" in str(late["view"])
    state = await s.settled(name)
    assert pages(state, "Rules are broken")[0]["status"] == "resolved"
    assert not any("Carol did" in c for c in comments(state, name))

    answer = await s.command(f"/incident ack {name}", user=CAROL)
    assert BOB in answer["ack"]["text"]
    assert "resolved" in answer["ack"]["text"]
    assert "<!date" in answer["ack"]["text"]
    assert answer["ack"].get("response_type", "ephemeral") == "ephemeral"
    assert not told(await s.state(ALICE), "cannot be acknowledged")
    assert await s.problems() == []


async def test_two_people_acknowledge_and_the_second_is_told_who_was_first(s: Stage) -> None:
    name = await s.declare("Two press at once")
    await s.settled(name)
    first = await s.command(f"/incident ack {name}", user=BOB)
    second = await s.command(f"/incident ack {name}", user=CAROL)
    assert "yours now" in first["ack"]["text"]
    assert "acknowledged already" in second["ack"]["text"]
    assert BOB in second["ack"]["text"]
    state = await s.settled(name)
    assert len([c for c in comments(state, name) if "acknowledged" in c]) == 1


async def test_nobody_deactivated_gets_an_incident(s: Stage) -> None:
    name = await s.declare("Frank has left")
    before = await s.settled(name)
    await s.on_card(name, "Reassign", user=BOB)
    answer = await s.submit({"Assign to": FRANK}, user=BOB)
    assert "deactivated" in str(answer["view"]) + str(answer["errors"])
    state = await s.settled(name)
    assert (
        pages(state, "Frank has left")[0]["assignments"]
        == (pages(before, "Frank has left")[0]["assignments"])
    )
    assert await s.problems() == []
