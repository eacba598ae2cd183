"""Being let in to a private incident: whoever was told of it asks, the people in it decide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog
from tests.scenarios.test_private import declared
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import buttons, messages_in, text_of, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRACE = "U0GRACE00"


async def shown_to(s: Stage, user: str, name: str, *, verb: str = "show") -> Json:
    """The private answer to ``/incident show INC-n``."""
    await s.command(f"/incident {verb} {name}", user=user, channel=GENERAL)
    found = [m for m in (await s.state(user))["messages"][GENERAL] if m["ephemeral"]]
    return dict(found[-1])


async def ask(s: Stage, user: str, name: str) -> str:
    """Press **Request access** on that answer; what it says then."""
    refused = await shown_to(s, user, name)
    assert buttons(refused) == ["Request access"], refused
    before = len([m for m in (await s.state(user))["messages"][GENERAL] if m["ephemeral"]])
    await s.press("Request access", user=user, channel=GENERAL, ts=refused["ts"])

    def answered(state: Json) -> list[Json]:
        found = [m for m in state["messages"][GENERAL] if m["ephemeral"]]
        return found[before:]

    return text_of((await s.until(answered, user=user))[-1])


def questions(state: Json, room: Json) -> list[Json]:
    return [m for m in messages_in(state, room) if "asks to be let in" in m["text"]]


async def test_whoever_asks_is_let_in_by_somebody_in_it(s: Stage) -> None:
    name, room = await declared(s, "Let somebody in")
    assert CAROL not in room["members"]
    said = await ask(s, CAROL, name)
    assert "the people in it are asked" in said
    assert "Let somebody in" not in said
    [question] = await s.until(lambda state: questions(state, room))
    assert f"<@{CAROL}> asks to be let in" in question["text"]
    assert buttons(question) == ["Let in", "Decline"]
    await s.press("Let in", user=ALICE, channel=room["id"], ts=question["ts"])
    await s.until(lambda state: any(c["id"] == room["id"] for c in state["channels"]), user=CAROL)
    told = (
        await s.until(
            lambda state: told_directly(state, f"let in to private incident {name}"), user=CAROL
        )
    )[0]
    assert room["id"] in told
    await s.quiet()
    [question] = questions(await s.state(), room)
    assert buttons(question) == []
    assert f"<@{ALICE}> ✅ let them in" in question["text"]
    seen = await shown_to(s, CAROL, name)
    assert "Let somebody in" in text_of(seen)
    timeline = await s.command("/incident timeline", channel=room["id"])
    assert "let in Carol" in json.dumps(timeline["ack"])
    assert await s.problems() == []


async def test_whoever_is_declined_is_told_and_asks_in_vain_again(s: Stage) -> None:
    name, room = await declared(s, "Not for everybody")
    await ask(s, CAROL, name)
    [question] = await s.until(lambda state: questions(state, room))
    await s.press("Decline", user=ALICE, channel=room["id"], ts=question["ts"])
    [told] = await s.until(
        lambda state: told_directly(state, f"You were not let in to {name}"), user=CAROL
    )
    assert "Not for everybody" not in told
    first = await ask(s, CAROL, name)
    await s.quiet()
    assert len(questions(await s.state(), room)) == 1, "once per asker and incident"
    assert "the people in it are asked" in first
    assert CAROL not in (await _room(s, room))["members"]
    assert f"There is no {name}" in text_of(await shown_to(s, CAROL, name))
    assert await s.problems() == []


async def test_a_number_nobody_used_is_answered_the_same(s: Stage) -> None:
    name, room = await declared(s, "Not to be probed")
    nobodys = f"INC-{int(name[4:]) + 500}"
    said = []
    for each in (name, nobodys):
        refused = await shown_to(s, DAVE, each)
        answer = json.loads(await ask(s, DAVE, each))[0]
        said.append(f"{refused['text']} {buttons(refused)} {answer}".replace(each, "INC-n"))
    assert said[0] == said[1]
    await s.quiet()
    assert len(questions(await s.state(), room)) == 1
    assert await s.problems() == []


async def test_two_answers_are_one(s: Stage) -> None:
    name, room = await declared(s, "Answered twice")
    await ask(s, CAROL, name)
    [question] = await s.until(lambda state: questions(state, room))
    await s.act("invite", user=ALICE, channel=room["id"], who=BOB)
    await s.press("Let in", user=ALICE, channel=room["id"], ts=question["ts"])
    await s.press("Decline", user=BOB, channel=room["id"], ts=question["ts"])
    await s.quiet()
    assert CAROL in (await _room(s, room))["members"]
    assert told_directly(await s.state(CAROL), f"not let in to {name}") == []
    assert await s.problems() == []


async def test_who_left_may_ask_again(s: Stage) -> None:
    name, room = await declared(s, "Left and came back")
    await s.act("invite", user=ALICE, channel=room["id"], who=CAROL)
    await s.quiet()
    assert "Left and came back" in text_of(await shown_to(s, CAROL, name))
    await s.act("leave", user=CAROL, channel=room["id"])
    await s.quiet()
    assert f"There is no {name}" in text_of(await shown_to(s, CAROL, name))
    for which in ("list all", "list mine"):
        answer = await s.command(f"/incident {which}", user=CAROL)
        assert "Left and came back" not in json.dumps(answer["ack"])
    await ask(s, CAROL, name)
    [question] = await s.until(lambda state: questions(state, room))
    await s.press("Let in", user=ALICE, channel=room["id"], ts=question["ts"])
    await s.quiet()
    assert "Left and came back" in text_of(await shown_to(s, CAROL, name))
    await s.act("leave", user=CAROL, channel=room["id"])
    await s.quiet()
    await ask(s, CAROL, name)
    await s.until(lambda state: len(questions(state, room)) == 2)
    assert await s.problems() == []


async def test_members_see_it_in_their_lists_and_on_home_and_nobody_else_does(s: Stage) -> None:
    title = "Only on some Homes"
    _, room = await declared(s, title)
    await s.act("invite", user=ALICE, channel=room["id"], who=BOB)
    await s.quiet()
    for user, there in ((ALICE, True), (BOB, True), (DAVE, False)):
        await s.act("open_home", user=user)
        await s.quiet()
        home = json.dumps((await s.state(user))["home"], ensure_ascii=False)
        assert "My incidents" in home
        assert (title in home) is there, user
        for which in ("list", "list all", "list mine"):
            answer = await s.command(f"/incident {which}", user=user)
            assert (title in json.dumps(answer["ack"])) is there, (user, which)
    assert await s.problems() == []


async def test_guests_cannot_be_let_in(s: Stage) -> None:
    name, room = await declared(s, "No guests")
    said = await ask(s, GRACE, name)
    assert "Guests cannot see private incidents here" in said
    await s.quiet()
    assert questions(await s.state(), room) == []
    nobodys = await ask(s, GRACE, f"INC-{int(name[4:]) + 500}")
    assert "Guests cannot see private incidents here" in nobodys


async def _room(s: Stage, room: Json) -> Json:
    return next(c for c in (await s.state())["channels"] if c["id"] == room["id"])


# --- with a rule ---------------------------------------------------------------------------------

RULE = Catalog(permissions={"private": ("group:payments", "person:alice@example.com")})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ruled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("ruled"), catalog=RULE) as running:
        yield running


async def test_the_right_names_who_sees_declares_and_makes_private(ruled: Stage) -> None:
    await ruled.fresh()
    name, _ = await declared(ruled, "For those the rule names")
    seen = await ruled.command(f"/incident show {name}", user=CAROL)
    assert "For those the rule names" in json.dumps(seen["ack"]), "she is of @payments"
    listed = await ruled.command("/incident list all", user=CAROL)
    assert "For those the rule names" not in json.dumps(listed["ack"]), "she is not in it"
    hidden = await ruled.command(f"/incident show {name}", user=DAVE)
    assert f"There is no {name}" in json.dumps(hidden["ack"])
    assert "Only members of @payments or alice@example.com may see" in await ask(ruled, DAVE, name)
    await ruled.command("/incident", user=DAVE)
    await ruled.until(lambda state: state["views"], user=DAVE)
    refused = await ruled.submit({"Title": "Mine", "Private incident": True}, user=DAVE)
    assert "may see private incidents" in json.dumps(refused)
    public = await ruled.declare("SEV3 Public for now", user=DAVE)
    no = await ruled.command(f"/incident private {public}", user=DAVE)
    assert "Only members of @payments" in json.dumps(no["ack"])
    yes = await ruled.command(f"/incident private {public}", user=CAROL)
    assert f"{public} is private now" in json.dumps(yes["ack"])
    await ruled.quiet()


async def test_the_answer_survives_the_bot_being_down(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        name, room = await declared(s, "Down meanwhile")
        await s.fault("slack.chat.postMessage", "timeout")
        await ask(s, CAROL, name)
        await s.stop_bot()
        await s.start_bot()
        await s.ready()
        await s.until(lambda state: questions(state, room), timeout=30)
        await s.quiet(timeout=40)
        assert len(questions(await s.state(), room)) == 1
