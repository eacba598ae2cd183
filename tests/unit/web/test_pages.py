"""The page behind a page's link: nothing acknowledges but its button, and nothing of it leaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from bot.errors import Busy, UserError
from bot.services.page_links import LinkState, LinkView
from bot.web.pages import AcknowledgePages

if TYPE_CHECKING:
    from collections.abc import MutableMapping

TOKEN = "a-token-that-nobody-may-log"


class Links:
    """The use case, with answers set by the test."""

    def __init__(self, view: LinkView, problem: Exception | None = None) -> None:
        self.view = view
        self.problem = problem
        self.did: list[tuple[str, Any]] = []

    async def look(self, token: str, *, seen: bool) -> LinkView:
        self.did.append(("look", seen))
        return self._answer(token)

    async def acknowledge(self, token: str) -> LinkView:
        self.did.append(("acknowledge", None))
        return self._answer(token)

    def _answer(self, token: str) -> LinkView:
        assert token == TOKEN
        if self.problem is not None:
            raise self.problem
        return self.view


def view(state: LinkState = LinkState.OPEN, **changes: Any) -> LinkView:
    fields = {"heading": "INC-7", "lines": ("SEV1 The shop",), "url": "https://slack/x?a=1&b=2"}
    return LinkView(state=state, **{**fields, **changes})


async def ask(links: Links, method: str = "GET", path: str = f"/pages/{TOKEN}") -> httpx.Response:
    app = FastAPI()
    app.router.routes += AcknowledgePages(links).routes()  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://muster") as http:
        return await http.request(method, path)


async def test_an_open_page_shows_what_it_is_and_one_button() -> None:
    links = Links(view())
    answer = await ask(links)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.count("<button") == 1
    assert '<form method="post"><button type="submit">Acknowledge</button></form>' in answer.text
    assert "<h1>INC-7</h1><p>SEV1 The shop</p>" in answer.text
    assert 'href="https://slack/x?a=1&amp;b=2"' in answer.text
    assert links.did == [("look", True)]


async def test_opening_acknowledges_nothing_and_a_program_that_only_asks_has_not_seen_it() -> None:
    links = Links(view())
    answer = await ask(links, "HEAD")
    assert answer.status_code == 200
    assert links.did == [("look", False)]
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await ask(links, method)).status_code == 405
    assert links.did == [("look", False)]


async def test_the_button_acknowledges_and_leads_back_so_that_reloading_presses_nothing() -> None:
    links = Links(view(LinkState.USED))
    answer = await ask(links, "POST")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/pages/{TOKEN}"
    assert links.did == [("acknowledge", None)]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (LinkState.USED, 200),
        (LinkState.TAKEN, 200),
        (LinkState.CLOSED, 200),
        (LinkState.EXPIRED, 410),
        (LinkState.UNKNOWN, 404),
    ],
)
async def test_a_link_that_does_nothing_any_more_has_no_button(
    state: LinkState, status: int
) -> None:
    answer = await ask(Links(view(state)))
    assert answer.status_code == status
    assert "<button" not in answer.text
    assert "SEV1 The shop" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (Busy(), 503, "nothing was changed"),
        (UserError("Only <group> may."), 403, "Only &lt;group&gt;"),
    ],
)
async def test_problems_are_pages_that_say_what_to_do(
    method: str, problem: Exception, status: int, words: str
) -> None:
    answer = await ask(Links(view(), problem), method)
    assert answer.status_code == status
    assert words in answer.text
    assert "<h1>" in answer.text


async def test_whatever_people_wrote_stays_text() -> None:
    nasty = '<script>alert("x")</script>&amp;'
    answer = await ask(Links(view(heading=nasty, lines=(nasty, "<form>"), url='"><script>')))
    assert "<script" not in answer.text
    assert answer.text.count("<form") == 1
    assert "&amp;amp;" in answer.text


async def test_browsers_keep_it_to_themselves_and_run_nothing() -> None:
    for links in (Links(view()), Links(view(LinkState.UNKNOWN)), Links(view(), Busy())):
        headers = (await ask(links)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_page_asks_nothing_of_anybody_else() -> None:
    text = (await ask(Links(view(url="")))).text
    assert not re.search(r"(src|href|action|url)\s*[=(]", text)


async def test_the_token_is_not_logged(logs: list[MutableMapping[str, Any]]) -> None:
    await ask(Links(view()), "POST")
    await ask(Links(view(), Busy()))
    assert TOKEN not in str(logs)
