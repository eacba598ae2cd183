"""Whatever comes from Slack: a clear sentence, nothing or all of it stored, no ping, no traceback."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from tests.scenarios.bad_input_desk import ABSURD, ERIN, GHOST, Desk
from tests.stage import ALICE, BOB, GENERAL, Json, Stage
from tests.workspace import buttons, card_of, issues, pages, room_of, said_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

NUMBERS = ("INC-999", "INC-0", "INC-99999999999", f"INC-{'9' * 40}", "inc-00999")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(s: Stage, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Desk]:
    with capture_logs() as events:
        made = Desk(s, caplog, events)
        await made.begin()
        yield made
        await made.judge()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mistreated(house: Stage) -> str:
    """An incident that nothing of what is sent here may change."""
    made = await house.declare("SEV3 mistreated")
    await house.settled(made)
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def name(desk: Desk, mistreated: str) -> AsyncIterator[str]:
    """The mistreated one; afterwards it still works."""
    yield mistreated
    assert f"Noted on {mistreated}" in await desk.type(f"note {mistreated} still here")


@pytest_asyncio.fixture(loop_scope="module")
async def own(desk: Desk) -> str:
    """An incident of this test alone."""
    made = await desk.s.declare(f"SEV3 of its own {'x' * len(await desk.declared())}")
    await desk.s.settled(made)
    return made


async def same(desk: Desk, name: str, act: Any) -> Any:
    """Do something that must leave the incident and all others as they are."""
    before = [{**i, "links": None} for i in await desk.declared()]
    done = await act
    await desk.s.quiet()
    assert [{**i, "links": None} for i in await desk.declared()] == before, name
    return done


# --- titles -------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ABSURD)
async def test_an_absurd_title_typed_is_kept_and_calls_nobody(desk: Desk, title: str) -> None:
    typed, kept = ABSURD[title]
    answer = await desk.type(f"declare {typed}")
    if "Nothing is declared yet" in answer:  # looks like one that is open already
        await desk.s.press("Declare anyway", channel=GENERAL)
        await desk.s.quiet()
    newest = (await desk.declared())[0]
    assert kept in newest["title"]
    await desk.whole(newest)


@pytest.mark.parametrize("title", ABSURD)
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
    long = " ".join(f"<!channel> word{n}" for n in range(600))[:9_900]
    answer = await same(desk, own, desk.type(f"note {own} {'y' * 10_001}"))
    assert "10,001 characters" in answer
    assert "10,000" in answer
    assert "Noted" in await desk.type(f"note {own} {long}")
    state = await desk.s.settled(own)
    last = "word550"
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
        ("severity {}", "Choose one of SEV1"),
        ("status {} broken", "There is no phase broken"),
        ("status {} resolved", "use resolve"),
        ("note {}", "Write the note"),
        ("title {}", "Give the incident a title"),
        ("list nothing-like-this", "no open incidents of a service"),
    ],
)
async def test_what_nobody_knows_is_answered_and_changes_nothing(
    desk: Desk, name: str, words: str, told: str
) -> None:
    assert told in await same(desk, name, desk.type(words.format(name), user=ALICE))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "verb", ["show", "ack", "resolve", "reassign", "note", "timeline", "title"]
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
        ("<!channel>", None),
        ("'; DROP TABLE", None),
        ("🔥", None),
        ("x" * 3_000, None),
        ("@erin", None),
    ],
)
async def test_an_unknown_command_does_nothing_and_names_the_nearest(
    desk: Desk, name: str, typed: str, nearest: str | None
) -> None:
    answer = await same(desk, name, desk.type(typed))
    assert "so nothing was done" in answer
    assert (f"/incident {nearest}" in answer) if nearest else ("Did you mean" not in answer)


# --- buttons and forms of other versions --------------------------------------------------


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
        await same(desk, name, desk.pressed(name, action_id=action, value="1", answered=False))


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
    assert "older version" in str(answer["view"])


# --- strangers and double presses ---------------------------------------------------------


async def test_a_stranger_presses_and_it_counts(desk: Desk, own: str) -> None:
    who = {"id": GHOST, "username": "ghost", "own": "ghost"}
    value = json.dumps({"v": 1, "number": int(own.removeprefix("INC-"))})
    await desk.pressed(own, user=who, action_id="incident.acknowledge", value=value, answered=False)
    state = await desk.s.settled(own)
    assert "Acknowledge" not in buttons(card_of(state, own) or {})
    said = [t for t in said_in(state, room_of(state, own)) if "acknowledged" in t]
    assert len(said) == 1
    assert GHOST in said[0]


async def test_many_presses_at_once_are_one_change(desk: Desk, own: str) -> None:
    presses = [desk.s.on_card(own, "Acknowledge", user=user, repeat=2) for user in (ALICE, BOB) * 3]
    answers = await asyncio.gather(*presses)
    assert all(answer["ok"] for answer in answers)
    state = await desk.s.settled(own)
    assert len([t for t in said_in(state, room_of(state, own)) if "acknowledged" in t]) == 1
    [page] = pages(state, next(i["title"] for i in await desk.declared() if i["id"] == own))
    assert len([e for e in page["log"] if e["type"] == "acknowledge_log_entry"]) == 1
    assert len([c for c in issues(state, own)[0]["comments"] if "acknowledged" in c["body"]]) == 1


async def test_a_guest_and_a_leaver_are_no_owners(desk: Desk, name: str) -> None:
    for who, told in (("@grace", "no PagerDuty account"), ("@frank", "is deactivated")):
        assert told in await same(desk, name, desk.type(f"reassign {name} {who}"))
    assert ERIN not in str(card_of(await desk.s.state(), name))
