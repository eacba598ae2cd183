"""Contents, branches, refs and commits: https://docs.github.com/rest/repos/contents, /rest/git."""

import base64
import binascii

from bot.sandbox.github import errors, gitcode
from bot.sandbox.github.calls import Answer, Call, Made, Raw, Route
from bot.sandbox.github.model import Commit, Json, Repository


def contents(call: Call) -> Answer:
    """GET .../contents/{path}: a file, a directory, or raw bytes when asked for."""
    repository, path = call.repository, call.params.get("path", "").strip("/")
    ref = call.query.get("ref") or repository.default_branch
    tree = gitcode.resolve(repository, ref).tree
    if path in tree:
        if "raw" in call.accept:
            return Raw(repository.blobs[tree[path]], "application/octet-stream")
        return gitcode.shown_file(call.desk.render, repository, path, tree[path], ref, content=True)
    return directory(call, repository, path, ref, tree)


def directory(
    call: Call, repository: Repository, path: str, ref: str, tree: dict[str, str]
) -> list[Json]:
    """The files and directories one level below a path."""
    start = f"{path}/" if path else ""
    found: dict[str, Json] = {}
    for own in sorted(tree):
        if not own.startswith(start):
            continue
        name, deeper, _ = own[len(start) :].partition("/")
        entry = gitcode.shown_file(
            call.desk.render,
            repository,
            start + name if deeper else own,
            tree[own],
            ref,
            content=False,
        )
        if deeper:
            entry |= {"type": "dir", "size": 0, "download_url": None}
        found.setdefault(name, entry)
    if not found:
        raise errors.not_found()
    return list(found.values())


def branch_of(repository: Repository, fields: Json) -> str:
    """The branch to commit to."""
    branch = str(fields.get("branch") or repository.default_branch).removeprefix("refs/heads/")
    if f"refs/heads/{branch}" not in repository.refs:
        raise errors.ApiError(404, f"Branch {branch} not found")
    return branch


def check_sha(path: str, known: str | None, given: object) -> None:
    """An update needs the sha of what it replaces: none is 422, a stale one 409."""
    if known is not None and not given:
        raise errors.invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
    if given and given != known:
        raise errors.conflict(f"{path} does not match {given}")


