"""Who knows what: found by skill, who is there now first, invited with one click; and what people set on Home."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Person, Roster, RosterLayer, Service
from tests.scenarios.test_reminders import LateClock
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import room_of, text_of, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

ERIN = "U0ERIN000"
CATALOG = Catalog(
    services={
        "cache": Service(
            id="cache", title="Cache", owners=("group:payments",), skills=("Redis", "sharding")
        )
    },
    people={
        "dave@example.com": Person(email="dave@example.com", skills=("redis",)),
        "erin@example.com": Person(email="erin@example.com", skills=("redis", "postgres")),
        "nobody@example.com": Person(email="nobody@example.com", skills=("redis", "cobol")),
    },
    rosters={
        "primary": Roster(
            name="primary",
            layers=(RosterLayer(people=("dave@example.com",), start="2026-01-05"),),
        )
    },
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def skilled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A Monday noon (UTC) with Slack alone and people who know something."""
    off = {"PAGERDUTY_API_TOKEN": None, "PAGERDUTY_FROM_EMAIL": None, "PAGERDUTY_SERVICE_ID": None}
    off |= {"PAGERDUTY_WEBHOOK_SECRET": None, "GITHUB_TOKEN": None}
    folder = tmp_path_factory.mktemp("skilled")
    async with stage(folder, catalog=CATALOG, clock=LateClock(), **off) as running:
        await running.wait(lambda: mirrored(running), what="everybody to be known")
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def k(skilled: Stage) -> Stage:
    """The stage at the beginning of a story."""
    await skilled.fresh()
    return skilled


async def mirrored(s: Stage) -> bool:
    assert s.bot
    return await s.bot.work.read(lambda tx: bool(tx.people.group("payments")))


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    name = await s.declare(title)
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


def mentioned(words: str) -> list[str]:
    """Who is named, in order."""
    return list(dict.fromkeys(re.findall(r"<@(U[A-Z0-9]+)>", words)))


async def test_on_call_comes_first_then_who_works_now_then_the_rest(k: Stage) -> None:
    await k.act("user", id=CAROL, status_emoji=":palm_tree:", status_text="On a boat & away")
    await k.wait(lambda: says_away(k, CAROL), what="Carol's status")
    answer = text_of((await k.command("/incident expert REDIS", channel=GENERAL))["ack"])
    # At noon UTC on Monday: Dave (Seoul, 21:00) is on call, Bob (Berlin) and Erin (Sao Paulo, 9:00) work.
    assert mentioned(answer) == [DAVE, BOB, ERIN, CAROL], answer
    assert "on call now (primary)" in answer
    assert "away (On a boat &amp; away)" in answer
    # The stage began at noon; other stories may have taken minutes since.
    assert re.search(r"outside working hours, Mon 21:\d\d there", answer), answer
    assert "in working hours, Mon 09:" in answer
    assert "owns Cache" in answer
    assert "Invite" not in answer.replace("can be invited", ""), "there is no incident to invite to"
    await k.act("user", id=CAROL, status_emoji="", status_text="")
    assert await k.problems() == []


async def says_away(s: Stage, user: str) -> bool:
    assert s.bot
    person = await s.bot.work.read(lambda tx: tx.people.by_slack(user))
    return bool(person and person.status.text)


async def test_unknown_skills_name_the_nearest_and_without_one_all_are_listed(k: Stage) -> None:
    wrong = text_of((await k.command("/incident expert reddis", channel=GENERAL))["ack"])
    assert "Nobody here knows reddis. Did you mean /incident expert redis?" in wrong
    assert "Known: postgres, redis, sharding." in wrong
    every = text_of((await k.command("/incident expert", channel=GENERAL))["ack"])
    for skill in ("• postgres", "• redis", "• sharding"):
        assert skill in every
    assert "cobol" not in every, "nobody in Slack has it"
    assert await k.problems() == []


async def test_one_click_invites_and_briefs_once(k: Stage) -> None:
    name, room = await declared(k, "Cache melts")
    await k.command("/incident summary Evictions & timeouts", channel=room["id"])
    await k.quiet()
    await k.command("/incident expert redis", channel=room["id"])
    for _ in range(2):
        await k.press("Invite", channel=room["id"], block_id="expert.0")
    [brief] = await k.until(lambda state: told_directly(state, "asks you to help"), user=DAVE)
    assert "because you know *redis*" in brief
    assert "Evictions &amp; timeouts" in brief
    assert "Where things stand" in brief
    await k.quiet()
    state = await k.state(DAVE)
    assert len(told_directly(state, "asks you to help")) == 1
    now = room_of(await k.state(), name)
    assert now
    assert DAVE in now["members"]
    again = [
        text_of(m)
        for m in (await k.state())["messages"][room["id"]]
        if m["ephemeral"] and "was asked to help" in text_of(m)
    ]
    assert len(again) == 1, "the second press says so"
    timeline = text_of((await k.command("/incident timeline", channel=room["id"]))["ack"])
    assert "asked Dave Kim to help with redis" in timeline
    assert await k.problems() == []


