"""Commits and comparisons: https://docs.github.com/rest/commits."""

from bot.sandbox.github import errors, gitcode, times
from bot.sandbox.github.calls import Answer, Call, Route


def commits(call: Call) -> Answer:
    """GET .../commits?sha&path&since&until&author, newest first."""
    repository, query = call.repository, call.query
    since, until = (times.parse(query.get(name), name) for name in ("since", "until"))
    path, author = query.get("path"), query.get("author")
    start = gitcode.resolve(repository, query.get("sha"))
    found = [
        one
        for one in gitcode.history(repository, start)
        if (since is None or one.at >= since)
        and (until is None or one.at <= until)
        and (not author or author.casefold() in {one.author.login.casefold(), one.author.email})
        and (not path or any(p.startswith(path) for p in gitcode.changed_files(repository, one)))
    ]
    return call.page(found, lambda one: gitcode.shown_commit(call.desk.render, repository, one))


def commit(call: Call) -> Answer:
    """GET .../commits/{ref}, with what it changed."""
    repository, render = call.repository, call.desk.render
    one = gitcode.resolve(repository, call.params["ref"])
    files = gitcode.shown_files(
        call.desk.render, repository, one, gitcode.changed_files(repository, one)
    )
    stats = {"total": len(files), "additions": len(files), "deletions": 0}
    return gitcode.shown_commit(render, repository, one) | {"stats": stats, "files": files}


def compare(call: Call) -> Answer:
    """GET .../compare/{base}...{head}."""
    repository, render = call.repository, call.desk.render
    first, dots, second = call.params["basehead"].partition("...")
    if not dots:
        raise errors.not_found()
    base, head = gitcode.resolve(repository, first), gitcode.resolve(repository, second)
    old, new = gitcode.history(repository, base), gitcode.history(repository, head)
    ahead = [one for one in new if one not in old]
    behind = [one for one in old if one not in new]
    status = (
        "diverged"
        if ahead and behind
        else "ahead"
        if ahead
        else "behind"
        if behind
        else "identical"
    )
    common = next(one for one in old if one in new)
    paths = {
        p: how
        for one in reversed(ahead)
        for p, how in gitcode.changed_files(repository, one).items()
    }
    url = render.url(repository, f"/compare/{first}...{second}")
    page = render.html(repository, f"/compare/{first}...{second}")
    return {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": gitcode.shown_commit(render, repository, base),
        "merge_base_commit": gitcode.shown_commit(render, repository, common),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [gitcode.shown_commit(render, repository, one) for one in reversed(ahead)],
        "files": gitcode.shown_files(call.desk.render, repository, head, paths),
    }


REPO = "/repos/{owner}/{repo}"
ROUTES = (
    Route("GET", f"{REPO}/commits", commits),
    Route("GET", f"{REPO}/commits/{{ref}}", commit),
    Route("GET", f"{REPO}/compare/{{basehead:.+}}", compare),
)
