"""The five times: what can be typed, what is refused, what is only said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import lifecycle, times
from bot.domain.incident import EntryKind, Incident, Status
from bot.domain.times import Moment
from bot.errors import FieldError, UserError
from tests.unit.store.house import ANA_ACTOR, NOW, an_incident

LATER = NOW + timedelta(hours=5)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Nowhere/Land")


def ended() -> Incident:
    return an_incident(
        status=Status.RESOLVED,
        acknowledged_at=NOW + timedelta(minutes=5),
        mitigated_at=NOW + timedelta(minutes=20),
        resolved_at=NOW + timedelta(minutes=40),
    )


def test_detected_is_when_it_reached_us_until_somebody_knows_better() -> None:
    incident = an_incident(created_at=NOW + timedelta(minutes=3))
    assert times.value(incident, Moment.DETECTED) == NOW + timedelta(minutes=3)
    at = NOW + timedelta(minutes=1)
    after = times.correct(incident, {Moment.DETECTED: at}, ANA_ACTOR, LATER).incident
    assert times.value(after, Moment.DETECTED) == at
    back = times.correct(after, {Moment.DETECTED: None}, ANA_ACTOR, LATER).incident
    assert times.value(back, Moment.DETECTED) == incident.created_at
    with pytest.raises(UserError, match="already"):
        times.correct(back, {Moment.DETECTED: None}, ANA_ACTOR, LATER)


def test_a_correction_says_who_changed_what_from_what_to_what() -> None:
    before = NOW - timedelta(minutes=30)
    decision = times.correct(
        ended(), {Moment.STARTED: before, Moment.MITIGATED: None}, ANA_ACTOR, LATER
    )
    assert decision.incident.started_at == before
    assert decision.incident.mitigated_at is None
    assert decision.incident.updated_at == LATER
    told = [(e.kind, e.actor, e.target, e.text) for e in decision.entries]
    assert told == [
        (
            EntryKind.TIME,
            ANA_ACTOR,
            "started",
            f"{times.said(before)} (was {times.said(NOW)})",
        ),
        (
            EntryKind.TIME,
            ANA_ACTOR,
            "mitigated",
            f"not known (was {times.said(NOW + timedelta(minutes=20))})",
        ),
    ]


@pytest.mark.parametrize(
    ("moment", "at", "why"),
    [
        (Moment.STARTED, LATER + timedelta(seconds=1), "future"),
        (Moment.STARTED, NOW - timedelta(days=400), "year"),
        (Moment.STARTED, None, "always"),
        (Moment.RESOLVED, NOW, "not resolved"),
        (Moment.ACKNOWLEDGED, NOW, "acknowledged INC-1 yet"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    moment: Moment, at: datetime | None, why: str
) -> None:
    with pytest.raises(FieldError, match=why) as raised:
        times.correct(
            an_incident(started_at=NOW + timedelta(minutes=1)), {moment: at}, ANA_ACTOR, LATER
        )
    assert raised.value.field == moment.value


def test_an_odd_order_is_said_and_not_refused() -> None:
    late = {Moment.DETECTED: NOW + timedelta(minutes=30)}
    after = times.correct(ended(), late, ANA_ACTOR, LATER).incident
    assert times.warnings(after) == ["Acknowledged is before detected."]
    assert "to acknowledge" not in dict(times.spans(after))
    assert times.warnings(ended()) == []
    assert dict(times.spans(ended()))["in all"] == timedelta(minutes=40)


def test_what_the_form_gives_back_unchanged_keeps_its_seconds() -> None:
    exact = NOW.replace(second=42)
    incident = an_incident(started_at=exact)
    shown = exact.replace(second=0)
    with pytest.raises(UserError, match="already"):
        times.correct(incident, {Moment.STARTED: shown}, ANA_ACTOR, LATER)
    moved = {Moment.STARTED: shown - timedelta(minutes=1)}
    after = times.correct(incident, moved, ANA_ACTOR, LATER).incident
    assert after.started_at == shown - timedelta(minutes=1)


def test_reopened_it_is_not_mitigated_any_more() -> None:
    assert lifecycle.reopen(ended(), ANA_ACTOR, LATER).incident.mitigated_at is None


@pytest.mark.parametrize(
    ("words", "zone", "at"),
    [
        ("14:05", "Europe/Berlin", "2026-11-26T13:05"),
        ("14:05:30", "UTC", "2026-11-26T14:05:30"),
        ("23:50", "Europe/Berlin", "2026-11-25T22:50"),  # not come yet today: yesterday's
        ("2026-11-26 14:05", "Europe/Berlin", "2026-11-26T13:05"),
        ("2026-11-26T9:05", "America/New_York", "2026-11-26T14:05"),
        ("2026-11-26T14:05Z", "Europe/Berlin", "2026-11-26T14:05"),
        ("2026-11-26 14:05 utc", "Europe/Berlin", "2026-11-26T14:05"),
        ("2026-11-26 14:05 +05:45", "UTC", "2026-11-26T08:20"),
        ("2026-11-26 14:05-0800", "UTC", "2026-11-26T22:05"),
        ("14:05", "Nowhere/Land", "2026-11-26T14:05"),
    ],
)
def test_what_can_be_typed(words: str, zone: str, at: str) -> None:
    now = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
    assert times.parse(words, zone, now) == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "words", ["", "yesterday", "25:00", "14:60", "2026-13-01 10:00", "2026-02-30 10:00", "14h05"]
)
def test_what_cannot_be_read_says_what_can_be_written(words: str) -> None:
    with pytest.raises(FieldError, match=r"Write 14:05"):
        times.parse(words, "UTC", NOW)


def test_a_time_the_clocks_jumped_over_does_not_exist() -> None:
    with pytest.raises(FieldError, match="does not exist in Europe/Berlin"):
        times.parse("2026-03-29 02:30", "Europe/Berlin", NOW)


@given(st.text(max_size=30), st.sampled_from(ZONES))
def test_whatever_is_typed_is_a_time_or_a_sentence(words: str, zone: str) -> None:
    try:
        at = times.parse(words, zone, NOW)
    except FieldError as error:
        assert str(error)  # noqa: PT017 - either is fine, a traceback is not
    else:
        assert at is None or at.tzinfo is not None


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001
        lambda at: at.replace(second=0, microsecond=0)
    ),
    st.sampled_from(ZONES),
)
def test_a_clock_alone_is_the_last_such_moment(local: datetime, zone: str) -> None:
    now = local.replace(tzinfo=UTC)
    try:
        at = times.parse("12:30", zone, now)
    except FieldError:
        return
    assert at is not None
    assert now - timedelta(hours=25) < at <= now
    assert f"{at.astimezone(times.zone_of(zone)):%H:%M}" == "12:30"


@pytest.mark.parametrize("word", ["started", "STARTED", "start", "det", "ack", "mitig", "res"])
def test_a_time_is_named_by_its_beginning(word: str) -> None:
    assert times.named(word).value.startswith(word.casefold())


@pytest.mark.parametrize("word", ["", "st", "ended", "x"])
def test_an_unknown_name_lists_the_five(word: str) -> None:
    with pytest.raises(FieldError, match="started, detected, acknowledged, mitigated, resolved"):
        times.named(word)


def test_the_order_of_seconds_counts_when_they_are_typed() -> None:
    exact = replace(ended(), started_at=NOW)
    after = times.correct(exact, {Moment.STARTED: NOW - timedelta(seconds=1)}, ANA_ACTOR, LATER)
    assert after.incident.started_at == NOW - timedelta(seconds=1)
