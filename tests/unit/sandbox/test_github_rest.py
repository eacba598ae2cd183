"""The GitHub stand-in through PyGithub and plain requests.

With MUSTER_CONTRACTS every answer to a plain request is compared with the vendor's OpenAPI file.
"""

import asyncio
import base64
import functools
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from github import Auth, Github, GithubException
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.sandbox.github import GitHub

pytestmark = pytest.mark.asyncio
CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
T = TypeVar("T")
PEOPLE = [
    {"id": f"U{name}", "real_name": name.title(), "email": f"{name}@example.com"}
    for name in ("alice", "bob", "dave")
]
INCIDENTS = "/repos/acme/incidents"


# --- the vendor's OpenAPI file


def nullable(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    if isinstance(value, list):
        return [nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: nullable(one) for name, one in value.items()}
    if found.pop("nullable", False) is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found


@functools.cache
def openapi() -> dict[str, Any]:
    text = (Path(str(CONTRACTS)) / "openapi" / "github-trimmed.json").read_text()
    # Alternatives of which several may hold at once, as with errors.
    text = text.replace('"oneOf"', '"anyOf"')
    found: dict[str, Any] = nullable(json.loads(text))
    return found


@functools.cache
def registry() -> Registry[Any]:
    resource = Resource.from_contents(openapi(), default_specification=DRAFT202012)
    found: Registry[Any] = Registry().with_resource("urn:openapi", resource)
    return found


def template_of(path: str) -> str | None:
    for template in sorted(openapi()["paths"], key=lambda one: one.count("{")):
        pattern = re.sub(r"\\\{(path|ref|basehead)\\\}", ".+", re.escape(template))
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", pattern), path.removeprefix("/github")):
            return str(template)
    return None


def content_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", ""))


async def check(response: httpx.Response) -> None:
    """Compare an answer with the schema of its operation and status."""
    await response.aread()
    method, template = response.request.method.lower(), template_of(response.request.url.path)
    operation = openapi()["paths"].get(template or "", {}).get(method)
    if operation is None or not response.content or response.status_code in {401, 429}:
        return
    answer = operation["responses"].get(str(response.status_code))
    if answer is None and response.status_code in {400, 403, 404, 410, 422}:
        return  # errors are listed for some operations only
    assert answer is not None, f"{method} {template} answered {response.status_code}"
    pointer = f"/paths/{str(template).replace('/', '~1')}/{method}/responses"
    pointer += f"/{response.status_code}"
    if "$ref" in answer:
        pointer = answer["$ref"].lstrip("#")
        answer = openapi()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    if "application/json" not in answer.get("content", {}) or "json" not in content_type(response):
        return
    pointer = pointer.replace("{", "%7B").replace("}", "%7D")
    schema = {"$ref": f"urn:openapi#{pointer}/content/application~1json/schema"}
    problems = [
        f"{method} {template}: {error.json_path}: {error.message[:200]}"
        for error in Draft202012Validator(schema, registry=registry()).iter_errors(response.json())
    ]
    assert not problems, "\n".join(problems)


# --- the laboratory


@dataclass
class Lab:
    """A running stand-in, a client and a clock that moves by hand."""

    base: str
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    hub: GitHub = field(init=False)
    client: httpx.AsyncClient = field(init=False)

    async def pygithub(self, use: Callable[[Github], T], token: str = "ghp_x") -> T:
        """Use the real library, in a thread because it blocks."""
        library = Github(
            base_url=self.base,
            auth=Auth.Token(token),
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=None,
        )
        try:
            return await asyncio.to_thread(use, library)
        finally:
            library.close()

    async def issue(self, repository: str = "acme/incidents", **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(
            f"/repos/{repository}/issues", json={"title": "Boom"} | fields
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        lab = Lab(f"http://127.0.0.1:{listener.getsockname()[1]}/github")
        lab.hub = GitHub(
            clock=lambda: lab.now,
            changed=lambda: None,
            people=PEOPLE,
            base_url=lab.base,
            webhook_url=None,
            webhook_secret="",
        )
        app = web.Application()
        lab.hub.add_routes(app, "/github")
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        headers = {"Authorization": "Bearer ghp_x", "Accept": "application/vnd.github+json"}
        hooks = {"response": [check]} if CONTRACTS else {}
        async with httpx.AsyncClient(
            base_url=lab.base, headers=headers, event_hooks=hooks
        ) as lab.client:
            yield lab
        await lab.hub.close()
        await runner.cleanup()


# --- tokens


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"Authorization": ""}, 401, "Requires authentication"),
        ({"Authorization": "Bearer bad"}, 401, "Bad credentials"),
        ({"Authorization": "Basic abc"}, 401, "Bad credentials"),
        ({"User-Agent": ""}, 403, "User-Agent"),
        ({"X-GitHub-Api-Version": "2021-01-01"}, 400, "Unsupported API version"),
    ],
)
async def test_refuses_wrong_headers(
    lab: Lab, headers: dict[str, str], status: int, message: str
) -> None:
    answer = await lab.client.get("/repos/acme/secret/contents", headers=headers)
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert answer.json()["status"] == str(status)


