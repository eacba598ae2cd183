"""What somebody does on GitHub itself.

The sandbox's `POST /api/github` (see `bot/sandbox/README.md`): `{as, action, repo, number, ...}`.
`as` is a login, an e-mail or a name; null is a deleted user (`ghost`).
"""

from collections.abc import Callable
from typing import Any, get_args

from bot.sandbox.github import api_pulls, errors, gitcode, seed
from bot.sandbox.github.desk import Desk
from bot.sandbox.github.model import (
    Access,
    Account,
    Deployment,
    Issue,
    Json,
    Release,
    Repository,
)
from bot.sandbox.github.webhooks import Mode

IssueAct = Callable[[Desk, Repository, Issue, Account, Json], Any]
RepositoryAct = Callable[[Desk, Repository, Account, Json], Any]


def perform(desk: Desk, body: Json) -> Json:
    """Do it and answer `{ok, issue}` or `{ok: false, error}`."""
    try:
        return _perform(desk, body)
    except errors.ApiError as error:
        return {"ok": False, "error": error.message, "errors": error.errors}


def _perform(desk: Desk, body: Json) -> Json:
    name = str(body.get("action"))
    if name == "release_webhooks":
        desk.webhooks.release(shuffle=bool(body.get("shuffle")))
        return {"ok": True, "issue": None}
    if name not in ISSUE_ACTS and name not in REPOSITORY_ACTS:
        known = ", ".join(sorted((*ISSUE_ACTS, *REPOSITORY_ACTS, "release_webhooks")))
        raise errors.invalid(f"unknown action {name}; known: {known}")
    repository, by = repository_of(desk, body), account_of(desk, body.get("as"))
    desk.webhooks.mode = mode_of(body)
    try:
        if name in REPOSITORY_ACTS:
            made = REPOSITORY_ACTS[name](desk, repository, by, body)
            issue = made if isinstance(made, Issue) else None
        else:
            issue = desk.store.issue(repository, body.get("number", ""))
            ISSUE_ACTS[name](desk, repository, issue, by, body)
    finally:
        desk.webhooks.mode = "now"
    return {"ok": True, "issue": desk.render.issue(repository, issue) if issue else None}


def mode_of(body: Json) -> Mode:
    """How the webhooks of this act go out."""
    mode: Mode = body.get("deliver") or "now"
    if mode not in get_args(Mode):
        raise errors.invalid(f"deliver must be one of {', '.join(get_args(Mode))}")
    return mode


def repository_of(desk: Desk, body: Json) -> Repository:
    """A repository by `owner/name` or name. People see more than the bot: access is not asked."""
    name = str(body.get("repo") or "incidents")
    full = name if "/" in name else f"{seed.ORGANIZATION}/{name}"
    found = desk.store.repositories.get(full.casefold())
    if found is None:
        raise errors.not_found()
    return found


def account_of(desk: Desk, who: object) -> Account:
    """An account by login, e-mail or name."""
    if who is None:
        return desk.store.account(seed.GHOST)
    wanted = str(who).casefold()
    for account in desk.store.accounts.values():
        if wanted in {account.login.casefold(), (account.email or "").casefold()}:
            return account
        if account.name and wanted == account.name.casefold():
            return account
    raise errors.invalid(f"{who} has no GitHub account")


def text(body: Json, name: str = "body") -> str:
    """A text that must be there."""
    value = body.get(name)
    if not value:
        raise errors.invalid(f"{name} is missing")
    return str(value)


def set_labels(desk: Desk, repository: Repository, issue: Issue, by: Account, body: Json) -> None:
    """Add labels, or take one off."""
    names = body.get("labels") or [text(body, "label")]
    if body["action"] == "label":
        desk.issues.add_labels(repository, issue, by, names)
        return
    for name in names:
        label = repository.label(name)
        if label in issue.labels and label is not None:
            desk.issues.remove_label(repository, issue, by, label)


def assign(desk: Desk, repository: Repository, issue: Issue, by: Account, body: Json) -> None:
    """Add or remove an assignee."""
    one = account_of(desk, body.get("to") or body.get("as"))
    others = [other for other in issue.assignees if other is not one]
    wanted = [*issue.assignees, one] if body["action"] == "assign" else others
    desk.issues.set_assignees(repository, issue, by, list(dict.fromkeys(wanted)))


