"""Files, branches and commits: enough of git for contents, refs and pull requests."""

import base64
from datetime import datetime

from bot.sandbox.github import errors
from bot.sandbox.github.model import Account, Commit, Json, Repository, sha1
from bot.sandbox.github.render import Render
from bot.sandbox.github.times import iso

MAX_INLINE = 1_000_000


def blob(repository: Repository, data: bytes) -> str:
    """Store a file's bytes; their git id."""
    sha = sha1("blob", data)
    repository.blobs[sha] = data
    return sha


def commit(
    repository: Repository,
    branch: str,
    message: str,
    author: Account,
    at: datetime,
    changes: dict[str, str | None],
    second_parent: str | None = None,
) -> Commit:
    """Add a commit to a branch; a change to None removes a file."""
    head = repository.head(branch)
    tree = dict(head.tree) if head else {}
    for path, sha in changes.items():
        if sha is None:
            tree.pop(path, None)
        else:
            tree[path] = sha
    parents = ([head.sha] if head else []) + ([second_parent] if second_parent else [])
    basis = f"{parents}{sorted(tree.items())}{author.login}{at.isoformat()}{message}"
    made = Commit(sha1("commit", basis.encode()), message, author, at, parents, tree)
    repository.commits[made.sha] = made
    repository.refs[f"refs/heads/{branch}"] = made.sha
    for issue in repository.issues.values():  # an open pull request is its branch
        if issue.pull and issue.state == "open" and issue.pull.head == branch:
            issue.pull.head_sha = made.sha
    return made


def resolve(repository: Repository, ref: str | None) -> Commit:
    """A commit by branch, tag, full ref or (part of a) sha."""
    name = ref or repository.default_branch
    for full in (f"refs/heads/{name}", f"refs/tags/{name}", name, f"refs/{name}"):
        if full in repository.refs:
            return repository.commits[repository.refs[full]]
    found = [one for sha, one in repository.commits.items() if sha.startswith(name)]
    if len(found) == 1 and len(name) >= 7:  # noqa: PLR2004 - the shortest sha git shows
        return found[0]
    raise errors.ApiError(404, f"No commit found for the ref {name}")


def history(repository: Repository, start: Commit) -> list[Commit]:
    """All ancestors of a commit and itself, newest first."""
    seen: dict[str, Commit] = {}
    waiting = [start.sha]
    while waiting:
        sha = waiting.pop()
        if sha not in seen:
            seen[sha] = repository.commits[sha]
            waiting += seen[sha].parents
    order = list(repository.commits)
    return sorted(seen.values(), key=lambda one: (one.at, order.index(one.sha)), reverse=True)


def changed_files(repository: Repository, one: Commit) -> dict[str, str]:
    """Paths a commit touched, and how."""
    before = repository.commits[one.parents[0]].tree if one.parents else {}
    found = {}
    for path in sorted(before.keys() | one.tree.keys()):
        if before.get(path) != one.tree.get(path):
            found[path] = (
                "added" if path not in before else "modified" if path in one.tree else "removed"
            )
    return found


def person(account: Account, at: datetime) -> Json:
    """An author as git knows one."""
    email = account.email or f"{account.login}@users.noreply.github.com"
    return {"name": account.name or account.login, "email": email, "date": iso(at)}


def git_commit(render: Render, repository: Repository, one: Commit) -> Json:
    """The git part of a commit."""
    who = person(one.author, one.at)
    return {
        "author": who,
        "committer": who,
        "message": one.message,
        "tree": {
            "sha": one.tree_sha,
            "url": render.url(repository, f"/git/trees/{one.tree_sha}"),
        },
        "url": render.url(repository, f"/git/commits/{one.sha}"),
        "comment_count": 0,
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def shown_commit(render: Render, repository: Repository, one: Commit) -> Json:
    """A commit as lists show it."""
    url = render.url(repository, f"/commits/{one.sha}")
    return {
        "sha": one.sha,
        "node_id": f"C_{one.sha[:20]}",
        "commit": git_commit(render, repository, one),
        "url": url,
        "html_url": render.html(repository, f"/commit/{one.sha}"),
        "comments_url": f"{url}/comments",
        "author": render.account(one.author),
        "committer": render.account(one.author),
        "parents": [parent(render, repository, sha) for sha in one.parents],
    }


def parent(render: Render, repository: Repository, sha: str) -> Json:
    """A parent of a commit."""
    return {
        "sha": sha,
        "url": render.url(repository, f"/commits/{sha}"),
        "html_url": render.html(repository, f"/commit/{sha}"),
    }


def shown_file(
    render: Render, repository: Repository, path: str, sha: str, ref: str, *, content: bool
) -> Json:
    """A file; in lists without its content, and empty when it is larger than a megabyte."""
    data = repository.blobs[sha]
    url = render.url(repository, f"/contents/{path}?ref={ref}")
    git = render.url(repository, f"/git/blobs/{sha}")
    page = render.html(repository, f"/blob/{ref}/{path}")
    found: Json = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(data),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": render.html(repository, f"/raw/{ref}/{path}"),
        "type": "file",
        "_links": {"self": url, "git": git, "html": page},
    }
    if content:
        small = len(data) <= MAX_INLINE
        found["content"] = base64.encodebytes(data).decode() if small else ""
        found["encoding"] = "base64" if small else "none"
    return found


def shown_files(
    render: Render, repository: Repository, one: Commit, files: dict[str, str]
) -> list[Json]:
    """Changed files; the counts of lines are not kept."""
    return [
        {
            "sha": one.tree.get(path),
            "filename": path,
            "status": how,
            "additions": 1,
            "deletions": 0,
            "changes": 1,
            "blob_url": render.html(repository, f"/blob/{one.sha}/{path}"),
            "raw_url": render.html(repository, f"/raw/{one.sha}/{path}"),
            "contents_url": render.url(repository, f"/contents/{path}?ref={one.sha}"),
        }
        for path, how in files.items()
    ]
