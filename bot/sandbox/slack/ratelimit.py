"""Slack's rate limits, kept with exact sliding windows.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
from collections import deque

from bot.sandbox.slack.clock import Clock
from bot.sandbox.slack.errors import SlackError

#: Calls per minute of one method, workspace and app.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}

#: chat.postMessage: about one a second in a channel with short bursts, and an allowance for the
#: whole workspace ("several hundred messages per minute"). (window seconds, calls).
POST_PER_CHANNEL = ((1.0, 3), (60.0, 60))
POST_PER_WORKSPACE = (60.0, 300)


class RateLimitedError(SlackError):
    """429 with a ``Retry-After``."""

    def __init__(self, retry_after: int) -> None:
        """Refuse for so many seconds."""
        super().__init__("ratelimited")
        self.retry_after = retry_after


class RateLimits:
    """Sliding windows per key; a refused call does not count."""

    def __init__(self, clock: Clock, *, on: bool) -> None:
        """Start with empty windows."""
        self._clock = clock
        self.on = on
        self._calls: dict[tuple[str, float], deque[float]] = {}

    def check(self, method: str, tier: int | None, channel: str) -> None:
        """Count one call.

        Args:
            method: the Web API method.
            tier: 1 to 4, or None for a method without a published tier.
            channel: the conversation posted to, for ``chat.postMessage``.

        Raises:
            RateLimitedError: a window is full; nothing was counted.
        """
        if not self.on:
            return
        now = self._clock.monotonic()
        rules: list[tuple[str, float, int]] = []
        if tier is not None:
            rules.append((method, 60.0, TIERS[tier]))
        if method == "chat.postMessage":
            rules += [(f"post:{channel}", *rule) for rule in POST_PER_CHANNEL]
            rules.append(("post", *POST_PER_WORKSPACE))
        windows = [self._window(key, span, now) for key, span, _ in rules]
        waits = [
            window[0] + span - now
            for window, (_, span, limit) in zip(windows, rules, strict=True)
            if len(window) >= limit
        ]
        if waits:
            raise RateLimitedError(max(1, math.ceil(max(waits))))
        for window in windows:
            window.append(now)

    def _window(self, key: str, span: float, now: float) -> deque[float]:
        window = self._calls.setdefault((key, span), deque())
        while window and window[0] <= now - span:
            window.popleft()
        return window
