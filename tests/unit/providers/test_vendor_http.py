"""``Retry-After`` in all its spellings, redaction, and which status means what."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Reason
from bot.providers.http import (
    LONGEST_DETAIL,
    LONGEST_WAIT,
    parse_retry_after,
    reason_for_status,
    redact,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=90)
EPOCH = int(SOON.timestamp())


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"Retry-After": "30"}, None, 30),
        ({"retry-after": " 1.5 "}, None, 1.5),
        ({"Retry-After": format_datetime(SOON, usegmt=True)}, None, 90),
        ({"Retry-After": SOON.isoformat()}, None, 90),
        ({"Retry-After": "2026-03-01T12:01:30Z"}, None, 90),
        ({"Retry-After": "2026-03-01T13:01:30+0100"}, None, 90),
        ({"Retry-After": str(EPOCH)}, None, 90),
        ({"Retry-After": "-5"}, None, 0),
        ({"Retry-After": format_datetime(NOW - timedelta(days=1), usegmt=True)}, None, 0),
        ({"Retry-After": "999999999"}, None, LONGEST_WAIT),
        ({"Retry-After": "soon"}, None, None),
        ({"Retry-After": "nan"}, None, None),
        ({"Retry-After": "inf"}, None, None),
        ({"Retry-After": "soon", "ratelimit-reset": "20"}, None, 20),  # PagerDuty
        ({"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": "20"}, None, 20),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH)}, None, 90),  # GitHub
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(EPOCH)}, None, None),
        ({"X-RateLimit-Reset": "2026-03-01T12:01:30.000Z"}, None, 90),  # Jira
        ({"X-RateLimit-Reset": str(EPOCH * 1000)}, None, 90),
        ({"X-RateLimit-Period-In-Sec": "60"}, None, 60),  # Opsgenie
        ({}, {"rate_limit": {"retry_after": format_datetime(SOON)}}, 90),  # incident.io
        ({}, {"retry_after": 0.25}, 0.25),  # Discord-like bodies
        ({}, {"retry_after": True}, None),
        ({}, ["retry_after"], None),
        ({}, None, None),
    ],
)
def test_every_way_to_name_a_time(headers: dict[str, str], body: Any, wait: float | None) -> None:
    found = parse_retry_after(headers, body, NOW)
    assert found == (None if wait is None else pytest.approx(wait))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["retry_after", "rate_limit", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["Retry-After", "ratelimit-reset", "X-RateLimit-Reset", "x-ratelimit-remaining", "Date"]
)
values = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.datetimes().map(format_datetime),
)


@settings(deadline=None)
@given(st.dictionaries(names, values), json_values)
def test_whatever_comes_gives_a_usable_time_or_none(headers: dict[str, str], body: Any) -> None:
    wait = parse_retry_after(headers, body, NOW)
    assert wait is None or (math.isfinite(wait) and 0 <= wait <= LONGEST_WAIT)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=86_400))
def test_all_spellings_of_a_moment_agree(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)
    spellings = [format_datetime(at, usegmt=True), at.isoformat(), str(at.timestamp())]
    waits = [parse_retry_after({"Retry-After": one}, None, NOW) for one in spellings]
    assert waits == pytest.approx([seconds] * 3)


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-12-34-abcDEF",
        "xapp-1-A0-9-f00",
        "ghp_abcdefghij0123456789",
        "github_pat_11AAA_bbb",
        "pdus+_1X_abc-def",
        "https://hooks.slack.com/actions/T0/1/abc",
    ],
)
def test_what_looks_like_a_secret_is_hidden(secret: str) -> None:
    shown = redact(f"it said '{secret}' and\n stopped")
    assert secret not in shown
    assert shown.startswith("it said '***")
    assert "\n" not in shown


def test_known_secrets_and_long_texts_are_cut() -> None:
    assert redact("key u+opaque refused", ["u+opaque", ""]) == "key *** refused"
    assert redact("Authorization: Token token=abc123 x") == "Authorization: Token token=*** x"
    assert len(redact("word " * 1000)) == LONGEST_DETAIL


@pytest.mark.parametrize("status", [500, 502, 503, 599, 408])
def test_a_write_that_broke_may_have_been_done(status: int) -> None:
    assert reason_for_status(status, write=True) is Reason.UNKNOWN_OUTCOME
    assert reason_for_status(status, write=False) is Reason.UNAVAILABLE


def test_a_redirect_has_done_nothing() -> None:
    assert reason_for_status(302, write=True) is Reason.UNAVAILABLE