async def test_who_a_token_is(lab: Lab) -> None:
    assert (await lab.get("/user"))["login"] == "muster-bot"
    answer = await lab.client.get("/user", headers={"Authorization": "token ghp_alice"})
    assert (answer.json()["login"], answer.json()["email"]) == ("alice", None)
    assert (await lab.get("/users/BOB"))["login"] == "bob"
    assert (await lab.client.get("/users/nobody")).status_code == 404
    assert (await lab.get("/"))["current_user_url"] == f"{lab.base}/user"


async def test_repositories(lab: Lab) -> None:
    names = [one["name"] for one in await lab.get("/orgs/acme/repos")]
    assert names == ["checkout-api", "payments", "search", "incidents", "no-issues", "read-only"]
    assert (await lab.get("/repos/ACME/Incidents"))["permissions"]["push"]
    assert not (await lab.get("/repos/acme/read-only"))["permissions"]["push"]
    assert not (await lab.get("/repos/acme/no-issues"))["has_issues"]
    assert (await lab.client.get("/repos/acme/secret")).status_code == 404
    await lab.hub.act({"action": "access", "repo": "payments", "as": "alice", "value": "none"})
    assert (await lab.client.get("/repos/acme/payments")).status_code == 404


# --- issues


async def test_issue_with_pygithub(lab: Lab) -> None:
    def use(github: Github) -> None:
        repository = github.get_repo("acme/incidents")
        issue = repository.create_issue(
            "Boom", body="hello", labels=["bug", "incident"], assignees=["alice"]
        )
        assert issue.html_url == f"{lab.base}/ui/acme/incidents/issues/1"
        assert [label.name for label in issue.labels] == ["bug", "incident"]
        assert [one.login for one in issue.assignees] == ["alice"]
        comment = issue.create_comment("first")
        comment.edit("second")
        assert [one.body for one in issue.get_comments()] == ["second"]
        issue.add_to_labels("pagerduty")
        issue.remove_from_labels("bug")
        assert sorted(one.name for one in issue.get_labels()) == ["incident", "pagerduty"]
        issue.edit(state="closed", state_reason="not_planned")
        issue.edit(title="Boom!", state="open")
        again = repository.get_issue(1)
        assert (again.title, again.state, again.state_reason) == ("Boom!", "open", "reopened")
        assert [one.event for one in again.get_events()] == [
            *("labeled", "labeled", "assigned", "labeled", "unlabeled", "closed"),
            *("renamed", "reopened"),
        ]

    await lab.pygithub(use)


async def test_pygithub_follows_pages(lab: Lab) -> None:
    lab.hub.limits = False
    for number in range(65):
        await lab.hub.act({"action": "open", "as": "alice", "title": f"{number}"})

    def use(github: Github) -> list[int]:
        return [one.number for one in github.get_repo("acme/incidents").get_issues(state="all")]

    assert await lab.pygithub(use) == list(range(65, 0, -1))
    answer = await lab.client.get(f"{INCIDENTS}/issues", params={"per_page": 20, "page": 2})
    links = dict(re.findall(r'<[^>]*[?&]page=(\d+)>; rel="(\w+)"', answer.headers["Link"]))
    assert links == {"1": "first", "3": "next", "4": "last"}
    first = await lab.client.get(f"{INCIDENTS}/issues", params={"per_page": 100})
    assert "Link" not in first.headers


