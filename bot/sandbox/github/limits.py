"""Rate limits: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.github import errors

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PRIMARY = {"core": (5000, HOUR), "search": (30, MINUTE)}
CREATIONS = ((80, MINUTE), (500, HOUR))
"""Requests that make content, per minute and per hour."""
POINTS = 900
"""Per minute: a read costs one, a write five."""


@dataclass
class Spent:
    """What one token has used."""

    windows: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    creations: deque[datetime] = field(default_factory=deque)
    points: deque[tuple[datetime, int]] = field(default_factory=deque)


class Limits:
    """Counts per token; when switched off, counts and refuses nothing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Start with nothing spent."""
        self.on = True
        self._clock = clock
        self._spent: dict[str, Spent] = {}

    def spend(self, token: str, resource: str, method: str, *, creates: bool) -> dict[str, str]:
        """Count a request and return its headers, or refuse it. Without a resource it is free."""
        if not resource:
            return self.headers(token, "core")
        spent = self._spent.setdefault(token, Spent())
        self._primary(spent, resource)
        headers = self.headers(token, resource)
        used, limit = int(headers["x-ratelimit-used"]), int(headers["x-ratelimit-limit"])
        if self.on and used > limit:
            raise errors.primary_limit(headers)
        self._secondary(spent, 1 if method in {"GET", "HEAD"} else 5, creates, headers)
        return headers

    def _primary(self, spent: Spent, resource: str) -> None:
        now, window = self._clock(), PRIMARY[resource][1]
        start, used = spent.windows.get(resource, (now, 0))
        if now - start >= window:
            start, used = now, 0
        spent.windows[resource] = (start, used + 1)

    def _secondary(self, spent: Spent, cost: int, creates: bool, headers: dict[str, str]) -> None:
        now = self._clock()
        while spent.points and now - spent.points[0][0] >= MINUTE:
            spent.points.popleft()
        while spent.creations and now - spent.creations[0] >= HOUR:
            spent.creations.popleft()
        if self.on:
            if sum(points for _, points in spent.points) + cost > POINTS:
                raise errors.secondary_limit(wait(spent.points[0][0], MINUTE, now), headers)
            for limit, window in CREATIONS if creates else ():
                recent = [at for at in spent.creations if now - at < window]
                if len(recent) >= limit:
                    raise errors.secondary_limit(wait(recent[0], window, now), headers)
        spent.points.append((now, cost))
        if creates:
            spent.creations.append(now)

    def headers(self, token: str, resource: str) -> dict[str, str]:
        """The x-ratelimit headers; `reset` is in epoch seconds."""
        limit, window = PRIMARY[resource]
        start, used = self._spent.get(token, Spent()).windows.get(resource, (self._clock(), 0))
        if self._clock() - start >= window:
            start, used = self._clock(), 0
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(limit - used, 0)),
            "x-ratelimit-used": str(used),
            "x-ratelimit-resource": resource,
            "x-ratelimit-reset": str(math.ceil((start + window).timestamp())),
        }


def wait(since: datetime, window: timedelta, now: datetime) -> int:
    """Whole seconds until a window has passed."""
    return max(math.ceil((since + window - now).total_seconds()), 1)
