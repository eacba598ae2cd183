"""All ways in lead to the same steps, each incident starts once, and its channel always gets a name."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Service
from tests.stage import ALICE, BOB, GENERAL, Stage, stage
from tests.workspace import (
    buttons,
    cards,
    cards_of,
    header,
    issues,
    pages,
    room_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    services={
        "checkout-api": Service(
            id="checkout-api",
            title="Checkout API",
            repo="acme/checkout-api",
            owners=("carol@example.com",),
            pagerduty_service="PCHECKO",
        ),
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("house"), catalog=CATALOG) as running:
        yield running


async def by_command(s: Stage, title: str) -> None:
    await s.declare(title)


async def by_shortcut(s: Stage, title: str) -> None:
    await s.act("shortcut", user=ALICE, name="Declare an incident")
    await s.until(lambda state: state["views"])
    answer = await s.submit({"Title": title, "Service": "Checkout API"})
    assert answer["ok"], answer
    assert answer["view"] is None


async def by_api(s: Stage, title: str) -> None:
    answer = await s.declare_at_api({"title": title, "service": "checkout-api"})
    assert answer["id"].startswith("INC-")


async def by_webhook(s: Stage, title: str) -> None:
    await s.pagerduty("trigger", title=title, service="PCHECKO", urgency="high")


async def by_polling(s: Stage, title: str) -> None:
    await s.act("settings", webhooks=False)
    await s.pagerduty("trigger", title=title, service="PCHECKO", urgency="high")
    await s.poll()


@pytest.mark.parametrize(
    ("way", "from_pagerduty"),
    [
        (by_command, False),
        (by_shortcut, False),
        (by_api, False),
        (by_webhook, True),
        (by_polling, True),
    ],
)
async def test_every_way_in_leads_to_the_same_steps(
    s: Stage, way: Callable[[Stage, str], Awaitable[None]], from_pagerduty: bool
) -> None:
    title = f"Orders are lost {way.__name__}"
    await way(s, title)
    name = await s.announced(title)
    state = await s.settled(name)

    [card] = cards_of(state, name)
    assert buttons(card) == ["Acknowledge", "Reassign", "Escalate", "Resolve", "Subscribe", "More"]
    channel = room_of(state, name)
    assert channel
    [pinned] = cards_of(state, name, channel["name"])
    assert channel["pins"] == [pinned["ts"]]
    assert "triggered" in channel["topic"]
    assert title in channel["purpose"]
    titles = [bookmark["title"] for bookmark in channel["bookmarks"]]
    assert sorted(titles) == ["Announcement", "GitHub issue", "PagerDuty"]
    [page] = pages(state, title)
    assert [n["content"] for n in page["notes"] if channel["name"] in n["content"]]
    [issue] = issues(state, name)
    labels = {label["name"] for label in issue["labels"]}
    assert labels == {"bug", "incident", *(["pagerduty"] if from_pagerduty else [])}
    assert page["html_url"] in issue["body"]
    assert channel["id"] in issue["body"]
    assert page["html_url"] in text_of(card)
    assert issue["html_url"] in text_of(card)
    assert await s.problems() == []


async def test_whoever_is_concerned_is_invited(s: Stage) -> None:
    """The reporter, who is on call at PagerDuty, and the service's owners."""
    await s.command("/incident", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    await s.submit({"Title": "Invite them all", "Service": "Checkout API"}, user=BOB)
    name = await s.announced("Invite them all")
    state = await s.settled(name)
    channel = room_of(state, name)
    on_call = {
        user["email"]
        for entry in state["pagerduty"]["oncalls"]
        if entry["escalation_policy"]["id"] == "PEPCHKO" and entry["escalation_level"] == 1
        for user in state["pagerduty"]["users"]
        if user["id"] == entry["user"]["id"]
    }
    members = {u["email"] for u in state["users"] if channel and u["id"] in channel["members"]}
    assert {"bob@example.com", "carol@example.com", *on_call} <= members
    assert await s.problems() == []


async def test_the_form_opens_at_once_while_the_vendors_hang(s: Stage) -> None:
    await s.fault("pagerduty.*", "hold_before", times=50)
    await s.fault("github.*", "hold_before", times=50)
    await s.declare("Vendors hang")
    await s.wait(lambda: held(s), what="calls that hang")
    answer = await s.command("/incident")
    assert answer["ok"]
    [view] = await s.until(lambda state: state["views"])
    assert view["title"] == "Declare an incident"
    await s._call("DELETE", "/api/faults")
    await s.quiet()
    assert await s.problems() == []


async def held(s: Stage) -> bool:
    return any(fault["kind"] == "held" for fault in (await s.state())["faults"])


async def test_a_submission_delivered_twice_gives_one_incident_and_its_link(s: Stage) -> None:
    await s.command("/incident")
    await s.until(lambda state: state["views"])
    answer = await s.submit({"Title": "Submitted twice"}, repeat=1)
    assert answer["ok"]
    name = await s.announced("Submitted twice")
    state = await s.settled(name)
    assert len([c for c in cards(state) if "Submitted twice" in header(c)]) == 1
    assert len(pages(state, "Submitted twice")) == 1
    assert len(issues(state, name)) == 1
    assert len([c for c in state["channels"] if "submitted-twice" in c["name"]]) == 1


async def test_a_redelivered_command_names_the_first_incident(s: Stage) -> None:
    answer = await s.command("/incident declare Typed once delivered twice", repeat=1)
    state = await s.settled(await s.announced("Typed once delivered twice"))
    found = [c for c in cards(state) if "Typed once delivered twice" in header(c)]
    assert len(found) == 1
    names = set(re.findall(r"INC-\d+", str(answer)))
    assert names == set(re.findall(r"INC-\d+", header(found[0])))


async def test_the_same_idempotency_key_gets_the_first_incident(s: Stage) -> None:
    body = {"title": "Called twice", "severity": "SEV3", "detected_by": "a probe"}
    both = await asyncio.gather(*(s.declare_at_api(body, key="one") for _ in range(2)))
    assert both[0]["number"] == both[1]["number"]
    state = await s.settled(both[0]["id"])
    again = await s.declare_at_api(body, key="one")
    assert again["number"] == both[0]["number"]
    room = room_of(state, again["id"])
    assert room
    assert again["links"]["channel"] == room["id"]
    assert again["links"]["pagerduty"] == pages(state, "Called twice")[0]["html_url"]
    assert again["links"]["github"] == issues(state, again["id"])[0]["html_url"]
    other = await s.declare_at_api(body, key="two")
    assert other["number"] != again["number"]
    await s.settled(other["id"])
    assert await s.problems() == []


async def test_a_webhook_delivered_twice_starts_one_incident(s: Stage) -> None:
    await s.pagerduty("trigger", title="Told twice", service="PCHECKO", deliver="twice")
    name = await s.announced("Told twice")
    state = await s.settled(name)
    assert len([c for c in cards(state) if "Told twice" in header(c)]) == 1
    assert len(issues(state, name)) == 1
    assert await s.problems() == []


async def test_a_similar_open_incident_is_asked_about_and_never_declared_by_itself(
    s: Stage,
) -> None:
    first = await s.declare("Look alike number 1")
    await s.settled(first)
    answer = await s.command("/incident declare look ALIKE number 22", user=BOB)
    question: Any = answer["ack"]
    assert "Nothing is declared yet" in question["text"]
    assert f"Join {first}" in str(question["blocks"])
    await s.quiet()
    assert pages(await s.state(), "look ALIKE number 22") == []
    ts = await s.until(
        lambda state: [
            m["ts"] for m in state["messages"][GENERAL] if "Nothing is declared" in m["text"]
        ],
        user=BOB,
    )
    await s.press("Declare anyway", user=BOB, channel=GENERAL, ts=ts[-1])
    name = await s.announced("look ALIKE number 22")
    assert name != first
    await s.press("Declare anyway", user=BOB, channel=GENERAL, ts=ts[-1])
    state = await s.settled(name)
    assert len(pages(state, "look ALIKE number 22")) == 1
    assert await s.problems() == []


async def test_the_form_offers_a_similar_incident_to_join(s: Stage) -> None:
    first = await s.declare("Twin trouble")
    await s.settled(first)
    await s.command("/incident", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    await s.press("Title", user=BOB, where="view", choose="twin TROUBLE")
    view = await s.until(
        lambda state: [v for v in state["views"] if first in str(v["blocks"])], user=BOB
    )
    assert "looks the same" in str(view)
    await s.press(f"Join {first}", user=BOB, where="view")
    await s.quiet()
    channel = room_of(await s.state(BOB), first)
    assert channel
    assert BOB in channel["members"]
    assert await s.problems() == []
