"""GitHub issues through PyGithub, as ``bot.ports.Tickets`` (https://docs.github.com/rest/issues).

PyGithub blocks, so every call runs on a few threads of its own and the wait for it ends after
``timeout`` seconds. Its retries and its pauses between requests are off. Issues have no idempotency
key: ours is a hidden marker in the body or comment, found again by listing (the search index lags).
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from bot.errors import ProviderError, Reason
from bot.ports import Activity, Change, Ticket
from bot.providers.github.errors import NAME, NotReadableError, provider_error
from bot.providers.http import Observe, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from github import Github
    from github.Deployment import Deployment
    from github.Issue import Issue
    from github.Repository import Repository

    from bot.ports import Tickets

T = TypeVar("T")

BODY_LIMIT = 65_536  # characters, docs.github.com/rest/issues/comments
TITLE_LIMIT = 256
THREADS = 4
#: How many deployments and issues are worth telling.
NEWEST = 3
_REPO = re.compile(r"[\w.-]+/(?!\.+$)[\w.-]+")
_CUT_NOTE = "\n\n_(cut here: GitHub takes 65,536 characters)_"


def marker(key: str) -> str:
    """The hidden comment that carries ``key``; no key can end it or be taken for another."""
    safe = re.sub("-(?=-)", "%2D", quote(key, safe=":/._-"))
    return f"<!-- muster:{safe} -->"


class GitHubTickets:
    """All of ``Tickets``. Never retries, calls nothing when it is made."""

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.github.com",
        timeout: float = 5.0,
        observe: Observe | None = None,
    ) -> None:
        """Keep the facts; nothing is imported, started or called yet."""
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._observe = observe
        self._github: Github | None = None
        self._threads: ThreadPoolExecutor | None = None

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
            return _readable(self._issue(ticket).create_comment(words).id, int)

        await self._run("POST comment", say, write=True)

    async def has_comment(self, ticket: Ticket, key: str) -> bool:
        """Whether a comment with our marker is there."""
        wanted = marker(key)

        def look() -> bool:
            return any(wanted in (one.body or "") for one in self._issue(ticket).get_comments())

        return await self._run("GET comments", look)

    async def withdraw(self, ticket: Ticket, *, title: str, body: str, key: str) -> None:
        """Replace title and body (GitHub keeps their history), close as not planned."""
        text = _marked(body, key)
        await self._edit(ticket, title=title, body=text, state="closed", state_reason="not_planned")

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
                url=_readable(found.html_url, str),
                deployments=tuple(_deployment(one) for one in deployments),
                issues=tuple(_change(one) for one in islice(issues, NEWEST)),
            )

        return await self._run("GET repository activity", look)

    async def login(self) -> str:
        """Whose token it is; the cheapest check."""
        return await self._run("GET user", lambda: _readable(self._hub().get_user().login, str))

    async def aclose(self) -> None:
        """Let go of the connections and threads, without waiting for a call that hangs."""
        hub, self._github = self._github, None
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        if hub is not None:
            hub.close()

    async def _edit(self, ticket: Ticket, **changes: Any) -> None:
        def edit() -> str:
            issue = self._issue(ticket)
            issue.edit(**changes)
            return _readable(issue.state, str)

        await self._run("PATCH issue", edit, write=True)

    def _hub(self) -> Github:
        """The client, made on first use in a thread: importing it costs 20 MB and a second."""
        if self._github is None:
            from github import Auth, Github  # noqa: PLC0415

            self._github = Github(
                auth=Auth.Token(self._token),
                base_url=self._base_url,
                timeout=max(1, math.ceil(self._timeout)),
                retry=None,
                per_page=100,
                seconds_between_requests=0,
                seconds_between_writes=0,
                lazy=True,
                user_agent="muster-incident-bot",
            )
        return self._github

    def _repo(self, repo: str) -> Repository:
        if not _REPO.fullmatch(repo):
            raise ProviderError(NAME, Reason.INVALID, f"'{repo[:100]}' is no owner/name")
        return self._hub().get_repo(repo)

    def _issue(self, ticket: Ticket) -> Issue:
        return self._repo(ticket.repo).get_issue(ticket.number)

    async def _run(self, operation: str, work: Callable[[], T], *, write: bool = False) -> T:
        """Run ``work`` on one of our threads, within the timeout, and turn errors into reasons."""
        threads = self._threads = self._threads or ThreadPoolExecutor(
            THREADS, thread_name_prefix="github"
        )
        if self._github is None:  # importing it takes a second that is not the vendor's
            await asyncio.get_running_loop().run_in_executor(threads, self._hub)
        started, outcome = time.monotonic(), "ok"
        running = threads.submit(work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(running), self._timeout)
        except TimeoutError:
            # A call that is still queued was taken back: nothing was sent.
            reason = Reason.UNAVAILABLE if running.cancelled() else lost(write=write)
            outcome = reason.value
            detail = f"no answer within {self._timeout:g} seconds"
            raise ProviderError(NAME, reason, detail) from None
        except Exception as error:  # noqa: BLE001 - PyGithub and requests fail in many ways
            known = provider_error(error, self._token, write=write)
            outcome = known.reason.value
            raise known from None
        finally:
            if self._observe:
                self._observe(operation, outcome, time.monotonic() - started)


def _ticket(repo: str, issue: Issue) -> Ticket:
    return Ticket(
        repo=repo,
        number=_readable(issue.number, int),
        url=_readable(issue.html_url, str),
        state=issue.state or "open",
        labels=tuple(label.name for label in issue.labels),
    )


def _deployment(one: Deployment) -> Change:
    who = getattr(one.creator, "login", None) or ""
    title = f"{one.ref} to {one.environment}"
    return Change(title=title, at=one.created_at, by=who)


def _change(one: Issue) -> Change:
    return Change(title=f"#{one.number} {one.title}", url=one.html_url, at=one.created_at)


def _readable(value: Any, kind: type[T]) -> T:
    if isinstance(value, kind):
        return value
    raise NotReadableError


def _marked(body: str, key: str) -> str:
    """``body`` with the marker at its end, cut so that both fit."""
    tail = f"\n\n{marker(key)}"
    room = BODY_LIMIT - len(tail)
    if len(body) > room:
        body = body[: room - len(_CUT_NOTE)] + _CUT_NOTE
    return body + tail


def _keeps_the_port(tickets: GitHubTickets) -> Tickets:
    return tickets  # mypy fails here when the client and the Protocol part ways
