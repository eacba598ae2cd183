"""What a page says beyond Slack: plain text, and of a private incident nothing but its number. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.incident import Urgency

if TYPE_CHECKING:
    from bot.domain.escalation import Page
    from bot.domain.incident import Incident

#: Longer messages are cut: SMS and push services take little, and the rest stands in Slack.
MOST = 500
PRIVATE = "Open Slack for what it is about."


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a page is about: ``name`` is how people call it (INC-7), ``url`` its message in Slack."""

    name: str
    title: str
    urgency: Urgency = Urgency.HIGH
    private: bool = False
    url: str = ""


def of_incident(incident: Incident) -> Subject:
    """An incident as a page tells of it."""
    if incident.private:
        name = f"Private incident {incident.name}"
        return Subject(name=name, title=PRIVATE, urgency=incident.urgency, private=True)
    severity = f"{incident.severity} " if incident.severity else ""
    return Subject(
        name=incident.name,
        title=f"{severity}{incident.title}",
        urgency=incident.urgency,
        url=incident.places.announcement_url or "",
    )


def beyond(subject: Subject, page: Page, link: str) -> tuple[str, str]:
    """Title and body of a page to an address beyond Slack; ``link`` acknowledges it (empty: there is none)."""
    asked = ""
    if page.text and not subject.private:
        asked = f"{page.by.name}: {page.text}" if page.by else page.text
    lines = (
        cut(subject.title),
        cut(asked),
        f"Acknowledge: {link}" if link else "",
        f"Slack: {subject.url}" if subject.url else "",
    )
    return f"{subject.name}: you are paged", "\n".join(line for line in lines if line)


def cut(text: str) -> str:
    """No longer than fits into a short message."""
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"
