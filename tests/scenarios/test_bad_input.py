"""Whatever comes from Slack: a clear sentence, nothing or all of it stored, no ping, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.scenarios.bad_input_desk import (
    ABSURD,
    GHOST,
    at_the_desk,
    declared_here,
    declared_once,
    same,
    still_working,
)
from tests.stage import ALICE, GENERAL
from tests.workspace import issues, room_of

if TYPE_CHECKING:
    from tests.scenarios.bad_input_desk import Desk
    from tests.stage import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE_VERBS = ("ack", "reassign", "note", "timeline", "title")
QUICK = ("broadcast", "mention", "lines", "control", "sql")
NUMBERS = ("INC-999", "INC-0", "INC-99999999999", f"INC-{'9' * 40}", "inc-00999")


desk = pytest_asyncio.fixture(loop_scope="module")(at_the_desk)
mistreated = pytest_asyncio.fixture(scope="module", loop_scope="module")(declared_once)
name = pytest_asyncio.fixture(loop_scope="module")(still_working)
own = pytest_asyncio.fixture(loop_scope="module")(declared_here)


# --- titles -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", [pytest.param(t, marks=() if t in QUICK else pytest.mark.long) for t in ABSURD]
)
async def test_an_absurd_title_typed_is_kept_and_calls_nobody(desk: Desk, title: str) -> None:
    typed, kept = ABSURD[title]
    answer = await desk.type(f"declare {typed}")
    if "Nothing is declared yet" in answer:  # looks like one that is open already
        await desk.s.press("Declare anyway", channel=GENERAL)
        await desk.s.quiet()
    newest = (await desk.declared())[0]
    assert kept in newest["title"]
    await desk.whole(newest)


@pytest.mark.parametrize(
    "title", [pytest.param(t, marks=() if t in QUICK else pytest.mark.long) for t in ABSURD]
)
async def test_an_absurd_title_in_the_form_is_kept_and_calls_nobody(desk: Desk, title: str) -> None:
    typed, kept = ABSURD[title]
    await desk.type("declare")
    answer = await desk.s.submit({"Title": typed, "What is happening?": typed})
    assert answer["ok"], answer
    assert answer["view"] is None, answer
    newest = (await desk.declared())[0]
    assert kept in newest["title"]
    await desk.whole(newest)


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u2060", "\t\n "])
async def test_nothing_typed_opens_the_form_and_nothing_is_stored(desk: Desk, title: str) -> None:
    await same(desk, title, desk.type(f"declare {title}"))
    shown = (await desk.s.state())["views"]
    if shown:
        refused = await same(desk, title, desk.s.submit({"Title": title}))
        assert refused["errors"], refused


async def test_a_title_nobody_can_show_is_refused_with_its_length(desk: Desk) -> None:
    answer = await same(desk, "long", desk.type("declare " + "x" * 10_000))
    assert "10,000 characters" in answer
    assert "500" in answer
    await desk.type("declare")
    refused = await same(desk, "long", desk.s.submit({"Title": "x" * 2_900}))
    assert "2,900 characters" in str(refused["errors"])


# --- long texts ---------------------------------------------------------------------------


async def test_long_notes_and_resolutions_are_whole_or_refused(desk: Desk, own: str) -> None:
    long = " ".join(["<!channel>", *(f"word{n}" for n in range(1100))])
    assert 8_000 < len(long) < 10_000
    last = "word1099"
    answer = await same(desk, own, desk.type(f"note {own} {'y' * 10_001}"))
    assert "10,001 characters" in answer
    assert "10,000" in answer
    assert "Noted" in await desk.type(f"note {own} {long}")
    state = await desk.s.settled(own)
    assert any(last in str(m["blocks"]) for m in state["messages"][room(state, own)["id"]])
    [page] = [
        p
        for p in state["pagerduty"]["incidents"]
        if f"/{own}" in str(p["incident_key"]) or own in str(p["incident_key"])
    ]
    assert any(last in n["content"] for n in page["notes"])
    assert any(last in c["body"] for c in issues(state, own)[0]["comments"])
    refused = await same(desk, own, desk.type(f"resolve {own} {'z' * 10_001}"))
    assert "10,001 characters" in refused
    assert "is resolved" in await desk.type(f"resolve {own} {long}")
    state = await desk.s.settled(own)
    assert issues(state, own)[0]["state"] == "closed"
    assert any(last in c["body"] for c in issues(state, own)[0]["comments"][1:])
    assert "is open again" in await desk.type(f"reopen {own}")


def room(state: Json, name: str) -> Json:
    found = room_of(state, name)
    assert found
    return found


# --- people, numbers and words nobody knows -----------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("reassign {} @nobody-here", "Name the person with @"),
        ("reassign {} nobody", "Name the person with @"),
        (f"reassign {{}} <@{GHOST}>", "Name the person with @"),  # typed, so no mention
        ("reassign {} @muster", "bot"),
        ("escalate {} nowhere at all", "I know no policy or level"),
        ("escalate {} level 99999999", "I know no policy or level"),
        ("escalate {} -1", "I know no policy or level"),
        ("severity {} SEV99", "There is no severity SEV99"),
        ("status {} broken", "There is no phase broken"),
        ("status {} resolved", "use resolve"),
        ("list nothing-like-this", "no open incidents of a service"),
        ("role {} juggler", "There is no role juggler"),
        ("role {} commander nobody-here", "Name the person with @"),
        ("role {} commander @muster", "is a bot"),
        (f"role {{}} commander <@{GHOST}>", "Name the person with @"),
        ("role {} 99999 commander", "There is no role 99999 commander"),
        ("service {} add nothing-like-this", "There is no service nothing-like-this"),
        ("service {} remove nothing-like-this", "is not among the services"),
        ("service {} 99999", "Say add or remove"),
        ("page {} nowhere at all", "I know no policy nowhere at all"),
        ("page {} @muster", "is a bot"),
        ("oncall nothing-like-this", "There is no service nothing-like-this"),
    ],
)
async def test_what_nobody_knows_is_answered_and_changes_nothing(
    desk: Desk, name: str, words: str, told: str
) -> None:
    assert told in await same(desk, name, desk.type(words.format(name), user=ALICE))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "verb",
    ["resolve", "show", *(pytest.param(v, marks=pytest.mark.long) for v in MORE_VERBS)],
)
async def test_an_incident_that_does_not_exist_is_said_even_in_anothers_channel(
    desk: Desk, name: str, verb: str, number: str
) -> None:
    """A number too much must never be taken for words about the incident of this channel."""
    place = room(await desk.s.state(), name)["id"]
    for channel in (GENERAL, place):
        rest = {"reassign": " @bob", "note": " some words", "title": " New words"}.get(verb, "")
        answer = await same(desk, name, desk.type(f"{verb} {number}{rest}", channel=channel))
        assert "There is no INC-" in answer


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("declair It burns", "declare"),
        ("resovle", "resolve"),
        ("<!channel>", ""),
        ("'; DROP TABLE", ""),
        ("🔥", ""),
        ("x" * 3_000, ""),
        ("@erin", ""),
    ],
)
async def test_an_unknown_command_does_nothing_and_names_the_nearest(
    desk: Desk, name: str, typed: str, nearest: str
) -> None:
    answer = await same(desk, name, desk.type(typed))
    assert "so nothing was done" in answer
    assert f"`/incident {nearest}" in answer
