"""What people do on GitHub shows in Slack: by signed webhook, and by asking when no webhook reaches the bot."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.domain.catalog import Catalog, Person
from bot.store.tables import InboundRow
from tests.scenarios.test_action_items import Work, logins
from tests.stage import BOB, CAROL, GITHUB_SECRET, Json, Stage, stage
from tests.workspace import buttons, card_of, cards, issues, messages_in, room_of, said_in, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    people={
        "bob@example.com": Person(email="bob@example.com", github="bob"),
        "carol@example.com": Person(email="carol@example.com", github="carol"),
    }
)
CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
FOLDER = Path(CONTRACTS or "/nonexistent") / "fixtures/github/webhook"
EXAMPLES = sorted(FOLDER.glob("*.json"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage where two people's GitHub accounts are known."""
    async with stage(tmp_path_factory.mktemp("house"), catalog=CATALOG) as running:
        yield running


async def at_work(s: Stage, title: str) -> Work:
    name = await s.declare(f"SEV3 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    for who in (BOB, CAROL):
        await s.act("join", user=who, channel=room["id"])
    await s.quiet()
    return Work(s, name, room)


@pytest_asyncio.fixture(loop_scope="module")
async def work(s: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Work]:
    """An incident of the story's own."""
    made = await at_work(s, request.node.name.replace("_", " ")[:60])
    yield made
    assert await s.problems() == []
    assert [one for one in await s.unfinished() if one["state"] == "dead"] == []


async def does(work: Work, action: str, issue: Json, *, by: str = "bob", **more: Any) -> Json:
    answer = await work.s.github(action, by=by, repo=issue["repo"], number=issue["number"], **more)
    assert answer["ok"], answer
    await work.s.quiet()
    return dict(answer)


async def test_closing_on_github_shows_in_slack_once(work: Work) -> None:
    issue = await work.add("Close me there @carol")
    before = len(messages_in(await work.s.state(), work.room))
    await does(work, "close", issue, deliver="twice")
    message = await work.message("Close me there")
    assert f"done by <@{BOB}>" in text_of(message)
    assert f"owner: <@{CAROL}>" in text_of(message)
    assert buttons(message) == ["Reopen item"]
    assert len(messages_in(await work.s.state(), work.room)) == before, "edited, not told again"
    shown = await work.timeline()
    assert shown.count("completed an action item") == 1
    assert f"<@{BOB}> completed an action item: Close me there · from GitHub" in shown
    [card] = cards(await work.s.state(), work.room["name"])
    assert "Action items: 1 of 1 done" in text_of(card)
    await does(work, "reopen", issue)
    assert buttons(await work.message("Close me there")) == ["Mark done", "Change owner"]
    assert (await work.timeline()).count("reopened an action item") == 1


async def test_closing_as_not_planned_says_so(work: Work) -> None:
    issue = await work.add("Rather not")
    await does(work, "close", issue, reason="not_planned")
    assert "completed an action item (not planned)" in await work.timeline()


async def test_assigning_on_github_changes_the_owner(work: Work) -> None:
    issue = await work.add("Whose is it @bob")
    assert logins(issue) == ["bob"]
    await does(work, "unassign", issue, to="bob", by="erin")
    [item] = await work.items()
    assert item.owner is None
    assert "owner: nobody yet" in text_of(await work.message("Whose is it"))
    await does(work, "assign", issue, to="carol", by="erin")
    [item] = await work.items()
    assert item.owner
    assert item.owner.slack_id == CAROL
    await does(work, "unassign", issue, to="carol", by="erin")
    await does(work, "assign", issue, to="erin", by="erin")
    [item] = await work.items()
    assert item.owner
    assert (item.owner.name, item.owner.slack_id) == ("erin", None), "nobody told us who that is"
    assert (await work.timeline()).count("gave an action item to") == 4


async def test_events_out_of_order_end_with_the_newest(work: Work) -> None:
    issue = await work.add("Shuffled @bob")
    store: Any = work.s.sandbox.sandbox.vendors["github"].desk.store  # type: ignore[attr-defined]
    clock, seconds = store.clock, 0
    for action, more in (("close", {}), ("reopen", {}), ("assign", {"to": "carol"}), ("close", {})):
        await work.s.github(
            action, by="bob", repo=issue["repo"], number=issue["number"], deliver="late", **more
        )
        seconds += 2  # GitHub's times are whole seconds
        store.clock = lambda ahead=seconds: clock() + timedelta(seconds=ahead)
    await work.s.act("github", action="release_webhooks", shuffle=True)
    await work.s.quiet()
    store.clock = clock
    [item] = await work.items()
    assert item.done_at
    assert (await work.issue("Shuffled"))["state"] == "closed"


async def test_a_changed_title_is_the_items_text(work: Work) -> None:
    issue = await work.add("Old words")
    await does(work, "edit", issue, title="New <words> & more")
    [item] = await work.items()
    assert item.text == "New <words> & more"
    assert "changed an action item (was: Old words)" in await work.timeline()
    await does(work, "edit", issue, body="Something else entirely")
    assert (await work.items())[0].text == "New <words> & more"


async def test_an_issue_that_is_deleted_or_moved(work: Work) -> None:
    gone, moved = await work.add("Deleted there"), await work.add("Moved there")
    await does(work, "delete", gone)
    await does(work, "transfer", moved, to="acme/search")
    deleted, transferred = await work.items()
    assert deleted.ticket is None
    assert deleted.is_open
    assert transferred.ticket
    assert transferred.ticket.repo == "acme/search"
    shown = await work.timeline()
    assert f"the issue {gone['repo']}#{gone['number']} was deleted" in shown
    assert "was moved to acme/search#" in shown
    await work.press("Mark done", "Deleted there")
    await work.press("Mark done", "Moved there")
    [there] = [
        i
        for i in issues(await work.s.state(), "")
        if i["repo"] == "acme/search" and i["title"] == "Moved there"
    ]
    assert there["state"] == "closed"


async def test_closing_the_incidents_own_issue_is_told_once_with_resolve(work: Work) -> None:
    [own] = issues(await work.s.state(), work.name)
    await does(work, "close", own, deliver="twice")
    state = await work.s.state()
    told = [m for m in messages_in(state, work.room) if "closed the incident" in m["text"]]
    assert len(told) == 1
    assert f"<@{BOB}>" in text_of(told[0])
    assert buttons(told[0]) == ["Resolve"]
    card = card_of(state, work.name)
    assert card
    assert "Acknowledge" in buttons(card), "nothing is resolved by itself"
    await does(work, "reopen", own)
    lines = said_in(await work.s.state(), work.room)
    assert len([line for line in lines if "reopened the incident" in line]) == 1
    await work.s.press("Resolve", user=BOB, channel=work.room["id"], ts=told[0]["ts"])
    await work.s.until(lambda state: state["views"], user=BOB)
    await work.s.submit({"What fixed it?": "Rolled back"}, user=BOB)
    await work.s.quiet()
    [own] = issues(await work.s.state(), work.name)
    assert own["state"] == "closed"


async def test_our_own_closing_and_reopening_are_not_echoed(work: Work) -> None:
    for words in ("resolve", "reopen", "resolve Again", "reopen"):
        await work.command(f"/incident {words}")
        await work.s.quiet()
    lines = said_in(await work.s.state(), work.room)
    assert not [line for line in lines if "issue" in line], lines
    [own] = issues(await work.s.state(), work.name)
    assert own["state"] == "open"
    await work.command("/incident resolve")
    await work.s.quiet()
    await does(work, "reopen", own)
    state = await work.s.state()
    [told] = [
        m for m in messages_in(state, work.room) if "reopened the incident's issue" in m["text"]
    ]
    assert buttons(told) == ["Reopen"]


async def test_without_webhooks_closing_shows_within_a_look(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=CATALOG, GITHUB_WEBHOOK_SECRET=None) as s:
        await s.act("settings", webhooks=False)
        work = await at_work(s, "Asked")
        issue = await work.add("Seen by asking @bob")
        [own] = issues(await s.state(), work.name)
        await does(work, "close", issue, by="carol")
        await does(work, "close", own, by="carol")
        assert s.bot is not None
        s.bot.sweeps._scheduler.pause()  # the looks are counted: none by the clock comes among them
        for slot in ("one", "two", "three"):
            await s.bot.sweeps.look_at_issues(slot)
            await s.quiet()
        shown = await work.timeline()
        assert f"<@{CAROL}> completed an action item: Seen by asking · from GitHub" in shown
        assert shown.count("completed an action item") == 1
        assert len([x for x in said_in(await s.state(), work.room) if "closed the inc" in x]) == 1
        looks = await s.calls("github.GET /repos/acme/incidents/issues")
        lists = [one for one in looks if one["operation"].endswith("/issues")]
        assert len(lists) == 3, "one list per look"
        assert await s.problems() == []


@pytest.mark.parametrize("told_by", ["webhook", "look"])
async def test_its_own_issue_is_moved_and_then_deleted(tmp_path: Path, told_by: str) -> None:
    secret = {} if told_by == "webhook" else {"GITHUB_WEBHOOK_SECRET": None}
    async with stage(tmp_path, catalog=CATALOG, **secret) as s:
        await s.act("settings", webhooks=told_by == "webhook")
        work = await at_work(s, f"Told by {told_by}")
        [own] = issues(await s.state(), work.name)
        await does(work, "transfer", own, to="acme/search")
        await found_out(work, told_by, "moved")
        [there] = issues(await s.state(), work.name)
        assert there["repo"] == "acme/search"
        state = await s.state()
        who = f"<@{BOB}>: the" if told_by == "webhook" else "The"
        [told] = [m for m in messages_in(state, work.room) if "GitHub issue was moved" in m["text"]]
        assert f"{who} GitHub issue was moved to acme/search#{there['number']}" in told["text"]
        assert there["html_url"] in text_of(told)
        card = card_of(state, work.name)
        assert card
        assert there["html_url"] in text_of(card)
        await work.command("/incident note It goes on")
        await s.quiet()
        [there] = issues(await s.state(), work.name)
        assert any("It goes on" in one["body"] for one in there["comments"])
        await does(work, "delete", there)
        await found_out(work, told_by, "deleted")
        [told] = [
            m
            for m in messages_in(await s.state(), work.room)
            if "GitHub issue was deleted" in m["text"]
        ]
        assert buttons(told) == []
        card = card_of(await s.state(), work.name)
        assert card
        assert "acme/search#" not in text_of(card)
        await work.command("/incident resolve Over")
        await s.quiet()
        shown = await work.timeline()
        assert f"GitHub issue was moved to acme/search#{there['number']}" in shown
        assert "GitHub issue was deleted" in shown
        assert await s.problems() == []
        assert await tried(s) == [], "nothing is tried for ever, nothing failed"


async def tried(s: Stage) -> list[Json]:
    """What failed, or was tried and waits to be tried again."""
    return [one for one in await s.unfinished() if one["attempts"] or one["state"] == "dead"]


async def found_out(work: Work, told_by: str, what: str) -> None:
    """By webhook it is known already; else the bot looks."""
    if told_by == "look":
        assert work.s.bot is not None
        assert what not in await work.timeline()
        await work.s.bot.sweeps.look_at_issues(f"{work.name}/{what}")
        await work.s.quiet()


async def test_items_issues_that_are_gone_are_found_out_by_a_look(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=CATALOG, GITHUB_WEBHOOK_SECRET=None) as s:
        await s.act("settings", webhooks=False)
        work = await at_work(s, "Looked for")
        gone, moved = await work.add("Deleted there"), await work.add("Moved there @bob")
        await does(work, "delete", gone)
        await does(work, "transfer", moved, to="acme/search")
        await found_out(work, "look", "the issue")
        deleted, transferred = await work.items()
        assert deleted.ticket is None
        assert deleted.is_open
        assert transferred.ticket
        assert transferred.ticket.repo == "acme/search"
        shown = await work.timeline()
        assert f"the issue {gone['repo']}#{gone['number']} was deleted" in shown
        assert f"was moved to acme/search#{transferred.ticket.number}" in shown
        assert "acme/search#" in text_of(await work.message("Moved there"))
        assert "acme/" not in text_of(await work.message("Deleted there"))
        await work.press("Mark done", "Moved there")
        there = await work.issue("Moved there")
        assert (there["repo"], there["state"]) == ("acme/search", "closed")
        assert await s.problems() == []
        assert await tried(s) == []


async def test_a_change_that_meets_a_deleted_issue_says_so_and_is_not_tried_again(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, catalog=CATALOG, GITHUB_WEBHOOK_SECRET=None) as s:
        await s.act("settings", webhooks=False)
        work = await at_work(s, "Nobody looked")
        [own] = issues(await s.state(), work.name)
        await does(work, "delete", own)
        await work.command("/incident resolve Over")
        await s.quiet()
        shown = await work.timeline()
        assert shown.count("The GitHub issue was deleted") == 1
        assert await tried(s) == []


async def test_a_bot_without_a_token_keeps_items_in_slack(tmp_path: Path) -> None:
    nothing: dict[str, Any] = {
        "GITHUB_TOKEN": None, "GITHUB_OWNER": None, "GITHUB_DEFAULT_REPO": None,
    }  # fmt: skip
    async with stage(tmp_path, **nothing) as s:
        work = await at_work(s, "Slack alone")
        answer = await work.command("/incident action Only here @bob")
        assert "is added for Bob" in str(answer), answer
        await s.quiet()
        await work.press("Mark done", "Only here")
        [item] = await work.items()
        assert item.done_at
        assert item.ticket is None
        assert await s.calls("github.") == []


# --- whatever else comes -------------------------------------------------------------------


def signed(body: bytes, secret: str = GITHUB_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


async def send(
    s: Stage, body: bytes, *, guid: str = "d-1", event: str = "issues", **headers: str
) -> httpx.Response:
    given = {"X-GitHub-Delivery": guid, "X-GitHub-Event": event, "Content-Type": "application/json"}
    given |= signed(body) | {name.replace("_", "-"): value for name, value in headers.items()}
    return await s.http.post(
        f"{s.bot_url}/webhooks/github", content=body, headers={k: v for k, v in given.items() if v}
    )


async def kept(s: Stage) -> list[tuple[str, str, str, str | None]]:
    """Every GitHub webhook on disk: id, type, state, reason."""
    assert s.bot is not None
    columns: Any = InboundRow
    query = select(columns.event_id, columns.event_type, columns.state, columns.reason)
    query = query.where(columns.source == "github")
    return [tuple(r) for r in await s.bot.work.read(lambda tx: tx.session.execute(query).all())]


def event(**changes: Any) -> Json:
    issue = {"number": 999, "state": "closed", "updated_at": "2026-01-05T09:00:00Z", "title": "x"}
    made = {"action": "closed", "issue": issue, "repository": {"full_name": "acme/incidents"}}
    return {**made, "sender": {"login": "bob"}, **changes}


OK = json.dumps(event()).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": "sha256="},
        {"X_Hub_Signature_256": "sha256=" + "0" * 64},
        {"X_Hub_Signature_256": "sha1=" + "0" * 40},
        {"X_Hub_Signature_256": signed(OK, "another secret")["X-Hub-Signature-256"]},
        {"X_Hub_Signature_256": signed(OK + b" ")["X-Hub-Signature-256"]},
        {"X_Hub_Signature_256": signed(OK)["X-Hub-Signature-256"][:-1]},
        {"X_Hub_Signature_256": "", "Authorization": f"Bearer {GITHUB_SECRET}"},
    ],
)
async def test_unsigned_or_wrongly_signed_is_401_and_not_kept(
    s: Stage, headers: dict[str, str]
) -> None:
    before = await kept(s)
    answer = await send(s, OK, guid="unsigned", **headers)
    assert answer.status_code == 401
    assert "signature" in answer.json()["error"]
    assert await kept(s) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (OK[:-3], 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"issue": ' + b"[" * 500 + b"]" * 500 + b"}", 400),
        (b"x" * 3_000_000, 413),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
    ],
)
async def test_signed_nonsense_is_refused_with_a_reason(s: Stage, body: bytes, status: int) -> None:
    before = await kept(s)
    answer = await send(s, body, guid="nonsense")
    assert answer.status_code == status, answer.text
    assert len(answer.json()["error"]) > 10
    assert await kept(s) == before