async def test_body_may_be_null(lab: Lab) -> None:
    made = await lab.issue()
    assert made["body"] is None
    changed = await lab.client.patch(f"{INCIDENTS}/issues/1", json={"body": "text"})
    assert changed.json()["body"] == "text"
    cleared = await lab.client.patch(f"{INCIDENTS}/issues/1", json={"body": None})
    assert cleared.json()["body"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("issues", {}, 422, {"resource": "Issue", "field": "title", "code": "missing_field"}),
        ("issues", {"title": "x" * 257}, 422, {"field": "title", "code": "custom"}),
        ("issues", {"title": "x", "body": "y" * 65_537}, 422, {"field": "body"}),
        ("issues", {"title": "x", "assignees": ["nobody"]}, 422, {"value": "nobody"}),
        ("issues/1/comments", {"body": " "}, 422, {"resource": "IssueComment"}),
        ("issues/99/comments", {"body": "x"}, 404, None),
        ("labels", {"name": "bug"}, 422, {"resource": "Label", "code": "already_exists"}),
        ("labels", {"name": "new", "color": "#d73a4a"}, 422, {"field": "color"}),
    ],
)
async def test_refuses_what_makes_no_sense(
    lab: Lab, path: str, body: dict[str, Any], status: int, error: dict[str, Any] | None
) -> None:
    await lab.issue()
    answer = await lab.client.post(f"{INCIDENTS}/{path}", json=body)
    assert answer.status_code == status
    if error is not None:
        assert answer.json()["message"] == "Validation Failed"
        assert error.items() <= answer.json()["errors"][0].items()


async def test_malformed_json(lab: Lab) -> None:
    answer = await lab.client.post(f"{INCIDENTS}/issues", content=b"{")
    assert answer.status_code == 400


async def test_issues_switched_off(lab: Lab) -> None:
    for method in ("GET", "POST"):
        answer = await lab.client.request(
            method, "/repos/acme/no-issues/issues", json={"title": "x"}
        )
        assert answer.status_code == 410

    def use(github: Github) -> int:
        with pytest.raises(GithubException) as caught:
            github.get_repo("acme/no-issues").create_issue("x")
        return int(caught.value.status)

    assert await lab.pygithub(use) == 410


@pytest.mark.parametrize(
    ("repository", "token"),
    [("acme/read-only", "ghp_x"), ("acme/incidents", "ghp_readonly")],
)
async def test_without_push_labels_are_dropped(lab: Lab, repository: str, token: str) -> None:
    lab.client.headers["Authorization"] = f"Bearer {token}"
    made = await lab.issue(repository, labels=["bug"], assignees=["alice"])
    assert (made["labels"], made["assignees"]) == ([], [])
    one = f"/repos/{repository}/issues/1"
    labels = await lab.client.post(f"{one}/labels", json={"labels": ["bug"]})
    assert labels.status_code == 403
    closed = await lab.client.patch(one, json={"state": "closed", "labels": ["bug"]})
    assert (closed.json()["state"], closed.json()["labels"]) == ("closed", [])
    file = f"/repos/{repository}/contents/x.md"
    content = {"message": "x", "content": base64.b64encode(b"x").decode()}
    assert (await lab.client.put(file, json=content)).status_code == 403


async def test_patch_replaces_labels_and_assignees(lab: Lab) -> None:
    await lab.issue(labels=["bug", "incident"], assignees=["alice"])
    body = {"labels": ["incident", "sev1"], "assignees": ["bob"]}
    changed = (await lab.client.patch(f"{INCIDENTS}/issues/1", json=body)).json()
    assert [one["name"] for one in changed["labels"]] == ["incident", "sev1"]
    assert [one["login"] for one in changed["assignees"]] == ["bob"]
    gone = await lab.client.delete(f"{INCIDENTS}/issues/1/labels/bug")
    assert gone.status_code == 404
    wrong = await lab.client.patch(f"{INCIDENTS}/issues/1", json={"state": "resolved"})
    assert wrong.status_code == 422


