"""Which conditions silence a group at its source: all of its alerts, and as few others as possible."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import alert_silence
from bot.domain.alert_groups import Group
from bot.domain.alert_silence import (
    Matcher,
    Silence,
    joined,
    labels_of,
    mark,
    matchers,
    sources_of,
    wanted,
)
from bot.domain.alert_sources import Alerts, AlertSource
from bot.domain.alert_state import Stored
from bot.domain.alerts import Alert, AlertStatus
from bot.domain.incident import Actor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GROUP = Group(
    id=7,
    key="k",
    title="Disk",
    source="prometheus",
    opened_at=NOW,
    last_at=NOW,
    silenced_until=NOW + timedelta(hours=1),
    silenced_by=Actor(name="Ana", slack_id="U0ANA"),
)


def alert(own: dict[str, str], **more: Any) -> Stored:
    told = Alert(
        source="prometheus",
        external_id="1",
        title="Disk",
        status=AlertStatus.FIRING,
        **{"payload": {"labels": own}, **more},
    )
    return Stored(alert=told, since=NOW, first_seen=NOW, seen_at=NOW, changed_at=NOW)


def covers(conditions: frozenset[Matcher], labels: dict[str, str]) -> bool:
    """As Alertmanager compares them: a label that is not there is empty, expressions match the whole value."""
    return all(
        re.fullmatch(m.value, labels.get(m.name, ""), re.DOTALL)
        if m.is_regex
        else m.value == labels.get(m.name, "")
        for m in conditions
    )


def test_one_alert_is_silenced_by_all_its_labels() -> None:
    found = matchers([alert({"alertname": "Disk", "instance": "db-1"})])
    assert found == {
        Matcher(name="alertname", value="Disk"),
        Matcher(name="instance", value="db-1"),
    }


def test_what_differs_is_listed_and_nothing_else_is_silenced() -> None:
    found = matchers([alert({"alertname": "Disk", "instance": n}) for n in ("db.1", "db-2")])
    assert Matcher(name="alertname", value="Disk") in found
    assert covers(found, {"alertname": "Disk", "instance": "db.1"})
    assert not covers(found, {"alertname": "Disk", "instance": "dbx1"})
    assert not covers(found, {"alertname": "Disk", "instance": "db-3"})
    assert not covers(found, {"alertname": "Memory", "instance": "db.1"})


def test_without_anything_in_common_nothing_is_silenced() -> None:
    assert matchers([]) == frozenset()
    assert matchers([alert({})]) == frozenset()
    assert matchers([alert({"alertname": "A"}), alert({"alertname": "B"})]) == frozenset()


@pytest.mark.parametrize(("shared", "some"), [("alertname", True), ("severity", False)])
def test_too_many_values_are_left_out_of_alerts_of_one_name_only(shared: str, some: bool) -> None:
    many = [alert({shared: "x", "pod": f"p{n}"}) for n in range(alert_silence.VALUES + 1)]
    assert matchers(many) == (frozenset({Matcher(name=shared, value="x")}) if some else frozenset())


def there(*conditions: Matcher) -> Silence:
    return Silence(matchers=frozenset(conditions), ends_at=NOW, by="Ana", comment="")


names = st.sampled_from(["alertname", "instance", "pod", "odd"])
labels = st.dictionaries(names, st.text(max_size=8), max_size=4)


@given(st.lists(labels, min_size=1, max_size=6))
def test_every_alert_of_the_group_is_covered_and_never_everything(every: list[Any]) -> None:
    found = matchers([alert(each) for each in every])
    assert all(covers(found, each) for each in every)
    if found:
        assert not covers(found, {}), "one without labels is never covered"


@given(st.lists(labels, min_size=1, max_size=6), labels)
def test_one_that_joins_is_covered_exactly_when_alertmanager_says_so(
    every: list[Any], other: dict[str, str]
) -> None:
    made, more = there(*matchers([alert(each) for each in every])), alert(other)
    if made.matchers:
        assert alert_silence.covers(made, [alert(each) for each in every])
    assert alert_silence.covers(made, [more]) is bool(
        made.matchers and covers(made.matchers, other)
    )


@pytest.mark.parametrize(
    "condition",
    [
        Matcher(name="alertname", value=".*", is_regex=True),
        Matcher(name="alertname", value="Disk|(", is_regex=True),
        Matcher(name="alertname", value="Disk\\", is_regex=True),
        Matcher(name="alertname", value="Memory", negative=True),
    ],
    ids=lambda condition: condition.value,
)
def test_conditions_somebody_else_wrote_are_not_relied_on(condition: Matcher) -> None:
    disk = alert({"alertname": "Disk"})
    assert not alert_silence.covers(there(condition), [disk])
    assert not alert_silence.covers(there(), [disk])


def test_a_silence_that_covers_those_that_joined_keeps_its_conditions() -> None:
    first = [alert({"alertname": "Disk", "instance": n}) for n in ("a", "b")]
    made = wanted(GROUP, first)
    assert made is not None
    assert wanted(GROUP, first[:1], made) == made
    assert wanted(GROUP, [first[1], alert({"alertname": "Disk", "instance": "c"})], made) != made
    wider = there(Matcher(name="alertname", value="Disk"))
    kept = wanted(GROUP, first, wider)
    assert kept is not None
    assert (kept.matchers, kept.ends_at) == (wider.matchers, GROUP.silenced_until)


def test_who_joins_a_silenced_group_is_silenced_at_its_own_source() -> None:
    source = AlertSource(name="b", preset="alertmanager", api_url="http://127.0.0.1:9093")
    known = Alerts(sources={"b": source, "c": AlertSource(name="c", preset="grafana")})
    now, then = joined(known, GROUP, "b")
    press = alert_silence.silence(GROUP, "b")
    assert now.key != press.key, "a press at the same version of the group is not lost"
    assert (now.lane, now.merge, now.payload) == (press.lane, press.merge, press.payload)
    assert GROUP.silenced_until is not None
    assert then == alert_silence.over(GROUP, "b", GROUP.silenced_until)
    assert joined(known, GROUP, "c") == []
    assert joined(known, replace(GROUP, silenced_until=None), "b") == []


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"labels": {"a": " two  blanks"}}, {"a": " two  blanks"}),
        (json.dumps({"labels": {"a": "1"}}), {"a": "1"}),
        ("", {"a": "short"}),
        ("[]", {"a": "short"}),
        ("{", {"a": "short"}),
        ({"labels": {"a": 5}}, {"a": "short"}),
    ],
)
def test_labels_are_those_of_the_sender(payload: Any, expected: dict[str, str]) -> None:
    assert labels_of(alert({}, labels={"a": "short"}, payload=payload)) == expected


def test_what_is_asked_for_says_who_until_when_and_carries_the_mark() -> None:
    asked = wanted(GROUP, [alert({"alertname": "Disk"})])
    assert asked is not None
    assert (asked.by, asked.ends_at, asked.id) == ("Ana", GROUP.silenced_until, "")
    assert mark(GROUP) in asked.comment
    assert wanted(replace(GROUP, silenced_until=None), [alert({"alertname": "Disk"})]) is None
    assert wanted(GROUP, [alert({})]) is None
    nobody = wanted(replace(GROUP, silenced_by=None), [alert({"alertname": "Disk"})])
    assert nobody is not None
    assert nobody.by == "Muster"


def test_a_mark_is_of_one_group_of_one_muster() -> None:
    others = [replace(GROUP, id=8), replace(GROUP, key="x"), replace(GROUP, opened_at=NOW + CLOSE)]
    assert len({mark(GROUP), *map(mark, others)}) == 4


CLOSE = timedelta(microseconds=1)


def test_only_alertmanagers_with_an_address_take_silences() -> None:
    url = "http://127.0.0.1:9093"
    alerts = Alerts(
        sources={
            "a": AlertSource(name="a", preset="alertmanager", api_url=url),
            "b": AlertSource(name="b", preset="alertmanager"),
            "c": AlertSource(name="c", preset="grafana", api_url=url),
        }
    )
    assert sources_of(alerts, ["c", "b", "a", "a", "unknown"]) == ["a"]


def test_two_presses_are_two_effects_in_one_lane() -> None:
    first = alert_silence.silence(GROUP, "prometheus")
    second = alert_silence.silence(replace(GROUP, version=1), "prometheus")
    assert first.key != second.key
    assert (first.lane, first.merge) == (second.lane, second.merge)


def test_only_what_is_known_by_its_fingerprint_can_have_ended() -> None:
    known = alert({}, payload={"labels": {}, "fingerprint": "1"})
    other = alert({}, payload={"labels": {}, "fingerprint": "2"})
    assert alert_silence.ended([known, other], frozenset()) == [known]
    assert alert_silence.ended([known], {"1"}) == []
    over = replace(known, alert=replace(known.alert, status=AlertStatus.RESOLVED))
    assert alert_silence.ended([over], frozenset()) == []
