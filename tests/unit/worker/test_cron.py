"""Cron expressions as crontab means them, and what came due since somebody looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.worker.cron import LATE, due, trigger

SUNDAY = datetime(2026, 11, 1, 10, 20, tzinfo=UTC)
WEEK = timedelta(days=7)


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_what_was_due_within_the_hour_and_what_is_over() -> None:
    monthly = "0 10 1 * *"
    assert due(monthly, "UTC", SUNDAY - WEEK, SUNDAY) == (at(10), None)
    assert due(monthly, "UTC", at(10), SUNDAY) == (None, None), "it was looked at"
    assert due(monthly, "UTC", SUNDAY - WEEK, at(11)) == (None, at(10))
    assert due(monthly, "UTC", SUNDAY - WEEK, at(10, 59)) == (at(10), None)
    assert due(monthly, "UTC", SUNDAY - WEEK, at(9, 59)) == (None, None)


def test_a_time_zone_counts_with_its_summer_time() -> None:
    assert due("0 10 * * *", "Europe/Berlin", at(8), at(9)) == (at(9), None)
    summer = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    berlin = due("0 10 * * *", "Europe/Berlin", summer - timedelta(minutes=5), summer)
    assert berlin == (summer, None)


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", {"Sun"}),
        ("7", {"Sun"}),
        ("1", {"Mon"}),
        ("1-5", {"Mon", "Tue", "Wed", "Thu", "Fri"}),
        ("5-7", {"Fri", "Sat", "Sun"}),
        ("0,3", {"Sun", "Wed"}),
        ("*/3", {"Sun", "Wed", "Sat"}),
        ("MON-wed", {"Mon", "Tue", "Wed"}),
        ("*", {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}),
    ],
)
def test_weekdays_are_counted_from_sunday_as_crontab_does(weekday: str, days: set[str]) -> None:
    found = set()
    for day in range(1, 8):
        recent, _ = due(f"0 12 * * {weekday}", "UTC", at(11, 50, day), at(12, 0, day))
        found |= {f"{recent:%a}"} if recent else set()
    assert found == days


@pytest.mark.parametrize(
    "expression",
    ["99 1 * * *", "0 24 * * *", "0 10 * Foo *", "0 10 * * 8", "0 10 * * 5-1", "0 10 1 * 1",
     "*/0 * * * *", "0 10 32 * *"],
)  # fmt: skip
def test_what_means_nothing_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        trigger(expression, "UTC")


@settings(max_examples=60, deadline=None)
@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    ago=st.integers(1, 60 * 24 * 20),
    now=st.integers(0, 60 * 24 * 60).map(lambda m: SUNDAY + timedelta(minutes=m)),
)
def test_a_daily_one_is_told_once_and_never_late(
    minute: int, hour: int, ago: int, now: datetime
) -> None:
    since = now - timedelta(minutes=ago)
    recent, missed = due(f"{minute} {hour} * * *", "UTC", since, now)
    if recent is not None:
        assert max(since, now - LATE) < recent <= now
        assert (recent.hour, recent.minute) == (hour, minute)
    if missed is not None:
        assert since < missed <= now - LATE
    if ago > 25 * 60:
        assert missed is not None or recent is not None
