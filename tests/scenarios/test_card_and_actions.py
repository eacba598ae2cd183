"""The card stays true wherever it is; its buttons act here at once, then everywhere else, once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, agents
from tests.workspace import (
    buttons,
    card_of,
    cards_of,
    channel_named,
    comments,
    issues,
    messages_in,
    pages,
    room_of,
    said_in,
    text_of,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRANK = "U0FRANK00"  # deactivated
OPEN = ["Acknowledge", "Reassign", "Escalate", "Resolve", "More"]


def card_says(name: str, words: str) -> Callable[[Json], Any]:
    return lambda state: words in text_of(card_of(state, name) or {"text": ""})


def both_cards(state: Json, name: str) -> list[Json]:
    """The announcement and the card in the incident's channel."""
    room = room_of(state, name)
    assert room
    return [*cards_of(state, name), *cards_of(state, name, room["name"])]


async def test_both_cards_are_edited_in_place_with_the_buttons_of_each_state(s: Stage) -> None:
    name = await s.declare("SEV2 Cards change in place")
    before = both_cards(await s.settled(name), name)
    announced = [*OPEN[:-1], "Subscribe", "More"]
    assert [buttons(card) for card in before] == [announced, OPEN]
    for card in before:
        assert re.search(r"<!date\^\d+\^[^|]+\|[^>]+ UTC>", text_of(card))
        assert "triggered" in card["text"]
        assert "Cards change in place" in card["text"]
        assert "SEV2" in card["text"]
        assert "as of" in text_of(card)  # an old card stays honest
    steps = [
        ("Acknowledge", {}, "acknowledged", ["Reassign", "Escalate", "Resolve", "More"]),
        ("Resolve", {"What fixed it?": "More memory"}, "resolved", ["Reopen", "More"]),
        ("Reopen", {}, "triggered", OPEN),
    ]
    for label, form, status, after in steps:
        await s.on_card(name, label)
        if form:
            await s.submit(form)
        await s.until(card_says(name, f"{name} SEV2 {status}"))
        state = await s.settled(name)
        shown = both_cards(state, name)
        assert [card["ts"] for card in shown] == [card["ts"] for card in before]
        assert [[b for b in buttons(c) if b in (*OPEN, "Reopen")] for c in shown] == [after, after]
        assert all(status in card["text"] for card in shown)
    assert await s.problems() == []


async def test_acknowledge_acts_in_the_persons_name_everywhere_once(s: Stage) -> None:
    name = await s.declare("Acknowledged by Bob")
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=BOB, repeat=1)
    await s.until(card_says(name, "acknowledged"))
    state = await s.settled(name)
    [page] = pages(state, "Acknowledged by Bob")
    assert page["status"] == "acknowledged"
    assert agents(s, "Acknowledged by Bob", "acknowledge") == ["Bob Martin"]
    said = [t for t in said_in(state, room_of(state, name)) if "acknowledged" in t]
    assert len(said) == 1
    assert BOB in said[0]
    assert len([c for c in comments(state, name) if "acknowledged" in c]) == 1
    topic = (room_of(state, name) or {})["topic"]
    assert "acknowledged" in topic
    assert "Bob Martin" in topic
    assert await s.problems() == []


async def test_the_card_changes_before_pagerduty_answers(s: Stage) -> None:
    name = await s.declare("PagerDuty is slow to answer")
    await s.settled(name)
    await s.fault("pagerduty.*", "hold_before", times=30)
    await s.on_card(name, "Acknowledge", user=BOB)
    await s.until(lambda state: "Acknowledge" not in buttons(card_of(state, name) or {}))
    [page] = pages(await s.state(), "PagerDuty is slow to answer")
    assert page["status"] == "triggered"
    await s._call("DELETE", "/api/faults")
    # What was given up meanwhile is tried again a little later.
    await s.until(
        lambda st: pages(st, "PagerDuty is slow to answer")[0]["status"] == "acknowledged"
    )
    await s.settled(name)
    assert await s.problems() == []


