"""What Muster writes on a GitHub issue, as GitHub's Markdown. Outside text cannot mention anybody there. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Actor, Entry, Incident


def quiet(text: str) -> str:
    """Text that mentions nobody and closes no issue: ``@name`` and ``#12`` lose their meaning."""
    text = re.sub(r"@(?=\w)", "@\u2060", text)
    text = re.sub(r"#(?=\d)", "#\u2060", text)
    return text.replace("<!--", "<\u2060!--")


def _who(actor: Actor | None) -> str:
    return f"**{quiet(actor.name)}**" if actor else "**somebody**"


def _channel_link(incident: Incident, workspace_url: str) -> list[str]:
    if not incident.places.channel:
        return []
    name = f"#{incident.places.channel_name}"
    if not workspace_url:
        return [f"- Slack channel: {name}"]
    url = f"{workspace_url.rstrip('/')}/archives/{incident.places.channel}"
    return [f"- Slack channel: [{name}]({url})"]


def action_body(
    incident: Incident, item: ActionItem, workspace_url: str, *, login_known: bool
) -> str:
    """The body of an action item's issue: all of the text, the incident it came from, who is to do it."""
    rows = [*(f"> {quiet(line)}" for line in item.text.splitlines()), ""]
    rows += [f"Action item of **{incident.name}** ({quiet(incident.title)})", ""]
    links = []
    ticket = incident.ticket
    if ticket and ticket.number and ticket.url:
        links.append(f"- Incident: {ticket.url}")
    links += _channel_link(incident, workspace_url)
    if item.link:
        said = f" by {quiet(item.said_by.name)}" if item.said_by else ""
        links.append(f"- [Message]({item.link}){said}, {item.created_at:%Y-%m-%d %H:%M} UTC")
    rows += [*links, ""] if links else []
    if item.owner:
        unknown = "" if login_known else " (Muster does not know their GitHub account)"
        rows.append(f"Owner: {quiet(item.owner.name)}{unknown}")
    if item.created_by:
        rows.append(
            f"Added by {quiet(item.created_by.name)} in Slack; closing this closes it there."
        )
    return "\n".join(rows)


def issue_body(incident: Incident, workspace_url: str) -> str:
    """The issue's body: what happens, and links both ways."""
    rows = [
        f"**{incident.name}** · {incident.severity or 'no severity'} · started {incident.started_at:%Y-%m-%d %H:%M} UTC"
    ]
    if incident.drill:
        rows += ["", "**This is a drill.** Nothing is broken, and nobody has to do anything here."]
    if incident.description:
        rows += ["", *(f"> {quiet(line)}" for line in incident.description.splitlines())]
    links = _channel_link(incident, workspace_url)
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


def pull_title(incident: Incident) -> str:
    """The title of the pull request with its post-mortem."""
    return quiet(f"Post-mortem {incident.name}: {' '.join(incident.title.split())}")


def pull_body(incident: Incident, workspace_url: str) -> str:
    """What the pull request is, and the same links as the issue."""
    about = (
        f"The post-mortem of {incident.name}, drafted from its timeline. Complete it here; drafting again in Slack "
        "updates the file as long as nobody has changed it."
    )
    ticket = incident.ticket
    issue = f"\n- Issue: {ticket.url}" if ticket and ticket.url else ""
    return f"{about}\n\n{issue_body(incident, workspace_url)}{issue}"
