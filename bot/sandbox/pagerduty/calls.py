"""What every request goes through: key, rate limit, From header, wrappers, pages, errors.

https://developer.pagerduty.com/docs/authentication/, .../rest-api-rate-limits/, .../pagination/.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from multidict import MultiMapping

from bot.sandbox.pagerduty import errors, times
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.model import Json, User

T = TypeVar("T")
MAX_PAGE = 100
DEFAULT_PAGE = 25
MAX_OFFSET = 10_000


@dataclass
class Call:
    """One request, already authenticated."""

    desk: Desk
    params: Mapping[str, str]
    query: MultiMapping[str]
    body: Json = field(default_factory=dict)
    by: User | None = None
    owner: User | None = None
    """The user of a user-level key; None for an account key."""

    @property
    def requester(self) -> User:
        """The acting user, on calls that demand a From header."""
        if self.by is None:
            raise errors.missing_from()
        return self.by

    def many(self, name: str) -> list[str]:
        """An array parameter: `name[]=a&name[]=b`."""
        return list(self.query.getall(f"{name}[]", []))

    def flag(self, name: str) -> bool:
        """A boolean parameter."""
        return self.query.get(name, "").casefold() == "true"

    def time(self, name: str) -> datetime | None:
        """A time parameter."""
        return times.parse(self.query.get(name), name)

    def wrapped(self, name: str) -> Json:
        """The object inside its wrapper."""
        inner = self.body.get(name)
        if not isinstance(inner, dict):
            raise errors.invalid(f"{name} must be a Hash")
        return inner

    def page(self, name: str, found: Sequence[T], show: Callable[[T], Json]) -> Json:
        """Classic pagination: only what is on the page is rendered."""
        limit = min(self._number("limit", DEFAULT_PAGE), MAX_PAGE)
        offset = self._number("offset", 0)
        if offset + limit > MAX_OFFSET:
            raise errors.invalid("Offset and limit combined exceed 10000")
        total = len(found) if self.flag("total") else None
        return {
            name: [show(one) for one in found[offset : offset + limit]],
            "limit": limit,
            "offset": offset,
            "more": offset + limit < len(found),
            "total": total,
        }

    def _number(self, name: str, default: int) -> int:
        text = self.query.get(name)
        if text is None or text == "":
            return default
        if not text.isdigit():
            raise errors.invalid(f"{name} must be a non-negative integer")
        return int(text)


@dataclass(frozen=True)
class Reply:
    """An answer that is no object, or of another status than the route's usual one."""

    body: Any
    status: int | None = None


Answer = Json | Reply | None
Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One operation of the API."""

    method: str
    path: str
    handler: Handler
    status: int = 200
    from_header: bool = False


def caller(desk: Desk, request: web.Request) -> tuple[str, User | None]:
    """The key of the request and, for a user-level key, its user."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value.strip()
    if kind.casefold() == "token":
        name, _, token = token.partition("=")
        token = token.strip('"') if name.strip() == "token" else ""
    elif kind.casefold() != "bearer":
        token = ""
    if not token or "bad" in token.casefold():
        raise errors.unauthorized()
    if not token.startswith("u+"):
        return token, None
    owner = desk.account.user_by_any(token[2:])
    return token, owner or next(iter(desk.account.active_users()), None)


def acting(desk: Desk, request: web.Request, owner: User | None) -> User:
    """The user of the From header. With a user-level key the header does not matter."""
    if owner is not None:
        return owner
    address = request.headers.get("From", "").strip()
    if not address:
        raise errors.missing_from()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise errors.malformed_from()
    user = desk.account.user_by_email(address)
    if user is None:
        raise errors.unknown_requester()
    return user


def check_version(request: web.Request) -> None:
    """Only version 2 exists any more; without an Accept header it is the default."""
    asked = re.search(r"vnd\.pagerduty\+json;\s*version=(\w+)", request.headers.get("Accept", ""))
    if asked and asked[1] != "2":
        raise errors.ApiError(406, 2001, "Unsupported API version", asked[1])


async def body_of(request: web.Request) -> Json:
    """The JSON body. Anything but an object, or no JSON at all, is "not a Hash"."""
    if request.method not in {"POST", "PUT"}:
        return {}
    raw = await request.read()
    if not raw:
        return {}
    if "json" not in request.headers.get("Content-Type", ""):
        raise errors.invalid("params must be a Hash")
    try:
        value: Any = json.loads(raw)
    except ValueError:
        raise errors.invalid("Malformed JSON") from None
    if not isinstance(value, dict):
        raise errors.invalid("params must be a Hash")
    return value


def endpoint(desk: Desk, route: Route) -> Callable[[web.Request], Any]:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.Response:
        headers: dict[str, str] = {}
        try:
            token, owner = caller(desk, request)
            headers = desk.limits.spend(token, f"{route.method} {route.path}")
            check_version(request)
            if request.method != "GET" and "readonly" in token.casefold():
                raise errors.access_denied()
            by = acting(desk, request, owner) if route.from_header else owner
            call = Call(desk, request.match_info, request.query, await body_of(request), by, owner)
            answer = route.handler(call)
        except errors.ApiError as error:
            headers = headers | error.headers
            return web.json_response(error.body(), status=error.status, headers=headers)
        if request.method != "GET":
            desk.changed()
        reply = answer if isinstance(answer, Reply) else Reply(answer)
        status = reply.status or route.status
        if reply.body is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(reply.body, status=status, headers=headers)

    return handle
