"""The small pages behind `html_url`."""

from html import escape

from aiohttp import web

from bot.sandbox.github.desk import Desk
from bot.sandbox.github.model import Issue, Repository
from bot.sandbox.github.times import iso

FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
small,time{{color:#666}} pre{{white-space:pre-wrap;background:#f5f5f5;padding:.7rem}}
h1{{font-size:1.4rem}} i{{background:#eee;border-radius:1rem;padding:0 .6rem;font-style:normal}}
</style><body><p><small>A stand-in for GitHub, in the sandbox</small></p>{content}</body></html>"""


def issue_page(repository: Repository, issue: Issue) -> str:
    """An issue or pull request with its comments."""
    labels = " ".join(f"<i>{escape(label.name)}</i>" for label in issue.labels)
    comments = "".join(
        f'<h3 id="issuecomment-{one.id}">{escape(one.user.login)} '
        f"<time>{iso(one.created_at)}</time></h3><pre>{escape(one.body)}</pre>"
        for one in issue.comments
    )
    return (
        f"<h1>{escape(issue.title)} #{issue.number}</h1>"
        f"<p>{escape(repository.full_name)} · <b>{issue.state}</b> · opened by "
        f"{escape(issue.user.login)} {labels}</p><pre>{escape(issue.body or '')}</pre>{comments}"
    )


def repository_page(desk: Desk, repository: Repository) -> str:
    """A repository with its issues."""
    lines = "".join(
        f'<li><a href="{escape(desk.render.issue(repository, issue)["html_url"])}">'
        f"#{issue.number} {escape(issue.title)}</a> ({issue.state})</li>"
        for issue in reversed(repository.issues.values())
        if not issue.deleted
    )
    return f"<h1>{escape(repository.full_name)}</h1><ul>{lines}</ul>"


def content_of(desk: Desk, parts: list[str]) -> tuple[str, str] | None:  # noqa: PLR0911 - a table
    """Title and content of a page, by the parts of its path."""
    repository = desk.store.repositories.get("/".join(parts[:2]).casefold())
    match parts:
        case [_, _, "issues" | "pull", number] if repository and number.isdigit():
            issue = repository.issues.get(int(number))
            while issue and issue.moved:
                repository, issue = issue.moved
            if issue is None or issue.deleted:
                return None
            return issue.title, issue_page(repository, issue)
        case [_, _, "blob" | "raw", ref, *path] if repository:
            sha = repository.refs.get(f"refs/heads/{ref}", ref)
            commit = repository.commits.get(sha)
            blob = commit.tree.get("/".join(path)) if commit else None
            if blob is None:
                return None
            text = escape(repository.blobs[blob].decode(errors="replace"))
            return path[-1], f"<h1>{escape('/'.join(path))}</h1><pre>{text}</pre>"
        case [_, _, "commit", sha] if repository and sha in repository.commits:
            return sha[:7], f"<pre>{escape(repository.commits[sha].message)}</pre>"
        case [_, _, *_] if repository:
            return repository.full_name, repository_page(desk, repository)
        case [login] if login.casefold() in desk.store.accounts:
            return login, f"<h1>{escape(login)}</h1>"
    return None


async def show(desk: Desk, request: web.Request) -> web.Response:
    """GET /ui/..."""
    found = content_of(desk, request.match_info["path"].strip("/").split("/"))
    title, content = found or ("Not found", "<h1>Not found</h1>")
    text = FRAME.format(title=escape(title), content=content)
    return web.Response(text=text, content_type="text/html", status=200 if found else 404)
