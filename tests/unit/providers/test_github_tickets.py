"""What is sent to GitHub, and what its answers mean."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProviderError, Reason
from bot.ports import Ticket
from bot.providers.github import GitHubTickets, marker, verify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.providers.conftest import Vendor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUES = "/repos/acme/shop/issues"
TICKET = Ticket(repo="acme/shop", number=7, url="https://github.test/acme/shop/issues/7")


def issue(number: int = 7, body: str | None = "", **more: Any) -> dict[str, Any]:
    return {
        "number": number,
        "url": f"https://api.github.test{ISSUES}/{number}",
        "html_url": f"https://github.test/acme/shop/issues/{number}",
        "state": "open",
        "title": "Down",
        "body": body,
        "labels": [{"name": "bug"}, {"name": "incident"}],
    } | more


@pytest.fixture
async def tickets(vendor: Vendor) -> AsyncIterator[GitHubTickets]:
    client = GitHubTickets("ghp_token", vendor.url)
    yield client
    await client.aclose()


async def refused(call: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await call
    return raised.value


async def test_open(vendor: Vendor, tickets: GitHubTickets) -> None:
    vendor.answers = {f"POST {ISSUES}": (201, issue())}
    made = await tickets.open(
        "acme/shop", title="Down", body="All red", labels=["bug", "incident"], key="inc-1/ticket"
    )
    assert made == Ticket(
        repo="acme/shop",
        number=7,
        url="https://github.test/acme/shop/issues/7",
        state="open",
        labels=("bug", "incident"),
    )
    assert vendor.calls() == [f"POST {ISSUES}"]  # one request, nothing read first
    sent = vendor.asked[0]
    assert sent.headers["Authorization"] in {"token ghp_token", "Bearer ghp_token"}
    assert sent.body == {
        "title": "Down",
        "body": "All red\n\n<!-- muster:inc-1/ticket -->",
        "labels": ["bug", "incident"],
    }


async def test_find_reads_only_the_list(vendor: Vendor, tickets: GitHubTickets) -> None:
    pull = issue(3, marker("k"), html_url="https://github.test/acme/shop/pull/3", pull_request={})
    first = [issue(1, None), issue(2, "<!-- muster:kk -->"), pull]

    def page(asked: Any) -> Any:
        if asked.query.get("page") == ["2"]:
            return [issue(4, f"text\n{marker('k')}", state="closed")]
        return 200, first, {"Link": f'<{vendor.url}{ISSUES}?page=2>; rel="next"'}

    vendor.answers = {f"GET {ISSUES}": page}
    found = await tickets.find("acme/shop", "k", since=AT)
    assert found is not None
    assert (found.number, found.state) == (4, "closed")
    assert vendor.calls() == [f"GET {ISSUES}"] * 2
    query = vendor.asked[0].query
    assert (query["state"], query["since"]) == (["all"], ["2026-03-01T12:00:00Z"])
    assert await tickets.find("acme/shop", "other", since=AT) is None


async def test_change(vendor: Vendor, tickets: GitHubTickets) -> None:
    vendor.answers = {f"PATCH {ISSUES}/7": issue()}
    await tickets.edit_body(TICKET, "New", key="k")
    await tickets.set_state(TICKET, is_open=False)
    await tickets.set_state(TICKET, is_open=True)
    await tickets.withdraw(TICKET, title="Private incident INC-1", body="Gone", key="k")
    assert [one.body for one in vendor.asked] == [
        {"body": "New\n\n<!-- muster:k -->"},
        {"state": "closed", "state_reason": "completed"},
        {"state": "open"},
        {
            "title": "Private incident INC-1",
            "body": "Gone\n\n<!-- muster:k -->",
            "state": "closed",
            "state_reason": "not_planned",
        },
    ]


async def test_comments(vendor: Vendor, tickets: GitHubTickets) -> None:
    path = f"{ISSUES}/7/comments"
    comment = {"id": 1, "body": marker("k"), "url": "https://api.github.test/c/1"}
    vendor.answers = {
        f"POST {path}": (201, comment),
        f"GET {path}": [[{"id": 2, "body": None}, comment]],
    }
    await tickets.comment(TICKET, "Rolled back", key="k")
    assert vendor.asked[0].body == {"body": "Rolled back\n\n<!-- muster:k -->"}
    assert await tickets.has_comment(TICKET, "k")
    assert not await tickets.has_comment(TICKET, "other")
    assert len(vendor.asked) == 3


async def test_long_texts_are_cut_and_say_so(vendor: Vendor, tickets: GitHubTickets) -> None:
    vendor.answers = {f"POST {ISSUES}": (201, issue())}
    await tickets.open("acme/shop", title="t" * 300, body="b" * 70_000, labels=[], key="k")
    sent = vendor.asked[0].body
    assert len(sent["title"]) == 256
    assert len(sent["body"]) <= 65_536
    assert sent["body"].startswith("t" * 300)
    assert "cut here" in sent["body"]
    assert sent["body"].endswith(marker("k"))


async def test_repository_and_login(vendor: Vendor, tickets: GitHubTickets) -> None:
    repository = {
        "full_name": "acme/shop",
        "url": "https://api.github.test/repos/acme/shop",
        "has_issues": False,
        "archived": True,
        "permissions": {"push": True},
    }
    vendor.answers = {"GET /repos/acme/shop": repository, "GET /user": {"login": "muster-bot"}}
    seen = await tickets.repository("acme/shop")
    assert (seen["has_issues"], seen["archived"]) == (False, True)
    assert seen["permissions"] == {"push": True}
    assert await tickets.login() == "muster-bot"
    assert (await refused(tickets.repository("acme/gone"))).reason is Reason.NOT_FOUND


@pytest.mark.parametrize(
    "repo", ["", "acme", "acme/shop/x", "acme/../user", "a b/c", "acme/shop?x", "acme/.."]
)
async def test_names_cannot_leave_their_place(
    vendor: Vendor, tickets: GitHubTickets, repo: str
) -> None:
    assert (await refused(tickets.repository(repo))).reason is Reason.INVALID
    assert vendor.asked == []


RATE = {"message": "API rate limit exceeded for user ID 1."}
SECOND = {"message": "You have exceeded a secondary rate limit. Please wait."}


SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000"}
DISABLED = {"message": "Issues has been disabled in this repository."}


@pytest.mark.parametrize(
    ("answer", "reason", "wait"),
    [
        ((401, {"message": "Bad credentials"}, {}), Reason.AUTH, None),
        ((403, {"message": "Resource not accessible"}, {}), Reason.INVALID, None),
        ((403, RATE, SPENT), Reason.RATE_LIMITED, 0),
        ((403, SECOND, {"retry-after": "60"}), Reason.RATE_LIMITED, 60),
        ((403, SECOND, {"x-ratelimit-remaining": "99"}), Reason.RATE_LIMITED, 60),
        ((429, SECOND, {"retry-after": "5"}), Reason.RATE_LIMITED, 5),
        ((404, {"message": "Not Found"}, {}), Reason.NOT_FOUND, None),
        ((410, DISABLED, {}), Reason.INVALID, None),
        ((422, {"message": "Validation Failed"}, {}), Reason.INVALID, None),
        ((502, {"message": "Server Error"}, {}), Reason.UNKNOWN_OUTCOME, None),
    ],
)
async def test_refusals(
    vendor: Vendor,
    tickets: GitHubTickets,
    answer: tuple[int, dict[str, Any], dict[str, str]],
    reason: Reason,
    wait: float | None,
) -> None:
    status, body, _ = answer
    vendor.answers = {f"POST {ISSUES}": answer}
    started = time.monotonic()
    error = await refused(tickets.open("acme/shop", title="t", body="b", labels=[], key="k"))
    assert (error.reason, error.code, error.retry_after) == (reason, str(status), wait)
    assert error.detail == f"answered {status}: {body['message']}"
    assert vendor.calls() == [f"POST {ISSUES}"]
    assert time.monotonic() - started < 3  # PyGithub did not sleep


async def test_the_fields_github_names(vendor: Vendor, tickets: GitHubTickets) -> None:
    errors = [{"resource": "Issue", "field": "title", "code": "missing_field"}, "odd"]
    vendor.answers = {f"POST {ISSUES}": (422, {"message": "Validation Failed", "errors": errors})}
    error = await refused(tickets.open("acme/shop", title="", body="b", labels=[], key="k"))
    assert error.detail == "answered 422: Validation Failed; title missing_field; odd"


keys = st.text(max_size=30)


@settings(deadline=None)
@given(keys, keys)
def test_no_key_breaks_out_or_is_taken_for_another(key: str, other: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in key + other):
        return
    inside = marker(key).removeprefix("<!--").removesuffix("-->")
    assert "--" not in inside
    assert ">" not in inside
    assert (marker(key) in marker(other)) is (key == other)


def test_signatures() -> None:
    body = b'{"a":1}'
    told = "sha256=bf1e6501b7fa928ec2391fea9dd90af3c9ad1b7b1ef6ff319c25940cec746bf8"
    assert verify(body, told, ["other", "topsecret"])
    assert not verify(body + b" ", told, ["topsecret"])
    assert not verify(body, told, [""])
    assert not verify(body, None, ["topsecret"])
    assert not verify(body, "sha256=ü", ["topsecret"])
