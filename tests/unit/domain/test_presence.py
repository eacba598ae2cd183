"""Working hours, quiet hours and Slack's status, where people are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.person_setting import PersonSetting
from bot.domain.presence import Status, is_working, status_of, zone_of

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tz", "hours", "working"),
    [
        ("UTC", 0, True),
        ("UTC", -0.1, False),
        ("UTC", 8.9, True),
        ("UTC", 9, False),
        ("Europe/Berlin", -1, True),
        ("Asia/Seoul", 0, False),
        ("America/New_York", 5, True),
        ("UTC", 24 * 5, False),
        ("UTC", 24 * 7, True),
        ("Nowhere/At all", 0, True),
        ("", 0, True),
    ],
)
def test_working_hours_are_those_of_the_person(tz: str, hours: float, working: bool) -> None:
    assert is_working(tz, MONDAY + timedelta(hours=hours)) is working


@pytest.mark.parametrize(
    ("quiet", "at", "is_quiet"),
    [
        (None, "23:00", False),
        (("22:00", "07:00"), "21:59", False),
        (("22:00", "07:00"), "22:00", True),
        (("22:00", "07:00"), "03:00", True),
        (("22:00", "07:00"), "07:00", False),
        (("01:00", "05:00"), "01:00", True),
        (("01:00", "05:00"), "05:00", False),
        (("01:00", "05:00"), "00:59", False),
        (("08:00", "08:00"), "08:00", False),
    ],
)
def test_quiet_hours_go_over_midnight(
    quiet: tuple[str, str] | None, at: str, is_quiet: bool
) -> None:
    hour, minute = map(int, at.split(":"))
    now = MONDAY.replace(hour=hour, minute=minute)
    assert PersonSetting(quiet=quiet).is_quiet("UTC", now) is is_quiet
    if quiet:
        there = now - timedelta(hours=9)  # Seoul is nine hours ahead all year
        assert PersonSetting(quiet=quiet).is_quiet("Asia/Seoul", there) is is_quiet


@pytest.mark.parametrize(
    ("status", "away"),
    [
        (Status(), False),
        (Status(emoji=":palm_tree:"), True),
        (Status(emoji=":palm_tree::skin-tone-2:"), True),
        (Status(emoji=":spiral_calendar_pad:", text="In a meeting"), False),
        (Status(text="Out of office until Monday"), True),
        (Status(text="OOO"), True),
        (Status(text="Foo bar"), False),
        (Status(emoji=":palm_tree:", until=MONDAY), False),
        (Status(emoji=":palm_tree:", until=MONDAY + timedelta(seconds=1)), True),
    ],
)
def test_who_is_away(status: Status, away: bool) -> None:
    assert status.is_away(MONDAY) is away


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        ({}, Status()),
        ({"status_text": "A &lt;b&gt; &amp;amp; c", "status_emoji": ":x:", "status_expiration": 0},
         Status(text="A <b> &amp; c", emoji=":x:")),
        ({"status_expiration": 1772442000}, Status(until=MONDAY)),
        ({"status_expiration": True, "status_text": 3, "status_emoji": None}, Status()),
        ({"status_expiration": 10**20}, Status()),
        ({"status_expiration": "soon"}, Status()),
    ],
)  # fmt: skip
def test_what_slack_says(profile: dict[str, Any], status: Status) -> None:
    assert status_of(profile) == status


def test_a_zone_nobody_knows_is_utc() -> None:
    assert zone_of("../etc/passwd").key == zone_of("UTC").key == "UTC"
