"""Rate limits: https://developer.pagerduty.com/docs/rest-api-rate-limits/."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.sandbox.pagerduty import errors

WINDOW = timedelta(minutes=1)
PER_KEY = 960
PER_OPERATION = {"PUT /incidents": 500}
"""Operations with a limit of their own. `POST /incidents` and `/oncalls` have one too, which the
vendor does not publish: they share the key's."""


class Limits:
    """Counts requests per key, and per key and operation, in windows of a minute."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Start with nothing spent."""
        self.on = True
        self._clock = clock
        self._windows: dict[str, tuple[datetime, int]] = {}

    def spend(self, key: str, operation: str) -> dict[str, str]:
        """Count one request; the headers of its answer. A 429 carries no Retry-After."""
        headers = self._count(key, PER_KEY)
        if operation in PER_OPERATION:
            headers = self._count(f"{key} {operation}", PER_OPERATION[operation])
        return headers

    def _count(self, name: str, limit: int) -> dict[str, str]:
        now = self._clock()
        start, used = self._windows.get(name, (now, 0))
        if not now - start < WINDOW:
            start, used = now, 0
        used += 1
        self._windows[name] = (start, used)
        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(max(limit - used, 0)),
            "ratelimit-reset": str(math.ceil((start + WINDOW - now).total_seconds())),
        }
        if self.on and used > limit:
            refusal = errors.rate_limited()
            refusal.headers = headers
            raise refusal
        return headers
