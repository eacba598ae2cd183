"""Who is meant by an entry of a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar_people import CalendarEntry, Known, people_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A, B, C = "ana@example.com", "ben@example.com", "cleo@example.com"
EVERYBODY = [
    Known(email=A, names=("Ana Lopez", "ana")),
    Known(email=B, names=("Ben",)),
    Known(email="ben2@example.com", names=("Ben",)),
    Known(email="ben3@example.com", names=("Ben Weber",)),
    Known(email=C, names=("Cléo d'Arc", "")),
]


def entry(**facts: Any) -> CalendarEntry:
    return CalendarEntry(since=NOON, until=NOON + timedelta(hours=1), **facts)


@pytest.mark.parametrize(
    ("facts", "who"),
    [
        ({"attendees": (A,)}, [A]),
        ({"attendees": (A, B)}, [A, B]),
        ({"attendees": ("guest@elsewhere.com", A)}, [A]),
        ({"attendees": (A,), "summary": "Cléo d'Arc", "organizer": B}, [A]),
        ({"attendees": ("guest@elsewhere.com",), "summary": "On call: ana@EXAMPLE.com"}, [A]),
        ({"summary": "on-call (ANA LOPEZ)"}, [A]),
        ({"summary": "Primary: Cléo d\u2019Arc"}, [C]),
        ({"summary": "cléo d'arc, then Ana"}, [C, A]),
        ({"summary": "Ben Weber on call"}, ["ben3@example.com"]),
        ({"summary": "Ben on call"}, []),
        ({"summary": "Anastasia on call"}, []),
        ({"summary": "Holidays", "organizer": A}, [A]),
        ({"summary": "Ana Lopez", "organizer": B}, [A]),
        ({"summary": "Holidays", "organizer": "boss@elsewhere.com"}, []),
        ({}, []),
    ],
)
def test_attendees_then_the_title_then_the_organizer(facts: dict[str, Any], who: list[str]) -> None:
    stints, unmapped = people_of([entry(**facts)], EVERYBODY)
    assert [each.person for each in stints] == who
    assert bool(unmapped) is not bool(who)
    assert all((s.since, s.until) == (NOON, NOON + timedelta(hours=1)) for s in stints)


def test_who_cannot_be_found_is_named_once() -> None:
    _, unmapped = people_of([entry(summary="Zoe"), entry(summary="Zoe"), entry()], EVERYBODY)
    assert unmapped == ["Zoe", "an entry without a title, 2026-03-01"]


@given(summary=st.text(max_size=40), names=st.lists(st.text(max_size=8), max_size=5))
def test_whatever_the_title_people_are_real_and_never_twice(summary: str, names: list[str]) -> None:
    known = [Known(email=f"p{n}@x.de", names=(name,)) for n, name in enumerate(names)]
    stints, _ = people_of([entry(summary=summary)], known)
    found = [each.person for each in stints]
    assert len(found) == len(set(found))
    assert set(found) <= {each.email for each in known}
