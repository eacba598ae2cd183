"""Everything that goes wrong on purpose, in one middleware, and the log of what the bot called.

The vendors' own code knows nothing of faults and latency; with ``slack.calllog.note`` it may say
what a call is about (``key``) and how it was refused (``error``).
"""

import asyncio
import itertools
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.sandbox.slack.calllog import begin
from bot.sandbox.slack.clock import Clock, Feed
from bot.sandbox.slack.connection import abort_connection

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VENDORS = ("slack", "pagerduty", "github")
KINDS = frozenset(
    {
        "timeout",
        "reset",
        "429",
        "500",
        "401",
        "garbage",
        "lost",
        "slow",
        "hold_before",
        "hold_after",
    }
)
#: Kinds after or around which the call is really done.
DONE = frozenset({"lost", "slow", "hold_before", "hold_after"})
MAX_CALLS = 20_000


class FaultError(ValueError):
    """A fault that makes no sense."""


def operation_of(request: web.Request) -> tuple[str, str] | None:
    """Vendor and operation of a call, None for requests that are none.

    Slack's operations are the method names and ``response_url``; the others' are
    ``METHOD /path`` below their prefix. The Socket Mode connection is not a call.
    """
    vendor, *rest = request.path.lstrip("/").split("/", 2)
    if vendor not in VENDORS or not rest:
        return None
    if vendor == "slack":
        kind, tail = rest[0], rest[1] if len(rest) > 1 else ""
        if kind == "api":
            return vendor, tail
        return (vendor, "response_url") if kind == "response" else None
    path = request.path[len(vendor) + 1 :]
    # What people click in the page is not a call of the bot.
    return None if path.startswith("/ui/") else (vendor, f"{request.method} {path}")


def _pattern(target: str) -> re.Pattern[str]:
    """``*`` is one part of a path; at the very end after the vendor's dot it is everything."""
    vendor, _, operation = target.partition(".")
    if vendor not in VENDORS or not operation:
        raise FaultError(f"target {target!r} does not start with one of {VENDORS} and a dot")
    if operation == "*":
        return re.compile(rf"{vendor}\..*")
    parts = (re.escape(part) for part in operation.split("*"))
    return re.compile(rf"{vendor}\.{'[^/]*'.join(parts)}")


@dataclass(slots=True)
class Fault:
    """One planned failure."""

    id: int
    target: str
    kind: str
    times: int
    skip: int
    retry_after: int
    seconds: float
    pattern: re.Pattern[str] = field(repr=False)

    def shown(self) -> Json:
        """As in ``/api/state``."""
        return {
            "id": self.id,
            "target": self.target,
            "kind": self.kind,
            "times": self.times,
            "skip": self.skip,
            "retry_after": self.retry_after,
            "seconds": self.seconds,
        }


