"""What the GitHub stand-in sends, and what people do on it."""

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from bot.sandbox.github import GitHub

pytestmark = pytest.mark.asyncio
CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
SECRET = "a secret"
PEOPLE = [
    {"id": f"U{name}", "real_name": name.title(), "email": f"{name}@example.com"}
    for name in ("alice", "bob")
]


@dataclass
class Bot:
    """What receives the webhooks; `answers` are given in turn, then 202."""

    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    address: str = ""
    hub: GitHub = field(init=False)
    client: httpx.AsyncClient = field(init=False)

    async def receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.requests.append((dict(request.headers), raw))
        return web.Response(status=self.answers.pop(0) if self.answers else 202)

    async def act(self, action: str, **more: Any) -> Any:
        body = {"action": action, "as": "alice@example.com", "repo": "acme/incidents"} | more
        answer = await self.hub.act(body)
        assert answer["ok"], answer
        return answer["issue"]

    async def received(self) -> list[tuple[str, dict[str, Any]]]:
        """Everything received since the last time: event and payload."""
        await self.hub.idle()
        found = [(headers["X-GitHub-Event"], json.loads(raw)) for headers, raw in self.requests]
        self.requests.clear()
        return found

    async def names(self) -> list[str]:
        return [f"{event}.{payload.get('action')}" for event, payload in await self.received()]


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[Bot]:
    bot = Bot()
    app = web.Application()
    app.router.add_post("/webhooks/github", bot.receive)
    app.router.add_post("/other", bot.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    bot.hub = GitHub(
        clock=lambda: datetime(2026, 3, 4, 12, 0, tzinfo=UTC),
        changed=lambda: None,
        people=PEOPLE,
        base_url=f"{bot.address}/github",
        webhook_url=bot.address,
        webhook_secret=SECRET,
    )
    service = web.Application()
    bot.hub.add_routes(service, "/github")
    other = web.AppRunner(service)
    await other.setup()
    await web.TCPSite(other, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{other.addresses[0][1]}/github"
    headers = {"Authorization": "Bearer ghp_x"}
    async with httpx.AsyncClient(base_url=base, headers=headers) as bot.client:
        yield bot
    await bot.hub.close()
    await runner.cleanup()
    await other.cleanup()


async def test_is_signed_and_says_everything(bot: Bot) -> None:
    body = {"title": "Größer", "labels": ["bug", "incident"], "assignees": ["bob"]}
    await bot.client.post("/repos/acme/incidents/issues", json=body)
    await bot.hub.idle()
    headers, raw = bot.requests[0]
    expected = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == expected
    assert str(uuid.UUID(headers["X-GitHub-Delivery"])) == headers["X-GitHub-Delivery"]
    assert headers["X-GitHub-Hook-Installation-Target-Type"] == "repository"
    received = await bot.received()
    assert sorted(f"{event}.{payload['action']}" for event, payload in received) == [
        *("issues.assigned", "issues.labeled", "issues.labeled", "issues.opened"),
    ]
    by_action = {payload["action"]: payload for _, payload in received}
    opened = by_action["opened"]
    assert opened["issue"]["body"] is None
    assert opened["issue"]["title"] == "Größer"
    assert opened["repository"]["full_name"] == "acme/incidents"
    assert opened["organization"]["login"] == "acme"
    assert opened["sender"]["login"] == "muster-bot"
    assert by_action["labeled"]["label"]["name"] in {"bug", "incident"}
    assert by_action["assigned"]["assignee"]["login"] == "bob"


@pytest.mark.skipif(CONTRACTS is None, reason="MUSTER_CONTRACTS is not set")
@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("issues.closed", {"action": "close"}),
        ("issues.labeled", {"action": "label", "label": "sev1"}),
        ("issues.assigned", {"action": "assign", "to": "bob"}),
        ("issue_comment.created", {"action": "comment", "body": "hi"}),
    ],
)
async def test_has_the_keys_of_the_documentation(bot: Bot, name: str, act: dict[str, Any]) -> None:
    file = Path(str(CONTRACTS)) / "fixtures" / "github" / "webhook" / f"{name}.json"
    expected = json.loads(file.read_text())
    await bot.act("open", title="Boom")
    await bot.received()
    await bot.act(**act, number=1)
    payload = (await bot.received())[0][1]
    # The examples are from repositories of people: no organization there, sometimes `changes`.
    assert expected.keys() - {"changes", "installation"} <= payload.keys()
    # `draft` is there for pull requests only by now.
    assert expected["issue"].keys() - {"draft"} <= payload["issue"].keys()
    assert expected["repository"].keys() - {"stargazers"} <= payload["repository"].keys()


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([{"action": "close"}], ["issues.closed"]),
        ([{"action": "close"}, {"action": "close"}], ["issues.closed"]),
        ([{"action": "close"}, {"action": "reopen"}], ["issues.closed", "issues.reopened"]),
        ([{"action": "reopen"}], []),
        ([{"action": "comment", "body": "hi"}], ["issue_comment.created"]),
        ([{"action": "edit", "title": "other"}], ["issues.edited"]),
        ([{"action": "label", "label": "sev1"}], ["issues.labeled"]),
        ([{"action": "unlabel", "label": "bug"}], ["issues.unlabeled"]),
        ([{"action": "assign", "to": "bob"}], ["issues.assigned"]),
        ([{"action": "delete"}], ["issues.deleted"]),
        ([{"action": "lock"}, {"action": "unlock"}], []),
    ],
)
async def test_every_change_has_its_event(
    bot: Bot, acts: list[dict[str, Any]], expected: list[str]
) -> None:
    await bot.act("open", title="Boom", labels=["bug"])
    await bot.received()
    found = []
    for act in acts:
        await bot.act(**act, number=1)
        found += await bot.names()
    assert found == expected


