"""What ``muster.yml`` says beyond the catalog: alerts, reminders, notifications, drills, digest."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.config_file.alerts import read_alerts
from bot.domain.alert_sources import Alerts
from bot.domain.catalog import Notification, Reminders

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.config_file.reader import Section, Value
    from bot.domain.catalog import Rule

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
        alerts=read_alerts(top.get("alerts"), routing),
        reminders=_reminders(top.get("reminders")),
        notifications=_notifications(top.get("notifications"), severities),
        drills=_schedule(top.get("drills"), "schedule"),
        digest=_schedule(top.get("digest"), "weekly"),
    )


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
