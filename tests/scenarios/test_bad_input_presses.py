"""Buttons and forms nobody of us would send: older, newer or broken ones, strangers, and many presses at once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.sandbox.slack.payloads import shortcut
from tests.scenarios.bad_input_desk import (
    ERIN,
    GHOST,
    at_the_desk,
    declared_here,
    declared_once,
    same,
    still_working,
)
from tests.stage import ALICE, BOB
from tests.workspace import buttons, card_of, issues, pages, room_of, said_in

if TYPE_CHECKING:
    from tests.scenarios.bad_input_desk import Desk
    from tests.stage import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

desk = pytest_asyncio.fixture(loop_scope="module")(at_the_desk)
mistreated = pytest_asyncio.fixture(scope="module", loop_scope="module")(declared_once)
name = pytest_asyncio.fixture(loop_scope="module")(still_working)
own = pytest_asyncio.fixture(loop_scope="module")(declared_here)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "7",
        "not json",
        "[" * 5_000,
        "null",
        '{"v":0,"incident":1}',
        '{"v":1}',
        '{"v":1,"number":"1"}',
        '{"v":1,"number":-1}',
        '{"v":1,"number":1.5}',
        f'{{"v":1,"number":{"9" * 30}}}',
        f'{{"v":1,"number":{2**63 - 1}}}',
        '{"v":1,"number":1,"more":2}',
    ],
)
@pytest.mark.parametrize("action", ["incident.acknowledge", "incident.resolve", "step.retry"])
async def test_a_button_of_another_version_does_nothing_and_says_so(
    desk: Desk, name: str, action: str, value: str | None
) -> None:
    carried: Json = {} if value is None else {"value": value}
    answer = await same(desk, name, desk.pressed(name, action_id=action, **carried))
    assert "older version" in answer or "There is no INC-" in answer


@pytest.mark.parametrize("action", ["step.retry", "step.dismiss"])
async def test_a_step_that_does_not_exist_is_not_retried(
    desk: Desk, name: str, action: str
) -> None:
    number = int(name.removeprefix("INC-"))
    value = json.dumps({"v": 1, "effect_id": 2**62, "number": number})
    answer = await same(desk, name, desk.pressed(name, action_id=action, value=value))
    assert "not waiting" in answer
    assert not [b for b in buttons(card_of(await desk.s.state(), name) or {}) if b == "Retry"]


async def test_presses_nobody_knows_are_acknowledged(desk: Desk, name: str) -> None:
    for action in ("incident.from_the_future", "", "<!channel>", "x" * 255):
        press = await desk.press_of(name, action_id=action, value="1")
        await same(desk, name, desk.deliver("interactive", press, answers=False))


@pytest.mark.parametrize(
    "metadata", ["", "{", "null", '{"v":9,"number":1}', '{"v":1,"number":999999}', "[" * 2_900]
)
async def test_a_form_of_another_version_does_nothing_and_says_so(
    desk: Desk, name: str, metadata: str
) -> None:
    await desk.s.on_card(name, "Resolve")
    view = desk.s.sandbox.sandbox.slack.ws.modals[ALICE][-1]
    view.private_metadata = metadata
    answer = await same(desk, name, desk.s.submit({"What fixed it?": "nothing"}))
    assert answer["ok"], answer
    shown = str(answer["view"])
    assert "older version" in shown or "There is no INC-999999" in shown


async def test_a_form_nobody_knows_is_answered(desk: Desk, name: str) -> None:
    await desk.s.on_card(name, "Resolve")
    desk.s.sandbox.sandbox.slack.ws.modals[ALICE][-1].callback_id = "form.from_the_future"
    answer = await same(desk, name, desk.s.submit({"What fixed it?": "nothing"}))
    assert answer["ok"], answer
    assert "another version" in str(answer["view"])


async def test_a_shortcut_nobody_knows_is_answered(desk: Desk) -> None:
    slack = desk.s.sandbox.sandbox.slack
    trigger = slack.installed.triggers.issue(ALICE)
    payload = shortcut(slack.ws, slack.ws.users[ALICE], "from.the.future", trigger)
    await same(desk, "shortcut", desk.deliver("interactive", payload))
    await desk.s.until(lambda state: "another version" in str(state["views"]))


# --- strangers and double presses ---------------------------------------------------------


def acknowledging(name: str) -> Json:
    value = json.dumps({"v": 1, "number": int(name.removeprefix("INC-"))})
    return {"action_id": "incident.acknowledge", "value": value}


async def test_a_stranger_presses_and_it_counts(desk: Desk, own: str) -> None:
    press = await desk.press_of(own, **acknowledging(own))
    press["user"] |= {"id": GHOST, "username": "ghost", "name": "ghost"}
    await desk.deliver("interactive", press, answers=False)
    await desk.s.quiet()
    state = await desk.s.settled(own)
    assert "Acknowledge" not in buttons(card_of(state, own) or {})
    said = [t for t in said_in(state, room_of(state, own)) if "acknowledged" in t]
    assert len(said) == 1
    assert GHOST in said[0]


async def test_many_presses_at_once_are_one_change(desk: Desk, own: str) -> None:
    presses = [await desk.press_of(own, who, **acknowledging(own)) for who in (ALICE, BOB) * 3]
    await asyncio.gather(
        *(desk.deliver("interactive", press, answers=False, repeat=2) for press in presses)
    )
    state = await desk.s.settled(own)
    assert len([t for t in said_in(state, room_of(state, own)) if "acknowledged" in t]) == 1
    [page] = pages(state, next(i["title"] for i in await desk.declared() if i["id"] == own))
    assert len([e for e in page["log"] if e["type"] == "acknowledge_log_entry"]) == 1
    assert len([c for c in issues(state, own)[0]["comments"] if "acknowledged" in c["body"]]) == 1


async def test_a_guest_and_a_leaver_are_no_owners(desk: Desk, name: str) -> None:
    for who, told in (("@grace", "no PagerDuty account"), ("@frank", "is deactivated")):
        assert told in await same(desk, name, desk.type(f"reassign {name} {who}"))
    assert ERIN not in str(card_of(await desk.s.state(), name))
