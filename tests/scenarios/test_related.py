"""Related and similar incidents, and an incident that uses a channel people are in already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Service
from bot.sandbox.slack import conversations
from tests.stage import ALICE, BOB, GENERAL, Json, Stage, stage
from tests.workspace import card_of, cards, name_of, room_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVICES = {
    "checkout": Service(id="checkout", title="Checkout", depends_on=("payments",)),
    "payments": Service(id="payments", title="Payments"),
    "search": Service(id="search", title="Search"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A workspace with services that depend on each other."""
    catalog = Catalog(services=SERVICES)
    async with stage(tmp_path_factory.mktemp("related"), catalog=catalog) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(house: Stage) -> Stage:
    """The stage at the beginning of a story."""
    await house.fresh()
    return house


async def channel(s: Stage, name: str) -> str:
    answer = await s.act("create_channel", user=ALICE, name=name)
    return str(answer["channel"])


async def form(s: Stage, where: str = GENERAL) -> Json:
    await s.command("/incident declare", channel=where)
    return (await s.until(lambda state: state["views"]))[-1]  # type: ignore[no-any-return]


async def declared(s: Stage, title: str, service: str) -> str:
    await form(s)
    answer = await s.submit({"Title": title, "Service": service})
    assert not answer["errors"], answer
    name = await s.announced(title)
    await s.settled(name)
    return name


async def test_open_incidents_on_services_that_hang_together_are_shown(s: Stage) -> None:
    above = await declared(s, "Checkout is slow", "Checkout")
    below = await declared(s, "Payments are slow", "Payments")
    other = await declared(s, "Search is slow", "Search")
    for one, related in ((above, below), (below, above)):
        shown = text_of((await s.command(f"/incident show {one}"))["ack"])
        assert "Related" in shown
        assert related in shown
        assert other not in shown
    await s.on_card(above, "More")
    panel = str((await s.until(lambda state: state["views"]))[-1]["blocks"])
    room = room_of(await s.state(), below) or {}
    assert f"{below} <#{room['id']}>" in panel
    await s.act("close", user=ALICE)
    await s.command(f"/incident resolve {below} done")
    assert "Related" not in text_of((await s.command(f"/incident show {above}"))["ack"])
    assert await s.problems() == []


async def test_the_form_offers_what_is_similar_when_the_service_is_chosen(s: Stage) -> None:
    name = await declared(s, "Requests fail 17", "Search")
    await form(s)
    await s.press("Service", where="view", choose="Payments", values={"Title": "Requests fail 23"})
    assert "looks the same" not in str((await s.state())["views"])
    await s.press("Service", where="view", choose="Search", values={"Title": "Requests fail 23"})
    view = (
        await s.until(lambda st: st["views"] if "looks the same" in str(st["views"]) else None)
    )[-1]
    assert f"Join {name}" in str(view["blocks"])
    answer = await s.submit({})
    assert not answer["errors"], "the form only offers"
    await s.settled(await s.announced("Requests fail 23"))
    assert await s.problems() == []


async def test_an_incident_uses_the_channel_people_are_in(s: Stage) -> None:
    room = await channel(s, "db-trouble")
    ws = s.sandbox.sandbox.slack.ws
    conversations.set_purpose(ws, ws.channels[room], ALICE, "Where the database people talk")
    view = await form(s, room)
    assert "Use this channel" in str(view["blocks"])
    where = {"Use this channel": ["Run it in the channel I am in now"]}
    answer = await s.submit(
        {"Title": "Both ways", "Private incident": ["Only people I invite may see it"], **where}
    )
    assert "private channel of its own" in str(answer["errors"])
    answer = await s.submit({"Title": "The database is full", "Private incident": [], **where})
    assert not answer["errors"], answer
    name = await s.announced("The database is full")
    state = await s.settled(name)
    assert room_of(state, name) is None
    kept = next(c for c in state["channels"] if c["id"] == room)
    assert kept["name"] == "db-trouble"
    assert kept["purpose"] == "Where the database people talk"
    assert "triggered" in kept["topic"]
    [card] = cards(state, "db-trouble")
    assert card["ts"] in kept["pins"]
    assert room in text_of(card_of(state, name) or {})
    assert "is acknowledged" in str((await s.command("/incident ack", channel=room))["ack"])
    await s.settled(name)
    assert await s.problems() == []


async def test_it_is_offered_only_where_it_can_be(s: Stage) -> None:
    incidents = next(c for c in (await s.state())["channels"] if c["name"] == "incidents")
    for where in (GENERAL, incidents["id"]):
        assert "Use this channel" not in str((await form(s, where))["blocks"])
        await s.act("close", user=ALICE)
    room = await channel(s, "chosen-twice")
    await s.act("join", user=BOB, channel=room)
    for user in (ALICE, BOB):
        await s.command("/incident declare", channel=room, user=user)
        await s.until(lambda state: state["views"], user=user)
    here = {"Use this channel": ["Run it in the channel I am in now"]}
    answer = await s.submit({"Title": "First in the channel", **here})
    assert not answer["errors"], answer
    name = await s.announced("First in the channel")
    await s.settled(name)
    answer = await s.submit({"Title": "Second in the channel", **here}, user=BOB)
    assert f"the channel of {name} already" in str(answer["errors"])
    assert name_of(await s.state(), "Second in the channel") is None
    assert await s.problems() == []


async def test_a_channel_that_cannot_be_used_is_replaced_and_it_says_why(s: Stage) -> None:
    room = await channel(s, "soon-archived")
    await form(s, room)
    await s.act("archive", user=ALICE, channel=room)
    values = {"Title": "No room here", "Use this channel": ["Run it in the channel I am in now"]}
    answer = await s.submit(values)
    assert not answer["errors"], answer
    name = await s.announced("No room here")
    state = await s.settled(name)
    own = room_of(state, name)
    assert own
    assert "it is archived" in str(state["messages"][own["id"]])
    assert await s.problems() == []
