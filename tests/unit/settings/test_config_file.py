"""muster.yml: what it gives, and that everything wrong in it is told with its line."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.config_file import load_all, load_catalog, load_config
from bot.domain.alert_sources import AlertAuth
from bot.domain.catalog import Address, Catalog, Drills, Reminders
from bot.domain.quiet import QuietHours
from bot.errors import SettingsError

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "muster.example.yml"
VARIABLES = (
    "SMTP_PASSWORD",
    "ALERTMANAGER_TOKEN",
    "SENTRY_CLIENT_SECRET",
    "BACKUPS_TOKEN",
    "TEAMS_WEBHOOK",
)
ENVIRON = {name: f"value-of-{name}" for name in VARIABLES}


def test_the_example_loads_with_everything_in_its_place() -> None:
    config = load_config(EXAMPLE, ENVIRON)
    catalog = config.catalog
    assert [severity.name for severity in catalog.severities] == ["SEV1", "SEV2", "SEV3", "SEV4"]
    assert catalog.severities[0].update_every == timedelta(minutes=30)
    assert catalog.roles == Catalog().roles
    assert [rule.do for rule in catalog.pagerduty_routing] == ["channel", "announce"]
    checkout = catalog.services["checkout-api"]
    assert checkout.title == "Checkout API"
    assert checkout.owners == ("alice@example.com", "group:oncall")
    assert catalog.services["payments"].title == "Payments"
    assert catalog.people["alice@example.com"].notify == (
        Address("mailto://alice:value-of-SMTP_PASSWORD@smtp.example.com"),
    )
    primary = catalog.rosters["primary"]
    assert primary.layers[1].only == {"days": ("Sat", "Sun"), "from": "09:00", "to": "21:00"}
    assert primary.layers[0].start == "2026-01-05"
    assert catalog.policies["default"].levels[1].wait == timedelta(minutes=10)
    assert catalog.policies["default"].acknowledge_expires == timedelta(hours=2)
    assert catalog.permissions["publish"] == ("role:communications", "group:security-team")
    sections = config.sections
    prometheus = sections.alerts.sources["prometheus"]
    assert prometheus.auth == AlertAuth(kind="bearer", secret="value-of-ALERTMANAGER_TOKEN")
    assert sections.alerts.sources["backups"].fields["labels"].startswith("{service:")
    assert sections.alerts.routing[0].severity == "SEV2"
    assert sections.reminders["stale"] == timedelta(days=7)
    assert catalog.reminders.stale == timedelta(days=7)
    assert catalog.reminders.postmortem_due == timedelta(days=3)
    assert catalog.notifications == sections.notifications
    assert sections.notifications[0].url == "msteams://value-of-TEAMS_WEBHOOK"
    assert sections.drills == catalog.drills
    assert catalog.drills == Drills(schedule="0 10 1 * *", channel="fire-drill")
    assert sections.digest == {"weekly": "Mon 09:00", "channel": "incidents"}


def test_what_the_example_shows_in_a_comment_works_as_well(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = lines.index("  # dave@example.com:")
    shown = [line.replace("  # ", "  ", 1) for line in lines[start : start + 4]]
    path = tmp_path / "muster.yml"
    path.write_text("\n".join(["people:", *shown]), encoding="utf-8")
    dave = load_catalog(path, ENVIRON).people["dave@example.com"]
    assert dave.notify == (
        Address("mailto://dave@example.com"),
        Address("ntfys://ntfy.example.com/dave-pages", ("high",), timedelta(minutes=2)),
    )
    assert dave.quiet_hours == QuietHours(time(22), time(7))
    assert dave.time_zone == "Europe/Berlin"


def test_the_example_says_what_the_defaults_are() -> None:
    catalog = load_catalog(EXAMPLE, ENVIRON)
    assert catalog.channel_name == Catalog().channel_name
    assert catalog.reactions == Catalog().reactions
    assert [(r.when, r.do) for r in catalog.pagerduty_routing] == [
        (r.when, r.do) for r in Catalog().pagerduty_routing
    ]


@pytest.mark.skipif("MUSTER_CONTRACTS" not in os.environ, reason="needs the contract files")
def test_the_example_has_the_keys_of_the_contract() -> None:
    contract = load_config(
        Path(os.environ["MUSTER_CONTRACTS"]).parent / "muster.example.yml", ENVIRON
    )
    theirs, ours = contract.catalog, load_config(EXAMPLE, ENVIRON)
    more = {  # what ours shows beside it
        name: {key: value for key, value in getattr(ours.catalog, name).items() if key in known}
        for name, known in (("policies", theirs.policies), ("permissions", theirs.permissions))
    }
    same = replace(ours.catalog, domains=theirs.domains, **more)  # type: ignore[arg-type]
    assert replace(ours, catalog=same) == contract


def test_the_secrets_in_it_do_not_show() -> None:
    config = load_config(EXAMPLE, ENVIRON)
    assert config.catalog.people["alice@example.com"].notify[0].url.count("value-of") == 1
    assert "value-of" not in repr(config)


def test_a_reminder_keeps_its_default_or_is_switched_off(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text(
        "reminders: {no_commander: off, stale: false, no_acknowledge: 2m, archive_channel_after: 14d}"
    )
    read = load_config(file, {})
    assert read.catalog.reminders == replace(
        Reminders(),
        no_commander=None,
        stale=None,
        no_acknowledge=timedelta(minutes=2),
        archive_channel_after=timedelta(days=14),
    )
    assert read.sections.reminders == {
        "no_acknowledge": timedelta(minutes=2),
        "archive_channel_after": timedelta(days=14),
    }
    file.write_text("reminders:\n")
    assert load_config(file, {}).catalog.reminders == Reminders()


def test_unset_variables_are_named_with_their_lines() -> None:
    with pytest.raises(SettingsError) as caught:
        load_config(EXAMPLE, {})
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert len(caught.value.problems) == len(VARIABLES)
    for problem, name in zip(caught.value.problems, VARIABLES, strict=True):
        assert f"${{{name}}}" in problem.what
        assert f"${{{name}}}" in lines[int(problem.where.partition(":")[2]) - 1]


@pytest.mark.parametrize("text", ["", "# nothing\n", "services:\n", "{}"])
def test_nothing_configured_means_the_defaults(tmp_path: Path, text: str) -> None:
    file = tmp_path / "muster.yml"
    file.write_text(text)
    assert load_catalog(file, {}) == Catalog()
    assert load_catalog(tmp_path / "absent.yml", {}) == Catalog()


def test_a_file_that_was_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CONFIG_FILE: there is no file"):
        load_config(tmp_path / "absent.yml", {}, required=True)


def test_a_secret_cannot_change_the_structure_and_a_doubled_dollar_stays(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text("services:\n  a: {title: '${T}', pagerduty_service: '$${T}'}\n")
    service = load_catalog(file, {"T": "x, repo: evil/evil}"}).services["a"]
    assert service.title == "x, repo: evil/evil}"
    assert service.pagerduty_service == "${T}"
    assert service.repo is None


def test_a_bare_repository_belongs_to_the_owner_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text("services: {a: {repo: checkout}}")
    assert load_catalog(file, {"GITHUB_OWNER": "acme"}).services["a"].repo == "acme/checkout"


def test_yaml_is_1_2_so_no_and_times_stay_text(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text(
        "severities: [{name: no, description: 09:30}]\npeople: {A@X.de: {github: on}}\n"
    )
    catalog = load_catalog(file, {})
    assert (catalog.severities[0].name, catalog.severities[0].description) == ("no", "09:30")
    assert catalog.people["a@x.de"].github == "on"


def test_domains_that_are_equal(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text("identities: {domains: [[Example.com, '@example.org'], [a.de, b.de, c.de]]}")
    domains = load_catalog(file, {}).domains
    assert domains.equal("ANA@example.org") == ("ana@example.org", "ana@example.com")
    assert domains.equal("ana@b.de") == ("ana@b.de", "ana@a.de", "ana@c.de")
    assert domains.equal("ana@x.de") == ("ana@x.de",)


def test_settings_and_file_are_reported_together(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text("servicez: {}")
    with pytest.raises(SettingsError) as caught:
        load_all({"CONFIG_FILE": str(file), "SLACK_BOT_TOKEN": "xoxb-1"}, env_file=None)
    assert [problem.where for problem in caught.value.problems] == [
        "SLACK_APP_TOKEN",
        "muster.yml:1",
    ]
    with pytest.raises(SettingsError) as caught:
        load_all({"CONFIG_FILE": "no/such.yml", "SLACK_BOT_TOKEN": "xoxb-1"}, env_file=None)
    assert [problem.where for problem in caught.value.problems] == [
        "SLACK_APP_TOKEN",
        "CONFIG_FILE",
    ]
    environ = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "CONFIG_FILE": str(EXAMPLE),
    }
    read, config = load_all({**environ, **ENVIRON}, env_file=None)
    assert read.config_file == EXAMPLE
    assert "payments" in config.catalog.services
    with pytest.raises(SettingsError, match="where real incidents are announced"):
        load_all({**environ, **ENVIRON, "SLACK_INCIDENTS_CHANNEL": "#fire-drill"}, env_file=None)


def test_an_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_bytes(b"a: \xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_config(file, {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_config(tmp_path, {})


def test_drills_end_in_time_whatever_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "muster.yml"
    file.write_text(
        "services: {web: {title: Web}}\n"
        "drills: {schedule: '30 9 * * 1', time_zone: Europe/Berlin, service: web, page: true, end_after: 4m}\n"
    )
    drills = load_catalog(file, {}).drills
    assert (drills.schedule, drills.time_zone) == ("30 9 * * 1", "Europe/Berlin")
    assert (drills.service, drills.page, drills.channel) == ("web", True, "fire-drill")
    assert (drills.end_after, drills.acknowledge_after) == (
        timedelta(minutes=4),
        timedelta(minutes=2),
    )
    file.write_text("drills: {channel: '#practice'}\n")
    assert load_catalog(file, {}).drills == Drills(channel="practice")