async def test_a_delivery_without_its_headers_is_refused(s: Stage) -> None:
    before = await kept(s)
    for headers in ({"guid": ""}, {"event": ""}, {"guid": "x" * 5000}, {"event": "y" * 5000}):
        answer = await send(s, OK, **headers)
        assert answer.status_code == 422, answer.text
    assert await kept(s) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"issue": None},
        {"issue": []},
        {"issue": {"number": "1"}},
        {"issue": {"number": 10**30, "updated_at": "2026-01-05T09:00:00Z"}},
        {"issue": {"number": True, "updated_at": "2026-01-05T09:00:00Z"}},
        {"issue": {"number": 1, "updated_at": 5}},
        {"issue": {"number": 1, "updated_at": "yesterday"}},
        {"repository": None},
        {"repository": {"full_name": 5}},
        {"sender": None},
        {"sender": "bob"},
        {"sender": {"login": ["bob"]}},
        {"action": None},
        {"action": {"a": 1}},
        {"action": "x" * 10_000},
        {"changes": {"new_issue": 5, "new_repository": []}, "action": "transferred"},
    ],
)
async def test_signed_events_with_wrong_types_are_kept_and_harm_nothing(
    s: Stage, changes: Json
) -> None:
    known = {row[0] for row in await kept(s)}
    name = f"odd-{hashlib.sha256(repr(changes).encode()).hexdigest()[:12]}"
    answer = await send(s, json.dumps(event(**changes)).encode(), guid=name)
    assert answer.status_code == 202, answer.text
    await s.quiet()
    [row] = [row for row in await kept(s) if row[0] not in known]
    assert row[0] == name
    assert row[2] in {"ignored", "failed"}, row
    assert (row[3] is not None) is (row[2] == "failed")