async def test_bare_in_a_channel_a_form_asks_for_the_skill(k: Stage) -> None:
    name, room = await declared(k, "Which skill")
    await k.command("/incident expert", channel=room["id"])
    await k.until(lambda state: state["views"])
    shown = await k.submit({"Skill": "postgres"})
    assert mentioned(str(shown["view"])) == [ERIN]
    await k.press("Invite", where="view")
    await k.until(lambda state: told_directly(state, name), user=ERIN)
    await k.quiet()
    now = room_of(await k.state(), name)
    assert now
    assert ERIN in now["members"]
    await k.command("/incident resolve", channel=room["id"])
    late = text_of((await k.command("/incident expert redis", channel=room["id"]))["ack"])
    assert "Invite" not in late, "it is over"
    assert await k.problems() == []


async def test_only_people_in_a_private_incident_invite_to_it(k: Stage) -> None:
    name, room = await k.declare_private("A quiet leak")
    outside = text_of((await k.command(f"/incident expert {name} redis", user=BOB))["ack"])
    assert f"There is no {name}" in outside
    await k.command("/incident expert postgres", channel=room["id"])
    await k.press("Invite", channel=room["id"], block_id="expert.0")
    [brief] = await k.until(lambda state: told_directly(state, f"{name} "), user=ERIN)
    assert "leak" not in brief
    await k.quiet()
    members = next(c for c in (await k.state())["channels"] if c["id"] == room["id"])["members"]
    assert ERIN in members
    assert await k.problems() == []


async def open_settings(s: Stage, user: str) -> Json:
    await s.act("open_home", user=user)
    await s.until(lambda state: state["home"], user=user)
    await s.press("My settings", user=user, where="home")
    state = await s.until(lambda state: state if state["views"] else None, user=user)
    return dict(state["views"][-1])


async def test_people_set_their_own_skills_and_quiet_hours_on_home(k: Stage) -> None:
    view = await open_settings(k, ALICE)
    assert "In your time zone, America/New_York." in str(view)
    for values, refused in (
        ({"Further skills": "x" * 61}, "is longer than 60 characters"),
        ({"Quiet from": "22:00"}, "Choose from when and until when"),
        ({"Quiet from": "22:00", "Quiet until": "22:00"}, "That is no time at all"),
        ({"Further skills": ",".join(f"s{n}" for n in range(31))}, "31 skills; 30 are possible"),
    ):
        empty = {"Further skills": "", "Quiet from": None, "Quiet until": None}
        answer = await k.submit({**empty, **values})
        assert refused in str(answer["errors"]), answer
    answer = await k.submit(
        {"Skills": ["sharding"], "Further skills": "Kafka, kafka ,  C&C\nredis", "Quiet from": "22:00",
         "Quiet until": "07:00"}
    )  # fmt: skip
    assert answer["ok"], answer
    assert not answer["errors"], answer
    every = text_of((await k.command("/incident expert", channel=GENERAL))["ack"])
    assert "• Kafka" in every
    assert "• C&amp;C" in every
    found = text_of((await k.command("/incident expert c&c", channel=GENERAL))["ack"])
    assert mentioned(found) == [ALICE]
    assert "they say so themselves" in found
    again = await open_settings(k, ALICE)
    assert "22:00" in str(again)
    assert "07:00" in str(again)
    chosen = [o["value"] for o in options_chosen(again)]
    assert sorted(chosen) == ["C&C", "Kafka", "redis", "sharding"]
    assert "Link account" in str(again)
    answer = await k.submit({"Skills": [], "Quiet from": None, "Quiet until": None})
    assert not answer["errors"], answer
    gone = text_of((await k.command("/incident expert kafka", channel=GENERAL))["ack"])
    assert "Nobody here knows kafka" in gone
    assert await k.problems() == []


def options_chosen(view: Json) -> list[Json]:
    found: list[Any] = [
        block["element"].get("initial_options")
        for block in view["blocks"]
        if block["type"] == "input" and block["element"]["type"] == "multi_static_select"
    ]
    return list(found[0] or [])
