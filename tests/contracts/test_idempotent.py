"""The answer was lost: looking first finds what was done, so nothing is ever there twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.domain.incident import Urgency
from bot.errors import ProviderError, Reason
from bot.ports import Message, PageRequest
from bot.providers.github import GitHubTickets
from bot.providers.pagerduty import PagerDuty
from bot.providers.slack import SlackChat

if TYPE_CHECKING:
    from tests.contracts.conftest import FaultServer

SINCE = datetime.now(UTC) - timedelta(hours=1)
REQUEST = PageRequest(title="Down", details="All red", service_id="PSVC", urgency=Urgency.HIGH)


@dataclass
class Shelf:
    """Where a vendor keeps things; the first ``lost`` answers to a creation never arrive."""

    lost: int = 1
    things: list[dict[str, Any]] = field(default_factory=list)

    def put(self, request: web.Request, thing: dict[str, Any], answer: Any) -> web.Response:
        """Keep it, then answer, or lose the answer."""
        self.things.append(thing)
        if self.lost and request.transport is not None:
            self.lost -= 1
            request.transport.abort()
        return web.json_response(answer, status=201 if "ts" not in thing else 200)


async def lost(call: Any) -> None:
    with pytest.raises(ProviderError) as raised:
        await call
    assert raised.value.reason is Reason.UNKNOWN_OUTCOME


async def test_a_page_is_opened_once(server: FaultServer) -> None:
    shelf = Shelf()

    async def pagerduty(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            key = request.query["incident_key"]
            found = [one for one in shelf.things if one["incident_key"] == key]
            return web.json_response({"incidents": found, "more": False})
        sent = (await request.json())["incident"]
        made = sent | {"id": f"Q{len(shelf.things)}", "status": "triggered"}
        return shelf.put(request, made, {"incident": made})

    server.handle = pagerduty
    pager = PagerDuty("key", server.url)
    await lost(pager.open(REQUEST, key="inc-1/page", by="ana@acme.test"))
    again = await pager.open(REQUEST, key="inc-1/page", by="ana@acme.test")
    assert again.id == "Q0"
    shelf.things[0]["status"] = "resolved"
    assert (await pager.open(REQUEST, key="inc-1/page", by="ana@acme.test")).id == "Q0"
    assert (await pager.open(REQUEST, key="inc-2/page", by="ana@acme.test")).id == "Q1"
    assert len(shelf.things) == 2
    await pager.aclose()


async def test_a_message_is_found_again(server: FaultServer) -> None:
    shelf = Shelf()

    async def slack(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("conversations.history"):
            return web.json_response({"ok": True, "messages": shelf.things[::-1]})
        body = await request.json()
        made = {"ts": f"1772366400.{len(shelf.things):06}", "metadata": body["metadata"]}
        return shelf.put(request, made, {"ok": True, "ts": made["ts"]})

    server.handle = slack
    chat = SlackChat("xoxb-1", server.url)
    message = Message(text="INC-1 Down")
    assert await chat.find_posted("C1", "inc-1/announce", since=SINCE) is None
    await lost(chat.post("C1", message, key="inc-1/announce"))
    await chat.post("C1", message, key="inc-2/announce")
    found = await chat.find_posted("C1", "inc-1/announce", since=SINCE)
    assert found == "1772366400.000000"
    await chat.aclose()


async def test_an_issue_is_found_again(server: FaultServer) -> None:
    shelf = Shelf()

    async def github(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response(shelf.things)
        body = await request.json()
        number = len(shelf.things) + 1
        address = f"https://github.test/acme/shop/issues/{number}"
        made = {"number": number, "url": address, "html_url": address, "state": "open"}
        made |= {"body": body["body"], "labels": [{"name": name} for name in body["labels"]]}
        return shelf.put(request, made, made)

    server.handle = github
    tickets = GitHubTickets("ghp_1", server.url)
    wish: dict[str, Any] = {"title": "Down", "body": "All red", "labels": ["bug"]}
    assert await tickets.find("acme/shop", "inc-1/ticket", since=SINCE) is None
    await lost(tickets.open("acme/shop", **wish, key="inc-1/ticket"))
    other = await tickets.open("acme/shop", **wish, key="inc-2/ticket")
    found = await tickets.find("acme/shop", "inc-1/ticket", since=SINCE)
    assert found is not None
    assert (found.number, other.number) == (1, 2)
    await tickets.aclose()
