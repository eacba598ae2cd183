"""What ``muster.yml`` says beyond the catalog: alerts, reminders, notifications, drills, digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.domain.catalog import Notification, Reminders

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.config_file.reader import Section, Value
    from bot.domain.catalog import Rule

PRESETS = ("alertmanager", "grafana", "datadog", "dynatrace", "newrelic", "sentry")
ALERT_KEYS = ("channel", "group_by", "window", "resolve_incident_when_all_resolved", "sources")
SOURCE_KEYS = ("preset", "auth", "api_url", "each", "fields")
FIELD_KEYS = (
    "external_id",
    "title",
    "description",
    "severity",
    "status",
    "source",
    "started_at",
    "ended_at",
    "labels",
    "url",
)
REMINDER_KEYS = (
    "no_acknowledge",
    "no_commander",
    "no_severity",
    "stale",
    "postmortem_due",
    "archive_channel_after",
)
OFF = "off"
EVENTS = (
    "declared",
    "acknowledged",
    "reassigned",
    "escalated",
    "severity",
    "phase",
    "update",
    "resolved",
    "reopened",
)


@dataclass(frozen=True, kw_only=True)
class AlertSource:
    """A sender of alerts: a preset, or jq of its own; ``auth`` is (kind, secret)."""

    name: str
    preset: str | None = None
    auth: tuple[str, str] | None = field(default=None, repr=False)
    api_url: str | None = None
    each: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Where alerts go and how they are grouped; ``routing`` is what the rules decide."""

    channel: str | None = None
    group_by: str | None = None
    window: timedelta | None = None
    resolve_incident_when_all_resolved: bool = False
    sources: Mapping[str, AlertSource] = field(default_factory=dict)
    routing: tuple[Rule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sections:
    """The sections the catalog does not hold; what is not configured is empty."""

    alerts: Alerts = field(default_factory=Alerts)
    reminders: Mapping[str, timedelta] = field(default_factory=dict)
    notifications: tuple[Notification, ...] = ()
    drills: Mapping[str, str] = field(default_factory=dict)
    digest: Mapping[str, str] = field(default_factory=dict)


def read_sections(
    top: Section, *, routing: tuple[Rule, ...], severities: Collection[str]
) -> Sections:
    """Read and check them all."""
    return Sections(
        alerts=_alerts(top.get("alerts"), routing),
        reminders=_reminders(top.get("reminders")),
        notifications=_notifications(top.get("notifications"), severities),
        drills=_schedule(top.get("drills"), "schedule"),
        digest=_schedule(top.get("digest"), "weekly"),
    )


def _alerts(value: Value | None, routing: tuple[Rule, ...]) -> Alerts:
    if value is None:
        return Alerts(routing=routing)
    section = value.section(ALERT_KEYS)
    resolve = section.get("resolve_incident_when_all_resolved")
    sources = section.get("sources")
    named = sources.section().pairs if sources else {}
    return Alerts(
        channel=formats.handle(section.get("channel")),
        group_by=formats.program(section.get("group_by")),
        window=formats.duration(section.get("window")),
        resolve_incident_when_all_resolved=bool(resolve.boolean()) if resolve else False,
        sources={name: _source(name, each) for name, each in named.items()},
        routing=routing,
    )


def _source(name: str, value: Value) -> AlertSource:
    section = value.section(SOURCE_KEYS)
    given = section.get("preset")
    preset = given.choice(PRESETS) if given else None
    fields = section.get("fields")
    if given is None and fields is None:
        if name in PRESETS:
            preset = name
        else:
            mend = f"Add preset ({', '.join(PRESETS)}) or fields."
            value.problem("says neither which preset it is nor its fields.", mend)
    return AlertSource(
        name=name,
        preset=preset,
        auth=_auth(section.need("auth")),
        api_url=formats.address(section.get("api_url")),
        each=formats.program(section.get("each")),
        fields=_fields(fields, needed=preset is None) if fields else {},
    )


def _auth(value: Value | None) -> tuple[str, str] | None:
    if value is None:
        return None
    section = value.section(("bearer", "hmac"))
    pairs = [(kind, text) for kind in ("bearer", "hmac") if (text := section.text(kind))]
    if len(pairs) == 1:
        return pairs[0]
    if len(section.pairs) != 1:
        value.problem(
            "names not exactly one secret.", 'Write {bearer: "${NAME}"} or {hmac: "${NAME}"}.'
        )
    return None


def _fields(value: Value, *, needed: bool) -> dict[str, str]:
    section = value.section(FIELD_KEYS)
    if needed:
        for name in ("external_id", "title", "status"):
            section.need(name)
    read = {name: formats.program(section.get(name)) for name in FIELD_KEYS}
    return {name: text for name, text in read.items() if text is not None}


def _reminders(value: Value | None) -> dict[str, timedelta]:
    if value is None:
        return {}
    section = value.section(REMINDER_KEYS)
    read = {name: _span(section.get(name)) for name in REMINDER_KEYS}
    return {name: span for name, span in read.items() if isinstance(span, timedelta)}


def read_reminders(value: Value | None) -> Reminders:
    """When people are reminded; what is not named keeps its default, ``off`` switches a kind off."""
    section = value.section(REMINDER_KEYS) if value else None
    if section is None:
        return Reminders()
    read = {name: _span(each) for name in REMINDER_KEYS if (each := section.get(name))}
    return Reminders(
        **{name: None if span == OFF else span for name, span in read.items() if span is not None}  # type: ignore[arg-type]
    )


def _span(value: Value | None) -> timedelta | str | None:
    """A duration, or ``off`` (YAML's ``false`` is the same)."""
    if value is not None and value.raw.casefold() in {OFF, "false"}:
        return OFF
    return formats.duration(value)


def _notifications(value: Value | None, severities: Collection[str]) -> tuple[Notification, ...]:
    found = []
    for item in value.items() if value else ():
        section = item.section(("url", "events", "severities"))
        url = formats.apprise(section.need("url"))
        events, only = section.get("events"), section.get("severities")
        notification = Notification(
            url=url or "",
            events=_choices(events, EVENTS),
            severities=_choices(only, severities),
        )
        found.append(notification)
    return tuple(found)


def _choices(value: Value | None, options: Collection[str]) -> tuple[str, ...]:
    items = value.items() if value else []
    return tuple(text for item in items if (text := item.choice(options)) is not None)


def _schedule(value: Value | None, key: str) -> dict[str, str]:
    """``{schedule: <cron>, channel: ...}`` or ``{weekly: "Mon 09:00", channel: ...}``."""
    if value is None:
        return {}
    section = value.section((key, "channel"))
    when = section.need(key)
    text = formats.cron(when) if key == "schedule" else formats.handover(when, "weekly")
    read = {key: text, "channel": formats.handle(section.need("channel"))}
    return {name: each for name, each in read.items() if each is not None}
