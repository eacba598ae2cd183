"""The vendors' own documents and examples, when ``MUSTER_CONTRACTS`` names their folder.

The folder holds ``openapi/pagerduty-rest.json``, ``openapi/github-trimmed.json`` and
``fixtures/{pagerduty,github}``; they belong to the vendors and are not part of this repository.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from aiohttp import web

from bot.domain.incident import EntryKind, Urgency
from bot.errors import ProviderError, Reason
from bot.ports import PageRequest, Ticket
from bot.providers.github import GitHubHooks, GitHubTickets
from bot.providers.github import parse_event as parse_issue_event
from bot.providers.github import verify as verify_github
from bot.providers.pagerduty import PagerDuty, parse_event, verify
from bot.providers.pagerduty.history import events
from bot.providers.pagerduty.parse import (
    on_call,
    override,
    page_from_rest,
    policy,
    schedule,
    shift,
    subscription,
    user,
)
from bot.providers.pagerduty.webhooks import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.contracts.conftest import FaultServer, Seen

FOLDER = os.environ.get("MUSTER_CONTRACTS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="MUSTER_CONTRACTS names no folder")
ROOT = Path(FOLDER or ".")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY = "ana@acme.test"
PATH = "postmortems/INC-1.md"


def load(path: str) -> Any:
    return json.loads((ROOT / path).read_text())


def fixtures(pattern: str) -> list[Path]:
    return sorted((ROOT / "fixtures").glob(pattern)) if FOLDER else []


@pytest.mark.parametrize("path", fixtures("pagerduty/webhook/*.json"), ids=lambda path: path.stem)
def test_every_webhook_is_understood(path: Path) -> None:
    data = json.loads(path.read_text())
    if "event" not in data:
        return
    inbound = parse_event(json.dumps({"event": data["event"]}).encode(), now=NOW)
    assert inbound.type == data["event"]["event_type"]
    assert inbound.occurred_at != NOW
    assert (inbound.event is not None) is (inbound.type in KINDS)
    assert (inbound.page is not None) is (data["event"]["data"].get("type") == "incident")
    assert bool(inbound.page_id) is inbound.type.startswith("incident.")
    if inbound.page is not None:
        assert inbound.page.number
        assert inbound.page.service_name
        assert inbound.page.url.startswith("https://")
    if inbound.event is not None and inbound.event.kind is EntryKind.ANNOTATED:
        assert inbound.event.text


def test_signature_vectors() -> None:
    vector = load("fixtures/pagerduty/webhook/signature_vector.json")
    body = vector["raw_body"].encode()
    header = vector["header"]["X-PagerDuty-Signature"]
    assert verify(body, header, ["other", vector["secret"]])
    assert verify(body, vector["rotation_header_example"], [vector["secret"]])
    assert not verify(body + b"\n", header, [vector["secret"]])
    parse_event(body)
    vector = load("fixtures/github/signature_vector.json")
    told = json.dumps(vector)
    secret, body_text = (
        vector["secret"],
        vector.get("raw_body") or vector.get("body") or vector["payload"],
    )
    found = re.search(r"sha256=[0-9a-f]{64}", told)
    assert found is not None
    assert verify_github(body_text.encode(), found.group(), [secret])


def test_every_rest_example_is_understood() -> None:
    rest = "fixtures/pagerduty/rest"
    one = load(f"{rest}/get_incidents_id_200.json")["incident"]
    page = page_from_rest(one, now=NOW)
    assert page.number
    assert page.priority
    assert page.assignees
    assert page.acknowledged_at
    for name in ("get_incidents_200", "put_incidents_200"):
        for incident in load(f"{rest}/{name}.json")["incidents"]:
            assert page_from_rest(incident, now=NOW).created_at != NOW
    entries = load(f"{rest}/get_incidents_id_log_entries_200.json")["log_entries"]
    notes = load(f"{rest}/get_incidents_id_notes_200.json")["notes"]
    told = events(entries, notes, one)
    kinds = [event.kind for event in told]
    assert kinds.count(EntryKind.ANNOTATED) == len(notes)
    assert EntryKind.TRIGGERED in kinds
    assert EntryKind.RESPONDER_ADDED in kinds
    assert all(on_call(o).user.name for o in load(f"{rest}/get_oncalls_200.json")["oncalls"])
    for name in ("Basic_Example", "With_Schedule_Layers"):
        known = load(f"{rest}/get_schedules_200.{name}.json")["schedules"]
        assert all(schedule(one).id != schedule(one).name for one in known)
    whole = load(f"{rest}/get_schedules_id_200.json")["schedule"]
    rendered = whole["final_schedule"]["rendered_schedule_entries"]
    assert [one.users[0].name for one in filter(None, map(shift, rendered))] == ["Regina Phalange"]
    document = load("openapi/pagerduty-rest.json")["paths"]["/schedules/{id}/overrides"]
    content = document["get"]["responses"]["201"]["content"]["application/json"]
    examples = content["examples"]["response"]["value"]["overrides"]
    assert [one.id for one in filter(None, map(override, examples))] == ["PQ47DCP"]
    found = load(f"{rest}/get_escalation_policies_200.json")["escalation_policies"]
    assert [policy(one)[2] for one in found] == [1] * len(found)
    assert all(user(one).email for one in load(f"{rest}/get_users_200.json")["users"])
    listed = load(f"{rest}/get_webhook_subscriptions_200.json")["webhook_subscriptions"]
    assert all(subscription(one).url for one in listed)


def _pattern(path: str) -> str:
    """A path's parameters are one part of it each; a file's path and a reference may be several."""
    whole = re.sub(r"\{(path|ref)\}", r".+", path)
    return re.sub(r"\{[^}]+\}", r"[^/]+", whole)


class Document:
    """An OpenAPI document: does a request fit one of its operations?"""

    def __init__(self, path: str) -> None:
        self.spec = _without_answers(load(path))
        self.patterns = [
            (re.compile(_pattern(path) + r"$"), operations)
            for path, operations in self.spec["paths"].items()
        ]

    def check(self, seen: Seen, prefix: str) -> None:
        path = seen.path.removeprefix(prefix)
        operation = next(
            operations[seen.method.lower()]
            for pattern, operations in self.patterns
            if pattern.match(path) and seen.method.lower() in operations
        )
        known = {self.resolve(one).get("name") for one in operation.get("parameters", ())}
        assert set(seen.query) <= known, (seen.method, path, set(seen.query) - known)
        required = {
            parameter["name"]
            for one in operation.get("parameters", ())
            if (parameter := self.resolve(one)).get("required") and parameter["in"] == "header"
        }
        assert {name.lower() for name in required} <= {name.lower() for name in seen.headers}
        content = self.resolve(operation.get("requestBody", {})).get("content", {})
        if content:
            schema = content["application/json"]["schema"]
            whole = {**schema, "components": self.spec.get("components", {})}
            jsonschema.Draft4Validator(whole).validate(seen.body)

    def resolve(self, thing: dict[str, Any]) -> dict[str, Any]:
        found: Any = thing
        while "$ref" in found:
            place: Any = self.spec
            for step in found["$ref"].removeprefix("#/").split("/"):
                place = place[step.replace("~1", "/").replace("~0", "~")]
            found = place
        return dict(found)


def _without_answers(value: Any) -> Any:
    """The document without what Draft 4 reads differently: ``nullable``, ``readOnly`` requirements.

    PagerDuty declares ``details`` of an incident's body an object where its own example (and the
    service) has text, and requires read-only fields of references.
    """
    if isinstance(value, dict):
        kept = {
            k: _without_answers(v) for k, v in value.items() if k not in {"responses", "examples"}
        }
        if kept.get("description") == "Additional incident details.":
            kept["type"] = "string"
        if kept.get("nullable") and isinstance(kept.get("type"), str):
            kept["type"] = [kept["type"], "null"]
        return kept
    if isinstance(value, list):
        return [_without_answers(one) for one in value]
    return value


async def _anything(request: web.Request) -> web.StreamResponse:
    """An answer that every method can live with."""
    incident = {"id": "Q1", "status": "triggered", "incident_key": "none"}
    if request.path.endswith("/users"):
        return web.json_response({"users": [{"id": "PANA", "email": BY}]})
    if request.path.endswith("/overrides") and request.method == "POST":
        span = {"start": "2026-03-01T12:00:00Z", "end": "2026-03-01T13:00:00Z"}
        return web.json_response([{"status": 201, "override": span | {"user": {"id": "PBEN"}}}])
    lists = ("incidents", "log_entries", "priorities", "services", "escalation_policies")
    body: dict[str, Any] = {
        name: []
        for name in (*lists, "oncalls", "schedules", "overrides", "webhook_subscriptions", "notes")
    }
    body["priorities"] = [{"id": "PP1", "name": "P1"}]
    policy_full = {"id": "PPOL", "escalation_rules": []}
    body |= {
        "incident": incident,
        "note": {"id": "N"},
        "status_update": {"id": "U"},
        "service": {"escalation_policy": policy_full},
        "schedule": {"final_schedule": {"rendered_schedule_entries": []}},
    }
    body |= {"webhook_subscription": {"id": "W"}, "abilities": [], "user": {}}
    return web.json_response(body)


async def test_every_request_to_pagerduty_fits_the_document(server: FaultServer) -> None:
    server.handle = _anything
    pager = PagerDuty("key", server.url)
    high = PageRequest(
        title="Down", details="All", service_id="PSVC", urgency=Urgency.HIGH, priority="P1"
    )
    calls: list[Any] = [
        pager.open(high, key="k", by=BY),
        pager.acknowledge("Q1", by=BY),
        pager.resolve("Q1", by=BY, resolution="x"),
        pager.reassign("Q1", "PBEN", by=BY),
        pager.escalate("Q1", by=BY, level=2),
        pager.escalate("Q1", by=BY, policy_id="PPOL"),
        pager.set_priority("Q1", "P2", by=BY),
        pager.set_title("Q1", "Private incident INC-1", by=BY),
        pager.add_note("Q1", "text", by=BY),
        pager.publish("Q1", "text", by=BY),
        pager.merge("Q1", "Q2", by=BY),
        pager.page("Q1"),
        pager.request_responder("Q1", "PBEN", by=BY, message="Come"),
        pager.request_responder("Q1", "PPOL", by=BY, message="Come", policy=True),
        pager.open_pages(),
        pager.pages_since(NOW),
        pager.changed_since(NOW),
        pager.users(),
        pager.on_call("PSVC"),
        pager.on_call(at=NOW),
        pager.schedules(),
        pager.shifts("PS1", NOW, NOW + timedelta(days=14)),
        pager.overrides("PS1", NOW, NOW + timedelta(days=14)),
        pager.override("PS1", "PBEN", NOW, NOW + timedelta(hours=1), by=BY),
        pager.remove_override("PS1", "Q1", by=BY),
        pager.services(),
        pager.policies(),
        pager.priorities(),
        pager.abilities(),
        pager.is_account_key(),
        pager.subscriptions(),
        pager.subscribe("https://m.test/webhooks/pagerduty", ["incident.triggered"]),
        pager.enable("W1"),
        pager.ping("W1"),
        pager.unsubscribe("W1"),
    ]
    for call in calls:
        await call
    await pager.aclose()
    document = Document("openapi/pagerduty-rest.json")
    for seen in server.seen:
        document.check(seen, "/api")
    assert len(server.seen) > len(calls)


@pytest.fixture
async def tickets(server: FaultServer) -> AsyncIterator[GitHubTickets]:
    client = GitHubTickets("ghp_1", server.url)
    yield client
    await client.aclose()


async def test_every_request_to_github_fits_the_document(
    server: FaultServer, tickets: GitHubTickets
) -> None:
    ticket = Ticket(repo="acme/shop", number=7, url="")
    calls: list[Any] = [
        tickets.open("acme/shop", title="t", body="b", labels=["bug"], key="k"),
        tickets.find("acme/shop", "k", since=NOW),
        tickets.edit_body(ticket, "b", key="k"),
        tickets.comment(ticket, "c", key="k"),
        tickets.has_comment(ticket, "k"),
        tickets.set_state(ticket, is_open=False),
        tickets.set_state(ticket, is_open=False, planned=False),
        tickets.set_state(ticket, is_open=True),
        tickets.assign(ticket, "ana"),
        tickets.assign(ticket, None),
        tickets.changed("acme/shop", NOW),
        tickets.withdraw(ticket, title="t", body="b", key="k"),
        tickets.repository("acme/shop"),
        tickets.login(),
        GitHubHooks(tickets).hooks("acme/shop"),
        GitHubHooks(tickets).create("acme/shop", "https://m.test/webhooks/github", "s", ["issues"]),
        tickets.default_branch("acme/shop"),
        tickets.branch_head("acme/shop", "postmortem/INC-1"),
        tickets.create_branch("acme/shop", "postmortem/INC-1", "a" * 40),
        tickets.file("acme/shop", PATH, "postmortem/INC-1"),
        tickets.write_file(
            "acme/shop", PATH, "postmortem/INC-1", "# It", message="Draft", replaces=None
        ),
        tickets.write_file(
            "acme/shop", PATH, "postmortem/INC-1", "# It", message="Update", replaces="b" * 40
        ),
        tickets.pull_of("acme/shop", "postmortem/INC-1"),
        tickets.open_pull("acme/shop", "postmortem/INC-1", "main", title="It", body="b"),
    ]
    for call in calls:
        try:
            await call
        except ProviderError:  # the answers are empty: only what was sent matters here
            continue
    document = Document("openapi/github-trimmed.json")
    assert len(server.seen) == len(calls)
    for seen in server.seen:
        document.check(seen, "/api")


async def test_github_answers_are_understood(server: FaultServer, tickets: GitHubTickets) -> None:
    for path in _issues():
        issue = json.loads(path.read_text())
        if not isinstance(issue, dict) or not isinstance(issue.get("number"), int):
            continue
        server.answer(201, issue)
        made = await tickets.open("acme/shop", title="t", body="b", labels=[], key="k")
        assert made.number == issue["number"]
        assert made.url == issue["html_url"]
        assert len(made.labels) == len(issue["labels"])


@pytest.mark.parametrize("path", fixtures("github/webhook/*.json"), ids=lambda path: path.stem)
def test_every_webhook_of_github_is_understood(path: Path) -> None:
    data, event = json.loads(path.read_text()), path.name.partition(".")[0]
    news = parse_issue_event(event, path.read_bytes())
    assert (news is not None) is (event == "issues")
    if news is None:
        return
    assert news.action == data["action"]
    assert (news.repo, news.number) == (data["repository"]["full_name"], data["issue"]["number"])
    assert news.sender == data["sender"]["login"]
    assert news.title == data["issue"]["title"]
    assert (news.moved is not None) is (news.action == "transferred")
    if news.action == "closed":
        assert news.state == "closed"
    if news.action == "assigned":
        assert data["assignee"]["login"] in news.assignees


async def test_lists_of_github_are_understood(server: FaultServer, tickets: GitHubTickets) -> None:
    [path] = fixtures("github/rest/get_issues_200.json")
    listed = json.loads(path.read_text())
    found = listed if isinstance(listed, list) else listed["body"]
    server.answer(200, found)
    news, until = await tickets.changed("acme/shop", NOW)
    issues = [one for one in found if "/pull/" not in one["html_url"]]
    assert [one.number for one in news] == [one["number"] for one in issues]
    assert until is not None
    assert len(server.seen) == 1


async def test_answers_about_code_are_understood(
    server: FaultServer, tickets: GitHubTickets
) -> None:
    """GitHub's documented examples of references, contents and pull requests."""
    sha = "aa218f56b14c9653891f9e74264a383fa43fefbd"
    server.answer(200, {"ref": "refs/heads/featureA", "object": {"type": "commit", "sha": sha}})
    assert await tickets.branch_head("acme/shop", "featureA") == sha
    server.answer(404, {"message": "Not Found", "status": "404"})
    assert await tickets.branch_head("acme/shop", "featureA") is None
    assert await tickets.file("acme/shop", PATH, "main") is None
    server.answer(200, {"type": "file", "path": PATH, "name": "INC-1.md", "sha": sha})
    found = await tickets.file("acme/shop", PATH, "main")
    assert found is not None
    assert found.sha == sha
    pull = {"number": 9, "html_url": "https://github.com/acme/shop/pull/9", "state": "closed"}
    server.answer(200, [pull | {"merged_at": "2026-01-26T19:01:12Z"}])
    merged = await tickets.pull_of("acme/shop", "featureA")
    assert merged is not None
    assert (merged.number, merged.state, merged.merged) == (9, "closed", True)
    assert server.seen[-1].query["head"] == ["acme:featureA"]
    server.answer(409, {"message": f"{PATH} does not match {sha}"})
    with pytest.raises(ProviderError) as raised:
        await tickets.write_file("acme/shop", PATH, "b", "x", message="m", replaces=sha)
    assert raised.value.reason is Reason.CONFLICT
    server.answer(403, {"message": "Resource not accessible by personal access token"})
    with pytest.raises(ProviderError) as raised:
        await tickets.create_branch("acme/shop", "b", sha)
    assert (raised.value.reason, raised.value.code) == (Reason.INVALID, "403")
    server.answer(422, {"message": "Reference already exists"})
    await tickets.create_branch("acme/shop", "b", sha)


def _issues() -> Iterator[Path]:
    yield from fixtures("github/rest/*issues*.json")
