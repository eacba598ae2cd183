"""``muster.yml`` as a whole: a ``Catalog`` and the other sections, or every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.config_file import formats
from bot.config_file.basics import (
    ALERTS_DO,
    PAGERDUTY_DO,
    read_channel_name,
    read_permissions,
    read_reactions,
    read_roles,
    read_rules,
    read_services,
    read_severities,
)
from bot.config_file.identities import read_domains
from bot.config_file.oncall import read_people, read_policies, read_rosters
from bot.config_file.reader import Reader
from bot.config_file.sections import Sections, read_reminders, read_sections
from bot.domain.catalog import Catalog, Digest
from bot.errors import Problem, SettingsError
from bot.settings import ENV_FILE, load, merged_environ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.config_file.reader import Section
    from bot.settings import Settings

DEFAULT_FILE = "muster.yml"
TOP_KEYS = (
    "severities",
    "roles",
    "channel_name",
    "routing",
    "services",
    "people",
    "identities",
    "rosters",
    "escalation_policies",
    "alerts",
    "reactions",
    "reminders",
    "permissions",
    "notifications",
    "drills",
    "digest",
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole file as values."""

    catalog: Catalog = field(default_factory=Catalog)
    sections: Sections = field(default_factory=Sections)


def load_catalog(path: Path | str, environ: Mapping[str, str]) -> Catalog:
    """The catalog in ``path``, defaults when there is no such file; see ``load_config``."""
    return load_config(path, environ).catalog


def load_config(path: Path | str, environ: Mapping[str, str], *, required: bool = False) -> Config:
    """Everything in ``path``; raises ``SettingsError`` with every problem and its line.

    ``environ`` is where ${NAME} comes from (``bot.settings.merged_environ()``). No file means the
    defaults, unless it is ``required`` (CONFIG_FILE was given).
    """
    path = Path(path)
    if not path.exists():
        if required:
            mend = "Correct the path, or leave CONFIG_FILE unset."
            raise SettingsError([Problem("CONFIG_FILE", f"there is no file {str(path)!r}.", mend)])
        return Config()
    reader = Reader(path.name, environ)
    top = reader.open(path)
    config = _read(top.section(TOP_KEYS), environ) if top else Config()
    formats.check_programs(reader)
    if reader.problems:
        raise SettingsError(reader.problems)
    return config


def load_all(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = ENV_FILE,
    need_slack: bool = True,
) -> tuple[Settings, Config]:
    """Settings and file together; what is wrong with either comes in one ``SettingsError``."""
    merged = merged_environ(environ, env_file)
    problems: list[Problem] = []
    settings, config = None, Config()
    try:
        settings = load(environ, env_file=env_file, need_slack=need_slack)
    except SettingsError as error:
        problems += error.problems
    try:
        path = merged.get("CONFIG_FILE", DEFAULT_FILE)
        config = load_config(path, merged, required="CONFIG_FILE" in merged)
    except SettingsError as error:
        problems += error.problems
    if settings is not None:
        problems += _mixed_up(settings, config)
    if settings is None or problems:
        raise SettingsError(problems)
    return settings, config


def _mixed_up(settings: Settings, config: Config) -> list[Problem]:
    """Drills are never announced where real incidents are."""
    name = config.catalog.drills.channel
    if name != settings.slack.incidents_channel.lstrip("#"):
        return []
    what = (
        f"drills.channel is {name!r}, where real incidents are announced (SLACK_INCIDENTS_CHANNEL)."
    )
    return [Problem(DEFAULT_FILE, what, "Name a channel of its own for drills, or leave it out.")]


def _read(top: Section, environ: Mapping[str, str]) -> Config:
    """All sections; the order follows who refers to whom."""
    # What a section does not say stays the catalog's own default.
    parts: dict[str, Any] = {}
    if value := top.get("severities"):
        parts["severities"] = read_severities(value)
    if value := top.get("roles"):
        parts["roles"] = read_roles(value)
    if (value := top.get("channel_name")) and (name := read_channel_name(value)):
        parts["channel_name"] = name
    known = Catalog(**parts)
    severities = [severity.name for severity in known.severities]
    routing = top.get("routing")
    rules = routing.section(("pagerduty", "alerts")) if routing else None
    if rules and (value := rules.get("pagerduty")):
        parts["pagerduty_routing"] = read_rules(value, PAGERDUTY_DO, None)
    alerts = rules.get("alerts") if rules else None
    if value := top.get("reactions"):
        parts["reactions"] = read_reactions(value)
    rosters = read_rosters(top.get("rosters"))
    policies = read_policies(top.get("escalation_policies"))
    services = read_services(top.get("services"), policies, environ.get("GITHUB_OWNER"))
    sections = read_sections(
        top,
        routing=read_rules(alerts, ALERTS_DO, severities) if alerts else (),
        severities=severities,
        services=services,
    )
    catalog = Catalog(
        **parts,
        reminders=read_reminders(top.get("reminders")),
        notifications=sections.notifications,
        alerts=sections.alerts,
        digest=_digest(sections),
        drills=sections.drills,
        services=services,
        people=read_people(top.get("people")),
        domains=read_domains(top.get("identities")),
        policies=policies,
        rosters=rosters,
        permissions=read_permissions(top.get("permissions"), [role.name for role in known.roles]),
    )
    return Config(catalog=catalog, sections=sections)


def _digest(sections: Sections) -> Digest | None:
    """Only a whole one: what is missing was reported with its line."""
    weekly, channel = sections.digest.get("weekly"), sections.digest.get("channel")
    return Digest(weekly=weekly, channel=channel) if weekly and channel else None
