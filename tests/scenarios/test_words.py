"""Words, fields and events that no other story needs: what is promised by name is used as people use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage
from tests.workspace import card_of, cards_of, pages, room_of, said_in, text_of

if TYPE_CHECKING:
    from bot.domain.incident import Entry

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def typed(s: Stage, words: str, user: str = ALICE) -> str:
    return text_of((await s.command(words, user=user))["ack"])


def option(view: Json, label: str, part: str) -> str:
    """The choice with these words in a select of a form."""
    [block] = [b for b in view["blocks"] if b["type"] == "input" and b["label"]["text"] == label]
    offered = [str(one["text"]["text"]) for one in block["element"]["options"]]
    return next(one for one in offered if part in one)


async def kinds(s: Stage, name: str) -> list[Entry]:
    assert s.bot is not None
    return list((await s.bot.world.incidents.view(int(name.removeprefix("INC-")))).entries)


async def test_other_names_of_the_commands(s: Stage) -> None:
    assert "is declared" in await typed(s, "/incident new SEV3 By its second name")
    assert "is declared" in await typed(s, "/incident create SEV3 By its third name")
    name = await s.announced("By its second name")
    other = await s.announced("By its third name")
    await s.settled(other)
    await s.settled(name)
    assert "is acknowledged" in await typed(s, f"/incident acknowledge {name}")
    assert "is SEV2 (was SEV3)" in await typed(s, f"/incident sev {name} SEV2")
    assert "is monitoring" in await typed(s, f"/incident phase {name} monitoring")
    assert f"{other} was merged into {name}" in await typed(s, f"/incident merge {other} {name}")
    assert "is resolved" in await typed(s, f"/incident close {name} It was DNS")
    assert "What I can do" in await typed(s, "/incident ?")
    await s.quiet()
    assert pages(await s.state(), "By its second name")[0]["status"] == "resolved"
    assert await s.problems() == []


async def test_doctor_in_slack(s: Stage) -> None:
    asked = await s.command("/incident doctor", user=BOB)
    assert "Looking at everything" in text_of(asked["ack"])

    def told(state: dict[str, list[dict[str, str]]]) -> list[str]:
        said = [m for m in state["messages"][GENERAL] if m["ephemeral"]]
        return [text_of(m) for m in said if "PagerDuty" in text_of(m) and "Slack" in text_of(m)]

    assert await s.until(told, user=BOB, timeout=30)


async def test_the_phase_and_the_severity_in_their_forms(s: Stage) -> None:
    name = await s.declare("SEV3 Changed in forms")
    await s.settled(name)
    await s.on_card(name, "More", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    await s.press("Change phase", user=BOB, where="view")
    await s.until(lambda state: len(state["views"]) == 2, user=BOB)
    phase = option((await s.state(BOB))["views"][-1], "Phase", "Identified")
    await s.press("Phase", user=BOB, where="view", choose=phase)
    proposal = "investigating / identified"
    await s.until(lambda state: proposal in str(state["views"][-1]["blocks"]), user=BOB)
    done = await s.submit({"Phase": phase, "Reason": "We see the query"}, user=BOB)
    assert not done.get("errors"), done
    await s.until(lambda state: "identified" in text_of(card_of(state, name) or {"text": ""}))
    await s.quiet()
    assert any("We see the query" in e.text for e in await kinds(s, name))
    assert await s.problems() == []


async def test_escalating_to_a_chosen_level(s: Stage) -> None:
    name = await s.declare("SEV2 Level by choice")
    await s.settled(name)
    await s.on_card(name, "Escalate", user=BOB)
    view = (await s.until(lambda state: state["views"], user=BOB))[-1]
    assert "Level 2" in str(view["blocks"])
    level = option(view, "Escalate to", "Level 2")
    done = await s.submit({"Escalate to": level, "Message": "Up you go"}, user=BOB)
    assert not done["errors"], done
    state = await s.settled(name)
    assert any("escalated" in words for words in said_in(state, room_of(state, name)))
    assert await s.problems() == []


async def test_a_responder_answers_in_pagerduty(s: Stage) -> None:
    name = await s.declare("SEV2 Help is asked for")
    [page] = pages(await s.settled(name), "Help is asked for")
    asked = {"to": "carol@example.com"}
    await s.pagerduty("responder", by="bob@example.com", incident=page["id"], **asked)
    await s.quiet()
    reply = {**asked, "state": "accepted"}
    await s.pagerduty("responder_reply", by="carol@example.com", incident=page["id"], **reply)
    await s.quiet()
    [entry] = [e for e in await kinds(s, name) if e.kind.value == "responder_replied"]
    assert entry.actor
    assert entry.actor.slack_id == CAROL
    assert entry.origin.value == "pagerduty"
    assert await s.problems() == []


async def test_pagerdutys_services_come_change_and_go(s: Stage) -> None:
    await s.pagerduty("add_service", name="Short Lived", policy="PEPCHKO")
    await s.pagerduty("rename_service", service="Short Lived", name="Shorter Lived")
    await s.pagerduty("trigger", title="On the renamed one", service="Shorter Lived")
    name = await s.announced("On the renamed one")
    await s.settled(name)
    assert "Shorter Lived" in text_of(card_of(await s.state(), name) or {})
    await s.pagerduty("delete_service", service="Shorter Lived")
    await s.quiet()
    assert "is acknowledged" in await typed(s, f"/incident ack {name}")
    await s.quiet()
    assert await s.problems() == []


async def test_user_groups_are_followed(s: Stage) -> None:
    async def group(handle: str) -> tuple[str, ...]:
        assert s.bot is not None
        return await s.bot.work.read(lambda tx: tx.people.group(handle))

    await s.act("usergroup", user=ALICE, handle="fresh", users=["alice", "bob"])
    await s.wait(lambda: is_(group("fresh"), (ALICE, BOB)), what="the new group")
    await s.act("usergroup", user=ALICE, handle="fresh", users=["dave"])
    await s.wait(lambda: is_(group("fresh"), (DAVE,)), what="the changed group")
    assert await s.problems() == []


async def is_(found: object, wanted: object) -> bool:
    return (await found) == wanted  # type: ignore[misc]


async def test_a_private_channel_changed_by_hand(s: Stage) -> None:
    name, room = await s.declare_private("Quiet corner")
    await s.act("rename", user=ALICE, channel=room["id"], name="quieter-corner")
    await s.quiet()
    shown = text_of((await s.command("/incident timeline", channel=room["id"]))["ack"])
    assert "called #quieter-corner now" in shown
    await s.act("archive", user=ALICE, channel=room["id"])
    await s.quiet()
    assert s.bot is not None
    number = int(name.removeprefix("INC-"))
    assert (await s.bot.world.incidents.get(number)).places.archived
    await s.act("unarchive", user=ALICE, channel=room["id"])
    await s.act("invite", user=ALICE, channel=room["id"], who="U0MUSTER00")
    await s.quiet()
    assert not (await s.bot.world.incidents.get(number)).places.archived
    assert len(cards_of(await s.state(), name, "quieter-corner")) == 1
    await s.act("delete_channel", user=ALICE, channel=room["id"])
    await s.quiet()
    assert (await s.bot.world.incidents.get(number)).places.channel is None
    assert await s.problems() == []


async def test_whoever_acknowledges_is_brought_into_the_channel(s: Stage) -> None:
    name = await s.declare("SEV3 Taken by somebody outside")
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=DAVE)
    await s.until(lambda state: DAVE in (room_of(state, name) or {"members": ()})["members"])
    await s.quiet()
    assert await s.problems() == []


async def test_the_run_log_tells_of_nothing_that_is_held_in_reserve(s: Stage) -> None:
    name = await s.declare("SEV3 All steps done")
    await s.settled(name)
    shown = await typed(s, f"/incident timeline {name}")
    assert "PagerDuty incident" in shown
    assert "⏳" not in shown, "the page for a PagerDuty that cannot be reached is no step"


async def test_a_word_that_is_like_none_is_not_guessed(s: Stage) -> None:
    answer = await typed(s, "/incident nonsense")
    assert "I do not know" in answer
    assert "Did you mean" not in answer
    assert "Did you mean" in await typed(s, "/incident esclate")


async def test_home_shows_what_was_done_on_it(s: Stage) -> None:
    title = "Declared on Home"
    await s.act("open_home", user=CAROL)
    await s.until(lambda state: state["home"], user=CAROL)
    await s.press("Declare an incident", user=CAROL, where="home")
    await s.until(lambda state: state["views"], user=CAROL)
    await s.submit({"Title": title}, user=CAROL)
    await s.until(lambda state: title in str(state["home"]), user=CAROL)
    name = await s.announced(title)
    await s.settled(name)

    def mine(state: Json) -> str:
        """What Home says of it, with its buttons."""
        blocks = [str(b) for b in state["home"]["blocks"]]
        at = [i for i, words in enumerate(blocks) if f"{name} " in words]
        return "".join(blocks[at[0] : at[0] + 2]) if at else ""

    await s.act("open_home", user=CAROL)
    await s.until(lambda state: "Triggered" in mine(state), user=CAROL)
    number = name.removeprefix("INC-")
    block = f"home.{number}.actions"
    await s.press("Acknowledge", user=CAROL, where="home", block_id=block)
    await s.until(lambda state: "Acknowledged" in mine(state), user=CAROL)
    assert "'Acknowledge'" not in mine(await s.state(CAROL)), "the button has done its work"
    await s.press("Join", user=CAROL, where="home", block_id=block)
    shown = await s.until(lambda state: state["views"], user=CAROL)
    assert "You are invited to the channel" in str(shown)
    assert await s.problems() == []


async def test_a_refusal_on_home_is_told(s: Stage) -> None:
    name = await s.declare("SEV3 Acknowledged elsewhere", user=CAROL)
    await s.settled(name)
    await s.act("open_home", user=CAROL)
    block = f"home.{name.removeprefix('INC-')}.actions"
    await s.until(lambda state: block in str(state["home"]), user=CAROL)
    await s.command(f"/incident ack {name}", user=BOB)
    await s.press("Acknowledge", user=CAROL, where="home", block_id=block)
    shown = await s.until(lambda state: state["views"], user=CAROL)
    assert "acknowledged" in str(shown)
    assert BOB in str(shown), "who did"
    await s.act("close", user=CAROL)
    assert await s.problems() == []


async def test_people_come_change_and_leave(s: Stage) -> None:
    joined = await s.act("user", email="henri@example.com", real_name="Henri New")
    henri = str(joined["user"])
    name = await s.declare("SEV3 Somebody new helps")
    await s.settled(name)
    assert "is acknowledged" in await typed(s, f"/incident ack {name}", henri)
    assert "Henri New is scribe now" in await typed(s, f"/incident role {name} scribe @henri")
    await s.act("user", id=henri, is_restricted=True)
    await s.quiet()
    assert "Guests cannot" in await typed(s, f"/incident note {name} hello", henri)
    await s.act("user", id=henri, deleted=True)
    await s.quiet()
    refused = await typed(s, f"/incident role {name} commander @henri")
    assert "Henri New is deactivated and cannot be brought into" in refused
    await s.quiet()
    assert await s.problems() == []