async def test_reassign_hands_it_over_and_tells_the_new_owner(s: Stage) -> None:
    name = await s.declare("Carol takes it")
    await s.settled(name)
    await s.on_card(name, "Reassign", user=BOB)
    await s.submit({"Assign to": CAROL, "Message": "You know this one"}, user=BOB)
    await s.until(card_says(name, CAROL))
    state = await s.settled(name)
    [page] = pages(state, "Carol takes it")
    assert [a["assignee"]["summary"] for a in page["assignments"]] == ["Carol Okafor"]
    assert agents(s, "Carol takes it", "assign")[-1] == "Bob Martin"
    said = [t for t in said_in(state, room_of(state, name)) if "reassigned" in t]
    assert len(said) == 1
    assert "You know this one" in said[0]
    assert [c for c in comments(state, name) if "reassigned" in c and "Carol Okafor" in c]
    room = room_of(state, name)
    assert room
    assert CAROL in room["members"]
    hers = await s.state(CAROL)
    direct = [m for c in hers["channels"] if c["is_im"] for m in hers["messages"][c["id"]]]
    assert any(name in text_of(m) and "You know this one" in text_of(m) for m in direct)
    assert "Acknowledge" in buttons(card_of(state, name) or {})
    assert await s.problems() == []


async def test_escalate_offers_what_the_pager_can_do_and_does_it(s: Stage) -> None:
    name = await s.declare("Needs the next level")
    await s.settled(name)
    await s.on_card(name, "Escalate", user=BOB)
    view = (await s.state(BOB))["views"][-1]
    assert "Level 2" in str(view["blocks"])
    assert "Payments escalation" in str(view["blocks"])
    await s.submit({"Message": "Please look"}, user=BOB)
    await s.until(card_says(name, "triggered"))
    state = await s.settled(name)
    assert agents(s, "Needs the next level", "escalate") == ["Bob Martin"]
    said = [t for t in said_in(state, room_of(state, name)) if "escalated" in t]
    assert len(said) == 1
    assert BOB in said[0]
    assert len([c for c in comments(state, name) if "escalated" in c]) == 1
    assert await s.problems() == []


async def test_escalate_to_a_person_asks_them_to_respond(s: Stage) -> None:
    name = await s.declare("Ask Carol too")
    await s.settled(name)
    await s.on_card(name, "Escalate", user=BOB)
    await s.submit({"Or page a person": CAROL, "Message": "A second pair of eyes"}, user=BOB)
    await s.until(lambda st: any("A second pair" in t for t in said_in(st, room_of(st, name))))
    state = await s.settled(name)
    [page] = pages(state, "Ask Carol too")
    assert [r["user"]["summary"] for r in page["incidents_responders"]] == ["Carol Okafor"]
    assert agents(s, "Ask Carol too", "responder_request") == ["Bob Martin"]
    said = [t for t in said_in(state, room_of(state, name)) if CAROL in t]
    assert len(said) == 1, said
    assert await s.problems() == []


async def test_resolve_closes_everything_with_what_fixed_it(s: Stage) -> None:
    name = await s.declare("Fixed by rollback")
    await s.settled(name)
    cancelled = await s.on_card(name, "Resolve", user=BOB, confirm=False)
    assert cancelled["cancelled"]
    await s.on_card(name, "Resolve", user=BOB)
    await s.submit({"What fixed it?": "Rolled back <v1.2> & restarted"}, user=BOB)
    await s.until(card_says(name, "What fixed it"))
    state = await s.settled(name)
    [page] = pages(state, "Fixed by rollback")
    assert page["status"] == "resolved"
    [issue] = issues(state, name)
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    closing = [c for c in comments(state, name) if "resolved" in c]
    assert len(closing) == 1
    assert "Rolled back <v1.2> & restarted" in closing[0]
    said = [t for t in said_in(state, room_of(state, name)) if "resolved the incident" in t]
    assert len(said) == 1
    assert "Rolled back &lt;v1.2&gt; &amp; restarted" in said[0]
    assert await s.problems() == []


