"""The stand-in as one thing: routes, what the page shows, what people do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from bot.sandbox.github import (
    acts,
    api_code,
    api_commits,
    api_hooks,
    api_issues,
    api_labels,
    api_pulls,
    api_repos,
    api_search,
    errors,
    page,
    seed,
)
from bot.sandbox.github.calls import Answer, Call, Route, endpoint
from bot.sandbox.github.desk import Desk
from bot.sandbox.github.issues import Issues
from bot.sandbox.github.limits import Limits
from bot.sandbox.github.model import Issue, Json, Repository
from bot.sandbox.github.render import Render
from bot.sandbox.github.store import Store
from bot.sandbox.github.webhooks import Webhooks

ROUTES: tuple[Route, ...] = (
    *api_repos.ROUTES,
    *api_hooks.ROUTES,
    *api_issues.ROUTES,
    *api_labels.ROUTES,
    *api_search.ROUTES,
    *api_code.ROUTES,
    *api_commits.ROUTES,
    *api_pulls.ROUTES,
)
REPO, BY_ID = "/repos/{owner}/{repo}", "/repositories/{repository_id:[0-9]+}"
#: Where a transferred issue's redirect leads.
REDIRECTED = tuple(
    replace(route, path=route.path.replace(REPO, BY_ID))
    for route in (*api_issues.ROUTES, *api_labels.ROUTES)
    if route.path.startswith(f"{REPO}/issues/{{number")
)
SEARCH_LAG = timedelta(seconds=5)
PAGE_DELIVERIES = 50


class GitHub:
    """GitHub in memory: the organization acme and its repositories.

    `search_lag` is how long the search index lags behind. Any token works unless it contains
    `bad`; one that contains `readonly` may not push; one that ends in `_<login>` is that person's.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        people: list[dict[str, Any]],
        base_url: str,
        webhook_url: str | None,
        webhook_secret: str,
        search_lag: timedelta = SEARCH_LAG,
    ) -> None:
        """Seed it; with `webhook_url` every repository has a webhook for the bot already."""
        store, render = Store(clock), Render(base_url)
        webhooks = Webhooks(store, render, changed)
        bot = seed.fill(store, people)
        self.desk = Desk(
            store=store,
            render=render,
            webhooks=webhooks,
            issues=Issues(store, render, webhooks),
            limits=Limits(clock),
            bot=bot,
            changed=changed,
            search_lag=search_lag,
        )
        if webhook_url is not None:
            for repository in store.repositories.values():
                url = f"{webhook_url.rstrip('/')}/webhooks/github"
                seed.add_hook(store, repository, url, webhook_secret)

    @property
    def limits(self) -> bool:
        """Whether rate limits are enforced; the headers are always there."""
        return self.desk.limits.on

    @limits.setter
    def limits(self, on: bool) -> None:
        self.desk.limits.on = on

    @property
    def webhooks(self) -> bool:
        """Whether webhooks are sent at all."""
        return self.desk.webhooks.on

    @webhooks.setter
    def webhooks(self, on: bool) -> None:
        self.desk.webhooks.on = on

    def add_routes(self, app: web.Application, prefix: str) -> None:
        """Put every operation and the pages under a prefix."""
        prefix = prefix.rstrip("/")
        for route in (*ROUTES, *REDIRECTED):
            if prefix + route.path:
                handler = endpoint(self.desk, route, prefix)
                app.router.add_route(route.method, prefix + route.path, handler)
        app.router.add_get(prefix + "/ui/{path:.+}", partial(page.show, self.desk))
        rest = Route("*", "/{rest:.*}", unknown)
        app.router.add_route("*", prefix + rest.path, endpoint(self.desk, rest, prefix))

    def snapshot(self) -> Json:
        """What the sandbox's page shows: issues newest first, with their comments."""
        deliveries = list(self.desk.webhooks.deliveries)[::-1][:PAGE_DELIVERIES]
        return {
            "repositories": [
                {
                    "full_name": repository.full_name,
                    "html_url": self.desk.render.html(repository),
                    "description": repository.description,
                    "has_issues": repository.has_issues,
                    "access": repository.access,
                    "issues": [
                        self._shown(repository, issue)
                        for issue in reversed(repository.issues.values())
                        if not issue.deleted
                    ],
                }
                for repository in self.desk.store.repositories.values()
            ],
            "webhooks": {
                "deliveries": [one.shown() | {"state": one.state} for one in deliveries],
                "held": len(self.desk.webhooks.held),
            },
        }

    def _shown(self, repository: Repository, issue: Issue) -> Json:
        render = self.desk.render
        comments = [render.comment(repository, issue, one) for one in issue.comments]
        files = {}
        if issue.pull:
            tree = repository.commits[issue.pull.head_sha].tree
            before = repository.commits[issue.pull.base_sha].tree
            files = {
                path: repository.blobs[sha].decode(errors="replace")
                for path, sha in tree.items()
                if before.get(path) != sha
            }
        return render.issue(repository, issue) | {"comments": comments, "files": files}

    async def act(self, body: Json) -> Json:
        """Somebody acts on GitHub: see `acts`."""
        answer = acts.perform(self.desk, body)
        self.desk.changed()
        return answer

    async def idle(self) -> None:
        """Wait until every webhook under way was sent."""
        await self.desk.webhooks.idle()

    async def close(self) -> None:
        """Stop sending webhooks."""
        await self.desk.webhooks.close()


def unknown(call: Call) -> Answer:  # noqa: ARG001
    """Whatever this stand-in does not have is not found, as JSON."""
    raise errors.not_found()
