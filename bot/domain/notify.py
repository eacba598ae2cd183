"""Notifications beyond Slack: who is told of what, in plain words. Pure; addresses never leave the catalog.

Pages are no notifications: they have deliveries of their own (``ways``).

Effects name an address by its fingerprint, because an address is a secret and effects are kept.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bot.domain.effects import Effect, EffectKind
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog, Person
    from bot.domain.incident import Entry, Incident

#: The configuration's words for what happened.
EVENT_OF = {
    EntryKind.TRIGGERED: "declared",
    EntryKind.ACKNOWLEDGED: "acknowledged",
    EntryKind.REASSIGNED: "reassigned",
    EntryKind.ESCALATED: "escalated",
    EntryKind.DELEGATED: "escalated",
    EntryKind.SEVERITY: "severity",
    EntryKind.PRIORITY: "severity",
    EntryKind.PHASE: "phase",
    EntryKind.STATUS_UPDATE: "update",
    EntryKind.RESOLVED: "resolved",
    EntryKind.REOPENED: "reopened",
}
_SAID = {
    "declared": "{name} is declared",
    "acknowledged": "{who} acknowledged {name}",
    "reassigned": "{name} was reassigned to {target}",
    "escalated": "{name} was escalated",
    "severity": "{name} is {severity} now",
    "phase": "{name} is {phase} now",
    "update": "{name}: {who} posted an update",
    "resolved": "{name} is resolved",
    "reopened": "{name} is open again",
}


def fingerprint(url: str) -> str:
    """A name for an address that tells nothing of it."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def addresses(catalog: Catalog) -> dict[str, str]:
    """Every configured address by its fingerprint."""
    urls = [n.url for n in catalog.notifications]
    urls += [each.url for person in catalog.people.values() for each in person.notify]
    return {fingerprint(url): url for url in urls}


def notified(catalog: Catalog, incident: Incident, entry: Entry) -> list[Effect]:
    """What a new timeline entry tells the configured addresses; of a private incident or a drill nothing at all."""
    event = EVENT_OF.get(entry.kind)
    if event is None or incident.private or incident.drill:
        return []
    wanted = [
        n.url
        for n in catalog.notifications
        if (not n.events or event in n.events)
        and (not n.severities or incident.severity in n.severities)
    ]
    return [_effect(incident, event, url, f"{entry.id}", entry=entry.id) for url in wanted]


def followed(catalog: Catalog, incident: Incident, entry: Entry, email: str) -> list[Effect]:
    """A subscriber's own addresses hear what the subscriber is told."""
    event, person = EVENT_OF.get(entry.kind), catalog.people.get(email.casefold())
    if event is None or person is None or incident.private or incident.drill:
        return []
    return [_effect(incident, event, url, f"{entry.id}", entry=entry.id) for url in _urls(person)]


def _urls(person: Person | None) -> list[str]:
    return list(dict.fromkeys(each.url for each in person.notify)) if person else []


def _effect(
    incident: Incident, event: str, url: str, what: str, entry: int | None = None
) -> Effect:
    name = fingerprint(url)
    return Effect(
        kind=EffectKind.NOTIFY,
        key=f"{incident.name}/notify/{name}/{event}/{what}",
        lane=f"{incident.name}/notify/{name}",
        incident=incident.number,
        payload={"to": name, "event": event, "entry": entry},
    )


def words(incident: Incident, event: str, entry: Entry | None, link: str = "") -> tuple[str, str]:
    """Title and body of one notification, plain text."""
    said = _SAID[event].format(
        name=incident.name,
        who=entry.actor.name if entry and entry.actor else "Somebody",
        target=(entry.target if entry else "") or "somebody else",
        severity=incident.severity or "without severity",
        phase=incident.phase.value,
    )
    if incident.drill:
        said = f"DRILL: {said}"
    severity = f"{incident.severity} " if incident.severity else ""
    typed = entry.text if entry and event in {"update", "resolved"} else ""
    standing = (
        f"{incident.status.value}, {incident.phase.value}" if incident.is_open else "resolved"
    )
    lines = (typed, f"{severity}{incident.title} ({standing})", link)
    return said, "\n".join(each for each in lines if each)