async def test_comments_come_and_go(bot: Bot) -> None:
    await bot.act("open", title="Boom")
    await bot.act("comment", number=1, body="one")
    await bot.received()
    await bot.act("edit_comment", number=1, body="two")
    edited = (await bot.received())[0][1]
    assert edited["changes"] == {"body": {"from": "one"}}
    await bot.act("delete_comment", number=1)
    event, payload = (await bot.received())[0]
    assert (event, payload["action"], payload["issue"]["number"]) == ("issue_comment", "deleted", 1)


async def test_a_deleted_user_is_a_ghost(bot: Bot) -> None:
    await bot.act("open", title="Boom", **{"as": None})
    assert (await bot.received())[0][1]["sender"]["login"] == "ghost"


async def test_nothing_is_retried_but_redelivered_on_request(bot: Bot) -> None:
    bot.answers = [500]
    await bot.act("open", title="Boom")
    await bot.hub.idle()
    guid = bot.requests[0][0]["X-GitHub-Delivery"]
    assert len(bot.requests) == 1
    hooks = (await bot.client.get("/repos/acme/incidents/hooks")).json()
    assert hooks[0]["last_response"]["code"] == 500
    path = f"/repos/acme/incidents/hooks/{hooks[0]['id']}/deliveries"
    delivery = (await bot.client.get(path)).json()[0]
    assert (delivery["guid"], delivery["status_code"]) == (guid, 500)
    answer = await bot.client.post(f"{path}/{delivery['id']}/attempts")
    assert answer.status_code == 202
    await bot.hub.idle()
    assert bot.requests[1][0]["X-GitHub-Delivery"] == guid


async def test_hooks(bot: Bot) -> None:
    path = "/repos/acme/search/hooks"
    config = {"url": f"{bot.address}/other"}
    made = await bot.client.post(path, json={"name": "web", "config": config, "events": ["issues"]})
    assert made.status_code == 201
    await bot.hub.idle()
    headers, raw = bot.requests[0]
    assert headers["X-GitHub-Event"] == "ping"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "X-Hub-Signature-256" not in headers
    payload = json.loads(parse_qs(raw.decode())["payload"][0])
    assert "action" not in payload
    assert payload["hook_id"] == made.json()["id"]
    again = await bot.client.post(path, json={"name": "web", "config": config})
    assert again.status_code == 422
    own = f"{path}/{made.json()['id']}"
    change = {"config": {"secret": "x", "content_type": "json"}, "events": ["issue_comment"]}
    changed = (await bot.client.patch(own, json=change)).json()
    assert changed["config"]["secret"] == "********"
    bot.requests.clear()
    assert (await bot.client.post(f"{own}/pings")).status_code == 204
    assert await bot.names() == ["ping.None"]
    assert (await bot.client.delete(own)).status_code == 204
    assert (await bot.client.get(own)).status_code == 404


async def test_late_twice_never(bot: Bot) -> None:
    await bot.act("open", title="Boom", deliver="twice")
    await bot.hub.idle()
    assert len({headers["X-GitHub-Delivery"] for headers, _ in bot.requests}) == 1
    assert await bot.names() == ["issues.opened"] * 2
    await bot.act("comment", number=1, body="x", deliver="never")
    await bot.act("close", number=1, deliver="late")
    assert await bot.names() == []
    assert bot.hub.snapshot()["webhooks"]["held"] == 1
    await bot.act("release_webhooks")
    assert await bot.names() == ["issues.closed"]
    bot.hub.webhooks = False
    await bot.act("reopen", number=1)
    assert await bot.names() == []


async def test_what_the_page_shows(bot: Bot) -> None:
    await bot.act("open", title="Boom", body="text")
    await bot.act("comment", number=1, body="hello")
    found = {one["full_name"]: one for one in bot.hub.snapshot()["repositories"]}
    issue = found["acme/incidents"]["issues"][0]
    assert [one["body"] for one in issue["comments"]] == ["hello"]
    assert not found["acme/no-issues"]["has_issues"]


async def test_code_changes(bot: Bot) -> None:
    await bot.act("push", message="Fix it", repo="payments")
    await bot.act("deploy", repo="payments", environment="production")
    await bot.act("release", repo="payments", tag="v2")
    base = "/repos/acme/payments"
    commits = (await bot.client.get(f"{base}/commits")).json()
    deployments = (await bot.client.get(f"{base}/deployments")).json()
    latest = (await bot.client.get(f"{base}/releases/latest")).json()
    assert commits[0]["commit"]["message"] == "Fix it"
    assert deployments[0]["sha"] == commits[0]["sha"]
    assert latest["tag_name"] == "v2"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"action": "dance"}, "unknown action dance"),
        ({"action": "close", "repo": "nothing"}, "Not Found"),
        ({"action": "close", "number": 9}, "Not Found"),
        ({"action": "open", "title": "x", "as": "zoe"}, "zoe has no GitHub account"),
        ({"action": "open"}, "title is missing"),
        ({"action": "access", "value": "all"}, "value must be one of"),
        ({"action": "push", "deliver": "?"}, "deliver must be one of"),
    ],
)
async def test_says_what_is_wrong(bot: Bot, body: dict[str, Any], error: str) -> None:
    answer = await bot.hub.act({"as": "alice"} | body)
    assert not answer["ok"]
    assert error in answer["error"]
