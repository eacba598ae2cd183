"""Where one issue is now, when it may have been deleted or moved to another repository.

https://docs.github.com/rest/issues/issues#get-an-issue: 301 leads to a transferred issue (PyGithub follows it), 410 is
a deleted one, 404 one that was deleted or went where our token sees nothing. But 410 is the answer of a repository
without issues, too, and 404 of one our token does not see.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.domain.incident import TicketLink
from bot.domain.issue_news import DELETED, MOVED, UNSEEN
from bot.ports import IssueNews
from bot.providers.github.calls import readable
from bot.providers.github.events import news_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from github.Repository import Repository


def whereabouts(repository: Repository, repo: str, number: int, now: datetime) -> IssueNews:
    """The issue, or what became of it; what only tells of the whole repository is raised as GitHub said it."""
    from github import GithubException  # noqa: PLC0415 - loaded already

    try:
        data = repository.get_issue(number).raw_data
    except GithubException as error:
        if error.status == HTTPStatus.GONE and repository.has_issues:
            action = DELETED
        elif error.status == HTTPStatus.NOT_FOUND:
            next(iter(repository.get_issues(state="all")), None)  # raises when it sees none at all
            action = UNSEEN
        else:
            raise
        return IssueNews(repo=repo, number=number, action=action, state="closed", at=now)
    return _found(repo, number, data)


def _found(repo: str, number: int, data: Mapping[str, Any]) -> IssueNews:
    """An issue as it was read; ``transferred`` when another repository answered for it."""
    news = news_of(data, repo)
    there = readable(data.get("repository_url"), str).rpartition("/repos/")[2]
    if there.casefold() == repo.casefold() and news.number == number:
        return news
    link = TicketLink(repo=there, number=news.number, url=readable(data.get("html_url"), str))
    return replace(
        news, number=number, action=MOVED, moved=link, sender=""
    )  # who did it, nobody says
