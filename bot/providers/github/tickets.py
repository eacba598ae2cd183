"""GitHub issues through PyGithub, as ``bot.ports.Tickets`` (https://docs.github.com/rest/issues).

Issues have no idempotency key: ours is a hidden marker in the body or comment, found again by listing (the search
index lags).
"""

from __future__ import annotations

import re
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.ports import Activity, Change, Ticket
from bot.providers.github.calls import readable
from bot.providers.github.code import Code
from bot.providers.github.errors import NotReadableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from github.Deployment import Deployment
    from github.Issue import Issue

    from bot.ports import Tickets

BODY_LIMIT = 65_536  # characters, docs.github.com/rest/issues/comments
TITLE_LIMIT = 256
#: How many deployments and issues are worth telling.
NEWEST = 3
_CUT_NOTE = "\n\n_(cut here: GitHub takes 65,536 characters)_"


def marker(key: str) -> str:
    """The hidden comment that carries ``key``; no key can end it or be taken for another."""
    safe = re.sub("-(?=-)", "%2D", quote(key, safe=":/._-"))
    return f"<!-- muster:{safe} -->"


class GitHubTickets(Code):
    """All of ``Tickets`` and ``CodeHost``. Never retries, calls nothing when it is made."""

    async def open(
        self, repo: str, *, title: str, body: str, labels: Sequence[str], key: str
    ) -> Ticket:
        """Create with our marker in the body; NOT_FOUND, INVALID ``410`` without issues.

        Not idempotent: ``find`` tells whether it is there. GitHub drops labels without push access.
        """
        name, wanted = title, list(labels)
        if len(name) > TITLE_LIMIT:
            name = name[: TITLE_LIMIT - 1] + "…"
            body = f"{title}\n\n{body}"
        text = _marked(body, key)

        def make() -> Ticket:
            return _ticket(repo, self._repo(repo).create_issue(name, body=text, labels=wanted))

        return await self._run("POST issue", make, write=True)

    async def find(self, repo: str, key: str, *, since: datetime) -> Ticket | None:
        """The issue with our marker updated at or after ``since``, else None."""
        wanted = marker(key)

        def look() -> Ticket | None:
            issues = self._repo(repo).get_issues(
                state="all", since=since.astimezone(UTC), sort="updated", direction="asc"
            )
            for issue in issues:
                # A pull request is told by its address: asking for what an entry of the list
                # does not have would read that issue once more, for each of them.
                if wanted in (issue.body or "") and "/pull/" not in issue.html_url:
                    return _ticket(repo, issue)
            return None

        return await self._run("GET issues", look)

    async def edit_body(self, ticket: Ticket, body: str, *, key: str) -> None:
        """Replace the body (marker kept)."""
        text = _marked(body, key)
        await self._edit(ticket, body=text)

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """Comment under our marker (not idempotent: ``has_comment`` tells whether it is there)."""
        words = _marked(text, key)

        def say() -> int:
            return readable(self._issue(ticket).create_comment(words).id, int)

        await self._run("POST comment", say, write=True)

    async def has_comment(self, ticket: Ticket, key: str) -> bool:
        """Whether a comment with our marker is there."""
        wanted = marker(key)

        def look() -> bool:
            return any(wanted in (one.body or "") for one in self._issue(ticket).get_comments())

        return await self._run("GET comments", look)

    async def close(self, ticket: Ticket) -> None:
        """Close as completed; closed already is fine."""
        await self._edit(ticket, state="closed", state_reason="completed")

    async def reopen(self, ticket: Ticket) -> None:
        """Reopen; open already is fine."""
        await self._edit(ticket, state="open")

    async def repository(self, repo: str) -> Mapping[str, Any]:
        """``has_issues``, ``permissions`` {push: bool}, ``archived``; NOT_FOUND when unseen."""

        def look() -> Mapping[str, Any]:
            data = self._repo(repo).raw_data
            rights = data.get("permissions")
            push = rights.get("push") is True if isinstance(rights, dict) else False
            if not isinstance(data.get("full_name"), str):
                raise NotReadableError
            return {
                "full_name": data["full_name"],
                "has_issues": data.get("has_issues") is not False,
                "archived": data.get("archived") is True,
                "private": data.get("private") is True,
                "permissions": {"push": push},
            }

        return await self._run("GET repository", look)

    async def recent(self, repo: str) -> Activity:
        """The newest deployments and open issues; NOT_FOUND when the repository cannot be seen."""

        def look() -> Activity:
            found = self._repo(repo)
            deployments = islice(found.get_deployments(), NEWEST)
            issues = (i for i in found.get_issues(state="open") if "/pull/" not in i.html_url)
            return Activity(
                url=readable(found.html_url, str),
                deployments=tuple(_deployment(one) for one in deployments),
                issues=tuple(_change(one) for one in islice(issues, NEWEST)),
            )

        return await self._run("GET repository activity", look)

    async def login(self) -> str:
        """Whose token it is; the cheapest check."""
        return await self._run("GET user", lambda: readable(self._hub().get_user().login, str))

    async def _edit(self, ticket: Ticket, **changes: Any) -> None:
        def edit() -> str:
            issue = self._issue(ticket)
            issue.edit(**changes)
            return readable(issue.state, str)

        await self._run("PATCH issue", edit, write=True)

    def _issue(self, ticket: Ticket) -> Issue:
        return self._repo(ticket.repo).get_issue(ticket.number)


def _ticket(repo: str, issue: Issue) -> Ticket:
    return Ticket(
        repo=repo,
        number=readable(issue.number, int),
        url=readable(issue.html_url, str),
        state=issue.state or "open",
        labels=tuple(label.name for label in issue.labels),
    )


def _deployment(one: Deployment) -> Change:
    who = getattr(one.creator, "login", None) or ""
    title = f"{one.ref} to {one.environment}"
    return Change(title=title, at=one.created_at, by=who)


def _change(one: Issue) -> Change:
    return Change(title=f"#{one.number} {one.title}", url=one.html_url, at=one.created_at)


def _marked(body: str, key: str) -> str:
    """``body`` with the marker at its end, cut so that both fit."""
    tail = f"\n\n{marker(key)}"
    room = BODY_LIMIT - len(tail)
    if len(body) > room:
        body = body[: room - len(_CUT_NOTE)] + _CUT_NOTE
    return body + tail


def _keeps_the_port(tickets: GitHubTickets) -> Tickets:
    return tickets  # mypy fails here when the client and the Protocol part ways
