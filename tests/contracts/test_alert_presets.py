"""Every alert source that ships with us: its own examples, and the vendors' payloads when they are at hand."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.domain.alert_sources import PRESETS
from bot.domain.alerts import AlertStatus, Mapped
from bot.mapping.alerts import map_by_preset
from bot.mapping.presets import preset, wrong_examples

FOLDER = os.environ.get("MUSTER_CONTRACTS", "")
with_contracts = pytest.mark.skipif(not FOLDER, reason="MUSTER_CONTRACTS names no folder")
FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED
NO_DATA, ACKNOWLEDGED = AlertStatus.NO_DATA, AlertStatus.ACKNOWLEDGED


def mapped(source: str, name: str) -> Mapped:
    payload = json.loads((Path(FOLDER) / "fixtures" / source / f"{name}.json").read_text())
    return map_by_preset(preset(source), payload, source=source)


def test_every_preset_maps_its_own_examples() -> None:
    assert wrong_examples() == []


@pytest.mark.parametrize("source", PRESETS)
def test_every_preset_names_its_documentation_and_shows_how_an_alert_ends(source: str) -> None:
    made = preset(source)
    assert made.source == source
    assert made.docs_url.startswith("https://")
    told = [map_by_preset(made, each.payload, source=source) for each in made.examples]
    statuses = {alert.status for each in told for alert in each.alerts}
    assert {FIRING, RESOLVED} <= statuses
    used = {made.shape(each.payload).name for each in made.examples if made.shape(each.payload)}  # type: ignore[union-attr]
    assert {shape.name for shape in made.shapes} - used <= {"problem"}


def test_a_wrong_example_is_told_with_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    example = preset("newrelic").examples[0]
    changed = {**example.payload, "title": "Another"}
    monkeypatch.setitem(example.payload, "title", changed["title"])
    [problem] = wrong_examples(("newrelic",))
    assert "title is 'Another', not" in problem


#: source, fixture, and (external id, status, severity) of every alert in it.
VENDORS: list[tuple[str, str, list[tuple[str, AlertStatus, str | None]]]] = [
    (
        "alertmanager",
        "firing_single_rich_annotations",
        [("7c7c4ce9f8a2b1d", FIRING, "critical")],
    ),
    (
        "alertmanager",
        "mixed_firing_and_resolved.test",
        [("abc123", FIRING, None), ("def456", RESOLVED, None)],
    ),
    ("grafana", "legacy_alerting", [("rule:1:7", FIRING, None)]),
    ("grafana", "legacy_minimal_docs_example", [("rule:1:1", FIRING, None)]),
    ("grafana", "legacy_ok", [("rule:1:7", RESOLVED, None)]),
    ("grafana", "legacy_v7_no_data", [("rule:1:3", NO_DATA, None)]),
    ("grafana", "legacy_with_tags_two_matches", [("rule:1:58", FIRING, "warning")]),
    (
        "grafana",
        "unified_DatasourceNoData.derived",
        [("e6349a25f5ef0e9e@1@https://play.grafana.org/", NO_DATA, None)],
    ),
    (
        "grafana",
        "unified_v11_single_firing_values",
        [("e6349a25f5ef0e9e@1@https://play.grafana.org/", FIRING, None)],
    ),
    (
        "grafana",
        "unified_v9_mixed_firing_resolved",
        [
            ("aaafafe0953f0962@1@https://grafana.example.com/", RESOLVED, None),
            ("fb31814ac93dbe7d@1@https://grafana.example.com/", RESOLVED, None),
            ("6f9cd313db421ef1@1@https://grafana.example.com/", FIRING, None),
        ],
    ),
    (
        "grafana",
        "unified_v9_test_notification_no_labels_resolved",
        [("57c6d9296de2ad39@1@https://zuliptestingwh2.grafana.net/", RESOLVED, None)],
    ),
    (
        "datadog",
        "custom_triggered_2015",
        [("Dock is almost out of memory... host:i-3b93aafb", FIRING, None)],
    ),
    (
        "datadog",
        "custom_recovered_2015",
        [("Dock is almost out of memory... host:i-3b93aafb", RESOLVED, None)],
    ),
    (
        "datadog",
        "rendered_multi_alert_group_triggered.derived",
        [("9bd4ac313a4d1e8fae2482df7b77628", FIRING, "high")],
    ),
    (
        "datadog",
        "rendered_multi_alert_group_other_host.derived",
        [("9bd4ac313a4d1e8fae2482df7b77629", FIRING, "high")],
    ),
    (
        "datadog",
        "rendered_multi_alert_group_recovered.derived",
        [("9bd4ac313a4d1e8fae2482df7b77628", RESOLVED, "high")],
    ),
    (
        "datadog",
        "rendered_no_data.derived",
        [("9bd4ac313a4d1e8fae2482df7b77628", NO_DATA, "high")],
    ),
    (
        "datadog",
        "rendered_renotify.derived",
        [("9bd4ac313a4d1e8fae2482df7b77628", FIRING, "high")],
    ),
    (
        "dynatrace",
        "api_v2_problem",
        [("-6004362228644432354_1638271020000V2", FIRING, "warning")],
    ),
    (
        "dynatrace",
        "open_performance_v2_details.assembled",
        [("-6004362228644432354_1638271020000V2", FIRING, "warning")],
    ),
    (
        "dynatrace",
        "resolved_performance_v2_details.assembled",
        [("-6004362228644432354_1638271020000V2", RESOLVED, "warning")],
    ),
    ("dynatrace", "open_with_tags", [("99999", FIRING, None)]),
    ("dynatrace", "test_notification_open", [("99999", FIRING, None)]),
    ("newrelic", "legacy_open_full_test", [("incident:0", FIRING, "info")]),
    ("newrelic", "port_ocean_issue_payload", [("issue-1", FIRING, None)]),
    (
        "newrelic",
        "workflow_acknowledged",
        [("13bbcdca-f0b6-470d-b0be-b34583c58869", ACKNOWLEDGED, "high")],
    ),
    (
        "newrelic",
        "workflow_activated",
        [("c5faa7e6-7b54-402d-af79-f99601e0278c", FIRING, "critical")],
    ),
    (
        "newrelic",
        "workflow_closed",
        [("95a9344a-2590-48ce-8d83-07e28b6d22c6", RESOLVED, "critical")],
    ),
    ("sentry", "event_alert_triggered.docs", [("issue:1117540176", FIRING, "high")]),
    ("sentry", "issue_created.docs", [("issue:1170820242", FIRING, "high")]),
    ("sentry", "issue_resolved", [("issue:1638821441", RESOLVED, "high")]),
    ("sentry", "legacy_plugin_sample_event_2018", [("issue:541485531", FIRING, "high")]),
    ("sentry", "metric_alert_critical", [("metric:7:1", FIRING, "critical")]),
    ("sentry", "metric_alert_resolved.docs", [("metric:7:4", RESOLVED, None)]),
]
#: What is no alert of a vendor, and why it is refused.
REFUSED = [
    ("alertmanager", "prometheus_api_v2_alerts_post", "webhook_config"),
    ("datadog", "template_recommended", "mapping show"),
    ("datadog", "template_port_ocean", "mapping show"),
]


@with_contracts
@pytest.mark.parametrize(("source", "name", "expected"), VENDORS)
def test_the_vendors_payloads_are_understood(
    source: str, name: str, expected: list[tuple[str, AlertStatus, str | None]]
) -> None:
    found = mapped(source, name)
    assert (found.failures, found.odd) == ((), ())
    assert [(a.external_id, a.status, a.severity) for a in found.alerts] == expected
    for alert in found.alerts:
        assert alert.source == source
        assert alert.title
        assert not alert.title.startswith(("[", "$"))
        assert alert.url is None or alert.url.startswith("http")
        if alert.status is not RESOLVED:
            assert alert.ended_at is None


@with_contracts
@pytest.mark.parametrize(("source", "name", "why"), REFUSED)
def test_what_is_no_alert_yields_none(source: str, name: str, why: str) -> None:
    found = mapped(source, name)
    assert found.alerts == ()
    assert why in found.reason


@with_contracts
def test_no_fixture_of_a_source_is_left_out() -> None:
    there = {
        (source, path.stem)
        for source in PRESETS
        for path in (Path(FOLDER) / "fixtures" / source).glob("*.json")
    }
    tested = {(source, name) for source, name, _ in [*VENDORS, *REFUSED]}
    assert there == tested


@with_contracts
def test_times_come_in_every_form_the_vendors_use() -> None:
    def times(source: str, name: str) -> list[Any]:
        return [(a.started_at, a.ended_at) for a in mapped(source, name).alerts]

    utc = UTC
    mixed = times("grafana", "unified_v9_mixed_firing_resolved")
    assert mixed[0] == (
        datetime(2022, 6, 17, 1, 4, 0, 782137, tzinfo=utc),
        datetime(2022, 6, 17, 1, 8, 28, 652747, tzinfo=utc),
    )
    assert mixed[2][1] is None
    [(started, ended)] = times("dynatrace", "resolved_performance_v2_details.assembled")
    assert (ended - started).total_seconds() == 1800
    [(started, ended)] = times("newrelic", "workflow_closed")
    assert started == datetime(2024, 4, 22, 6, 16, 30, 228000, tzinfo=utc)
    assert ended > started
    [(started, _)] = times("datadog", "rendered_multi_alert_group_triggered.derived")
    assert started == datetime(2026, 1, 1, tzinfo=utc)
    [(started, _)] = times("sentry", "event_alert_triggered.docs")
    assert started.microsecond == 677000