class Faults:
    """Planned failures, latencies, held calls and the call log."""

    def __init__(self, clock: Clock, feed: Feed) -> None:
        """Start with everything working and at full speed."""
        self._clock = clock
        self._feed = feed
        self._ids = itertools.count(1)
        self._numbers = itertools.count(1)
        self._planned: list[Fault] = []
        self._held: list[asyncio.Event] = []
        self._closing = False
        self.latency_ms: dict[str, float] = dict.fromkeys(VENDORS, 0.0)
        self.calls: deque[Json] = deque(maxlen=MAX_CALLS)

    # -- planning ----------------------------------------------------------------------------

    def add(self, body: Json) -> Fault:
        """Plan a failure.

        Raises:
            FaultError: unknown kind or target.
        """
        target, kind = str(body.get("target") or ""), str(body.get("kind") or "")
        if kind not in KINDS and not kind.startswith("error:"):
            raise FaultError(f"kind {kind!r} is none of {sorted(KINDS)} or error:<code>")
        fault = Fault(
            next(self._ids),
            target,
            kind,
            times=int(body.get("times", 1)),
            skip=int(body.get("skip", 0)),
            retry_after=int(body.get("retry_after", 1)),
            seconds=float(body.get("seconds", 1)),
            pattern=_pattern(target),
        )
        self._planned.append(fault)
        self._feed.changed()
        return fault

    def clear(self) -> None:
        """Forget all planned failures and let held calls go on."""
        self._planned.clear()
        self.release()

    def release(self) -> int:
        """Let held calls go on; answers how many."""
        held, self._held = self._held, []
        for event in held:
            event.set()
        self._feed.changed()
        return len(held)

    def shown(self) -> list[Json]:
        """Planned failures, and how many calls are held."""
        entries = [fault.shown() for fault in self._planned]
        if self._held:
            entries.append({"kind": "held", "target": "*", "times": len(self._held)})
        return entries

    def close(self) -> None:
        """Let everything go that waits, at the end of the process."""
        self._closing = True
        self.clear()

    def _take(self, operation: str) -> Fault | None:
        """The failure planned for this call, if any."""
        for fault in self._planned:
            if not fault.pattern.fullmatch(operation):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._planned.remove(fault)
            self._feed.changed()
            return fault
        return None

    # -- the middleware ----------------------------------------------------------------------

    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log a vendor call, and let it fail as planned."""
        found = operation_of(request)
        if found is None:
            return await handler(request)
        vendor, operation = found
        started = self._clock.monotonic()
        entry: Json = {
            "n": next(self._numbers),
            "at": self._clock.now().isoformat(),
            "vendor": vendor,
            "operation": f"{vendor}.{operation}",
            "status": None,
            "error": None,
            "ms": None,
            "key": None,
        }
        self.calls.append(entry)
        begin(entry)
        try:
            response = await self._run(vendor, f"{vendor}.{operation}", request, handler, entry)
        finally:
            entry["ms"] = round((self._clock.monotonic() - started) * 1000, 1)
        return response

    async def _run(
        self, vendor: str, operation: str, request: web.Request, handler: Handler, entry: Json
    ) -> web.StreamResponse:
        if self.latency_ms[vendor]:
            await asyncio.sleep(self.latency_ms[vendor] / 1000)
        fault = self._take(operation)
        if fault is None:
            return await self._done(request, handler, entry)
        entry["error"] = f"fault:{fault.kind}"
        if fault.kind not in DONE:
            failure = await self._fail(vendor, fault, request)
            entry["status"] = None if fault.kind in ("timeout", "reset") else failure.status
            return failure
        if fault.kind == "slow":
            # Done first, answered late: a client that gives up has still caused the effect.
            response = await self._done(request, handler, entry)
            await asyncio.sleep(fault.seconds)
            return response
        if fault.kind == "hold_before":
            await self._hold()
        response = await self._done(request, handler, entry)
        if fault.kind == "hold_after":
            await self._hold()
        elif fault.kind == "lost":
            entry["status"], entry["error"] = None, "fault:lost"
            abort_connection(request)
        return response

    async def _done(
        self, request: web.Request, handler: Handler, entry: Json
    ) -> web.StreamResponse:
        response = await handler(request)
        entry["status"] = response.status
        return response

    async def _hold(self) -> None:
        if self._closing:
            return
        event = asyncio.Event()
        self._held.append(event)
        self._feed.changed()
        await event.wait()

    async def _fail(self, vendor: str, fault: Fault, request: web.Request) -> web.Response:
        if fault.kind == "timeout":
            await self._never(request)
            abort_connection(request)
        elif fault.kind == "reset":
            abort_connection(request)
        return _answer(vendor, fault)

    async def _never(self, request: web.Request) -> None:
        """Wait until the client has gone away."""
        while not self._closing:
            transport = request.transport
            if transport is None or transport.is_closing():
                return
            await asyncio.sleep(0.05)


def _answer(vendor: str, fault: Fault) -> web.Response:
    """The answer of a failing vendor, in that vendor's words."""
    if fault.kind == "garbage":
        html = "<html><head><title>Oops</title></head><body>Service error</body></html>"
        return web.Response(text=html, content_type="text/html")
    if fault.kind == "500":
        return web.Response(status=500, text="Internal Server Error")
    code = {"429": "ratelimited", "401": "invalid_auth"}.get(
        fault.kind, fault.kind.removeprefix("error:")
    )
    headers = {"Retry-After": str(fault.retry_after)} if fault.kind == "429" else {}
    if vendor == "slack":
        # Slack says almost everything with 200, a refused token too.
        status = 429 if fault.kind == "429" else 200
        return web.json_response({"ok": False, "error": code}, status=status, headers=headers)
    status = {"429": 429, "401": 401}.get(fault.kind, 400)
    if vendor == "pagerduty":
        words: Json = {"error": {"message": _WORDS.get(fault.kind, code), "code": 2001}}
        reset = {"ratelimit-reset": headers.pop("Retry-After")} if headers else {}
        return web.json_response(words, status=status, headers=reset)
    message = {"message": _GITHUB_WORDS.get(fault.kind, code), "documentation_url": ""}
    return web.json_response(message, status=status, headers=headers)


_WORDS = {"429": "Rate Limit Exceeded", "401": "Unauthorized"}
_GITHUB_WORDS = {
    "429": "You have exceeded a secondary rate limit.",
    "401": "Bad credentials",
}
