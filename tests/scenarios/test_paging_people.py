"""One more person is paged, through PagerDuty or by direct message; and who is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import cards_of, pages, room_of, said_in, text_of, told, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

NATIVE = Catalog(
    rosters={
        "primary": Roster(
            name="primary",
            layers=(RosterLayer(people=("bob@example.com",), start="2099-01-05"),),
        )
    },
    services={"shop": Service(id="shop", title="Shop", escalation_policy="web")},
    policies={
        "default": EscalationPolicy(name="default", levels=(Level(notify=("roster:primary",)),)),
        "web": EscalationPolicy(
            name="web",
            levels=(
                Level(notify=("person:bob@example.com",)),
                Level(notify=("group:payments", "channel:ops")),
            ),
        ),
    },
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def native(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Slack alone, with policies of muster.yml."""
    folder = tmp_path_factory.mktemp("native")
    off = {"PAGERDUTY_API_TOKEN": None, "PAGERDUTY_FROM_EMAIL": None, "PAGERDUTY_SERVICE_ID": None}
    off |= {"PAGERDUTY_WEBHOOK_SECRET": None, "GITHUB_TOKEN": None}
    async with stage(folder, catalog=NATIVE, **off) as running:
        yield running


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    """An incident of Alice's: its name and channel."""
    name = await s.declare(f"SEV2 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


async def test_a_person_is_asked_by_pagerduty_and_by_direct_message(s: Stage) -> None:
    title = "Replica lags"
    name, room = await declared(s, title)
    before = pages(await s.state(), title)[0]["assignments"]
    answer = await s.command("/incident page @carol Can you look at the lag?", channel=room["id"])
    assert "Carol Okafor is paged by PagerDuty and by direct message." in text_of(answer["ack"])
    [direct] = await s.until(lambda state: told_directly(state, f"{name} "), user=CAROL)
    assert f"<@{ALICE}> pages you" in direct
    assert "Can you look at the lag?" in direct
    await s.quiet()
    state = await s.state()
    [page] = pages(state, title)
    assert len(await s.calls("responder_requests")) == 1
    assert page["assignments"] == before, "the owner stays"
    assert page["status"] == "triggered"
    now = room_of(state, name)
    assert now
    assert CAROL in now["members"]
    asked = [line for line in said_in(state, now) if "to join" in line]
    assert len(asked) == 1, "PagerDuty's echo is not told again"
    assert await s.problems() == []


async def test_a_policy_is_asked_at_pagerduty(s: Stage) -> None:
    title = "Search is empty"
    _, room = await declared(s, title)
    answer = await s.command("/incident page search escalation Please help", channel=room["id"])
    assert "Whoever Search escalation reaches first is paged." in text_of(answer["ack"])
    await s.quiet()
    assert len(await s.calls("responder_requests")) == 1
    [page] = pages(await s.state(), title)
    assert page["status"] == "triggered"
    assert await s.problems() == []


async def test_somebody_without_a_pagerduty_account_is_paged_by_direct_message(s: Stage) -> None:
    name, room = await declared(s, "Only Dave knows")
    await s.command("/incident", channel=room["id"])
    await s.until(lambda state: state["views"])
    await s.press("Page someone", where="view")
    await s.until(lambda state: len(state["views"]) == 2)
    empty = await s.submit({"Message": "anybody"})
    assert "Choose a person or an escalation policy to page." in str(empty["errors"])
    assert (await s.submit({"Person": DAVE, "Message": "Only you know this"}))["errors"] == {}
    [direct] = await s.until(lambda state: told_directly(state, "Only you know this"), user=DAVE)
    assert f"{name} " in direct
    await s.quiet()
    assert await s.calls("responder_requests") == []
    typed = await s.command("/incident page @dave again", channel=room["id"])
    assert "has no PagerDuty account, so I paged them by direct message only" in text_of(
        typed["ack"]
    )
    await s.quiet()
    assert await s.problems() == []


async def test_who_can_not_be_paged_is_said(s: Stage) -> None:
    _, room = await declared(s, "Nobody to page")
    for words, expected in (
        ("page @frank", "Frank Left is deactivated"),
        ("page serch escalation", "Did you mean /incident page Search escalation?"),
        ("page xyzzyxyzzy", "Name a person with @, or one of:"),
    ):
        answer = await s.command(f"/incident {words}", channel=room["id"])
        assert expected in text_of(answer["ack"]), (words, answer)
    await s.command("/incident resolve", channel=room["id"])
    late = await s.command("/incident page @bob", channel=room["id"])
    assert "is resolved, so nobody was paged. Reopen it first." in text_of(late["ack"])
    await s.quiet()
    assert await s.calls("responder_requests") == []
    assert await s.problems() == []


async def test_who_is_on_call_is_answered_by_pagerduty_and_from_memory(s: Stage) -> None:
    answer = await s.command("/incident oncall", channel=GENERAL, user=BOB)
    assert "Asking PagerDuty" in text_of(answer["ack"])
    [first] = await s.until(lambda state: told(state, "*Who is on call*"), user=BOB)
    assert "*Checkout API escalation*" in first
    assert "Level 1: <@U0" in first
    assert "*Search escalation*" in first
    assert not told(await s.state(CAROL), "Who is on call"), "answered privately"
    await s.fault("pagerduty.GET /oncalls", "500", times=9)
    await s.command("/incident oncall all", channel=GENERAL, user=BOB)
    again = await s.until(lambda state: told(state, "does not answer just now"), user=BOB)
    assert "*Checkout API escalation*" in again[0]
    _, room = await declared(s, "Who is it")
    await s.fresh()
    await s.command("/incident oncall", channel=room["id"])
    own = await s.until(lambda state: told(state, "Who is on call for"))
    assert "*Checkout API escalation*" in own[0]
    assert "*Search escalation*" not in own[0]
    wrong = await s.command("/incident oncall serch", channel=GENERAL)
    assert "There is no service serch." in text_of(wrong["ack"])
    assert await s.problems() == []


async def test_without_pagerduty_policies_of_muster_yml_are_paged_and_shown(native: Stage) -> None:
    await native.fresh()
    name, room = await declared(native, "All by ourselves")
    answer = await native.command("/incident page web Shop is down", channel=room["id"])
    assert "Whoever web reaches first is paged." in text_of(answer["ack"])
    [direct] = await native.until(lambda state: told_directly(state, "Shop is down"), user=BOB)
    assert f"<@{ALICE}> pages you" in direct
    assert name in direct
    nobody = await native.command("/incident page default", channel=room["id"])
    assert "Nobody of the policy default can be reached" in text_of(nobody["ack"])
    person = await native.command("/incident page @carol", channel=room["id"])
    assert "Carol Okafor is paged by direct message." in text_of(person["ack"])
    await native.until(lambda state: told_directly(state, f"{name} "), user=CAROL)
    await native.quiet()
    shown = text_of((await native.command("/incident oncall shop", channel=GENERAL))["ack"])
    assert f"Level 1: <@{BOB}>" in shown
    assert f"Level 2: <@{BOB}>, <@{CAROL}>, channel:ops" in shown
    everything = text_of((await native.command("/incident oncall", channel=GENERAL))["ack"])
    assert "roster:primary" in everything
    assert await native.problems() == []


async def test_whoever_is_paged_for_a_private_incident_can_act_on_the_page(s: Stage) -> None:
    name, room = await s.declare_private("A leak among us")
    await s.command("/incident page @carol Quietly please", channel=room["id"])
    [direct] = await s.until(lambda state: told_directly(state, f"{name} "), user=CAROL)
    assert "A leak" not in direct
    talk = next(c["id"] for c in (await s.state(CAROL))["channels"] if c["is_im"])
    await s.press("Acknowledge", user=CAROL, channel=talk)
    await s.quiet()
    [card] = cards_of(await s.state(CAROL), name, room["name"])
    assert f"*Owner:* <@{CAROL}>" in text_of(card)
    page = next(p for p in (await s.state())["pagerduty"]["incidents"] if name in p["title"])
    assert page["status"] == "acknowledged"
    assert "Quietly" not in str(page)
    assert await s.problems() == []
