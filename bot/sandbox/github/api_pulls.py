"""Pull requests: https://docs.github.com/rest/pulls."""

from bot.sandbox.github import errors, gitcode
from bot.sandbox.github.api_issues import SORTS, body_of, text_of
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.desk import Desk
from bot.sandbox.github.issues import MAX_TITLE
from bot.sandbox.github.model import Account, Issue, Json, Pull, Repository
from bot.sandbox.github.times import iso

SHARED = [
    "id",
    "node_id",
    "number",
    "state",
    "locked",
    "title",
    "user",
    "body",
    "created_at",
    "updated_at",
    "closed_at",
    "assignee",
    "assignees",
    "labels",
    "milestone",
    "draft",
    "author_association",
    "active_lock_reason",
    "html_url",
]


def shown(desk: Desk, repository: Repository, issue: Issue) -> Json:
    """A pull request."""
    pull = need_pull(issue)
    render = desk.render
    base = render.issue(repository, issue)
    url = render.url(repository, f"/pulls/{issue.number}")
    page = base["html_url"]
    found = {name: base[name] for name in SHARED} | {
        "url": url,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": base["url"],
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": render.url(repository, "/pulls/comments{/number}"),
        "comments_url": f"{base['url']}/comments",
        "statuses_url": render.url(repository, f"/statuses/{pull.head_sha}"),
        "merged_at": iso(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "requested_reviewers": [],
        "requested_teams": [],
        "auto_merge": None,
        "head": side(desk, repository, pull.head, pull.head_sha),
        "base": side(desk, repository, pull.base, pull.base_sha),
    }
    links = {"self": "url", "html": "html_url", "issue": "issue_url"} | {
        name: f"{name}_url"
        for name in ("comments", "commits", "statuses", "review_comments", "review_comment")
    }
    return found | {"_links": {name: {"href": found[field]} for name, field in links.items()}}


def side(desk: Desk, repository: Repository, branch: str, sha: str) -> Json:
    """The head or the base."""
    owner = repository.owner
    return {
        "label": f"{owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": desk.render.account(owner),
        "repo": desk.render.repository(repository, push=True),
    }


def detailed(desk: Desk, repository: Repository, issue: Issue) -> Json:
    """A pull request as its own GET shows it."""
    pull = need_pull(issue)
    merger = desk.render.account(pull.merged_by) if pull.merged_by else None
    return shown(desk, repository, issue) | {
        "merged": pull.merged_at is not None,
        "mergeable": issue.state == "open",
        "rebaseable": issue.state == "open",
        "mergeable_state": "clean",
        "merged_by": merger,
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
    }


def need_pull(issue: Issue) -> Pull:
    """404 for a plain issue."""
    if issue.pull is None:
        raise errors.not_found()
    return issue.pull


def tell(desk: Desk, repository: Repository, issue: Issue, action: str, by: Account) -> None:
    """The webhook about a pull request."""
    data = {"number": issue.number, "pull_request": detailed(desk, repository, issue)}
    desk.webhooks.publish(repository, "pull_request", action, by, data)


def create(call: Call) -> Answer:
    """POST .../pulls: 422 without commits between the branches, or when there is one already."""
    repository, fields, desk = call.need_push(), call.fields, call.desk
    title, body = text_of(fields, "PullRequest", "title", MAX_TITLE), body_of(fields, "PullRequest")
    head, base = str(fields.get("head", "")).rpartition(":")[2], str(fields.get("base", ""))
    new, old = repository.head(head), repository.head(base)
    if new is None or old is None:
        raise errors.validation("PullRequest", "base" if new else "head", "invalid")
    if new in gitcode.history(repository, old):
        text = f"No commits between {base} and {head}"
        raise errors.validation("PullRequest", "head", "custom", message=text)
    for other in repository.issues.values():
        if (
            other.pull
            and other.state == "open"
            and (other.pull.head, other.pull.base) == (head, base)
        ):
            text = f"A pull request already exists for {repository.owner.login}:{head}."
            raise errors.validation("PullRequest", "head", "custom", message=text)
    pull = Pull(head, base, new.sha, old.sha, draft=bool(fields.get("draft")))
    issue = desk.issues.open(repository, call.by, title, body, pull=pull)
    tell(desk, repository, issue, "opened", call.by)
    return detailed(desk, repository, issue)


def find(call: Call) -> Answer:
    """GET .../pulls?state&head&base&sort&direction: merged_at null means not merged."""
    repository, query = call.repository, call.query
    state, base = query.get("state", "open"), query.get("base")
    head = query.get("head", "").rpartition(":")[2]
    found = [
        issue
        for issue in repository.issues.values()
        if issue.pull
        and state in {"all", issue.state}
        and (not base or issue.pull.base == base)
        and (not head or issue.pull.head == head)
    ]
    sort = SORTS.get(query.get("sort", "created"), SORTS["created"])
    newest_first = query.get("direction", "desc") != "asc"
    found.sort(key=sort, reverse=newest_first)
    return call.page(found, lambda issue: shown(call.desk, repository, issue))


def show(call: Call) -> Answer:
    """GET .../pulls/{number}."""
    return detailed(call.desk, call.repository, call.issue)


def update(call: Call) -> Answer:
    """PATCH .../pulls/{number}: title, body, state."""
    repository, issue, fields, desk = call.need_push(), call.issue, call.fields, call.desk
    need_pull(issue)
    title = text_of(fields, "PullRequest", "title", MAX_TITLE) if "title" in fields else issue.title
    body = body_of(fields, "PullRequest") if "body" in fields else issue.body
    desk.issues.edit(repository, issue, call.by, title, body)
    before = issue.state
    if fields.get("state") == "closed":
        desk.issues.close(repository, issue, call.by, "completed")
    elif fields.get("state") == "open":
        desk.issues.reopen(repository, issue, call.by)
    if issue.state != before:
        action = "closed" if issue.state == "closed" else "reopened"
        tell(desk, repository, issue, action, call.by)
    return detailed(desk, repository, issue)


def merge(call: Call) -> Answer:
    """PUT .../pulls/{number}/merge: 405 when it is not open, 409 when the head moved."""
    repository, issue = call.need_push(), call.issue
    pull = need_pull(issue)
    if issue.state != "open":
        raise errors.ApiError(405, "Pull Request is not mergeable")
    expected = call.fields.get("sha")
    if expected and expected != pull.head_sha:
        raise errors.conflict("Head branch was modified. Review and try the merge again.")
    sha = merge_now(call.desk, repository, issue, call.by)
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


def merge_now(desk: Desk, repository: Repository, issue: Issue, by: Account) -> str:
    """Merge a pull request; the sha of the merge commit."""
    pull = need_pull(issue)
    head = repository.commits[repository.refs.get(f"refs/heads/{pull.head}", pull.head_sha)]
    base = repository.head(pull.base)
    kept = base.tree if base else {}
    changes: dict[str, str | None] = {p: s for p, s in head.tree.items() if kept.get(p) != s}
    message = f"Merge pull request #{issue.number} from {repository.owner.login}/{pull.head}"
    now = desk.store.now()
    made = gitcode.commit(
        repository, pull.base, f"{message}\n\n{issue.title}", by, now, changes, head.sha
    )
    pull.merged_at, pull.merged_by, pull.merge_sha = now, by, made.sha
    desk.issues.close(repository, issue, by, "completed")
    issue.state_reason = None
    tell(desk, repository, issue, "closed", by)
    return made.sha


def files(call: Call) -> Answer:
    """GET .../pulls/{number}/files."""
    repository, pull = call.repository, need_pull(call.issue)
    head = repository.commits[pull.head_sha]
    old = repository.commits[pull.base_sha].tree
    changed = {
        path: "modified" if path in old else "added"
        for path, sha in sorted(head.tree.items())
        if old.get(path) != sha
    }
    shown_files = gitcode.shown_files(call.desk.render, repository, head, changed)
    return call.page(shown_files, lambda file: file)


REPO = "/repos/{owner}/{repo}"
ONE = f"{REPO}/pulls/{{number:[0-9]+}}"
ROUTES = (
    Route("GET", f"{REPO}/pulls", find),
    Route("POST", f"{REPO}/pulls", create, 201, creates=True),
    Route("GET", ONE, show),
    Route("PATCH", ONE, update),
    Route("PUT", f"{ONE}/merge", merge),
    Route("GET", f"{ONE}/files", files),
)
