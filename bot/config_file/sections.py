"""What ``muster.yml`` says beyond the catalog: alerts, reminders, notifications, drills, digest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.config_file.alerts import read_alerts
from bot.domain.alert_sources import Alerts
from bot.domain.catalog import Drills, Notification, Reminders

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
#: What only concerns drills that come by themselves.
SCHEDULED_KEYS = ("service", "page", "time_zone")
DRILL_KEYS = ("schedule", "channel", "acknowledge_after", "end_after", *SCHEDULED_KEYS)
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
    drills: Drills = field(default_factory=Drills)
    digest: Mapping[str, str] = field(default_factory=dict)


def read_sections(
    top: Section,
    *,
    routing: tuple[Rule, ...],
    severities: Collection[str],
    services: Collection[str] = (),
) -> Sections:
    """Read and check them all."""
    return Sections(
        alerts=read_alerts(top.get("alerts"), routing),
        reminders=_reminders(top.get("reminders")),
        notifications=_notifications(top.get("notifications"), severities),
        drills=_drills(top.get("drills"), services),
        digest=_digest(top.get("digest")),
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


def _drills(value: Value | None, services: Collection[str]) -> Drills:
    """When drills come by themselves, where they are announced, and how long they last."""
    if value is None:
        return Drills()
    section = value.section(DRILL_KEYS)
    page, service = section.get("page"), section.get("service")
    read = {
        "schedule": formats.cron(section.get("schedule")),
        "channel": formats.handle(section.get("channel")),
        "time_zone": formats.time_zone(section.get("time_zone")),
        "service": service.choice(services) if service else None,
        "page": page.boolean() if page else None,
        "acknowledge_after": formats.duration(section.get("acknowledge_after")),
        "end_after": formats.duration(section.get("end_after")),
    }
    found = Drills(**{name: each for name, each in read.items() if each is not None})  # type: ignore[arg-type]
    if found.schedule is None:
        for name in SCHEDULED_KEYS:
            if (alone := section.get(name)) is not None:
                mend = "Add drills.schedule, or leave it out."
                alone.problem("is for drills that come by a schedule, and there is none.", mend)
    if found.acknowledge_after < found.end_after:
        return found
    if late := section.get("acknowledge_after"):
        late.problem(f"is {late.raw!r}, when the drill is over.", "Write less than end_after.")
    return replace(found, acknowledge_after=found.end_after / 2)


def _digest(value: Value | None) -> dict[str, str]:
    """``{weekly: "Mon 09:00", channel: ...}``."""
    if value is None:
        return {}
    section = value.section(("weekly", "channel"))
    read = {
        "weekly": formats.handover(section.need("weekly"), "weekly"),
        "channel": formats.handle(section.need("channel")),
    }
    return {name: each for name, each in read.items() if each is not None}