async def test_reopen_opens_everything_again(s: Stage) -> None:
    name = await s.declare("It is back")
    await s.settled(name)
    await s.command(f"/incident resolve {name} done", user=BOB)
    await s.settled(name)
    await s.on_card(name, "Reopen", user=CAROL)
    await s.until(lambda state: "Acknowledge" in buttons(card_of(state, name) or {}))
    state = await s.settled(name)
    assert pages(state, "It is back")[0]["status"] == "triggered"
    assert agents(s, "It is back", "reopen") == ["Carol Okafor"]
    assert issues(state, name)[0]["state"] == "open"
    assert len([c for c in comments(state, name) if "reopened" in c]) == 1
    assert len([t for t in said_in(state, room_of(state, name)) if "reopened" in t]) == 1
    assert await s.problems() == []


async def test_somebody_without_pagerduty_account_acts_in_the_bots_name_and_is_told(
    s: Stage,
) -> None:
    name = await s.declare("Dave helps")
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=DAVE)
    await s.until(lambda state: told(state, "no PagerDuty account"), user=DAVE)
    assert not told(await s.state(ALICE), "no PagerDuty account")
    state = await s.settled(name)
    [page] = pages(state, "Dave helps")
    assert page["status"] == "acknowledged"
    assert [n["content"] for n in page["notes"] if "by Dave Kim in Slack" in n["content"]]
    said = [t for t in said_in(state, room_of(state, name)) if "acknowledged" in t]
    assert len(said) == 1
    assert DAVE in said[0]
    assert not [t for t in said_in(state, room_of(state, name)) if "in Slack" in t]
    assert await s.problems() == []


async def test_a_deleted_card_is_posted_again(s: Stage) -> None:
    name = await s.declare("Somebody deletes the card")
    before = await s.settled(name)
    for card, part in ((card_of(before, name), "incidents"), (None, None)):
        channel = channel_named(before, part) if part else room_of(before, name)
        assert channel
        gone = card or cards_of(before, name, channel["name"])[0]
        delete(s, channel["id"], gone["ts"])
    await s.command(f"/incident ack {name}", user=BOB)
    await s.until(card_says(name, "acknowledged"))
    state = await s.settled(name)
    shown = both_cards(state, name)
    assert len(shown) == 2
    assert all("acknowledged" in card["text"] for card in shown)
    room = room_of(state, name)
    assert room
    assert room["pins"] == [shown[1]["ts"]]


def delete(s: Stage, channel: str, ts: str) -> None:
    """An admin deletes somebody else's message, which the sandbox's page does not offer."""
    workspace = s.sandbox.sandbox.slack.ws
    place = workspace.channels[channel]
    del place.messages[ts]
    place.pins[:] = [pin for pin in place.pins if pin.ts != ts]


async def test_more_opens_the_same_panel_as_the_bare_command(s: Stage) -> None:
    name = await s.declare("Open the panel")
    state = await s.settled(name)
    room = room_of(state, name)
    assert room
    await s.on_card(name, "More")
    from_card = (await s.state())["views"][-1]
    s.sandbox.sandbox.slack.ws.modals.clear()
    await s.command("/incident", channel=room["id"])
    bare = (await s.state())["views"][-1]
    assert buttons(from_card) == buttons(bare)
    wanted = {"Acknowledge", "Reassign", "Escalate", "Resolve", "Change severity", "Change phase"}
    assert wanted | {"Add a note", "Timeline"} <= set(buttons(bare))
    s.sandbox.sandbox.slack.ws.modals.clear()
    await s.command("/incident", channel=GENERAL)
    assert (await s.state())["views"][-1]["title"] == "Declare an incident"
    assert messages_in(await s.state(), room)
    assert await s.problems() == []
