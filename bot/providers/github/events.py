"""What GitHub says of an issue in our words: in webhooks and in lists.

https://docs.github.com/webhooks/webhook-events-and-payloads#issues and https://docs.github.com/rest/issues
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.incident import TicketLink
from bot.ports import IssueNews

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What deleted people are called; nobody in particular.
GHOST = "ghost"


def parse_event(event: str, body: bytes) -> IssueNews | None:
    """Read one kept webhook; None when it is not about an issue as such.

    Raises ValueError with a reason when an event about an issue does not say which one, or when it was.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        reason = "the body is not JSON"
        raise ValueError(reason) from None
    if event != "issues" or not isinstance(data, dict):
        return None
    issue, repository = data.get("issue"), _object(data.get("repository"))
    if not isinstance(issue, dict) or "pull_request" in issue:
        return None
    repo = _text(repository.get("full_name"))
    if "/" not in repo:
        reason = "repository.full_name is missing"
        raise ValueError(reason)
    return news_of(
        issue,
        repo,
        action=_text(data.get("action")) or "unknown",
        sender=_login(data.get("sender")),
        moved=_moved(_object(data.get("changes"))),
    )


def news_of(
    issue: Mapping[str, Any],
    repo: str,
    *,
    action: str = "read",
    sender: str = "",
    moved: TicketLink | None = None,
) -> IssueNews:
    """An issue as GitHub shows it; ValueError when it has no number or time."""
    number, at = issue.get("number"), moment(issue.get("updated_at"))
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**31:
        reason = "issue.number is not a number"
        raise ValueError(reason)
    if at is None:
        reason = "issue.updated_at is not a time"
        raise ValueError(reason)
    people = issue.get("assignees")
    logins = [_login(one) for one in people] if isinstance(people, list) else []
    closed = issue.get("state") == "closed"
    return IssueNews(
        repo=repo,
        number=number,
        action=action,
        state="closed" if closed else "open",
        at=at,
        title=_text(issue.get("title")),
        reason=_text(issue.get("state_reason")),
        assignees=tuple(login for login in logins if login),
        sender=sender or (_login(issue.get("closed_by")) if closed else ""),
        moved=moved,
    )


def moment(value: object) -> datetime | None:
    """A time as GitHub writes it."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found and found.tzinfo else None


def _moved(changes: Mapping[str, Any]) -> TicketLink | None:
    """Where a transferred issue is now."""
    issue = _object(changes.get("new_issue"))
    repo = _text(_object(changes.get("new_repository")).get("full_name"))
    number = issue.get("number")
    if "/" not in repo or not isinstance(number, int) or not 0 < number < 2**31:
        return None
    return TicketLink(repo=repo, number=number, url=_text(issue.get("html_url")) or None)


def _login(value: object) -> str:
    login = _text(_object(value).get("login"))
    return "" if login == GHOST else login


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
