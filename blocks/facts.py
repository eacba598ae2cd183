"""What is known of an incident in short lines: the card's headline and fields, told alike wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.updates import next_update
from bot.domain.incident import Origin, PagerKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from blocks.card import CardContext
    from bot.domain.incident import Incident

_WAY_IN: Final = {
    Origin.API: "API",
    Origin.ALERT: "alert",
    Origin.GITHUB: "GitHub",
    Origin.MUSTER: "Muster",
}
MAX_ROLES: Final = 8
MAX_SERVICES: Final = 6


def headline(incident: Incident, severities: Mapping[str, str]) -> str:
    """``:red_circle: INC-12 Checkout is down``, plain text of at most 150 characters."""
    configured = severities.get(incident.severity or "", "")
    emoji = text.one_line(configured, 50, empty=kit.NO_SEVERITY_EMOJI)
    lock = "🔒 " if incident.private else ""
    start = f"{emoji} {lock}{incident.name} "
    return start + text.one_line(incident.title, kit.HEADER_LIMIT - text.size(start))


def facts(incident: Incident, context: CardContext) -> list[str]:
    """The fields, one line each: on a phone they are one column."""
    urgency = kit.URGENCY_WORD[incident.urgency]
    if incident.priority:
        urgency += f" · {text.inline(incident.priority, 60)}"
    severity = text.inline(incident.severity, 60) if incident.severity else "not set"
    roles = other_roles(incident)
    return [
        f"*Status:* {kit.status_words(incident)}",
        f"*Severity:* {severity}",
        f"*Urgency:* {urgency}",
        f"*Service:* {services(incident) or 'none'}",
        f"*Owner:* {kit.owners(incident)}",
        f"*Commander:* {text.mention(incident.commander)}",
        *([f"*Roles:* {roles}"] if roles else []),
        f"*Source:* {source(incident)}",
        f"*Started:* {text.date(incident.started_at)}",
        f"*Duration:* {_duration(incident, context.now)}",
        *_next_update(incident),
    ]


def _next_update(incident: Incident) -> list[str]:
    promised = next_update(incident)
    return [promised.replace("Next update", "*Next update:*", 1)] if promised else []


def services(incident: Incident) -> str:
    """``Checkout API · Payments``, the primary one first; what does not fit is counted."""
    titles = [text.inline(each.title, 120) for each in incident.services if each.title]
    rest = len(titles) - MAX_SERVICES
    return " · ".join([*titles[:MAX_SERVICES], *([f"{rest} more"] if rest > 0 else [])])


def other_roles(incident: Incident) -> str:
    """``communications @ana · scribe @ben``: everybody with a role but the commander, who has a field."""
    held = [
        f"{text.inline(role, 40)} {text.mention(holder)}"
        for role, holder in incident.roles.items()
        if role != "commander"
    ]
    return " · ".join(held[:MAX_ROLES])


def source(incident: Incident) -> str:
    """The PagerDuty incident it came from, else who declared it and how."""
    if incident.origin is Origin.PAGERDUTY:
        return pager_link(incident) or "PagerDuty"
    who = text.mention(incident.reporter, nobody="")
    if incident.origin is Origin.SLACK:
        return f"declared by {who}" if who else "declared in Slack"
    way = _WAY_IN[incident.origin]
    return f"{way} · {who}" if who else way


def pager_link(incident: Incident) -> str | None:
    """The PagerDuty incident, None where there is none to link."""
    pager = incident.pager
    if pager.kind is not PagerKind.PAGERDUTY or not (pager.url or pager.number):
        return None
    return text.link(pager.url, f"PagerDuty #{pager.number}" if pager.number else "PagerDuty")


def _duration(incident: Incident, now: datetime) -> str:
    end = incident.resolved_at if not incident.is_open else None
    if end is not None:
        return text.duration((end - incident.started_at).total_seconds())
    so_far = text.duration((now - incident.started_at).total_seconds())
    return f"{so_far} as of {text.date(now, '{time}')}"