def edit(desk: Desk, repository: Repository, issue: Issue, by: Account, body: Json) -> None:
    """Change title or body; the body may become null."""
    title, new = body.get("title") or issue.title, body.get("body", issue.body)
    desk.issues.edit(repository, issue, by, title, new)


def change_comment(
    desk: Desk, repository: Repository, issue: Issue, by: Account, body: Json
) -> None:
    """Edit or delete a comment, the last one unless its id is given."""
    wanted = body.get("comment") or (issue.comments[-1].id if issue.comments else 0)
    issue, comment = desk.store.comment(repository, wanted)
    if body["action"] == "edit_comment":
        desk.issues.edit_comment(repository, issue, comment, by, text(body))
    else:
        desk.issues.delete_comment(repository, issue, comment, by)


def open_issue(desk: Desk, repository: Repository, by: Account, body: Json) -> Issue:
    """Open an issue."""
    people = [account_of(desk, one) for one in body.get("assignees") or []]
    return desk.issues.open(
        repository, by, text(body, "title"), body.get("body"), body.get("labels") or (), people
    )


def push(desk: Desk, repository: Repository, by: Account, body: Json) -> None:
    """Commit to a branch that is there, the default one unless it is named."""
    message, path = str(body.get("message") or "A change"), str(body.get("path") or "change.txt")
    data = str(body.get("content") or desk.store.now().isoformat())
    sha = gitcode.blob(repository, data.encode())
    branch = str(body.get("branch") or repository.default_branch)
    if f"refs/heads/{branch}" not in repository.refs:
        raise errors.not_found()
    gitcode.commit(repository, branch, message, by, desk.store.now(), {path: sha})


def deploy(desk: Desk, repository: Repository, by: Account, body: Json) -> None:
    """Deploy the default branch."""
    branch = repository.default_branch
    sha = repository.refs[f"refs/heads/{branch}"]
    environment = str(body.get("environment") or "production")
    state = str(body.get("state") or "success")
    new, now = desk.store.new_id(), desk.store.now()
    repository.deployments.append(
        Deployment(new, sha, branch, environment, body.get("body"), by, now, state)
    )


def release(desk: Desk, repository: Repository, by: Account, body: Json) -> None:
    """Publish a release."""
    tag = text(body, "tag")
    repository.refs[f"refs/tags/{tag}"] = repository.refs[f"refs/heads/{repository.default_branch}"]
    name, notes = str(body.get("name") or tag), str(body.get("body") or "")
    new = Release(desk.store.new_id(), tag, name, notes, by, desk.store.now())
    repository.releases.append(new)


def access(desk: Desk, repository: Repository, by: Account, body: Json) -> None:  # noqa: ARG001
    """What the bot's tokens may do here: `none`, `read` or `write`."""
    if body.get("value") not in get_args(Access):
        raise errors.invalid(f"value must be one of {', '.join(get_args(Access))}")
    repository.access = body["value"]


def switch_issues(desk: Desk, repository: Repository, by: Account, body: Json) -> None:  # noqa: ARG001
    """Switch issues on or off."""
    repository.has_issues = bool(body.get("on", True))


ISSUE_ACTS: dict[str, IssueAct] = {
    "close": lambda d, r, i, by, b: d.issues.close(r, i, by, b.get("reason") or "completed"),
    "reopen": lambda d, r, i, by, _b: d.issues.reopen(r, i, by),
    "comment": lambda d, r, i, by, b: d.issues.comment(r, i, by, text(b)),
    "edit_comment": change_comment,
    "delete_comment": change_comment,
    "edit": edit,
    "label": set_labels,
    "unlabel": set_labels,
    "assign": assign,
    "unassign": assign,
    "lock": lambda d, _r, i, by, b: d.issues.lock(i, by, locked=True, reason=b.get("reason")),
    "unlock": lambda d, _r, i, by, _b: d.issues.lock(i, by, locked=False),
    "delete": lambda d, r, i, by, _b: d.issues.delete(r, i, by),
    "transfer": lambda d, r, i, by, b: d.issues.transfer(
        r, i, by, repository_of(d, {"repo": b["to"]})
    ),
    "merge": lambda d, r, i, by, _b: api_pulls.merge_now(d, r, i, by),
}
REPOSITORY_ACTS: dict[str, RepositoryAct] = {
    "open": open_issue,
    "push": push,
    "deploy": deploy,
    "release": release,
    "access": access,
    "issues": switch_issues,
}
