"""What Muster writes on a GitHub issue, as GitHub's Markdown. Outside text cannot mention anybody there. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from bot.domain.incident import Actor, Entry, Incident


def quiet(text: str) -> str:
    """Text that mentions nobody and closes no issue: ``@name`` and ``#12`` lose their meaning."""
    text = re.sub(r"@(?=\w)", "@\u2060", text)
    text = re.sub(r"#(?=\d)", "#\u2060", text)
    return text.replace("<!--", "<\u2060!--")


def _who(actor: Actor | None) -> str:
    return f"**{quiet(actor.name)}**" if actor else "**somebody**"


def issue_body(incident: Incident, workspace_url: str) -> str:
    """The issue's body: what happens, and links both ways."""
    rows = [
        f"**{incident.name}** · {incident.severity or 'no severity'} · started {incident.started_at:%Y-%m-%d %H:%M} UTC"
    ]
    if incident.description:
        rows += ["", *(f"> {quiet(line)}" for line in incident.description.splitlines())]
    links = []
    if incident.places.channel:
        name = f"#{incident.places.channel_name}"
        url = (
            f"{workspace_url.rstrip('/')}/archives/{incident.places.channel}"
            if workspace_url
            else ""
        )
        links.append(f"- Slack channel: [{name}]({url})" if url else f"- Slack channel: {name}")
    if incident.places.announcement_url:
        links.append(f"- Announcement: {incident.places.announcement_url}")
    if incident.pager.url:
        links.append(f"- PagerDuty: {incident.pager.url}")
    if links:
        rows += ["", *links]
    if incident.reporter:
        rows += ["", f"Declared by {quiet(incident.reporter.name)}."]
    return "\n".join(rows)


def withdrawn(incident: Incident) -> str:
    """What is left of an issue whose incident became private."""
    return f"{incident.name} is a private incident now. Nothing further is written here."


def comment(incident: Incident, entry: Entry) -> str:
    """One comment per event worth one; the resolution carries a summary."""
    at = f"{entry.at:%Y-%m-%d %H:%M} UTC"
    words = {
        EntryKind.ACKNOWLEDGED: "acknowledged the incident",
        EntryKind.REASSIGNED: f"reassigned it to **{quiet(entry.target)}**",
        EntryKind.ESCALATED: f"escalated it to **{quiet(entry.target)}**",
        EntryKind.RESPONDER_ADDED: f"asked **{quiet(entry.target)}** to join",
        EntryKind.RESOLVED: "resolved the incident",
        EntryKind.REOPENED: "reopened the incident",
        EntryKind.ANNOTATED: "noted",
        EntryKind.SEVERITY: f"changed the severity to **{quiet(entry.target)}**",
        EntryKind.STATUS_UPDATE: "posted a status update",
        EntryKind.MERGED: f"merged {quiet(entry.target)} into it",
    }.get(entry.kind, entry.kind.value)
    lines = [f"{_who(entry.actor)} {words} ({at})."]
    if entry.text:
        lines += ["", *(f"> {quiet(line)}" for line in entry.text.splitlines())]
    if entry.kind is EntryKind.RESOLVED and incident.resolved_at:
        minutes = max(int((incident.resolved_at - incident.started_at).total_seconds() // 60), 0)
        lines += [
            "",
            f"{incident.name} lasted {minutes} min from {incident.started_at:%Y-%m-%d %H:%M} UTC.",
        ]
    return "\n".join(lines)
