"""A command that names no incident asks for it with completion; forms show what is set beside what is proposed."""

from __future__ import annotations

import pytest

from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage
from tests.workspace import card_of, header, messages_in, room_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    """An incident of Alice's: its name and channel."""
    name = await s.declare(f"SEV2 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


async def view(s: Stage, title: str, user: str = ALICE) -> Json:
    def top(state: Json) -> Json | None:
        views = state["views"]
        return views[-1] if views and views[-1]["title"] == title else None

    return await s.until(top, user=user)  # type: ignore[no-any-return]


async def offered(s: Stage, typed: str, user: str = ALICE) -> list[str]:
    answer = await s.act("options", user=user, where="view", action_id="incident.pick", value=typed)
    return [option["text"]["text"] for option in answer["options"]]


async def test_resolve_outside_asks_which_and_goes_on(s: Stage) -> None:
    name, _ = await declared(s, "Pick me")
    await s.command("/incident resolve Rolled back & restarted", channel=GENERAL)
    form = await view(s, "Which incident?")
    assert "/incident resolve Rolled back" in str(form["blocks"])
    assert await offered(s, "pick m") == [f"{name} Pick me"]
    assert (await offered(s, name.lower()))[0] == f"{name} Pick me"
    assert f"{name} Pick me" in await offered(s, "")
    assert await offered(s, "no such thing <!here>") == []
    answer = await s.submit({"Incident": f"{name} Pick me"})
    assert f"{name}" in str(answer["view"]["blocks"])
    assert "is resolved" in str(answer["view"]["blocks"])
    await s.until(
        lambda state: "Rolled back &amp; restarted" in text_of(card_of(state, name) or {"text": ""})
    )
    await s.command("/incident reopen", channel=GENERAL)
    await view(s, "Which incident?")
    assert f"{name} Pick me" in await offered(s, "pick"), "closed ones too"
    assert await s.problems() == []


async def test_a_form_follows_when_something_is_still_to_be_said(s: Stage) -> None:
    name, room = await declared(s, "Two forms")
    await s.command("/incident severity", channel=GENERAL)
    await view(s, "Which incident?")
    await s.submit({"Incident": f"{name} Two forms"})
    form = await view(s, "Change severity")
    assert "*Severity:* SEV2 / choose another" in str(form["blocks"])
    await s.press("", where="view", block_id="field.severity", choose="SEV1")
    await s.until(lambda state: "*Severity:* SEV2 / SEV1" in str(state["views"]))
    assert (await s.submit({"Severity": "SEV1", "Reason": "spreading"}))["errors"] == {}
    await s.until(lambda state: "SEV1" in text_of(card_of(state, name) or {"text": ""}))
    await s.command("/incident status", channel=room["id"])
    await view(s, "Change phase")
    await s.press("", where="view", block_id="field.phase", choose="monitoring")
    await s.until(lambda state: "*Phase:* investigating / monitoring" in str(state["views"]))
    assert await s.problems() == []


async def test_title_and_summary_are_edited_in_forms_that_hold_what_is_set(s: Stage) -> None:
    name, room = await declared(s, "Wrong title")
    await s.command("/incident title", channel=room["id"])
    form = await view(s, "Change the title")
    assert "'initial_value': 'Wrong title'" in str(form["blocks"])
    assert (await s.submit({"Title": "Right title"}))["errors"] == {}
    await s.until(lambda state: "Right title" in header(card_of(state, name) or {}))
    await s.command("/incident summary", channel=room["id"])
    await view(s, "Change the summary")
    await s.submit({"Summary": "All carts are empty"})
    await s.until(
        lambda state: any("All carts are empty" in text_of(m) for m in messages_in(state, room))
    )
    await s.command("/incident summary", channel=room["id"])
    form = await view(s, "Change the summary")
    assert "'initial_value': 'All carts are empty'" in str(form["blocks"])
    assert await s.problems() == []


async def test_private_incidents_are_offered_to_those_in_them_only(s: Stage) -> None:
    await s.declare_private("Payroll is public")
    for user in (ALICE, BOB, CAROL):
        await s.command("/incident ack", channel=GENERAL, user=user)
        await view(s, "Which incident?", user)
        found = await offered(s, "payroll", user)
        assert [label.split(" ", 2)[2] for label in found] == (
            ["Payroll is public"] if user == ALICE else []
        )
    assert await s.problems() == []
