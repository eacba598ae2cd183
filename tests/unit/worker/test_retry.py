"""The one decision after a failed call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError, Reason
from bot.worker import retry
from bot.worker.retry import GiveUp, Reauth, Retry, decide
from tests.unit.store.house import NOW

DAY = timedelta(hours=24)


def verdict(
    reason: Reason, *, attempts: int = 1, age: timedelta = timedelta(0), **more: object
) -> object:
    facts = {"retry_after": None, "detail": "why", "deadline": None, "jitter": 0.5, **more}
    error = ProviderError("slack", reason, str(facts["detail"]), retry_after=facts["retry_after"])  # type: ignore[arg-type]
    return decide(
        error,
        attempts=attempts,
        first_tried=NOW - age,
        now=NOW,
        deadline=facts["deadline"],  # type: ignore[arg-type]
        jitter=facts["jitter"],  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.AUTH, Reauth("why")),
        (Reason.INVALID, GiveUp("why")),
        (Reason.NOT_FOUND, GiveUp("why")),
        (Reason.CONFLICT, GiveUp("why")),
        (Reason.UNAVAILABLE, Retry(NOW + timedelta(seconds=0.25))),
        (Reason.UNKNOWN_OUTCOME, Retry(NOW + timedelta(seconds=0.25))),
        (Reason.RATE_LIMITED, Retry(NOW + timedelta(seconds=30.5))),
    ],
)
def test_what_each_reason_leads_to(reason: Reason, expected: object) -> None:
    assert verdict(reason) == expected


def test_without_a_sentence_the_reason_is_told() -> None:
    assert verdict(Reason.AUTH, detail="") == Reauth("the key was refused")
    assert verdict(Reason.INVALID, detail="") == GiveUp("invalid")


def test_the_vendors_time_is_honoured_but_not_for_ever() -> None:
    assert verdict(Reason.RATE_LIMITED, retry_after=12.0) == Retry(NOW + timedelta(seconds=12.5))
    assert verdict(Reason.RATE_LIMITED, retry_after=0.0) == Retry(NOW + timedelta(seconds=0.6))
    longest = Retry(NOW + timedelta(seconds=retry.LONGEST_WAIT + 0.5))
    assert verdict(Reason.RATE_LIMITED, retry_after=1e9) == longest


def test_a_vendor_that_is_away_is_tried_for_a_day() -> None:
    assert isinstance(verdict(Reason.UNAVAILABLE, age=DAY, attempts=900), Retry)
    gone = verdict(Reason.UNAVAILABLE, age=DAY + timedelta(seconds=1))
    assert gone == GiveUp("no answer for 24 hours: why")
    assert isinstance(verdict(Reason.UNKNOWN_OUTCOME, attempts=1441), GiveUp)


def test_what_would_be_too_late_is_not_done() -> None:
    soon = NOW + timedelta(seconds=10)
    assert isinstance(verdict(Reason.UNAVAILABLE, deadline=soon), Retry)
    late = verdict(Reason.RATE_LIMITED, retry_after=11.0, deadline=soon)
    assert late == GiveUp("too late to be of use: why")


@pytest.mark.parametrize("code", sorted(retry.ONE_STEP_ONLY))
def test_some_refusals_concern_one_step_only(code: str) -> None:
    error = ProviderError("slack", Reason.AUTH, code=code)
    found = decide(error, attempts=1, first_tried=NOW, now=NOW, deadline=None, jitter=0)
    assert isinstance(found, GiveUp)


def test_waits_grow_and_stop_growing() -> None:
    ceilings = [retry.backoff(n, 1.0) for n in range(1, 12)]
    assert ceilings[:4] == [0.5, 1.0, 2.0, 4.0]
    assert ceilings[-1] == retry.backoff(10_000, 1.0) == retry.CAP
    assert retry.backoff(5, 0.0) > 0
    assert 0 <= retry.random_jitter() < 1


@given(
    reason=st.sampled_from(Reason),
    attempts=st.integers(1, 5_000),
    age=st.timedeltas(timedelta(0), timedelta(days=9)),
    wait=st.none() | st.floats(0, 1e7, allow_nan=False),
    jitter=st.floats(0, 1),
    room=st.none() | st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_never_in_the_past_never_after_the_deadline_and_never_too_early(
    reason: Reason,
    attempts: int,
    age: timedelta,
    wait: float | None,
    jitter: float,
    room: timedelta | None,
) -> None:
    deadline = NOW + room if room is not None else None
    found = verdict(
        reason, attempts=attempts, age=age, retry_after=wait, jitter=jitter, deadline=deadline
    )
    assert isinstance(found, Retry | GiveUp | Reauth)
    assert isinstance(found, Reauth) == (reason is Reason.AUTH)
    if isinstance(found, Retry):
        assert found.at > NOW
        assert deadline is None or found.at <= deadline
        assert reason in {Reason.RATE_LIMITED, Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME}
        if reason is Reason.RATE_LIMITED:
            least = retry.UNNAMED_LIMIT if wait is None else min(wait, retry.LONGEST_WAIT)
            assert (found.at - NOW).total_seconds() >= least - 1e-6
