"""Affected services: each brings its owners, links, changes and neighbours; lists find them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Service
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, messages_in, stage
from tests.workspace import card_of, cards_of, issues, pages, room_of, said_in, text_of, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    services={
        "checkout-api": Service(
            id="checkout-api",
            title="Checkout API",
            repo="acme/checkout-api",
            owners=("carol@example.com", "frank@example.com"),
            pagerduty_service="PCHECKO",
            depends_on=("payments",),
            runbook="https://runbooks.example.com/checkout",
        ),
        "payments": Service(
            id="payments", title="Payments", repo="payments", owners=("group:payments",)
        ),
        "shop": Service(
            id="shop", title="Shop", depends_on=("Checkout API",), owners=("dave@example.com",)
        ),
        "search": Service(id="search", title="Search"),
    },
    policies={"default": EscalationPolicy(name="default", levels=(Level(notify=()),))},
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The stage of this module, with services."""
    folder = tmp_path_factory.mktemp("services")
    async with stage(folder, catalog=CATALOG) as running:
        yield running


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    """An incident of Alice's without a service: its name and channel."""
    name = await s.declare(f"SEV2 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


async def test_a_service_brings_its_owners_links_changes_and_neighbours(s: Stage) -> None:
    name, room = await declared(s, "Orders fail")
    assert CAROL not in room["members"]
    answer = await s.command("/incident service add Checkout API", channel=room["id"])
    assert "Affected services: Checkout API" in text_of(answer["ack"])

    def shown(state: Json) -> Json | None:
        found = [m for m in messages_in(state, room) if "*Owners:*" in text_of(m)]
        return found[-1] if found else None

    message = text_of(await s.until(shown))
    for words in (
        f"<@{CAROL}>",
        "<https://runbooks.example.com/checkout|Runbook>",
        "|acme/checkout-api>",
        "*Recent deployments*",
        "main to production by bob",
        "*Depends on:* Payments",
        "*Needed by:* Shop",
    ):
        assert words in message, (words, message)
    await s.quiet()
    state = await s.state()
    now = room_of(state, name)
    assert now
    assert CAROL in now["members"]
    assert DAVE not in now["members"]
    assert any("added the service Checkout API" in line for line in said_in(state, now))
    card = text_of(card_of(state, name) or {})
    assert "*Service:* Checkout API" in card
    assert "Runbook Checkout API" in card
    await s.press("Invite owners of Shop", channel=room["id"])
    await s.until(lambda state: DAVE in (room_of(state, name) or {"members": []})["members"])
    await s.until(lambda state: told(state, "Invited the owners of Shop: Dave Kim"))
    assert await s.problems() == []


async def test_many_services_show_and_lists_find_the_incident_by_any(s: Stage) -> None:
    name, room = await declared(s, "Everything is slow")
    await s.command("/incident service add search", channel=room["id"])
    await s.command(f"/incident service {name} add payments", channel=GENERAL)
    await s.until(
        lambda state: (
            "*Service:* Search · Payments" in text_of(card_of(state, name) or {"text": ""})
        )
    )
    for word in ("search", "payments", "Payments"):
        assert name in str((await s.command(f"/incident list {word}"))["ack"]), word
    again = await s.command("/incident service add Payments", channel=room["id"])
    assert f"Payments is among the services of {name} already" in text_of(again["ack"])
    gone = await s.command("/incident service remove search", channel=room["id"])
    assert "Affected services: Payments" in text_of(gone["ack"])
    await s.until(
        lambda state: '*Service:* Payments"' in text_of(card_of(state, name) or {"text": ""})
    )
    await s.quiet()
    assert name not in str((await s.command("/incident list search"))["ack"])
    assert name in str((await s.command("/incident list payments"))["ack"])
    state = await s.state()
    assert BOB in (room_of(state, name) or {})["members"], "of the user group that owns it"
    [issue] = issues(state, name)
    assert issue["repo"] == "acme/incidents", "the issue that is open stays where it is"
    assert await s.problems() == []


async def test_what_is_unknown_is_refused_with_the_nearest(s: Stage) -> None:
    name, room = await declared(s, "Which service")
    for words, expected in (
        ("service add paymnts", "Did you mean /incident service add payments?"),
        ("service add xyzzyxyzzy", "There is no service xyzzyxyzzy. Known: checkout-api"),
        ("service remove search", f"search is not among the services of {name}"),
        ("service payments", "Say add or remove: /incident service add payments"),
    ):
        answer = await s.command(f"/incident {words}", channel=room["id"])
        assert expected in text_of(answer["ack"]), (words, answer)
    assert "*Service:* none" in text_of(card_of(await s.state(), name) or {})
    assert await s.problems() == []


async def test_the_form_adds_and_removes(s: Stage) -> None:
    name, room = await declared(s, "Services by form")
    await s.command("/incident", channel=room["id"])
    await s.until(lambda state: state["views"])
    await s.press("Services", where="view")
    await s.until(lambda state: len(state["views"]) == 2 or None)
    assert (await s.submit({"Add a service": "Search"}))["errors"] == {}
    await s.until(
        lambda state: "*Service:* Search" in text_of(card_of(state, name) or {"text": ""})
    )
    await s.act("close", user=ALICE)
    await s.command("/incident service", channel=room["id"])
    await s.until(lambda state: "*Search* · primary" in str(state["views"]))
    await s.press("Remove", where="view")
    await s.until(lambda state: "No service is affected so far." in str(state["views"]))
    await s.until(lambda state: "*Service:* none" in text_of(card_of(state, name) or {"text": ""}))
    assert await s.problems() == []


async def test_a_github_that_is_down_costs_only_what_it_knows(s: Stage) -> None:
    name, room = await declared(s, "GitHub is down too")
    await s.fault("github.GET /repos/*/*", "500", times=9)
    await s.fault("github.GET /repos/*/*/*", "500", times=9)
    await s.command("/incident service add checkout-api", channel=room["id"])
    await s.until(
        lambda state: any(
            "GitHub did not say what is new" in text_of(m) for m in messages_in(state, room)
        )
    )
    await s.quiet()
    assert CAROL in (room_of(await s.state(), name) or {})["members"]
    assert await s.problems() == []


async def test_a_private_incidents_service_is_told_in_its_channel_only(s: Stage) -> None:
    name, room = await s.declare_private("Quietly broken")
    await s.command("/incident service add search", channel=room["id"])
    await s.until(lambda state: any("*Search*" in text_of(m) for m in messages_in(state, room)))
    await s.quiet()
    state = await s.state()
    assert "*Service:* Search" in text_of(cards_of(state, name, room["name"])[0])
    assert name not in str((await s.command("/incident list search", user=CAROL))["ack"])
    assert name not in str(issues(state))
    assert pages(state, f"Private incident {name}")
    assert await s.problems() == []
