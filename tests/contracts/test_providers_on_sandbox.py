"""The providers against the stand-ins people run, faults included, and the stand-ins' webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.incident import Status, Urgency
from bot.domain.postmortem import git_id
from bot.errors import ProviderError, Reason
from bot.ports import Inbound, Message, PageRequest, Ticket
from bot.providers.github import GitHubTickets
from bot.providers.pagerduty import PagerDuty, parse_event, verify
from bot.providers.slack import SlackChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

server = pytest.importorskip("bot.sandbox.server")

ALICE, BOB = "alice@example.com", "bob@example.com"
REQUEST = PageRequest(
    title="Checkout down",
    details="All red",
    service_id="PCHECKO",
    urgency=Urgency.HIGH,
    priority="P1",
)
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Down*"}}
KINDS = {
    "timeout": Reason.UNKNOWN_OUTCOME,
    "reset": Reason.UNKNOWN_OUTCOME,
    "lost": Reason.UNKNOWN_OUTCOME,
    "500": Reason.UNKNOWN_OUTCOME,
    "garbage": Reason.UNKNOWN_OUTCOME,
    "429": Reason.RATE_LIMITED,
    "401": Reason.AUTH,
}


@dataclass
class Box:
    """A running sandbox, the providers on it, and the webhooks PagerDuty sent."""

    url: str
    slack: SlackChat
    pager: PagerDuty
    tickets: GitHubTickets
    running: Any
    inbound: list[Inbound] = field(default_factory=list)

    async def post(self, path: str, **body: Any) -> Any:
        """Do something through the sandbox's own API."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}{path}", json=body) as answer,
        ):
            told = await answer.json()
            assert told["ok"], told
            return told


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    inbound: list[Inbound] = []

    async def take(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        assert verify(body, request.headers.get("X-PagerDuty-Signature"), ["s3"])
        inbound.append(parse_event(body))
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/webhooks/pagerduty", take)
    bot = TestServer(app)
    await bot.start_server()
    config = server.SandboxConfig(
        port=0,
        manifest=None,
        limits=False,
        bot_url=str(bot.make_url("/")),
        pagerduty_webhook_secret="s3",
    )
    running = await server.serve(config)
    chat = SlackChat("xoxb-sandbox", f"{running.url}/slack/api/", 1.5)
    pager = PagerDuty("key", f"{running.url}/pagerduty", 1.5)
    tickets = GitHubTickets("ghp_sandbox", f"{running.url}/github", 1.0)
    yield Box(running.url, chat, pager, tickets, running, inbound)
    for provider in (chat, pager, tickets):
        await provider.aclose()
    await running.close()
    await bot.close()


async def test_an_incident_at_pagerduty(box: Box) -> None:
    pager = box.pager
    page = await pager.open(REQUEST, key="inc-1/page", by=ALICE)
    assert (page.status, page.priority, page.key) == (Status.TRIGGERED, "P1", "inc-1/page")
    assert (await pager.open(REQUEST, key="inc-1/page", by=ALICE)).id == page.id
    assert (await pager.acknowledge(page.id, by=ALICE)).status is Status.ACKNOWLEDGED
    note = await pager.add_note(page.id, "Channel: <#C1>", by=ALICE)
    assert await pager.find_note(page.id, "Channel: <#C1>") == note
    bob = await pager.user_by_email(BOB.upper())
    assert bob is not None
    assert (await pager.reassign(page.id, bob.id, by=ALICE)).assignees[0].pagerduty_id == bob.id
    await pager.escalate(page.id, by=ALICE, level=2)
    await pager.set_priority(page.id, "P3", by=ALICE)
    assert (await pager.set_title(page.id, "Private", by=ALICE)).title == "Private"
    await pager.request_responder(page.id, bob.id, by=ALICE, message="Come")
    assert (await pager.resolve(page.id, by=ALICE, resolution="Fixed")).resolved_at
    assert (await pager.resolve(page.id, by=ALICE)).status is Status.RESOLVED
    with pytest.raises(ProviderError) as raised:
        await pager.acknowledge(page.id, by=ALICE)
    assert (raised.value.reason, raised.value.code) == (Reason.CONFLICT, "1001")
    assert (await pager.reopen(page.id, by=ALICE)).status is Status.TRIGGERED

    told = [event.kind for event in (await pager.page(page.id)).events]
    await box.running.sandbox.vendors["pagerduty"].idle()
    sent = [one.event.kind for one in box.inbound if one.event]
    assert sorted(told) == sorted(sent)  # both ways tell the same story
    assert len(told) == len(set(told)) == 9
    assert {one.page_id for one in box.inbound} == {page.id}
    assert [one.id for one in await pager.open_pages()] == [page.id]
    assert await pager.changed_since(datetime.now(UTC) - timedelta(minutes=1)) == [page.id]


@pytest.mark.parametrize(("address", "code"), [("nobody@example.com", "1008")])
async def test_unknown_from(box: Box, address: str, code: str) -> None:
    with pytest.raises(ProviderError) as raised:
        await box.pager.open(REQUEST, key="k", by=address)
    assert (raised.value.reason, raised.value.code) == (Reason.INVALID, code)


@pytest.mark.parametrize("kind", KINDS)
async def test_faults_at_pagerduty(box: Box, kind: str) -> None:
    await box.post("/api/faults", target="pagerduty.POST /incidents", kind=kind, retry_after=3)
    with pytest.raises(ProviderError) as raised:
        await box.pager.open(REQUEST, key="inc-1/page", by=ALICE)
    assert raised.value.reason is KINDS[kind]
    page = await box.pager.open(REQUEST, key="inc-1/page", by=ALICE)
    assert [one.id for one in await box.pager.open_pages()] == [page.id]


@pytest.mark.parametrize("kind", KINDS)
async def test_faults_at_slack(box: Box, kind: str) -> None:
    since = datetime.now(UTC)
    channel = (await box.slack.create_channel("incident-1")).id
    await box.post("/api/faults", target="slack.chat.postMessage", kind=kind, retry_after=3)
    with pytest.raises(ProviderError) as raised:
        await box.slack.post(channel, Message(text="Down", blocks=[SECTION]), key="k")
    assert raised.value.reason is KINDS[kind]
    assert raised.value.retry_after == (3.0 if kind == "429" else None)
    found = await box.slack.find_posted(channel, "k", since=since)
    assert (found is not None) is (kind == "lost")


@pytest.mark.parametrize("kind", KINDS)
async def test_faults_at_github(box: Box, kind: str) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    wish: dict[str, Any] = {"title": "Down", "body": "b", "labels": ["bug"], "key": "k"}
    await box.post("/api/faults", target="github.POST /repos/*/*/issues", kind=kind, retry_after=3)
    with pytest.raises(ProviderError) as raised:
        await box.tickets.open("acme/checkout-api", **wish)
    assert raised.value.reason is KINDS[kind]
    found = await box.tickets.find("acme/checkout-api", "k", since=since)
    assert (found is not None) is (kind == "lost")


async def test_a_channel_at_slack(box: Box) -> None:
    chat, since = box.slack, datetime.now(UTC)
    assert (await chat.identity())["user_id"]
    channel = await chat.create_channel("incident-1-down")
    with pytest.raises(ProviderError) as raised:
        await chat.create_channel("incident-1-down")
    assert (raised.value.reason, raised.value.code) == (Reason.CONFLICT, "name_taken")
    assert await chat.find_channel("incident-1-down") == await chat.channel_info(channel.id)
    message = Message(text="Down", blocks=[SECTION])
    ts = await chat.post(channel.id, message, key="card")
    reply = await chat.post(channel.id, message, key="reply", thread=ts)
    await chat.update(channel.id, ts, Message(text="Up"), key="card")
    assert await chat.find_posted(channel.id, "card", since=since) == ts
    assert await chat.find_posted(channel.id, "reply", since=since, thread=ts) == reply
    assert [one["ts"] for one in await chat.replies(channel.id, ts)] == [ts, reply]
    assert await chat.replies(channel.id, "1.000001") == []
    refused = Message(text="plain words", blocks=[{"type": "section"}])
    assert await chat.post(channel.id, refused, key="refused")
    for _ in range(2):
        await chat.pin(channel.id, ts)
        await chat.react(channel.id, ts, ":pushpin:")
        await chat.join(channel.id)
        await chat.set_topic(channel.id, "t" * 300)
    people = [one.id for one in await chat.members() if not one.is_bot][:2]
    assert await chat.invite(channel.id, [*people, "U0NOBODY0"]) == ("U0NOBODY0",)
    assert await chat.invite(channel.id, people) == ()
    await chat.tell(channel.id, people[0], message)
    await chat.add_bookmark(channel.id, "Runbook", "https://wiki.test")
    assert list(await chat.bookmarks(channel.id)) == ["Runbook"]
    for _ in range(2):
        await chat.delete(channel.id, reply)
    secret = await chat.create_channel("incident-2-secret", private=True)
    assert await chat.private_channels() == {secret.id}
    for _ in range(2):
        await chat.archive(channel.id)


async def test_whether_an_account_is_there(box: Box) -> None:
    assert await box.tickets.account("CAROL") == "carol"
    assert await box.tickets.account("nobody-here") is None
    assert await box.tickets.account("acme") is None, "an organization is nobody"
    await box.post("/api/faults", target="github.GET /users/*", kind="500")
    with pytest.raises(ProviderError):
        await box.tickets.account("carol")


async def test_an_issue_at_github(box: Box) -> None:
    tickets, since = box.tickets, datetime.now(UTC) - timedelta(seconds=5)
    repo = "acme/checkout-api"
    assert (await tickets.repository(repo))["permissions"] == {"push": True}
    made = await tickets.open(repo, title="Down", body="b", labels=["bug", "incident"], key="k")
    await tickets.edit_body(made, "better", key="k")
    await tickets.comment(made, "Rolled back", key="c")
    assert await tickets.has_comment(made, "c")
    for _ in range(2):
        await tickets.set_state(made, is_open=False)
    found = await tickets.find(repo, "k", since=since)
    assert found is not None
    assert (found.number, found.state) == (made.number, "closed")
    await tickets.set_state(made, is_open=True)
    assigned = await tickets.assign(made, "bob")
    assert assigned.assignees == ("bob",)
    news, until = await tickets.changed(repo, since)
    [told] = [one for one in news if one.number == made.number]
    assert (told.state, told.assignees, told.at) == ("open", ("bob",), assigned.updated_at)
    assert until == told.at
    with pytest.raises(ProviderError, match="nobody-here cannot be assigned"):
        await tickets.assign(made, "nobody-here")
    for _ in range(2):
        await tickets.withdraw(made, title="Private incident INC-1", body="Gone", key="k")
    found = await tickets.find(repo, "k", since=since)
    assert found is not None, "its marker is kept"
    assert found.state == "closed"
    with pytest.raises(ProviderError) as raised:
        await tickets.open("acme/no-issues", title="t", body="b", labels=[], key="k")
    assert (raised.value.reason, raised.value.code) == (Reason.INVALID, "410")


async def test_where_an_issue_is_now(box: Box) -> None:
    tickets, repo, now = box.tickets, "acme/search", datetime.now(UTC)

    async def made(title: str) -> Ticket:
        return await tickets.open(repo, title=title, body="b", labels=["bug"], key=title)

    async def act(action: str, issue: Ticket, **more: Any) -> None:
        await box.post(
            "/api/github",
            action=action,
            repo=issue.repo,
            number=issue.number,
            **{"as": "bob"},
            **more,
        )

    stays, moves, hides, goes = [await made(title) for title in ("s", "m", "h", "g")]
    await tickets.comment(moves, "Said before", key="c")
    await act("transfer", moves, to="acme/payments")
    await act("transfer", hides, to="acme/checkout-api")
    hidden = Ticket(repo="acme/checkout-api", number=1, url="")
    await act("access", hidden, value="none")
    await act("delete", goes)
    found = [
        await tickets.look("ACME/Search", one.number, now=now)
        for one in (stays, moves, hides, goes)
    ]
    assert [one.action for one in found] == ["read", "transferred", "unseen", "deleted"]
    there = found[1].moved
    assert there is not None
    assert there.repo == "acme/payments"
    assert there.number
    assert there.url
    assert there.url.endswith(f"acme/payments/issues/{there.number}")
    assert [one.moved for one in found if one is not found[1]] == [None] * 3
    followed = Ticket(repo=there.repo, number=there.number, url=there.url)
    assert await tickets.has_comment(followed, "c"), "comments go with it"
    closed = await tickets.set_state(moves, is_open=False)
    assert closed.state == "closed", "PATCH is led there as well"
    with pytest.raises(ProviderError) as raised:
        await tickets.comment(moves, "Too late", key="d")
    assert raised.value.reason is Reason.NOT_FOUND


async def test_what_only_tells_of_the_repository_does_not_say_that_an_issue_is_gone(
    box: Box,
) -> None:
    tickets, repo, now = box.tickets, "acme/search", datetime.now(UTC)
    made = await tickets.open(repo, title="t", body="b", labels=[], key="k")
    for action, more, code in (
        ("issues", {"on": False}, "410"),
        ("issues", {"on": True}, ""),
        ("access", {"value": "none"}, "404"),
        ("access", {"value": "write"}, ""),
    ):
        await box.post("/api/github", action=action, repo=repo, **{"as": "bob"}, **more)
        if not code:
            assert (await tickets.look(repo, made.number, now=now)).action == "read"
            continue
        with pytest.raises(ProviderError) as raised:
            await tickets.look(repo, made.number, now=now)
        assert raised.value.code == code


async def test_a_file_is_proposed_on_a_branch(box: Box) -> None:
    code, repo, branch, path = (
        box.tickets,
        "acme/search",
        "postmortem/INC-9",
        "postmortems/INC-9.md",
    )
    base = await code.default_branch(repo)
    head = await code.branch_head(repo, base)
    assert head
    assert await code.branch_head(repo, branch) is None
    for _ in range(2):
        await code.create_branch(repo, branch, head)
    assert await code.file(repo, path, branch) is None
    await code.write_file(repo, path, branch, "# One", message="Draft", replaces=None)
    first = await code.file(repo, path, branch)
    assert first is not None
    assert first.sha == git_id("# One")
    with pytest.raises(ProviderError) as raised:
        await code.write_file(repo, path, branch, "# Two", message="Again", replaces=None)
    assert raised.value.reason is Reason.CONFLICT
    await code.write_file(repo, path, branch, "# Two", message="Update", replaces=first.sha)
    with pytest.raises(ProviderError) as raised:
        await code.write_file(repo, path, branch, "# Three", message="Late", replaces=first.sha)
    assert raised.value.reason is Reason.CONFLICT
    assert await code.pull_of(repo, branch) is None
    made = await code.open_pull(repo, branch, base, title="Post-mortem", body="x")
    assert await code.pull_of(repo, branch) == made
    with pytest.raises(ProviderError) as raised:
        await code.open_pull(repo, branch, base, title="Post-mortem", body="x")
    assert raised.value.code == "422"
    with pytest.raises(ProviderError) as raised:
        await code.create_branch("acme/read-only", branch, head)
    assert raised.value.code == "403"
    with pytest.raises(ProviderError) as raised:
        await code.default_branch("acme/nowhere")
    assert raised.value.reason is Reason.NOT_FOUND


async def test_a_channel_has_one_canvas(box: Box) -> None:
    chat = box.slack
    room = (await chat.create_channel("canvas-room")).id
    assert await chat.canvas_of(room) is None
    canvas = await chat.create_canvas(room, "Post-mortem", "# One")
    assert await chat.canvas_of(room) == canvas
    with pytest.raises(ProviderError) as raised:
        await chat.create_canvas(room, "Post-mortem", "# Two")
    assert (raised.value.reason, raised.value.code) == (
        Reason.CONFLICT,
        "channel_canvas_already_exists",
    )
    await chat.replace_canvas(canvas, "# Two")
    with pytest.raises(ProviderError) as raised:
        await chat.replace_canvas(canvas, "> - a list in a quote")
    assert "Unsupported block type (List)" in raised.value.detail
    with pytest.raises(ProviderError) as raised:
        await chat.replace_canvas("F404", "# Two")
    assert raised.value.reason is Reason.NOT_FOUND
    await box.post("/api/canvases", user="U0ALICE00", refused_with="canvas_disabled_user_team")
    with pytest.raises(ProviderError) as raised:
        await chat.create_canvas((await chat.create_channel("none")).id, "x", "# x")
    assert raised.value.code == "canvas_disabled_user_team"


async def test_who_said_something_last(box: Box) -> None:
    chat, before = box.slack, datetime.now(UTC) - timedelta(seconds=5)
    room = (await chat.create_channel("talk-room")).id
    await box.post("/api/join", user="U0ALICE00", channel=room)
    await chat.post(room, Message(text="I am an app"), key="k")
    assert await chat.last_said(room, since=before) is None, "joining and apps do not count"
    await box.post("/api/message", user="U0ALICE00", channel=room, text="I am not")
    said = await chat.last_said(room, since=before)
    assert said is not None
    assert abs(said - datetime.now(UTC)) < timedelta(seconds=5)
    assert await chat.last_said(room, since=said + timedelta(seconds=1)) is None
