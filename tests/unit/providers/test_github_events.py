"""What GitHub says of issues: webhooks, lists of changes, assignees and webhooks of repositories."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import TicketLink
from bot.errors import ProviderError, Reason
from bot.providers.github import GitHubHooks, GitHubTickets, parse_event
from tests.unit.providers.test_github_tickets import AT, ISSUES, TICKET, issue, refused, tickets

if TYPE_CHECKING:
    from tests.unit.providers.conftest import Vendor

__all__ = ["tickets"]

#: Our own example, in the shape of GitHub's (only what is read).
ISSUE: dict[str, Any] = {
    "number": 12,
    "title": "Add an alert",
    "state": "closed",
    "state_reason": "not_planned",
    "updated_at": "2026-03-01T12:00:00Z",
    "assignees": [{"login": "ana"}, {"login": "ben"}],
    "labels": [{"name": "action-item"}],
    "body": None,
}
EVENT: dict[str, Any] = {
    "action": "closed",
    "issue": ISSUE,
    "repository": {"full_name": "acme/shop"},
    "sender": {"login": "ben"},
}


def read(event: str = "issues", **changes: Any) -> Any:
    return parse_event(event, json.dumps({**EVENT, **changes}).encode())


def test_an_issue_that_was_closed() -> None:
    news = read()
    assert news is not None
    assert (news.repo, news.number, news.action, news.state) == (
        "acme/shop",
        12,
        "closed",
        "closed",
    )
    assert (news.at, news.reason, news.sender) == (AT, "not_planned", "ben")
    assert (news.title, news.assignees) == ("Add an alert", ("ana", "ben"))


def test_an_issue_that_was_moved() -> None:
    changes = {
        "new_issue": {"number": 3, "html_url": "https://github.com/acme/new/issues/3"},
        "new_repository": {"full_name": "acme/new"},
    }
    news = read(action="transferred", changes=changes)
    assert news.moved == TicketLink(
        repo="acme/new", number=3, url="https://github.com/acme/new/issues/3"
    )


def test_people_who_are_gone_are_nobody() -> None:
    assert read(sender=None).sender == ""
    assert read(sender={"login": "ghost"}).sender == ""
    closed_by = {**ISSUE, "closed_by": {"login": "ana"}}
    assert read(sender=None, issue=closed_by).sender == "ana"
    assert read(sender=None, issue={**closed_by, "state": "open"}).sender == ""


def test_what_is_not_about_an_issue_is_nothing() -> None:
    assert read("ping") is None
    assert read("issue_comment") is None
    assert read(issue=None) is None
    assert read(issue={**ISSUE, "pull_request": {}}) is None
    assert parse_event("issues", b"[]") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": None},
        {"repository": {"full_name": "shop"}},
        {"issue": {**ISSUE, "number": "12"}},
        {"issue": {**ISSUE, "number": True}},
        {"issue": {**ISSUE, "number": 2**31}},
        {"issue": {**ISSUE, "updated_at": None}},
        {"issue": {**ISSUE, "updated_at": "2026-03-01T12:00:00"}},
    ],
)
def test_an_event_that_does_not_say_what_it_is_about_has_a_reason(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+\.\w+ is"):
        read(**changes)
    with pytest.raises(ValueError, match="not JSON"):
        parse_event("issues", b"{")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    event=st.dictionaries(st.sampled_from([*EVENT, "changes"]), ODD),
    shown=st.dictionaries(st.sampled_from([*ISSUE, "closed_by"]), ODD),
)
def test_no_shape_breaks_it(event: dict[str, Any], shown: dict[str, Any]) -> None:
    body = {**EVENT, **event, "issue": {**ISSUE, **shown}}
    try:
        news = parse_event("issues", json.dumps(body).encode())
    except ValueError as error:
        assert " is " in str(error)  # noqa: PT017 - either way is right
    else:
        assert news is not None
        assert news.at.tzinfo is not None
        assert news.state in {"open", "closed"}


# --- asking --------------------------------------------------------------------------------


def listed(number: int, minute: int, **more: Any) -> dict[str, Any]:
    at = f"2026-03-01T12:{minute:02}:00Z"
    return issue(number, updated_at=at, assignees=[{"login": "ana"}], **more)


async def test_what_changed_is_one_call(vendor: Vendor, tickets: GitHubTickets) -> None:
    pull = listed(3, 7, html_url="https://github.test/acme/shop/pull/3", pull_request={})
    vendor.answers = {f"GET {ISSUES}": [[listed(1, 5, state="closed"), listed(2, 6), pull]]}
    news, until = await tickets.changed("acme/shop", AT)
    assert [(n.number, n.action, n.state) for n in news] == [
        (1, "read", "closed"),
        (2, "read", "open"),
    ]
    assert news[0].assignees == ("ana",)
    assert until == AT + timedelta(minutes=7), "also of what is no issue, or it is read again"
    assert vendor.calls() == [f"GET {ISSUES}"]
    query = vendor.asked[0].query
    assert (query["sort"], query["direction"], query["state"]) == (["updated"], ["asc"], ["all"])
    assert query["since"] == ["2026-03-01T12:00:00Z"]


async def test_nothing_changed(vendor: Vendor, tickets: GitHubTickets) -> None:
    vendor.answers = {f"GET {ISSUES}": [[]]}
    assert await tickets.changed("acme/shop", AT) == ([], None)


async def test_a_page_of_one_second_is_not_read_for_ever(
    vendor: Vendor, tickets: GitHubTickets
) -> None:
    page = [listed(number, 5) for number in range(1, 101)]
    more = {"Link": f'<{vendor.url}{ISSUES}?page=2>; rel="next"'}
    vendor.answers = {f"GET {ISSUES}": (200, page, more)}
    news, until = await tickets.changed("acme/shop", AT)
    assert len(news) == 100
    assert until == AT + timedelta(minutes=5, seconds=1)
    assert vendor.calls() == [f"GET {ISSUES}"], "the next page waits for the next look"


async def test_state_and_assignee(vendor: Vendor, tickets: GitHubTickets) -> None:
    vendor.answers = {f"PATCH {ISSUES}/7": listed(7, 9, user={"login": "muster-bot"})}
    after = await tickets.set_state(TICKET, is_open=False, planned=False)
    assert (after.updated_at, after.assignees) == (AT + timedelta(minutes=9), ("ana",))
    assert after.author == "muster-bot"
    assert (await tickets.assign(TICKET, "Ana")).number == 7
    await tickets.assign(TICKET, None)
    assert [one.body for one in vendor.asked] == [
        {"state": "closed", "state_reason": "not_planned"},
        {"assignees": ["Ana"]},
        {"assignees": []},
    ]


async def test_an_assignee_without_access(vendor: Vendor, tickets: GitHubTickets) -> None:
    errors = [{"resource": "Issue", "field": "assignees", "code": "invalid", "value": "ben"}]
    said = {"message": "Validation Failed", "errors": errors}
    vendor.answers = {f"PATCH {ISSUES}/7": [(422, said), listed(7, 9)]}
    for _ in range(2):  # refused, then dropped without a word
        error = await refused(tickets.assign(TICKET, "ben"))
        assert (error.reason, error.code) == (Reason.INVALID, "assignee")
        assert "ben cannot be assigned in acme/shop" in error.detail
        assert "Give them access" in error.detail
    vendor.answers = {f"PATCH {ISSUES}/7": (404, {"message": "Not Found"})}
    assert (await refused(tickets.assign(TICKET, "ben"))).reason is Reason.NOT_FOUND


async def test_webhooks_of_a_repository(vendor: Vendor, tickets: GitHubTickets) -> None:
    path = "/repos/acme/shop/hooks"
    shown = {
        "id": 7, "name": "web", "active": True, "events": ["issues"], "url": f"https://x{path}/7",
        "config": {"url": "https://m.test/webhooks/github"},
        "last_response": {"code": 401, "status": "misconfigured", "message": "Invalid"},
    }  # fmt: skip
    vendor.answers = {f"GET {path}": [[shown]], f"POST {path}": (201, shown)}
    hooks = GitHubHooks(tickets)
    [found] = await hooks.hooks("acme/shop")
    assert (found.url, found.events, found.active) == (
        "https://m.test/webhooks/github", ("issues",), True,
    )  # fmt: skip
    assert found.description == "401"
    made = await hooks.create("acme/shop", "https://m.test/webhooks/github", "s3cret", ["issues"])
    assert made.id == "7"
    sent = vendor.asked[-1].body
    assert sent["config"]["content_type"] == "json"
    assert (sent["config"]["secret"], sent["config"]["insecure_ssl"]) == ("s3cret", "0")
    assert (sent["name"], sent["events"], sent["active"]) == ("web", ["issues"], True)
    assert vendor.calls() == [f"GET {path}", f"POST {path}"]
    vendor.answers = {}
    with pytest.raises(ProviderError) as raised:
        await hooks.hooks("acme/shop")
    assert (raised.value.reason, raised.value.code) == (Reason.NOT_FOUND, "404")


def test_times_are_aware() -> None:
    assert read().at == datetime(2026, 3, 1, 12, tzinfo=UTC)