def put_contents(call: Call) -> Answer:
    """PUT .../contents/{path}: 201 for a new file, 200 for a changed one."""
    repository, fields = call.need_push(), call.fields
    path = call.params["path"].strip("/")
    for name in ("message", "content"):
        if not isinstance(fields.get(name), str) or (name == "message" and not fields[name]):
            raise errors.invalid(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    try:
        data = base64.b64decode("".join(fields["content"].split()), validate=True)
    except binascii.Error:
        raise errors.invalid("content is not valid Base64") from None
    branch = branch_of(repository, fields)
    head = repository.head(branch)
    known = head.tree.get(path) if head else None
    check_sha(path, known, fields.get("sha"))
    sha = gitcode.blob(repository, data)
    now = call.desk.store.now()
    made = gitcode.commit(repository, branch, fields["message"], call.by, now, {path: sha})
    file = gitcode.shown_file(call.desk.render, repository, path, sha, branch, content=False)
    return Made(201 if known is None else 200, pushed(call, repository, made, file))


def pushed(call: Call, repository: Repository, made: Commit, file: Json | None) -> Json:
    """The answer to a change of contents."""
    render = call.desk.render
    shown = {
        "sha": made.sha,
        "node_id": f"C_{made.sha[:20]}",
        "html_url": render.html(repository, f"/commit/{made.sha}"),
        "parents": [gitcode.parent(render, repository, sha) for sha in made.parents],
    }
    return {"content": file, "commit": shown | gitcode.git_commit(render, repository, made)}


def delete_contents(call: Call) -> Answer:
    """DELETE .../contents/{path}."""
    repository, fields = call.need_push(), call.fields | dict(call.query)
    path, branch = call.params["path"].strip("/"), branch_of(repository, fields)
    head = repository.head(branch)
    if head is None or path not in head.tree:
        raise errors.not_found()
    check_sha(path, head.tree[path], fields.get("sha"))
    message, now = str(fields.get("message") or f"Delete {path}"), call.desk.store.now()
    made = gitcode.commit(repository, branch, message, call.by, now, {path: None})
    return pushed(call, repository, made, None)


# --- refs and branches


def shown_ref(call: Call, repository: Repository, name: str) -> Json:
    """A git reference."""
    render, sha = call.desk.render, repository.refs[name]
    return {
        "ref": name,
        "node_id": f"REF_{sha[:12]}",
        "url": render.url(repository, f"/git/{name}"),
        "object": {
            "type": "commit",
            "sha": sha,
            "url": render.url(repository, f"/git/commits/{sha}"),
        },
    }


def ref(call: Call) -> Answer:
    """GET .../git/ref/{ref}."""
    repository, name = call.repository, f"refs/{call.params['ref']}"
    if name not in repository.refs:
        raise errors.not_found()
    return shown_ref(call, repository, name)


def refs(call: Call) -> Answer:
    """GET .../git/matching-refs/{ref}."""
    repository, start = call.repository, f"refs/{call.params.get('ref', '')}"
    names = sorted(name for name in repository.refs if name.startswith(start))
    return call.page(names, lambda name: shown_ref(call, repository, name))


def create_ref(call: Call) -> Answer:
    """POST .../git/refs: 422 when it exists or the commit does not."""
    repository, fields = call.need_push(), call.fields
    name, sha = str(fields.get("ref", "")), str(fields.get("sha", ""))
    if name.count("/") < 2 or not name.startswith("refs/"):  # noqa: PLR2004
        raise errors.invalid("Reference name must start with 'refs/' and have at least two slashes")
    if name in repository.refs:
        raise errors.invalid("Reference already exists")
    if sha not in repository.commits:
        raise errors.invalid("Object does not exist")
    repository.refs[name] = sha
    return shown_ref(call, repository, name)


def known_ref(call: Call, repository: Repository) -> str:
    """The ref of the path."""
    name = f"refs/{call.params['ref']}"
    if name not in repository.refs:
        raise errors.invalid("Reference does not exist")
    return name


def update_ref(call: Call) -> Answer:
    """PATCH .../git/refs/{ref}: only forward, unless forced."""
    repository = call.need_push()
    name, sha = known_ref(call, repository), str(call.fields.get("sha", ""))
    if sha not in repository.commits:
        raise errors.invalid("Object does not exist")
    behind = gitcode.history(repository, repository.commits[sha])
    if not call.fields.get("force") and repository.commits[repository.refs[name]] not in behind:
        raise errors.invalid("Update is not a fast forward")
    repository.refs[name] = sha
    return shown_ref(call, repository, name)


def delete_ref(call: Call) -> Answer:
    """DELETE .../git/refs/{ref}."""
    repository = call.need_push()
    del repository.refs[known_ref(call, repository)]


def shown_branch(call: Call, repository: Repository, name: str, *, full: bool) -> Json:
    """A branch."""
    render, sha = call.desk.render, repository.refs[f"refs/heads/{name}"]
    short = {"sha": sha, "url": render.url(repository, f"/commits/{sha}")}
    made = gitcode.shown_commit(render, repository, repository.commits[sha])
    return {"name": name, "commit": made if full else short, "protected": False}


def branches(call: Call) -> Answer:
    """GET .../branches."""
    repository, start = call.repository, "refs/heads/"
    names = sorted(n.removeprefix(start) for n in repository.refs if n.startswith(start))
    return call.page(names, lambda name: shown_branch(call, repository, name, full=False))


def branch(call: Call) -> Answer:
    """GET .../branches/{branch}."""
    repository, name = call.repository, call.params["branch"]
    if f"refs/heads/{name}" not in repository.refs:
        raise errors.ApiError(404, "Branch not found")
    return shown_branch(call, repository, name, full=True)


REPO = "/repos/{owner}/{repo}"
CONTENTS, REF = f"{REPO}/contents/{{path:.*}}", f"{REPO}/git/refs/{{ref:.+}}"
ROUTES = (
    Route("GET", f"{REPO}/contents", contents),
    Route("GET", CONTENTS, contents),
    Route("PUT", CONTENTS, put_contents, creates=True),
    Route("DELETE", CONTENTS, delete_contents),
    Route("GET", f"{REPO}/git/ref/{{ref:.+}}", ref),
    Route("GET", f"{REPO}/git/matching-refs/{{ref:.+}}", refs),
    Route("GET", f"{REPO}/git/refs", refs),
    Route("POST", f"{REPO}/git/refs", create_ref, 201),
    Route("GET", REF, ref),
    Route("PATCH", REF, update_ref),
    Route("DELETE", REF, delete_ref, 204),
    Route("GET", f"{REPO}/branches", branches),
    Route("GET", f"{REPO}/branches/{{branch:.+}}", branch),
)
