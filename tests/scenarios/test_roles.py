"""Roles are taken, given, handed over and given up; whoever takes one is briefed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, BOB, CAROL, Json, Stage
from tests.workspace import card_of, cards_of, room_of, said_in, text_of, told

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    """An incident of Alice's: its name and channel."""
    name = await s.declare(f"SEV2 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


def says(name: str, words: str) -> Callable[[Json], bool]:
    return lambda state: words in text_of(card_of(state, name) or {"text": ""})


async def view(s: Stage, user: str = ALICE) -> Json:
    return (await s.until(lambda state: state["views"], user=user))[-1]  # type: ignore[no-any-return]


async def test_a_role_is_taken_and_handed_over_with_a_briefing(s: Stage) -> None:
    name, room = await declared(s, "Carts are empty")
    await s.command("/incident note The cache was flushed", channel=room["id"])
    answer = await s.command("/incident role commander", channel=room["id"])
    assert "Alice Nguyen is commander now." in text_of(answer["ack"])
    await s.until(says(name, f"*Commander:* <@{ALICE}>"))
    [own] = await s.until(lambda state: told(state, f"You are *commander* of {name} "))
    assert "You decide and delegate. Do not debug." in own

    assert CAROL not in room["members"]
    handed = await s.command("/incident role commander @carol", channel=room["id"])
    assert "Carol Okafor is commander now (was Alice Nguyen)." in text_of(handed["ack"])
    await s.until(says(name, f"*Commander:* <@{CAROL}>"))
    await s.quiet()
    [brief] = await s.until(
        lambda state: told(state, f"You are *commander* of {name} "), user=CAROL
    )
    for words in (
        f"<@{ALICE}> handed it over to you",
        "You decide and delegate. Do not debug.",
        "Carts are empty",
        "Triggered",
        "investigating",
        "SEV2",
        "The cache was flushed",
        "PagerDuty #",
        "acme/incidents#",
    ):
        assert words in brief, (words, brief)
    state = await s.state()
    now = room_of(state, name)
    assert now
    assert CAROL in now["members"]
    assert "commander: Carol Okafor" in now["topic"]
    news = said_in(state, now)
    assert any(f"<@{ALICE}> took *commander*" in line for line in news), news
    assert any(f"<@{ALICE}> handed *commander* to <@{CAROL}>" in line for line in news), news
    assert await s.problems() == []


async def test_every_role_shows_and_can_be_given_up(s: Stage) -> None:
    name, room = await declared(s, "Many hands")
    await s.command("/incident role scribe @bob", channel=room["id"])
    await s.command(f"/incident role {name} Communications me", channel=room["id"])
    await s.until(says(name, f"*Roles:* scribe <@{BOB}> · communications <@{ALICE}>"))
    again = await s.command("/incident role scribe @bob", channel=room["id"])
    assert f"Bob Martin is scribe of {name} already." in text_of(again["ack"])
    gone = await s.command("/incident role scribe none", channel=room["id"])
    assert "Nobody is scribe now." in text_of(gone["ack"])
    await s.until(says(name, f"*Roles:* communications <@{ALICE}>"))
    nothing = await s.command("/incident role scribe none", channel=room["id"])
    assert "there is nothing to give up" in text_of(nothing["ack"])
    await s.quiet()
    state = await s.state()
    now = room_of(state, name)
    assert now
    assert "communications: Alice Nguyen" in now["topic"]
    assert "scribe" not in now["topic"]
    assert any("freed *scribe*: was Bob Martin" in line for line in said_in(state, now))
    assert await s.problems() == []


async def test_what_can_not_be_is_refused_with_what_to_do(s: Stage) -> None:
    name, room = await declared(s, "Nobody there")
    for words, expected in (
        ("role comander", "Did you mean /incident role commander?"),
        ("role juggler", "Roles: commander, communications, scribe"),
        ("role commander @frank", "Frank Left is deactivated"),
        ("role commander @muster", "is a bot"),
        ("role commander bob", "Name the person with @, for example /incident role commander @ana"),
        ("role @bob", "There is no role (none named)"),
    ):
        answer = await s.command(f"/incident {words}", channel=room["id"])
        assert expected in text_of(answer["ack"]), (words, answer)
    await s.quiet()
    assert "*Commander:* nobody yet" in text_of(card_of(await s.state(), name) or {})
    assert not told(await s.state(), f"of {name}")
    assert await s.problems() == []


async def test_the_form_shows_current_and_proposed_and_has_a_button_to_take_it(s: Stage) -> None:
    name, room = await declared(s, "Roles by form")
    await s.command("/incident", channel=room["id"])
    await view(s)
    await s.press("Assign roles", where="view")
    form = await s.until(lambda state: state["views"] if len(state["views"]) == 2 else None)
    assert form[-1]["title"] == "Assign roles"
    await s.press("I'll take it", where="view")
    await s.until(says(name, f"*Commander:* <@{ALICE}>"))
    await s.until(lambda state: f"*commander:* <@{ALICE}> / choose a person" in str(state["views"]))
    await s.press("", where="view", block_id="field.person", choose=BOB)
    await s.until(lambda state: f"*commander:* <@{ALICE}> / <@{BOB}>" in str(state["views"]))
    await s.press("", where="view", block_id="field.role", choose="scribe")
    await s.until(lambda state: "/ <@" not in str(state["views"][-1]["blocks"]))
    answer = await s.submit({"Role": "commander", "Person": BOB})
    assert answer["errors"] == {}, answer
    await s.until(says(name, f"*Commander:* <@{BOB}>"))
    await s.until(lambda state: told(state, f"You are *commander* of {name}"), user=BOB)
    await s.act("close", user=ALICE)
    await s.command("/incident role", channel=room["id"])
    await s.until(lambda state: state["views"] and state["views"][-1]["title"] == "Assign roles")
    await s.press("", where="view", block_id="field.role", choose="commander")
    await s.until(lambda state: "Free the role" in str(state["views"]))
    await s.press("Free the role", where="view")
    await s.until(says(name, "*Commander:* nobody yet"))
    assert await s.problems() == []


async def test_pressed_twice_it_is_handed_over_once(s: Stage) -> None:
    name, room = await declared(s, "Twice")
    await s.command("/incident role commander @bob", channel=room["id"], repeat=1)
    await s.until(says(name, f"*Commander:* <@{BOB}>"))
    await s.quiet()
    briefs = told(await s.state(BOB), f"of {name}")
    assert len(briefs) == 1
    state = await s.state()
    assert len([t for t in said_in(state, room_of(state, name)) if "*commander*" in t]) == 1
    assert await s.problems() == []


async def test_a_private_incidents_panel_works_for_members_without_a_role(s: Stage) -> None:
    title = "Keys in a public bucket"
    name, room = await s.declare_private(title)
    stranger = await s.command(f"/incident role {name} scribe", user=CAROL)
    assert f"There is no {name}" in text_of(stranger["ack"])
    await s.act("invite", user=ALICE, channel=room["id"], who=CAROL)
    await s.command("/incident", user=CAROL, channel=room["id"])
    await view(s, CAROL)
    await s.press("Assign roles", user=CAROL, where="view")
    await s.until(lambda state: len(state["views"]) == 2, user=CAROL)
    await s.press("I'll take it", user=CAROL, where="view")
    await s.until(lambda state: told(state, f"of {name}"), user=CAROL)
    await s.quiet()
    [card] = cards_of(await s.state(CAROL), name, room["name"])
    assert f"*Commander:* <@{CAROL}>" in text_of(card)
    [brief] = told(await s.state(CAROL), f"of {name}")
    assert "Keys in" not in brief
    assert title not in str((await s.state(BOB))["messages"])
    assert await s.problems() == []
