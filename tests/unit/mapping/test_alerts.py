"""Sources of one's own: a few jq expressions, guarded; what fails is named and stops nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_sources import AlertAuth, Alerts, AlertSource
from bot.domain.alerts import AlertStatus
from bot.domain.catalog import Rule
from bot.errors import NotFound
from bot.mapping.alerts import MOST, AlertMapper
from bot.mapping.presets import preset
from bot.mapping.trial import instructions, trial

if TYPE_CHECKING:
    from bot.mapping.engine import Engine

AUTH = AlertAuth(kind="bearer", secret="t")
BACKUPS = AlertSource(
    name="backups",
    auth=AUTH,
    each=".jobs[]",
    fields={
        "external_id": ".id",
        "title": '"Backup of \\(.host) \\(.state)"',
        "status": 'if .state == "ok" then "resolved" else "firing" end',
        "severity": 'if .critical then "critical" else "warning" end',
        "labels": "{service: .service, host: .host}",
        "started_at": ".started",
    },
)
JOB = {"id": 4, "host": "db", "state": "failed", "service": "billing", "critical": True}


def alerts(*sources: AlertSource, **more: Any) -> Alerts:
    return Alerts(sources={source.name: source for source in sources}, **more)


async def test_a_source_of_ones_own_needs_no_code(engine: Engine) -> None:
    mapper = AlertMapper(alerts(BACKUPS), engine)
    body = {"jobs": [JOB, {**JOB, "id": 5, "state": "ok", "critical": False}]}
    mapped = await mapper.map("backups", body)
    assert mapped.failures == ()
    first, second = mapped.alerts
    assert (first.external_id, first.title, first.severity) == ("4", "Backup of db failed", "critical")  # fmt: skip
    assert first.labels == {"service": "billing", "host": "db"}
    assert second.status is AlertStatus.RESOLVED


async def test_a_failing_field_is_named_and_the_other_alerts_are_there(engine: Engine) -> None:
    broken = AlertSource(
        name="mine",
        auth=AUTH,
        each=".[]",
        fields={"external_id": ".id", "title": ".title | ltrimstr(1) | test(3)", "status": ".s"},
    )
    mapper = AlertMapper(alerts(broken), engine)
    mapped = await mapper.map("mine", [{"id": 1, "title": "t", "s": "firing"}])
    assert [(f.item, f.field) for f in mapped.failures] == [(1, "title")]
    assert mapped.reason.startswith("alert 1, title: ")
    mapped = await AlertMapper(alerts(BACKUPS), engine).map("backups", {"jobs": [JOB, "odd", JOB]})
    assert len(mapped.alerts) == 2
    assert {f.item for f in mapped.failures} == {2}
    assert {"external_id", "title"} <= {f.field for f in mapped.failures}


async def test_what_each_cannot_do_is_named(engine: Engine) -> None:
    mapped = await AlertMapper(alerts(BACKUPS), engine).map("backups", {"jobs": 3})
    assert [f.field for f in mapped.failures] == ["each"]
    assert "Cannot iterate over number" in mapped.reason


async def test_configured_expressions_see_no_secrets_and_end_in_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    fields = {**BACKUPS.fields, "description": "env | tostring", "title": "last(range(1e12))"}
    source = AlertSource(name="bad", auth=AUTH, fields=fields)
    mapped = await AlertMapper(alerts(source), engine).map("bad", JOB)
    assert "title: takes more than 200 ms" in mapped.reason
    source = AlertSource(name="bad", auth=AUTH, fields={**fields, "title": '"t"'})
    [alert] = (await AlertMapper(alerts(source), engine).map("bad", JOB)).alerts
    assert "xoxb" not in alert.description


async def test_a_preset_with_a_field_of_ones_own(engine: Engine) -> None:
    own = AlertSource(
        name="prom", preset="alertmanager", auth=AUTH, fields={"title": ".labels.queue"}
    )
    mapped = await AlertMapper(alerts(own), engine).map(
        "prom", preset("alertmanager").examples[0].payload
    )
    assert [alert.title for alert in mapped.alerts] == ["out", "in"]
    assert [alert.source for alert in mapped.alerts] == ["prom", "prom"]
    assert mapped.alerts[0].severity == "critical"


async def test_more_alerts_than_anybody_sends_are_refused_as_a_whole(engine: Engine) -> None:
    payload = {"alerts": [{"labels": {"alertname": "a"}}] * (MOST + 1)}
    mapped = await AlertMapper(Alerts(), engine).map("alertmanager", payload)
    assert mapped.alerts == ()
    assert "1,001 alerts; 1,000 is the most" in mapped.reason


async def test_one_odd_item_of_a_preset_fails_alone(engine: Engine) -> None:
    good = {"status": "firing", "labels": {"alertname": "a"}, "fingerprint": "1"}
    mapped = await AlertMapper(Alerts(), engine).map("alertmanager", {"alerts": ["x", None, good]})
    assert [alert.external_id for alert in mapped.alerts] == ["1"]
    assert [f.item for f in mapped.failures] == [1, 2]


async def test_only_presets_refuse_at_the_door(engine: Engine) -> None:
    mapper = AlertMapper(alerts(BACKUPS), engine)
    assert "webhook_config" in str(mapper.refusal("alertmanager", [{"labels": {}}]))
    assert mapper.refusal("alertmanager", {"alerts": []}) is None
    assert mapper.refusal("backups", 3) is None
    assert mapper.source("nobody") is None
    assert engine.pid is None


async def test_grouping_and_routing(engine: Engine) -> None:
    rules = (
        Rule(when=".nonsense | test(1)", do="page"),
        Rule(when='.severity == "critical" and .labels.service == "billing"', do="incident", severity="SEV2"),
    )  # fmt: skip
    mapper = AlertMapper(alerts(BACKUPS, group_by=".labels.host", routing=rules), engine)
    [alert] = (await mapper.map("backups", {"jobs": [JOB]})).alerts
    assert await mapper.group_key(alert) == ('"db"', None)
    rule = await mapper.decide(alert)
    assert rule is not None
    assert (rule.do, rule.severity) == ("incident", "SEV2")
    assert len(mapper.problems) == 1
    plain = AlertMapper(Alerts(), engine)
    assert await plain.group_key(alert) == ('["billing","Backup of db failed"]', None)
    assert await plain.decide(alert) is None
    failing = AlertMapper(Alerts(group_by=".title | keys"), engine)
    key, why = await failing.group_key(alert)
    assert key == '["billing","Backup of db failed"]'
    assert why


async def test_trying_a_mapping_shows_what_it_yields() -> None:
    text, worked = await trial(alerts(BACKUPS), "backups", json.dumps({"jobs": [JOB]}).encode())
    assert worked
    assert "Backup of db failed" in text
    assert "service=billing, host=db" in text
    assert "announce" in text
    text, worked = await trial(alerts(BACKUPS), "backups", b'{"jobs": [{}]}')
    assert not worked
    assert "FAILED  alert 1, external_id: is empty" in text
    text, worked = await trial(Alerts(), "alertmanager", b"[]")
    assert not worked
    assert "refused (422)" in text
    text, worked = await trial(Alerts(), "alertmanager", b"{")
    assert not worked
    assert "not JSON" in text
    with pytest.raises(NotFound, match="Known: alertmanager, datadog"):
        await trial(Alerts(), "nagios", b"{}")
    assert "ProblemDetailsJSONv2" in instructions(Alerts(), "dynatrace")
    assert "alerts.sources.backups" in instructions(alerts(BACKUPS), "backups")
