"""Channel names that never fail: template, transliteration, 80 characters. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anyascii import anyascii

from bot.domain import drill

if TYPE_CHECKING:
    from bot.domain.incident import Incident

#: docs.slack.dev/reference/methods/conversations.create: lower case letters, digits, - and _, at most 80.
LIMIT = 80
_FIELDS = re.compile(r"\{(number|slug|date|external_id|severity)\}")


def slug(text: str) -> str:
    """Lower-case ASCII words joined by ``-``; any script is transliterated, emoji become their names."""
    words = re.sub(r"[^a-z0-9]+", "-", anyascii(text).lower())
    return words.strip("-")


def channel_name(template: str, incident: Incident, *, nth: int = 1) -> str:
    """The name for the incident's channel (drills have a template of their own); ``nth`` > 1 adds ``-2``.

    Guaranteed to be a name Slack accepts, and to keep the number when the template has it: the title is cut
    first.
    """
    suffix = f"-{nth}" if nth > 1 else ""
    template = drill.CHANNEL_NAME if incident.drill else template
    facts = {
        "number": str(incident.number),
        "slug": slug(drill.untitled(incident.title) if incident.drill else incident.title),
        "date": f"{incident.created_at:%Y-%m-%d}",
        "external_id": slug(incident.pager.id or ""),
        "severity": slug(incident.severity or ""),
    }
    room = LIMIT - len(suffix)
    name = _fill(template, facts)
    if len(name) > room:
        facts["slug"] = facts["slug"][: max(0, len(facts["slug"]) - (len(name) - room))]
        name = _fill(template, facts)
    name = name[:room].strip("-")
    if not name.strip("-_"):  # Slack takes no name of punctuation alone
        name = f"incident-{incident.number}"
    return f"{name}{suffix}"


def _fill(template: str, facts: dict[str, str]) -> str:
    filled = _FIELDS.sub(lambda m: facts[m.group(1)], template).lower()
    return re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9_-]+", "-", anyascii(filled).lower())).strip("-")