async def test_list_filters(lab: Lab) -> None:
    await lab.issue(title="one", labels=["incident"])
    lab.now += timedelta(hours=1)
    await lab.issue(title="two", labels=["incident", "sev1"])
    lab.now += timedelta(hours=1)
    await lab.client.patch(f"{INCIDENTS}/issues/1", json={"state": "closed"})

    async def titles(**params: Any) -> list[str]:
        return [one["title"] for one in await lab.get(f"{INCIDENTS}/issues", **params)]

    assert await titles() == ["two"]
    assert await titles(state="all", sort="updated", direction="asc") == ["two", "one"]
    assert await titles(state="all", since="2026-03-04T13:30:00Z") == ["one"]
    assert await titles(state="all", labels="incident,sev1") == ["two"]
    lists = await lab.get("/repos/acme/payments/issues", state="closed")
    assert lists[0]["pull_request"]["merged_at"] == "2026-03-04T10:00:00Z"


async def test_search_lags_behind(lab: Lab) -> None:
    await lab.issue(title="Checkout is slow", body="marker-7", labels=["incident"])

    async def count(query: str) -> int:
        found = await lab.get("/search/issues", q=query)
        return int(found["total_count"])

    assert await count("repo:acme/incidents marker-7 in:body") == 0
    lab.now += timedelta(seconds=5)
    for query in (
        "repo:acme/incidents marker-7 in:body",
        'org:acme is:issue is:open label:incident "checkout is"',
        "created:>=2026-03-04 author:muster-bot slow",
        "created:2026-03-01..2026-03-05 -label:sev1 slow",
    ):
        assert await count(query) == 1, query
    for query in (
        "repo:acme/search slow",
        "is:pr slow",
        "marker-7 in:title",
        "created:<2026-03-04 slow",
    ):
        assert await count(query) == 0, query
    await lab.client.patch(f"{INCIDENTS}/issues/1", json={"state": "closed"})
    assert await count("is:open slow") == 1
    lab.now += timedelta(seconds=5)
    assert await count("is:open slow") == 0
    assert (await lab.client.get("/search/issues", params={"q": ""})).status_code == 422
    deleted = {"action": "delete", "as": "alice", "repo": "incidents", "number": 1}
    await lab.hub.act(deleted)
    assert (await lab.client.get(f"{INCIDENTS}/issues/1")).status_code == 410


# --- code


