"""Issue search: https://docs.github.com/rest/search.

The index lags behind: what changed less than `search_lag` ago is not found, or found as it was.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.github import errors
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.model import Issue, Repository, Version

MAX_RESULTS = 1000
TERM = re.compile(r'(-?)(?:(\w+):)?("[^"]*"|\S+)')
COMPARED = re.compile(r"(>=|<=|>|<)?(\d{4}-\d\d-\d\d\S*)")


@dataclass
class Query:
    """A parsed `q`."""

    words: list[str] = field(default_factory=list)
    qualifiers: list[tuple[str, str, bool]] = field(default_factory=list)
    """Name, value, and whether it is wanted (not excluded by a minus sign)."""


def parse(text: str) -> Query:
    """Words, quoted phrases and qualifiers."""
    query = Query()
    for minus, name, value in TERM.findall(text):
        plain = value.strip('"').casefold()
        if name:
            query.qualifiers.append((name.casefold(), plain, not minus))
        elif plain not in {"and", "or", "not"}:
            query.words.append(plain)
    return query


def search(call: Call) -> Answer:
    """GET /search/issues."""
    text = call.query.get("q", "").strip()
    if not text:
        raise errors.validation("Search", "q", "missing")
    query, store = parse(text), call.desk.store
    limit = store.now() - call.desk.search_lag
    found: list[tuple[Repository, Issue]] = []
    for repository in store.repositories.values():
        if repository.access == "none":
            continue
        for issue in repository.issues.values():
            known = [version for version in issue.versions if version.at <= limit]
            if known and not issue.deleted and matches(query, repository, issue, known[-1]):
                found.append((repository, issue))
    by_update = call.query.get("sort") == "updated"
    found.sort(
        key=lambda pair: pair[1].updated_at if by_update else pair[1].created_at,
        reverse=call.query.get("order", "desc") != "asc",
    )
    render = call.desk.render
    items = call.page(
        found[:MAX_RESULTS], lambda pair: render.issue(pair[0], pair[1]) | {"score": 1.0}
    )
    return {
        "total_count": len(found),
        "incomplete_results": False,
        "search_type": "lexical",
        "items": items,
    }


def matches(query: Query, repository: Repository, issue: Issue, known: Version) -> bool:
    """Whether an issue, as the index knows it, is what is asked for."""
    title, body = known.title.casefold(), known.body.casefold()
    places = {value for name, value, _ in query.qualifiers if name == "in"}
    text = title if places == {"title"} else body if places == {"body"} else f"{title}\n{body}"
    if not all(word in text for word in query.words):
        return False
    return all(
        qualifies(name, value, repository, issue, known) is wanted
        for name, value, wanted in query.qualifiers
        if name != "in"
    ) and repositories_match(query, repository)


def repositories_match(query: Query, repository: Repository) -> bool:
    """Several `repo:` and `org:` are alternatives."""
    wanted = {value for name, value, _ in query.qualifiers if name in {"repo", "org", "user"}}
    own = {repository.full_name.casefold(), repository.owner.login.casefold()}
    return not wanted or bool(wanted & own)


def qualifies(  # noqa: PLR0911 - a table of qualifiers
    name: str, value: str, repository: Repository, issue: Issue, known: Version
) -> bool:
    """One qualifier."""
    match name:
        case "is" | "type" | "state":
            return value in kinds(repository, issue, known)
        case "label":
            return bool(known.labels & set(value.split(",")))
        case "author":
            return issue.user.login.casefold() == value
        case "assignee":
            return value in {one.login.casefold() for one in issue.assignees}
        case "created":
            return compared(value, issue.created_at)
        case "updated":
            return compared(value, known.at)
        case "closed":
            return issue.closed_at is not None and compared(value, issue.closed_at)
        case "no":
            return not (known.labels if value == "label" else issue.assignees)
        case _:
            # repo:, org: and user: are alternatives and looked at together; unknown ones match.
            return True


def kinds(repository: Repository, issue: Issue, known: Version) -> set[str]:
    """What `is:` may say of an issue."""
    found = {known.state, "pr", "pull-request"} if issue.pull else {known.state, "issue"}
    if issue.pull:
        found.add("merged" if issue.pull.merged_at else "unmerged")
    return found | {"private" if repository.private else "public"}


def compared(value: str, at: datetime) -> bool:
    """`2026-01-01`, `>=2026-01-01` or `2026-01-01..2026-02-01`, by day or second."""
    if ".." in value:
        low, high = value.split("..", 1)
        return (low == "*" or compared(f">={low}", at)) and (
            high == "*" or compared(f"<={high}", at)
        )
    found = COMPARED.fullmatch(value)
    if found is None:
        raise errors.validation("Search", "q", "invalid")
    sign, text = found[1], found[2].upper()
    own = at.strftime("%Y-%m-%dT%H:%M:%SZ")[: 20 if "T" in text else 10]
    return {
        ">=": own >= text,
        "<=": own <= text,
        ">": own > text,
        "<": own < text,
        None: own == text,
    }[sign]


ROUTES = (Route("GET", "/search/issues", search, resource="search"),)
