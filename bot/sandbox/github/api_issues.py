"""Issues, comments, labels and assignees: https://docs.github.com/rest/issues."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.github import errors, issues, times
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.model import Account, Issue, Json, Repository

SORTS: dict[str, Callable[[Issue], Any]] = {
    "created": lambda issue: (issue.created_at, issue.number),
    "updated": lambda issue: (issue.updated_at, issue.number),
    "comments": lambda issue: (len(issue.comments), issue.number),
}


def text_of(fields: Json, resource: str, field: str, limit: int) -> str:
    """A required text."""
    value = fields.get(field)
    if value is None or not str(value).strip():
        raise errors.validation(resource, field, "missing_field")
    if not isinstance(value, str):
        raise errors.invalid(f"Invalid request.\n\nFor '{field}', {value} is not a string.")
    if len(value) > limit:
        raise errors.too_long(resource, field, limit)
    return value


def body_of(fields: Json, resource: str) -> str | None:
    """An optional text; null stays null."""
    value = fields.get("body")
    if value is None:
        return None
    if not isinstance(value, str):
        raise errors.invalid("Invalid request.\n\nFor 'body', it is not a string.")
    if len(value) > issues.MAX_BODY:
        raise errors.too_long(resource, "body", issues.MAX_BODY)
    return value


def names_of(given: object) -> list[str]:
    """Label names; each is a text or an object with a name."""
    if not isinstance(given, list):
        raise errors.invalid("Invalid request.\n\nFor 'labels', it is not an array.")
    names: dict[str, None] = {}
    for one in given:
        name = one.get("name") if isinstance(one, dict) else one
        if not isinstance(name, str) or not name.strip():
            raise errors.validation("Label", "name", "missing_field")
        if len(name) > issues.MAX_LABEL:
            raise errors.too_long("Label", "name", issues.MAX_LABEL)
        names[name] = None
    return list(names)


def people_of(call: Call, fields: Json) -> list[Account]:
    """Assignees by login."""
    given = fields.get("assignees")
    if given is None:
        given = [fields["assignee"]] if fields.get("assignee") else []
    accounts = call.desk.store.accounts
    found: list[Account] = []
    for login in given:
        account = accounts.get(str(login).casefold())
        if account is None or account.type == "Organization":
            raise errors.validation("Issue", "assignees", "invalid", value=login)
        found.append(account)
    return found[: issues.MAX_ASSIGNEES]


def with_issues(call: Call) -> Repository:
    """The repository, when it has issues."""
    repository = call.repository
    if not repository.has_issues:
        raise errors.issues_disabled()
    return repository


def shown(call: Call, issue: Issue) -> Json:
    """The issue as JSON."""
    return call.desk.render.issue(call.repository, issue)


def create(call: Call) -> Answer:
    """POST .../issues. Without push access labels and assignees are dropped without a word."""
    repository, fields = with_issues(call), call.fields
    title = text_of(fields, "Issue", "title", issues.MAX_TITLE)
    body = body_of(fields, "Issue")
    labels: list[str] = []
    people: list[Account] = []
    if call.can_push(repository):
        labels = names_of(fields.get("labels") or [])
        people = people_of(call, fields)
    issue = call.desk.issues.open(repository, call.by, title, body, labels, people)
    return shown(call, issue)


def show(call: Call) -> Answer:
    """GET .../issues/{number}: 301 when it was transferred."""
    return shown(call, call.issue_or_redirect)


def update(call: Call) -> Answer:
    """PATCH .../issues/{number}: labels and assignees replace the ones there are."""
    repository, issue, fields, by = call.repository, call.issue_or_redirect, call.fields, call.by
    push, changes = call.can_push(repository), call.desk.issues
    if not push and issue.user is not by:
        raise errors.forbidden()
    title, body = issue.title, issue.body
    if "title" in fields:
        title = text_of(fields, "Issue", "title", issues.MAX_TITLE)
    if "body" in fields:
        body = body_of(fields, "Issue")
    state, reason = fields.get("state"), fields.get("state_reason")
    if state not in {None, "open", "closed"}:
        raise errors.validation("Issue", "state", "invalid", value=state)
    if reason is not None and reason not in issues.REASONS:
        raise errors.validation("Issue", "state_reason", "invalid", value=reason)
    labels = names_of(fields["labels"]) if push and fields.get("labels") is not None else None
    named = "assignees" in fields or "assignee" in fields
    people = people_of(call, fields) if push and named else None
    changes.edit(repository, issue, by, title, body)
    if labels is not None:
        changes.set_labels(repository, issue, by, labels)
    if people is not None:
        changes.set_assignees(repository, issue, by, people)
    if state == "closed":
        changes.close(repository, issue, by, reason or "completed")
    elif state == "open":
        changes.reopen(repository, issue, by)
    return shown(call, issue)


def find(call: Call) -> Answer:
    """GET .../issues. `since` is about updates; pull requests are in the list."""
    repository = with_issues(call)
    since = times.parse(call.query.get("since"), "since")
    found = [
        issue
        for issue in repository.issues.values()
        if not issue.deleted and matches(call, issue, since)
    ]
    sort, direction = call.query.get("sort", "created"), call.query.get("direction", "desc")
    if sort not in SORTS:
        raise errors.validation("Issue", "sort", "invalid")
    found.sort(key=SORTS[sort], reverse=direction != "asc")
    return call.page(found, lambda issue: shown(call, issue))


def matches(call: Call, issue: Issue, since: datetime | None) -> bool:
    """The filters of the list."""
    query = call.query
    state = query.get("state", "open")
    labels = {name.strip().casefold() for name in query.get("labels", "").split(",") if name}
    own = {label.name.casefold() for label in issue.labels}
    assignee, creator = query.get("assignee"), query.get("creator")
    logins = {one.login.casefold() for one in issue.assignees}
    return (
        state in {"all", issue.state}
        and labels <= own
        and (since is None or issue.updated_at >= since)
        and (creator is None or issue.user.login.casefold() == creator.casefold())
        and (
            assignee is None
            or (assignee == "none" and not logins)
            or (assignee == "*" and bool(logins))
            or assignee.casefold() in logins
        )
    )


# --- comments


def comments(call: Call) -> Answer:
    """GET .../issues/{number}/comments, oldest first."""
    repository, issue = call.repository, call.issue
    since = times.parse(call.query.get("since"), "since")
    found = [one for one in issue.comments if since is None or one.updated_at >= since]
    return call.page(found, lambda one: call.desk.render.comment(repository, issue, one))


def comment_text(call: Call) -> str:
    """The text of a comment."""
    value = call.fields.get("body")
    if not isinstance(value, str) or not value.strip():
        raise errors.validation(
            "IssueComment", "data", "unprocessable", message="Body cannot be blank"
        )
    if len(value) > issues.MAX_BODY:
        raise errors.too_long("IssueComment", "body", issues.MAX_BODY)
    return value


def comment(call: Call) -> Answer:
    """POST .../issues/{number}/comments."""
    repository, issue, text = call.repository, call.issue, comment_text(call)
    if issue.locked and not call.can_push(repository):
        raise errors.ApiError(403, "Unable to create comment because issue is locked.")
    made = call.desk.issues.comment(repository, issue, call.by, text)
    return call.desk.render.comment(repository, issue, made)


def show_comment(call: Call) -> Answer:
    """GET .../issues/comments/{id}."""
    issue, found = call.desk.store.comment(call.repository, call.params["id"])
    return call.desk.render.comment(call.repository, issue, found)


def edit_comment(call: Call) -> Answer:
    """PATCH .../issues/comments/{id}."""
    repository = call.repository
    issue, found = call.desk.store.comment(repository, call.params["id"])
    if found.user is not call.by and not call.can_push(repository):
        raise errors.forbidden()
    call.desk.issues.edit_comment(repository, issue, found, call.by, comment_text(call))
    return call.desk.render.comment(repository, issue, found)


def delete_comment(call: Call) -> Answer:
    """DELETE .../issues/comments/{id}."""
    repository = call.repository
    issue, found = call.desk.store.comment(repository, call.params["id"])
    if found.user is not call.by and not call.can_push(repository):
        raise errors.forbidden()
    call.desk.issues.delete_comment(repository, issue, found, call.by)


def all_comments(call: Call) -> Answer:
    """GET .../issues/comments: of the whole repository, by update when sorted so."""
    repository = call.repository
    since = times.parse(call.query.get("since"), "since")
    found = [
        (issue, one)
        for issue in repository.issues.values()
        for one in issue.comments
        if since is None or one.updated_at >= since
    ]
    if call.query.get("sort") == "updated":
        found.sort(key=lambda pair: pair[1].updated_at)
    return call.page(found, lambda pair: call.desk.render.comment(repository, *pair))


REPO = "/repos/{owner}/{repo}"
ALL, ONE = f"{REPO}/issues", f"{REPO}/issues/{{number:[0-9]+}}"
COMMENT = f"{REPO}/issues/comments/{{id}}"
ROUTES = (
    Route("GET", ALL, find),
    Route("POST", ALL, create, 201, creates=True),
    Route("GET", f"{REPO}/issues/comments", all_comments),
    Route("GET", COMMENT, show_comment),
    Route("PATCH", COMMENT, edit_comment),
    Route("DELETE", COMMENT, delete_comment, 204),
    Route("GET", ONE, show),
    Route("PATCH", ONE, update),
    Route("GET", f"{ONE}/comments", comments),
    Route("POST", f"{ONE}/comments", comment, 201, creates=True),
)
