"""GitHub issues through PyGithub, as ``bot.ports.Tickets`` (https://docs.github.com/rest/issues).

Issues have no idempotency key: ours is a hidden marker in the body or comment, found again by listing (the search
index lags).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.errors import ProviderError, Reason
from bot.ports import Activity, Change, Ticket
from bot.providers.github.calls import PAGE, readable
from bot.providers.github.code import Code
from bot.providers.github.errors import NAME, NotReadableError
from bot.providers.github.events import moment, news_of
from bot.providers.github.whereabouts import whereabouts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from github.Deployment import Deployment
    from github.Issue import Issue

    from bot.ports import IssueNews, Tickets

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
            return _ticket(
                repo, self.repository_of(repo).create_issue(name, body=text, labels=wanted)
            )

        return await self.run("POST issue", make, write=True)

    async def find(self, repo: str, key: str, *, since: datetime) -> Ticket | None:
        """The issue with our marker updated at or after ``since``, else None."""
        wanted = marker(key)

        def look() -> Ticket | None:
            issues = self.repository_of(repo).get_issues(
                state="all", since=since.astimezone(UTC), sort="updated", direction="asc"
            )
            for issue in issues:
                # A pull request is told by its address: asking for what an entry of the list
                # does not have would read that issue once more, for each of them.
                if wanted in (issue.body or "") and "/pull/" not in issue.html_url:
                    return _ticket(repo, issue)
            return None

        return await self.run("GET issues", look)

    async def edit_body(self, ticket: Ticket, body: str, *, key: str) -> None:
        """Replace the body (marker kept)."""
        text = _marked(body, key)
        await self._edit(ticket, body=text)

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """Comment under our marker (not idempotent: ``has_comment`` tells whether it is there)."""
        words = _marked(text, key)

        def say() -> int:
            return readable(self._issue(ticket).create_comment(words).id, int)

        await self.run("POST comment", say, write=True)

    async def has_comment(self, ticket: Ticket, key: str) -> bool:
        """Whether a comment with our marker is there."""
        wanted = marker(key)

        def look() -> bool:
            return any(wanted in (one.body or "") for one in self._issue(ticket).get_comments())

        return await self.run("GET comments", look)

    async def withdraw(self, ticket: Ticket, *, title: str, body: str, key: str) -> None:
        """Replace title and body (GitHub keeps their history), close as not planned."""
        text = _marked(body, key)
        await self._edit(ticket, title=title, body=text, state="closed", state_reason="not_planned")

    async def set_state(self, ticket: Ticket, *, is_open: bool, planned: bool = True) -> Ticket:
        """Open, closed as completed, or (not ``planned``) as not planned; so already is fine. The issue after that."""
        if is_open:
            return await self._edit(ticket, state="open")
        reason = "completed" if planned else "not_planned"
        return await self._edit(ticket, state="closed", state_reason=reason)

    async def assign(self, ticket: Ticket, login: str | None) -> Ticket:
        """Exactly that person; INVALID when they (or our token) lack access, which GitHub tells in two ways."""
        wanted = [login] if login else []
        try:
            after = await self._edit(ticket, assignees=wanted)
        except ProviderError as error:
            if error.reason is Reason.INVALID and "assignees" in error.detail:
                raise _unassignable(login, ticket, error.detail) from None
            raise
        # Without write access GitHub drops assignees without a word.
        if {one.casefold() for one in wanted} - {one.casefold() for one in after.assignees}:
            raise _unassignable(login, ticket, "GitHub dropped it: the token lacks write access")
        return after

    async def changed(
        self, repo: str, since: datetime
    ) -> tuple[Sequence[IssueNews], datetime | None]:
        """Issues changed at or after ``since``, oldest change first, one page; and from when to ask next.

        A page that is full of one second is passed over, or it would be read for ever.
        """

        def look() -> tuple[Sequence[IssueNews], datetime | None]:
            issues = self.repository_of(repo).get_issues(
                state="all", since=since.astimezone(UTC), sort="updated", direction="asc"
            )
            page = list(islice(issues, PAGE))
            times = [at for one in page if (at := moment(_shown(one).get("updated_at")))]
            stuck = len(page) == PAGE and min(times, default=None) == max(times, default=None)
            until = max(times) + timedelta(seconds=stuck) if times else None
            news = [news_of(_shown(one), repo) for one in page if "/pull/" not in one.html_url]
            return news, until

        return await self.run("GET issues changed", look)

    async def look(self, repo: str, number: int, *, now: datetime) -> IssueNews:
        """See ``whereabouts``: GitHub leads to a transferred one, and tells apart what is gone."""
        return await self.run(
            "GET issue", lambda: whereabouts(self.repository_of(repo), repo, number, now)
        )

    async def repository(self, repo: str) -> Mapping[str, Any]:
        """``has_issues``, ``permissions`` {push: bool}, ``archived``; NOT_FOUND when unseen."""

        def look() -> Mapping[str, Any]:
            data = self.repository_of(repo).raw_data
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

        return await self.run("GET repository", look)

    async def recent(self, repo: str) -> Activity:
        """The newest deployments and open issues; NOT_FOUND when the repository cannot be seen."""

        def look() -> Activity:
            found = self.repository_of(repo)
            deployments = islice(found.get_deployments(), NEWEST)
            issues = (i for i in found.get_issues(state="open") if "/pull/" not in i.html_url)
            return Activity(
                url=readable(found.html_url, str),
                deployments=tuple(_deployment(one) for one in deployments),
                issues=tuple(_change(one) for one in islice(issues, NEWEST)),
            )

        return await self.run("GET repository activity", look)

    async def account(self, login: str) -> str | None:
        """The login as it is written there; None when nobody has it (or it is an organization's)."""

        def look() -> str | None:
            found = self._hub().get_user(login).raw_data
            person = found.get("type") != "Organization"
            return readable(found.get("login"), str) if person else None

        try:
            return await self.run("GET user of a login", look)
        except ProviderError as error:
            if error.reason is Reason.NOT_FOUND:
                return None
            raise

    async def login(self) -> str:
        """Whose token it is; the cheapest check."""
        return await self.run("GET user", lambda: readable(self._hub().get_user().login, str))

    async def _edit(self, ticket: Ticket, **changes: Any) -> Ticket:
        def edit() -> Ticket:
            issue = self._issue(ticket)
            issue.edit(**changes)
            return _edited(ticket, issue)

        return await self.run("PATCH issue", edit, write=True)

    def _issue(self, ticket: Ticket) -> Issue:
        return self.repository_of(ticket.repo).get_issue(ticket.number)


def _ticket(repo: str, issue: Issue) -> Ticket:
    data = _shown(issue)
    author = data.get("user") or {}
    return Ticket(
        repo=repo,
        number=readable(issue.number, int),
        url=readable(issue.html_url, str),
        state=issue.state or "open",
        labels=tuple(label.name for label in issue.labels),
        author=str(author.get("login") or ""),
        updated_at=moment(data.get("updated_at")),
    )


def _edited(ticket: Ticket, issue: Issue) -> Ticket:
    """The issue after a change: PyGithub takes the answer over into its attributes only."""
    return replace(
        ticket,
        state=readable(issue.state, str),
        assignees=tuple(one.login for one in issue.assignees or ()),
        author=getattr(issue.user, "login", None) or "",
        updated_at=issue.updated_at,
    )


def _shown(issue: Issue) -> Mapping[str, Any]:
    """What the answer holds; ``raw_data`` would read an entry of a list once more, for each of them."""
    held: Mapping[str, Any] = issue._rawData  # noqa: SLF001
    return held


def _unassignable(login: str | None, ticket: Ticket, why: str) -> ProviderError:
    detail = (
        f"{login} cannot be assigned in {ticket.repo} ({why}). "
        "Give them access to the repository, then press Retry"
    )
    return ProviderError(NAME, Reason.INVALID, detail, code="assignee")


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
