"""What a mapping yields becomes one kind of value, whatever forms its sender uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import (
    ID_LIMIT,
    TITLE_LIMIT,
    AlertStatus,
    Unusable,
    moment,
    normalized,
    severity_of,
    worst,
)

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
GOOD = {"external_id": "x1", "title": "Disk", "status": "firing"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T09:00:00Z",
        "2026-03-01T09:00:00.000000000Z",
        "2026-03-01T10:00:00+01:00",
        "2026-03-01T10:00:00.000+0100",
        "2026-03-01 09:00:00",
        "2026-03-01 09:00:00 UTC",
        "2026-03-01 09:00:00 +0000",
        "2026-03-01T09:00Z",
        1772355600,
        1772355600000,
        "1772355600000",
        1772355600000000,
        1772355600000000000,
        1772355600.0,
    ],
    ids=repr,
)
def test_one_moment_in_every_form(written: Any) -> None:
    assert moment(written) == NINE


@pytest.mark.parametrize(
    "written",
    [None, "", "null", "0001-01-01T00:00:00Z", -1, 0, "-1", "$DATE", "{Start}", True],
    ids=repr,
)
def test_the_ways_to_say_that_there_is_no_time(written: Any) -> None:
    assert moment(written) is None


@pytest.mark.parametrize(
    "written", ["yesterday", "2026-13-01T00:00:00Z", "9" * 21, [], {}, "12:00"]
)
def test_what_is_no_time_is_told(written: Any) -> None:
    with pytest.raises(ValueError, match="is no time"):
        moment(written)


@given(st.integers(631_152_000, 3_786_912_000), st.sampled_from([1, 1000, 10**6]))
def test_a_time_survives_being_written(seconds: int, unit: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert moment(at.isoformat()) == at
    assert moment(seconds * unit) == at


def test_an_odd_time_is_left_out_and_told_but_the_alert_is_there() -> None:
    alert, odd = normalized({**GOOD, "started_at": "soon"}, source="x", item=3)
    assert alert.started_at is None
    assert [str(each) for each in odd] == [
        "alert 3, started_at: 'soon' is no time; it was left out"
    ]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({**GOOD, "external_id": None}, "external_id", "is empty"),
        ({**GOOD, "external_id": "$AGGREG_KEY"}, "external_id", "is empty"),
        ({**GOOD, "title": "  "}, "title", "is empty"),
        ({**GOOD, "title": {}}, "title", "is empty"),
        ({**GOOD, "status": "purple"}, "status", "is 'purple'; it can be firing"),
        ({"external_id": "1", "title": "t"}, "status", "is empty"),
    ],
)
def test_what_an_alert_cannot_be_without(values: Any, field: str, words: str) -> None:
    with pytest.raises(Unusable) as caught:
        normalized(values, source="x")
    assert caught.value.field == field
    assert words in str(caught.value)


def test_values_are_made_text_and_kept_short() -> None:
    alert, odd = normalized(
        {
            "external_id": 12.0,
            "title": ["a\n  b", "c"],
            "status": "No Data",
            "severity": "CRIT",
            "labels": {"n": 3, "list": ["x", "y"], "gone": None, "deep": {"a": 1}, "on": True},
            "url": "javascript:alert(1)",
            "description": "x" * 9000,
            "source": "",
        },
        source="mine",
    )
    assert odd == ()
    assert (alert.external_id, alert.title, alert.source) == ("12", "a b, c", "mine")
    assert (alert.status, alert.severity, alert.url) == (AlertStatus.NO_DATA, "critical", None)
    assert alert.labels == {"n": "3", "list": "x, y", "on": "true"}
    assert len(alert.description) == 3000


def test_a_long_identity_stays_an_identity() -> None:
    first, _ = normalized({**GOOD, "external_id": "x" * 500}, source="a")
    second, _ = normalized({**GOOD, "external_id": "x" * 499 + "y"}, source="a")
    assert first.external_id != second.external_id
    assert len(first.external_id) <= ID_LIMIT


def test_an_open_alert_has_no_end() -> None:
    ended = {**GOOD, "ended_at": "2026-03-01T09:00:00Z"}
    assert normalized(ended, source="a")[0].ended_at is None
    assert normalized({**ended, "status": "ok"}, source="a")[0].ended_at == NINE


@pytest.mark.parametrize(
    ("word", "severity"),
    [("Page", "critical"), ("P2", "high"), ("WARN", "warning"), (3, "warning"), (None, None),
     ("$ALERT_PRIORITY", None), ("purple", "purple")],
)  # fmt: skip
def test_severities_in_any_spelling(word: Any, severity: str | None) -> None:
    assert severity_of(word) == severity


def test_the_worst_severity_is_a_known_one() -> None:
    assert worst(["info", None, "high", "purple"]) == "high"
    assert worst([None, "purple"]) == "purple"
    assert worst([]) is None


@given(st.fixed_dictionaries(dict.fromkeys(GOOD, JSON)), JSON, JSON, JSON)
def test_no_value_breaks_it(values: dict[str, Any], labels: Any, at: Any, url: Any) -> None:
    wild = {**values, "labels": labels, "started_at": at, "url": url, "severity": labels}
    try:
        alert, _ = normalized(wild, source="wild")
    except Unusable:
        return
    assert 0 < len(alert.external_id) <= ID_LIMIT
    assert 0 < len(alert.title) <= TITLE_LIMIT
    assert "\n" not in alert.title
    assert alert.started_at is None or alert.started_at.utcoffset() == timedelta(0)
    assert all(isinstance(v, str) and v for v in alert.labels.values())
    alert.title.encode()
