"""The root, people, repositories, deployments and releases.

https://docs.github.com/rest (meta, users, orgs, repos, deployments, releases).
"""

from bot.sandbox.github import errors
from bot.sandbox.github.calls import Answer, Call, Route
from bot.sandbox.github.desk import Desk
from bot.sandbox.github.limits import PRIMARY
from bot.sandbox.github.model import Deployment, Json, Release, Repository
from bot.sandbox.github.render import node_id
from bot.sandbox.github.times import iso

ROOT = {
    "current_user_url": "/user",
    "issue_search_url": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues_url": "/issues",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "user_url": "/users/{user}",
}


def root(call: Call) -> Answer:
    """GET /."""
    return {name: call.desk.render.base + path for name, path in ROOT.items()}


def me(call: Call) -> Answer:
    """GET /user: whose token it is."""
    return call.desk.render.profile(call.by)


def user(call: Call) -> Answer:
    """GET /users/{login}."""
    return call.desk.render.profile(call.desk.store.account(call.params["login"]))


def organization(call: Call) -> Answer:
    """GET /orgs/{org}."""
    account = call.desk.store.account(call.params["org"])
    if account.type != "Organization":
        raise errors.not_found()
    return call.desk.render.organization(account) | {"name": account.name, "type": account.type}


def repositories(call: Call) -> Answer:
    """GET /orgs/{org}/repos and /user/repos: those the token can see."""
    org = call.params.get("org")
    if org is not None:
        call.desk.store.account(org)
    found = [
        one
        for one in call.desk.store.repositories.values()
        if one.access != "none" and (org is None or one.owner.login.casefold() == org.casefold())
    ]
    return call.page(found, lambda one: shown(call, one))


def shown(call: Call, repository: Repository) -> Json:
    """A repository with the token's permissions."""
    return call.desk.render.repository(repository, push=call.can_push(repository))


def repository(call: Call) -> Answer:
    """GET /repos/{owner}/{repo}."""
    return shown(call, call.repository)


def rate_limit(call: Call) -> Answer:
    """GET /rate_limit: free of charge."""
    resources = {}
    for name in PRIMARY:
        headers = call.desk.limits.headers(call.token, name)
        resources[name] = {
            part: int(headers[f"x-ratelimit-{part}"])
            for part in ("limit", "used", "remaining", "reset")
        }
    return {"resources": resources, "rate": resources["core"]}


# --- deployments and releases


def shown_deployment(desk: Desk, repository: Repository, one: Deployment) -> Json:
    """A deployment."""
    url = desk.render.url(repository, f"/deployments/{one.id}")
    return {
        "url": url,
        "id": one.id,
        "node_id": node_id("Deployment", one.id),
        "sha": one.sha,
        "ref": one.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": one.environment,
        "environment": one.environment,
        "description": one.description,
        "creator": desk.render.account(one.creator),
        "created_at": iso(one.at),
        "updated_at": iso(one.at),
        "statuses_url": f"{url}/statuses",
        "repository_url": desk.render.url(repository),
        "transient_environment": False,
        "production_environment": one.environment == "production",
    }


def deployments(call: Call) -> Answer:
    """GET .../deployments?sha&ref&environment, newest first."""
    repository, query = call.repository, call.query
    found = [
        one
        for one in reversed(repository.deployments)
        if query.get("environment") in {None, "none", one.environment}
        and query.get("ref") in {None, "none", one.ref}
        and query.get("sha") in {None, "none", one.sha}
    ]
    return call.page(found, lambda one: shown_deployment(call.desk, repository, one))


def deployment_statuses(call: Call) -> Answer:
    """GET .../deployments/{id}/statuses."""
    repository, render = call.repository, call.desk.render
    found = [one for one in repository.deployments if str(one.id) == call.params["id"]]
    if not found:
        raise errors.not_found()
    one = found[0]
    url = render.url(repository, f"/deployments/{one.id}")
    status = {
        "url": f"{url}/statuses/{one.id}",
        "id": one.id,
        "node_id": node_id("DeploymentStatus", one.id),
        "state": one.state,
        "creator": render.account(one.creator),
        "description": "",
        "environment": one.environment,
        "target_url": "",
        "created_at": iso(one.at),
        "updated_at": iso(one.at),
        "deployment_url": url,
        "repository_url": render.url(repository),
    }
    return call.page([status], lambda shown_status: shown_status)


def shown_release(desk: Desk, repository: Repository, one: Release) -> Json:
    """A release."""
    url, render = desk.render.url(repository, f"/releases/{one.id}"), desk.render
    return {
        "url": url,
        "html_url": render.html(repository, f"/releases/tag/{one.tag}"),
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": render.url(repository, f"/tarball/{one.tag}"),
        "zipball_url": render.url(repository, f"/zipball/{one.tag}"),
        "id": one.id,
        "node_id": node_id("Release", one.id),
        "tag_name": one.tag,
        "target_commitish": repository.default_branch,
        "name": one.name,
        "body": one.body,
        "draft": False,
        "prerelease": False,
        "created_at": iso(one.at),
        "published_at": iso(one.at),
        "author": render.account(one.author),
        "assets": [],
    }


def releases(call: Call) -> Answer:
    """GET .../releases, newest first."""
    repository = call.repository
    found = list(reversed(repository.releases))
    return call.page(found, lambda one: shown_release(call.desk, repository, one))


def latest_release(call: Call) -> Answer:
    """GET .../releases/latest."""
    repository = call.repository
    if not repository.releases:
        raise errors.not_found()
    return shown_release(call.desk, repository, repository.releases[-1])


REPO = "/repos/{owner}/{repo}"
ROUTES = (
    Route("GET", "", root),
    Route("GET", "/", root),
    Route("GET", "/user", me),
    Route("GET", "/user/repos", repositories),
    Route("GET", "/rate_limit", rate_limit, resource=""),
    Route("GET", "/users/{login}", user),
    Route("GET", "/orgs/{org}", organization),
    Route("GET", "/orgs/{org}/repos", repositories),
    Route("GET", REPO, repository),
    Route("GET", f"{REPO}/deployments", deployments),
    Route("GET", f"{REPO}/deployments/{{id}}/statuses", deployment_statuses),
    Route("GET", f"{REPO}/releases", releases),
    Route("GET", f"{REPO}/releases/latest", latest_release),
)