async def test_events_nobody_knows_are_kept_and_answered_202(s: Stage) -> None:
    for number, name in enumerate(("ping", "star", "issues.from.the.future", "workflow_run")):
        for again in (False, True):
            answer = await send(s, b'{"zen": "x"}', guid=f"unknown-{number}", event=name)
            assert answer.status_code == 202
            assert answer.json()["status"] == ("known" if again else "accepted")
    await s.quiet()
    rows = {row[0]: row for row in await kept(s) if row[0].startswith("unknown-")}
    assert len(rows) == 4
    assert {row[2] for row in rows.values()} == {"ignored"}


async def test_a_form_is_read_as_well(work: Work) -> None:
    issue = await work.add("By form")
    [shown] = [i for i in issues(await work.s.state(), "") if i["title"] == "By form"]
    told = event(
        issue={k: shown[k] for k in ("number", "updated_at", "title")} | {"state": "closed"},
        repository={"full_name": issue["repo"].upper()},
    )
    body = urlencode({"payload": json.dumps(told)}).encode()
    answer = await send(
        work.s, body, guid="form-1", Content_Type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 202
    await work.s.quiet()
    [item] = await work.items()
    assert item.done_at, "and the case of the repository's name does not matter"


async def test_an_endpoint_without_its_secret_refuses_everybody(tmp_path: Path) -> None:
    async with stage(tmp_path, GITHUB_WEBHOOK_SECRET=None) as s:
        for headers in ({}, {"X_Hub_Signature_256": signed(OK, "")["X-Hub-Signature-256"]}):
            assert (await send(s, OK, **headers)).status_code == 401
        assert await kept(s) == []


@pytest.mark.skipif(not EXAMPLES, reason="MUSTER_CONTRACTS names no folder")
async def test_githubs_own_examples_are_taken(s: Stage) -> None:
    for path in EXAMPLES:
        answer = await send(
            s, path.read_bytes(), guid=f"example-{path.stem}", event=path.name.partition(".")[0]
        )
        assert answer.status_code == 202, (path.name, answer.text)
    await s.quiet()
    rows = {row[0]: row for row in await kept(s) if row[0].startswith("example-")}
    assert len(rows) == len(EXAMPLES)
    assert {row[2] for row in rows.values()} == {"ignored"}, "they are about nobody's issue here"
