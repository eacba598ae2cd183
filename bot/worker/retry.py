"""What to do after a vendor call failed: one pure decision with one owner.

Retry policy is data: which reasons are tried again, how soon, for how long. The vendors' pages:
docs.slack.dev/apis/web-api/rate-limits, developer.pagerduty.com/docs/rate-limiting,
docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason

if TYPE_CHECKING:
    from bot.errors import ProviderError

#: First wait and longest wait of the full-jitter back-off, seconds.
BASE = 0.5
CAP = 60.0
#: How long a vendor that does not answer is tried; then the step shows as failed and waits for Retry.
PATIENCE = timedelta(hours=24)
#: A vendor that answers, but with an error each time, is not hammered for a day.
STUBBORN_TRIES = 60
#: Limits without a time named.
UNNAMED_LIMIT = 30.0
#: No vendor's Retry-After is believed beyond this, seconds.
LONGEST_WAIT = 3600.0
#: Refusals of one call that say nothing about the key as a whole (docs.slack.dev/reference/methods).
ONE_STEP_ONLY = frozenset({"missing_scope"})


@dataclass(frozen=True)
class Retry:
    """Try again at that time."""

    at: datetime


@dataclass(frozen=True)
class GiveUp:
    """Trying again cannot help; people must see it."""

    why: str


@dataclass(frozen=True)
class Reauth:
    """The vendor refuses the key: stop this provider until somebody mends it."""

    why: str


Verdict = Retry | GiveUp | Reauth


def decide(
    error: ProviderError,
    *,
    attempts: int,
    first_tried: datetime,
    now: datetime,
    deadline: datetime | None,
    jitter: float,
) -> Verdict:
    """The verdict on attempt number ``attempts``; ``jitter`` is a number from 0 to 1."""
    reason = error.reason
    if error.code in ONE_STEP_ONLY:
        return GiveUp(error.detail or error.code)
    if reason is Reason.AUTH:
        return Reauth(error.detail or "the key was refused")
    if reason is Reason.RATE_LIMITED:
        wait = error.retry_after if error.retry_after is not None else UNNAMED_LIMIT
        return _until(
            now + timedelta(seconds=min(max(wait, 0.1), LONGEST_WAIT) + jitter), deadline, error
        )
    if reason in {Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME}:
        if now - first_tried > PATIENCE or attempts > STUBBORN_TRIES * 24:
            return GiveUp(
                f"no answer for {PATIENCE.total_seconds() / 3600:.0f} hours: {error.detail}"
            )
        return _until(now + timedelta(seconds=backoff(attempts, jitter)), deadline, error)
    return GiveUp(error.detail or reason.value)


def _until(at: datetime, deadline: datetime | None, error: ProviderError) -> Verdict:
    if deadline is not None and at > deadline:
        return GiveUp(f"too late to be of use: {error.detail or error.reason.value}")
    return Retry(at)


def backoff(attempts: int, jitter: float) -> float:
    """Full jitter: anywhere up to twice as long as last time, the first two waits short, never beyond the cap."""
    ceiling = min(CAP, BASE * 2.0 ** min(attempts - 1, 16))
    return float(max(0.05, ceiling * jitter))


def random_jitter() -> float:
    """A number from 0 to 1 (no cryptography here)."""
    return random.random()  # noqa: S311
