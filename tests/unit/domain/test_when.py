"""Moments as people type them, on their own clock."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import when
from bot.errors import UserError

BERLIN = ZoneInfo("Europe/Berlin")
#: A Wednesday, 15:20 in Berlin.
NOW = datetime(2026, 3, 11, 14, 20, tzinfo=UTC)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", "2026-03-11T15:20"),
        ("18:00", "2026-03-11T18:00"),
        ("9:00", "2026-03-12T09:00"),
        ("9.30", "2026-03-12T09:30"),
        ("15:20", "2026-03-12T15:20"),
        ("9am", "2026-03-12T09:00"),
        ("9:30 PM", "2026-03-11T21:30"),
        ("12am", "2026-03-12T00:00"),
        ("12pm", "2026-03-12T12:00"),
        ("noon", "2026-03-12T12:00"),
        ("midnight", "2026-03-12T00:00"),
        ("today 18:00", "2026-03-11T18:00"),
        ("tonight 23:00", "2026-03-11T23:00"),
        ("Tomorrow at 18:00", "2026-03-12T18:00"),
        ("yesterday 03:12", "2026-03-10T03:12"),
        ("Friday 9:00", "2026-03-13T09:00"),
        ("fri, 9:00", "2026-03-13T09:00"),
        ("on friday at 9:00", "2026-03-13T09:00"),
        ("Wednesday 16:00", "2026-03-11T16:00"),
        ("Wed 15:00", "2026-03-18T15:00"),
        ("this Wed 15:00", "2026-03-11T15:00"),
        ("next Wednesday 16:00", "2026-03-18T16:00"),
        ("next Friday 9:00", "2026-03-13T09:00"),
        ("last Friday 9:00", "2026-03-06T09:00"),
        ("last Wed 9:00", "2026-03-04T09:00"),
        ("2026-12-24 09:00", "2026-12-24T09:00"),
        ("2026-12-24T09:00", "2026-12-24T09:00"),
        ("2026-3-1 9:00", "2026-03-01T09:00"),
        ("24 December 9:00", "2026-12-24T09:00"),
        ("24. Dec 9:00", "2026-12-24T09:00"),
        ("Dec 24 at 9:00", "2026-12-24T09:00"),
        ("Dec 24, 2026 9:00", "2026-12-24T09:00"),
        ("Jan 5 9:00", "2027-01-05T09:00"),
        ("11 March 9:00", "2026-03-11T09:00"),
        ("in 3h", "2026-03-11T18:20"),
        ("in 3 hours", "2026-03-11T18:20"),
        ("in 1h30m", "2026-03-11T16:50"),
        ("in 2 days", "2026-03-13T15:20"),
        # Over the change to summer time: the same time of day, though 23 hours fewer by one.
        ("in 3 weeks", "2026-04-01T15:20"),
        ("2026-03-29 01:59", "2026-03-29T01:59"),
    ],
)
def test_what_is_meant(typed: str, meant: str) -> None:
    assert when.parse(typed, BERLIN, NOW) == berlin(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("03:12", "2026-03-11T03:12"),
        ("18:00", "2026-03-10T18:00"),
        ("Friday 9:00", "2026-03-06T09:00"),
        ("Wed 15:00", "2026-03-11T15:00"),
        ("Wed 16:00", "2026-03-04T16:00"),
        ("Dec 24 9:00", "2025-12-24T09:00"),
        ("tomorrow 9:00", "2026-03-12T09:00"),
    ],
)
def test_looking_back_the_last_one_is_meant(typed: str, meant: str) -> None:
    assert when.parse(typed, BERLIN, NOW, past=True) == berlin(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-24 09:00Z", "2026-12-24T09:00:00+00:00"),
        ("2026-12-24T09:00+05:30", "2026-12-24T03:30:00+00:00"),
        ("18:00 UTC", "2026-03-11T18:00:00+00:00"),
        ("Friday 9:00 +0100", "2026-03-13T08:00:00+00:00"),
    ],
)
def test_an_offset_counts_more_than_ones_own_zone(typed: str, meant: str) -> None:
    assert when.parse(typed, BERLIN, NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "There is no time. Write for example Friday 9:00"),
        ("soon", "I cannot read the time 'soon'"),
        ("25:00", "cannot read"),
        ("13pm", "cannot read"),
        ("9:75", "cannot read"),
        ("2026-02-30 09:00", "cannot read"),
        ("12/24 9:00", "cannot read"),
        ("Feb 30 9:00", "cannot read"),
        ("Friday", "Friday is a whole day. Add the time, as in Friday 9:00."),
        ("tomorrow", "tomorrow is a whole day"),
        ("2026-12-24", "is a whole day"),
        ("next week", "cannot read"),
        ("Friday 9:00 or so", "cannot read"),
        ("in a while", "as a length"),
        ("in", "cannot read"),
        ("2029-12-24 09:00", "more than two years away"),
        ("in 9999 weeks", "more than two years away"),
        ("2026-03-29 02:30", "does not exist in Europe/Berlin: the clocks are put forward"),
        ("9", "cannot read"),
        ("9999-99-99 9:00", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_told(typed: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        when.parse(typed, BERLIN, NOW)
    assert told in str(refused.value)


def test_a_time_that_comes_twice_is_the_first_one() -> None:
    assert when.parse("2026-10-25 02:30", BERLIN, NOW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "since", "until"),
    [
        ("until Friday 9:00", None, "2026-03-13T09:00"),
        ("till 18:00", None, "2026-03-11T18:00"),
        ("to 18:00", None, "2026-03-11T18:00"),
        ("for 4h", None, "2026-03-11T19:20"),
        ("from tomorrow 9:00 until Friday 18:00", "2026-03-12T09:00", "2026-03-13T18:00"),
        ("until Friday 18:00 from tomorrow 9:00", "2026-03-12T09:00", "2026-03-13T18:00"),
        ("from 22:00 until 6:00", "2026-03-11T22:00", "2026-03-12T06:00"),
        ("From Friday 9:00 For 2 days", "2026-03-13T09:00", "2026-03-15T09:00"),
        ("starting tomorrow 9:00 for 90m", "2026-03-12T09:00", "2026-03-12T10:30"),
        # What began this morning begins now: nobody can take over the past.
        ("from today 9:00 until 18:00", None, "2026-03-11T18:00"),
        ("from now until 18:00", None, "2026-03-11T18:00"),
    ],
)
def test_from_when_until_when(typed: str, since: str | None, until: str) -> None:
    found = when.span(typed, BERLIN, NOW)
    assert found == when.Span(since=berlin(since) if since else NOW, until=berlin(until))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Say until when, or for how long."),
        ("from tomorrow 9:00", "Say until when"),
        ("for 4h until 18:00", "not both"),
        ("until 18:00 until 19:00", "cannot read"),
        ("until", "cannot read"),
        ("until yesterday 9:00", "ends before it begins"),
        ("from yesterday 9:00 until today 9:00", "over already"),
        ("from Friday 9:00 until tomorrow 9:00", "ends before it begins"),
        ("for ever", "as a length"),
        ("for 0h", "as a length"),
        ("for 4 parsecs", "as a length"),
    ],
)
def test_what_is_no_span_is_told(typed: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        when.span(typed, BERLIN, NOW)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "head", "rest"),
    [
        ("primary until Friday 9:00", "primary", "until Friday 9:00"),
        ("from-calendar for 4h", "from-calendar", "for 4h"),
        ("until Friday 9:00", "", "until Friday 9:00"),
        ("primary", "primary", ""),
        ("data team FROM 9:00 until 10:00", "data team", "FROM 9:00 until 10:00"),
    ],
)
def test_the_roster_stands_before_the_span(typed: str, head: str, rest: str) -> None:
    assert when.split(typed) == (head, rest)


WORDS = st.lists(
    st.sampled_from(
        ["from", "until", "for", "in", "next", "last", "Friday", "9:00", "9", "tomorrow", "24", "Dec",
         "2026-12-24", "3h", "days", "now", "Z", "+01:00", "at", "on", "-", "9999", "noon", "am", "é", "٣"]
    ),
    max_size=6,
).map(" ".join)  # fmt: skip


@given(typed=st.one_of(WORDS, st.text(max_size=30)), past=st.booleans())
def test_whatever_is_typed_is_a_moment_or_a_sentence(typed: str, past: bool) -> None:
    for read in (
        lambda: when.parse(typed, BERLIN, NOW, past=past),
        lambda: when.span(typed, BERLIN, NOW).until,
    ):
        with contextlib.suppress(UserError):  # any other error fails
            assert read().utcoffset() == timedelta()