async def test_contents(lab: Lab) -> None:
    path = f"{INCIDENTS}/contents/postmortems/INC-1.md"

    async def put(text: str, **more: Any) -> httpx.Response:
        content = base64.b64encode(text.encode()).decode()
        return await lab.client.put(path, json={"message": "m", "content": content} | more)

    made = await put("one")
    assert made.status_code == 201
    sha = made.json()["content"]["sha"]
    assert sha == "43dd47ea691c90a5fa7827892c70241913351963"  # what git calls these bytes
    assert (await put("two")).status_code == 422
    assert (await put("two", sha="0" * 40)).status_code == 409
    assert (await put("two", sha=sha)).status_code == 200
    assert (await put("three", branch="nowhere")).status_code == 404
    shown = await lab.get(path)
    assert base64.b64decode(shown["content"]) == b"two"
    raw = await lab.client.get(path, headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.text == "two"
    names = [(one["name"], one["type"]) for one in await lab.get(f"{INCIDENTS}/contents/")]
    assert names == [("README.md", "file"), ("postmortems", "dir")]
    assert (await lab.client.get(f"{INCIDENTS}/contents/nothing")).status_code == 404
    page = await lab.client.get(shown["html_url"])
    assert "two" in page.text


async def test_branch_pull_request_merge_with_pygithub(lab: Lab) -> None:
    def use(github: Github) -> None:
        repository = github.get_repo("acme/incidents")
        head = repository.get_branch("main").commit.sha
        repository.create_git_ref("refs/heads/pm", head)
        with pytest.raises(GithubException) as caught:
            repository.create_pull(base="main", head="pm", title="Post-mortem")
        assert caught.value.status == 422
        made = repository.create_file("pm.md", "Add", "text", branch="pm")
        assert made["commit"].sha != head
        pull = repository.create_pull(base="main", head="pm", title="Post-mortem", body="b")
        assert repository.get_issue(pull.number).pull_request is not None
        assert pull.merge().merged
        merged = repository.get_pull(pull.number)
        assert merged.merged
        assert merged.merged_by.login == "muster-bot"
        assert repository.get_contents("pm.md").decoded_content == b"text"  # type: ignore[union-attr]
        comparison = repository.compare(head, "main")
        assert (comparison.status, comparison.ahead_by) == ("ahead", 2)

    await lab.pygithub(use)


async def test_what_changed_lately(lab: Lab) -> None:
    code = "/repos/acme/checkout-api"
    since = {"since": "2026-03-04T06:00:00Z"}
    messages = [one["commit"]["message"] for one in await lab.get(f"{code}/commits", **since)]
    assert messages == ["Merge pull request #1", "Shorter timeouts", "Retry the card gateway"]
    newest = (await lab.get(f"{code}/commits"))[0]["sha"]
    assert (await lab.get(f"{code}/commits/{newest}"))["files"][0][
        "filename"
    ] == "service/timeouts.py"
    pulls = await lab.get(f"{code}/pulls", state="closed", sort="updated", direction="desc")
    assert pulls[0]["merged_at"] == "2026-03-04T10:00:00Z"
    deployments = await lab.get(f"{code}/deployments", environment="production")
    statuses = await lab.get(f"{code}/deployments/{deployments[0]['id']}/statuses")
    assert [one["state"] for one in statuses] == ["success"]
    assert [one["tag_name"] for one in await lab.get(f"{code}/releases")] == ["v1.4.0"]
    assert (await lab.get(f"{code}/git/ref/heads/main"))["object"]["sha"] == newest


# --- limits and caching


async def test_secondary_limit_on_creation(lab: Lab) -> None:
    for _ in range(80):
        await lab.issue()
    refused = await lab.client.post(f"{INCIDENTS}/issues", json={"title": "x"})
    assert refused.status_code == 403
    assert refused.headers["retry-after"] == "60"
    assert int(refused.headers["x-ratelimit-remaining"]) > 4000
    assert "secondary rate limit" in refused.json()["message"]
    assert (await lab.client.get(INCIDENTS)).status_code == 200
    lab.now += timedelta(seconds=60)
    await lab.issue()


async def test_search_limit(lab: Lab) -> None:
    for _ in range(30):
        await lab.get("/search/issues", q="x")
    refused = await lab.client.get("/search/issues", params={"q": "x"})
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(refused.headers["x-ratelimit-reset"]) == int(lab.now.timestamp()) + 60
    limits = await lab.get("/rate_limit")
    assert limits["resources"]["search"]["remaining"] == 0
    assert limits["rate"]["remaining"] == 5000
    lab.hub.limits = False
    assert (await lab.client.get("/search/issues", params={"q": "x"})).status_code == 200


async def test_unchanged_answers_are_304(lab: Lab) -> None:
    await lab.issue()
    first = await lab.client.get(f"{INCIDENTS}/issues/1")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert (await lab.client.get(f"{INCIDENTS}/issues/1", headers=tag)).status_code == 304
    await lab.client.patch(f"{INCIDENTS}/issues/1", json={"title": "other"})
    assert (await lab.client.get(f"{INCIDENTS}/issues/1", headers=tag)).status_code == 200


async def test_pages_for_people(lab: Lab) -> None:
    made = await lab.issue(title="<i>Boom</i>", body="the body")
    await lab.client.post(f"{INCIDENTS}/issues/1/comments", json={"body": "a comment"})
    page = await lab.client.get(made["html_url"], headers={"Authorization": ""})
    assert page.status_code == 200
    assert "&lt;i&gt;Boom" in page.text
    assert "a comment" in page.text
    index = await lab.client.get("/ui/acme/incidents")
    assert "/ui/acme/incidents/issues/1" in index.text
    assert (await lab.client.get("/ui/acme/incidents/issues/9")).status_code == 404
    assert (await lab.client.get("/nothing/at/all")).status_code == 404


# --- the rest of the operations


async def test_labels_of_repository_and_issue(lab: Lab) -> None:
    await lab.issue(labels=["bug"])
    labels, own = f"{INCIDENTS}/labels", f"{INCIDENTS}/issues/1"
    made = await lab.client.post(labels, json={"name": "SEV 1", "color": "ff0000"})
    assert made.status_code == 201
    renamed = await lab.client.patch(f"{labels}/sev%201", json={"new_name": "sev1"})
    assert (renamed.json()["name"], renamed.json()["color"]) == ("sev1", "ff0000")
    assert (await lab.get(f"{labels}/sev1"))["name"] == "sev1"
    assert "sev1" in {one["name"] for one in await lab.get(labels, per_page=100)}
    put = await lab.client.put(f"{own}/labels", json={"labels": ["sev1", {"name": "question"}]})
    assert [one["name"] for one in put.json()] == ["sev1", "question"]
    assert (await lab.client.delete(f"{labels}/sev1")).status_code == 204
    assert [one["name"] for one in await lab.get(f"{own}/labels")] == ["question"]
    assert (await lab.client.delete(f"{own}/labels")).status_code == 204
    assert (await lab.client.get(f"{labels}/sev1")).status_code == 404


async def test_assignees_locks_and_timeline(lab: Lab) -> None:
    await lab.issue()
    own = f"{INCIDENTS}/issues/1"
    added = await lab.client.post(f"{own}/assignees", json={"assignees": ["alice", "bob"]})
    assert [one["login"] for one in added.json()["assignees"]] == ["alice", "bob"]
    left = await lab.client.request("DELETE", f"{own}/assignees", json={"assignees": ["alice"]})
    assert [one["login"] for one in left.json()["assignees"]] == ["bob"]
    assert (await lab.client.get(f"{INCIDENTS}/assignees/bob")).status_code == 204
    assert (await lab.client.get(f"{INCIDENTS}/assignees/zoe")).status_code == 404
    logins = {one["login"] for one in await lab.get(f"{INCIDENTS}/assignees")}
    assert {"alice", "bob", "dave"} <= logins
    locked = await lab.client.put(f"{own}/lock", json={"lock_reason": "resolved"})
    assert locked.status_code == 204
    assert (await lab.get(own))["active_lock_reason"] == "resolved"
    reader = {"Authorization": "Bearer ghp_readonly"}
    refused = await lab.client.post(f"{own}/comments", json={"body": "x"}, headers=reader)
    assert refused.status_code == 403
    assert (await lab.client.delete(f"{own}/lock")).status_code == 204
    await lab.client.post(f"{own}/comments", json={"body": "x"})
    events = [one["event"] for one in await lab.get(f"{own}/timeline")]
    assert sorted(set(events)) == ["assigned", "commented", "locked", "unassigned", "unlocked"]


async def test_comments_of_a_repository(lab: Lab) -> None:
    await lab.issue()
    comments = f"{INCIDENTS}/issues/comments"
    made = await lab.client.post(f"{INCIDENTS}/issues/1/comments", json={"body": "one"})
    own = f"{comments}/{made.json()['id']}"
    lab.now += timedelta(minutes=1)
    assert (await lab.client.patch(own, json={"body": "two"})).json()["body"] == "two"
    found = await lab.get(comments, since="2026-03-04T12:00:30Z", sort="updated")
    assert [one["body"] for one in found] == ["two"]
    assert (await lab.get(own))["body"] == "two"
    other = {"Authorization": "Bearer readonly_bob"}
    assert (await lab.client.delete(own, headers=other)).status_code == 403
    assert (await lab.client.patch(own, json={"body": "x"}, headers=other)).status_code == 403
    assert (await lab.client.delete(own)).status_code == 204
    assert (await lab.client.get(own)).status_code == 404


async def test_refs_branches_and_files(lab: Lab) -> None:
    refs = f"{INCIDENTS}/git/refs"
    old = (await lab.get(f"{INCIDENTS}/branches/main"))["commit"]["sha"]
    made = await lab.client.post(refs, json={"ref": "refs/heads/x", "sha": old})
    assert made.status_code == 201
    for body in (
        {"ref": "refs/heads/x", "sha": old},
        {"ref": "heads/x", "sha": old},
        {"ref": "refs/heads/y", "sha": "0" * 40},
    ):
        assert (await lab.client.post(refs, json=body)).status_code == 422
    file = f"{INCIDENTS}/contents/README.md"
    sha = (await lab.get(file, ref="x"))["sha"]
    gone = await lab.client.delete(file, params={"sha": sha, "branch": "x", "message": "m"})
    assert gone.json()["content"] is None
    new = gone.json()["commit"]["sha"]
    assert (await lab.client.get(file, params={"ref": "x"})).status_code == 404
    back = await lab.client.patch(f"{refs}/heads/x", json={"sha": old})
    assert back.status_code == 422
    forced = await lab.client.patch(f"{refs}/heads/x", json={"sha": old, "force": True})
    assert forced.json()["object"]["sha"] == old
    assert new != old
    assert [one["name"] for one in await lab.get(f"{INCIDENTS}/branches")] == ["main", "x"]
    matching = await lab.get(f"{INCIDENTS}/git/matching-refs/heads/x")
    assert [one["ref"] for one in matching] == ["refs/heads/x"]
    assert (await lab.client.delete(f"{refs}/heads/x")).status_code == 204
    assert (await lab.client.delete(f"{refs}/heads/x")).status_code == 422
    assert (await lab.client.get(f"{INCIDENTS}/git/ref/heads/x")).status_code == 404


async def test_pull_requests_open_and_close(lab: Lab) -> None:
    head = (await lab.get(f"{INCIDENTS}/branches/main"))["commit"]["sha"]
    await lab.client.post(f"{INCIDENTS}/git/refs", json={"ref": "refs/heads/pm", "sha": head})
    content = {"message": "m", "content": base64.b64encode(b"x").decode(), "branch": "pm"}
    await lab.client.put(f"{INCIDENTS}/contents/pm.md", json=content)
    body = {"title": "Post-mortem", "head": "acme:pm", "base": "main"}
    made = await lab.client.post(f"{INCIDENTS}/pulls", json=body)
    assert (made.status_code, made.json()["mergeable_state"]) == (201, "clean")
    assert "already exists" in (await lab.client.post(f"{INCIDENTS}/pulls", json=body)).text
    wrong = await lab.client.post(f"{INCIDENTS}/pulls", json=body | {"head": "nowhere"})
    assert wrong.status_code == 422
    own = f"{INCIDENTS}/pulls/1"
    assert [one["filename"] for one in await lab.get(f"{own}/files")] == ["pm.md"]
    closed = await lab.client.patch(own, json={"state": "closed", "title": "PM"})
    assert (closed.json()["state"], closed.json()["title"]) == ("closed", "PM")
    assert (await lab.client.put(f"{own}/merge", json={})).status_code == 405
    await lab.client.patch(own, json={"state": "open"})
    stale = await lab.client.put(f"{own}/merge", json={"sha": head})
    assert stale.status_code == 409
    assert [one["number"] for one in await lab.get(f"{INCIDENTS}/pulls", head="acme:pm")] == [1]
    assert (await lab.client.get(f"{INCIDENTS}/pulls/9")).status_code == 404


async def test_a_transferred_issue_leads_to_where_it_is(lab: Lab) -> None:
    await lab.issue(labels=["bug"], assignees=["bob"])
    old = f"{INCIDENTS}/issues/1"
    await lab.client.post(f"{old}/comments", json={"body": "Said before"})
    move = {"action": "transfer", "as": "alice", "repo": "incidents", "number": 1, "to": "search"}
    await lab.hub.act(move)
    [new] = await lab.get("/repos/acme/search/issues")
    assert [one["login"] for one in new["assignees"]] == ["bob"]
    assert new["comments"] == 1
    answer = await lab.client.get(old)
    assert answer.status_code == 301
    assert answer.json()["message"] == "Moved Permanently"
    assert answer.json()["url"] == answer.headers["Location"]
    there = await lab.client.get(answer.headers["Location"])
    assert there.json()["url"] == new["url"]
    labels = await lab.client.get(f"{old}/labels", follow_redirects=True)
    assert labels.status_code == 200
    assert (await lab.client.get(f"{old}/comments")).status_code == 404
    moved = await lab.pygithub(lambda hub: hub.get_repo("acme/incidents").get_issue(1).html_url)
    assert moved == new["html_url"]
    hide = {"action": "access", "as": "alice", "repo": "search", "value": "none"}
    await lab.hub.act(hide)
    assert (await lab.client.get(old)).status_code == 404
    assert (await lab.client.get(answer.headers["Location"])).status_code == 404
    listed = await lab.get(f"{INCIDENTS}/issues", state="all")
    assert listed == []
