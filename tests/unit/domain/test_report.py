"""The numbers of the last days put into bars, and what people type for them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import report
from bot.domain.report import (
    BARS,
    MAX_DAYS,
    Group,
    Statistics,
    bars,
    checked_days,
    digest_due,
)
from bot.errors import UserError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def found(days: int, declared: Any) -> Statistics:
    return Statistics(
        days=days,
        since=NOW - timedelta(days=days),
        until=NOW,
        total=Group(label=""),
        declared=declared,
    )


@given(
    st.integers(1, MAX_DAYS),
    st.lists(st.tuples(st.integers(0, MAX_DAYS), st.sampled_from(["", "SEV1", "SEV2"]))),
)
def test_every_incident_is_in_exactly_one_bar(days: int, ago: list[tuple[int, str]]) -> None:
    declared = {(NOW.date() - timedelta(days=n % (days + 1)), name): n + 1 for n, name in ago}
    points = bars(found(days, declared))
    assert 1 <= len(points) <= BARS
    counts = [count for point in points for count in point.counts.values()]
    assert sum(counts) == sum(declared.values())
    firsts = [point.first for point in points]
    assert firsts[0] == (NOW - timedelta(days=days)).date()
    assert len({b - a for a, b in itertools.pairwise(firsts)}) <= 1
    assert firsts[-1] <= NOW.date()


def test_a_day_is_in_the_bar_that_begins_before_it() -> None:
    day = NOW.date()
    points = bars(found(29, {(day, "SEV1"): 3, (day - timedelta(days=29), ""): 1}))
    assert len(points) == 15
    assert points[-1].counts == {"SEV1": 3}
    assert points[0].counts == {"": 1}
    assert points[0].first == day - timedelta(days=29)


@pytest.mark.parametrize(
    ("words", "days"),
    [("", 30), ("  ", 30), ("7", 7), ("7d", 7), (" 90 days", 90), ("366", 366), ("1D", 1)],
)
def test_how_many_days(words: str, days: int) -> None:
    assert checked_days(words) == days


@pytest.mark.parametrize("words", ["0", "-1", "367", "a week", "1.5", "9" * 5000, "\u0667", "d"])
def test_days_nobody_can_count(words: str) -> None:
    with pytest.raises(UserError, match="from 1 to 366"):
        checked_days(words)


def test_the_effect_is_sent_once_per_press() -> None:
    effect = report.send(key="press/1", days=7, user="U0ANA")
    assert effect.key == "report/press/1"
    assert effect.payload == {"days": 7, "user": "U0ANA", "channel": None}


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-02 09:00", "2026-03-02 09:00"),
        ("2026-03-02 08:59", None),
        ("2026-03-03 08:59", "2026-03-02 09:00"),
        ("2026-03-03 09:00", None),
        ("2026-03-08 23:00", None),
        ("2026-03-09 09:30", "2026-03-09 09:00"),
    ],
)
def test_the_digest_of_monday(now: str, due: str | None) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    wanted = datetime.fromisoformat(due).replace(tzinfo=UTC) if due else None
    assert digest_due("Mon 09:00", at) == wanted


@given(
    st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
    st.times(),
    st.integers(0, 2_000_000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
)
def test_the_digest_is_due_once_a_week(day: str, at: Any, now: datetime) -> None:
    weekly = f"{day} {at:%H:%M}"
    found = {digest_due(weekly, now + timedelta(hours=n)) for n in range(7 * 24)} - {None}
    assert 1 <= len(found) <= 2, "a day's hours may belong to the week before"
    for due in found:
        assert due is not None
        assert f"{due:%a %H:%M}" == weekly
