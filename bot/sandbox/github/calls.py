"""What every request goes through: token, rate limit, JSON, pages, errors.

https://docs.github.com/rest/using-the-rest-api (authentication, pagination, conditional requests).
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from bot.sandbox.github import errors
from bot.sandbox.github.desk import Desk
from bot.sandbox.github.model import Account, Issue, Json, Repository

T = TypeVar("T")
DEFAULT_PAGE, MAX_PAGE = 30, 100
MEDIA_TYPE = "application/vnd.github+json"


@dataclass
class Call:
    """One request, already authenticated."""

    desk: Desk
    path: str
    params: Mapping[str, str]
    query: MultiMapping[str]
    accept: str
    token: str
    by: Account
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Json:
        """The body as an object."""
        if not isinstance(self.body, dict):
            raise errors.invalid("Invalid request.\n\nExpected an object.")
        return self.body

    @property
    def repository(self) -> Repository:
        """The repository of the path: by its name, or by its id where a redirect led."""
        if "repository_id" in self.params:
            return self.desk.store.repository_by_id(self.params["repository_id"])
        return self.desk.store.repository(f"{self.params['owner']}/{self.params['repo']}")

    @property
    def issue(self) -> Issue:
        """The issue of the path."""
        return self.desk.store.issue(self.repository, self.params["number"])

    @property
    def issue_or_redirect(self) -> Issue:
        """The issue of the path, for operations that answer 301 when it was transferred.

        One that went where this token sees nothing is not found.
        """
        repository, number = self.repository, self.params["number"]
        known = repository.issues.get(int(number))
        if known is None or known.moved is None:
            return self.issue
        to, new = known.moved
        if to.access == "none":
            raise errors.not_found()
        _, part, rest = self.path.partition(f"/issues/{number}")
        base = f"{self.desk.render.base}/repositories/{to.id}"
        raise errors.moved(f"{base}{part.replace(number, str(new.number))}{rest}")

    def can_push(self, repository: Repository) -> bool:
        """Whether this token may change a repository."""
        return repository.access == "write" and "readonly" not in self.token.casefold()

    def need_push(self) -> Repository:
        """The repository, when the token may change it."""
        repository = self.repository
        if not self.can_push(repository):
            raise errors.forbidden()
        return repository

    def page(self, found: Sequence[T], show: Callable[[T], Any]) -> list[Any]:
        """One page; the `Link` header says where the others are, and is absent for a single one."""
        size = min(max(self.number("per_page", DEFAULT_PAGE), 1), MAX_PAGE)
        page = max(self.number("page", 1), 1)
        last = math.ceil(len(found) / size)
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = {
            "prev": page > 1,
            "next": page < last,
            "last": page < last,
            "first": page > 1,
        }
        shown = [f'<{self._at(links[name])}>; rel="{name}"' for name in links if wanted[name]]
        if shown:
            self.headers["Link"] = ", ".join(shown)
        return [show(one) for one in found[(page - 1) * size : page * size]]

    def number(self, name: str, default: int) -> int:
        """A numeric query parameter; nonsense counts as absent."""
        text = self.query.get(name, "")
        return int(text) if text.isdigit() else default

    def _at(self, page: int) -> str:
        pairs = [(name, value) for name, value in self.query.items() if name != "page"]
        return f"{self.desk.render.base}{self.path}?{urlencode([*pairs, ('page', page)])}"


Answer = Any
Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation. `creates` marks content creation, which has a limit of its own."""

    method: str
    path: str
    handler: Handler
    status: int = 200
    creates: bool = False
    resource: str = "core"


@dataclass(frozen=True)
class Raw:
    """An answer that is not JSON."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class Made:
    """An answer with a status other than the route's."""

    status: int
    value: Any


def caller(desk: Desk, request: web.Request) -> tuple[str, Account]:
    """The token and whose it is. A token that ends in `_<login>` is that person's."""
    if not request.headers.get("User-Agent"):
        raise errors.ApiError(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a "
            "User-Agent header",
        )
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value.strip()
    if not token:
        raise errors.requires_authentication()
    if kind.casefold() not in {"bearer", "token"} or "bad" in token.casefold():
        raise errors.bad_credentials()
    login = token.rpartition("_")[2].casefold()
    return token, desk.store.accounts.get(login, desk.bot)


def check_version(request: web.Request) -> None:
    """X-GitHub-Api-Version is a date; there is nothing before 2022-11-28."""
    asked = request.headers.get("X-GitHub-Api-Version")
    if asked and (not re.fullmatch(r"\d{4}-\d\d-\d\d", asked) or asked < "2022-11-28"):
        raise errors.ApiError(400, f"Unsupported API version: {asked}")


async def body_of(request: web.Request) -> Any:
    """The JSON body, or an empty object."""
    raw = await request.read()
    if not raw or request.method == "GET":
        return {}
    try:
        return json.loads(raw)
    except ValueError:
        raise errors.malformed() from None


def endpoint(desk: Desk, route: Route, prefix: str) -> Callable[[web.Request], Any]:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.Response:
        headers = {"X-GitHub-Media-Type": "github.v3; format=json"}
        try:
            token, by = caller(desk, request)
            check_version(request)
            headers |= desk.limits.spend(
                token, route.resource, request.method, creates=route.creates
            )
            if not token.startswith("github_pat_"):
                headers["X-OAuth-Scopes"] = "repo, read:org"
            call = Call(
                desk=desk,
                path=request.path.removeprefix(prefix),
                params=request.match_info,
                query=request.query,
                accept=request.headers.get("Accept", ""),
                token=token,
                by=by,
                body=await body_of(request),
                headers=headers,
            )
            answer = route.handler(call)
        except errors.ApiError as error:
            return web.json_response(
                error.body(), status=error.status, headers=headers | error.headers
            )
        if request.method != "GET":
            desk.changed()
        return respond(request, route, answer, headers)

    return handle


def respond(
    request: web.Request, route: Route, answer: Answer, headers: dict[str, str]
) -> web.Response:
    """The answer; a GET whose ETag the client already has is 304."""
    if isinstance(answer, Raw):
        return web.Response(body=answer.data, content_type=answer.content_type, headers=headers)
    status = route.status
    if isinstance(answer, Made):
        status, answer = answer.status, answer.value
    if answer is None:
        return web.Response(status=status, headers=headers)
    raw = json.dumps(answer, ensure_ascii=False).encode()
    if request.method == "GET":
        headers["ETag"] = f'W/"{hashlib.sha256(raw).hexdigest()}"'
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
    return web.Response(
        body=raw, status=status, headers=headers, content_type="application/json", charset="utf-8"
    )
