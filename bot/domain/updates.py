"""Status updates: one honest line for everybody who waits, and when the next one comes. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Actor, Entry, EntryKind, Incident, Origin, PagerKind, Phase
from bot.domain.lifecycle import Decision, checked_text
from bot.errors import FieldError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bot.domain.catalog import Catalog

#: What subscribers are told of; everything else is in the channel.
FOLLOWED = {
    EntryKind.STATUS_UPDATE,
    EntryKind.SEVERITY,
    EntryKind.PRIORITY,
    EntryKind.RESOLVED,
    EntryKind.REOPENED,
}


def post_update(
    incident: Incident,
    text: str,
    by: Actor,
    now: datetime,
    *,
    phase: Phase | None = None,
    promise: timedelta | None = None,
) -> Decision:
    """Tell everybody how it stands; ``phase`` changes with it, ``promise`` is when the next update comes.

    A promise of before is kept by this update and gone with it. Raises FieldError for no text, and for a phase or
    a promise of an incident that is over.
    """
    text = checked_text("update", text)
    if not text:
        raise FieldError("update", "Write the update after the word: /incident update <text>.")
    moved = phase if phase is not None and phase is not incident.phase else None
    if not incident.is_open and moved is not None:
        raise FieldError("phase", f"{incident.name} is resolved. Reopen it to change its phase.")
    promised = now + promise if promise is not None and incident.is_open else None
    after = replace(
        incident, phase=moved or incident.phase, next_update_at=promised, updated_at=now
    )
    if moved is Phase.MONITORING and incident.mitigated_at is None:
        after = replace(after, mitigated_at=now)
    entry = Entry(
        kind=EntryKind.STATUS_UPDATE,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=moved.value if moved else "",
        text=text,
    )
    topic = (plan.topic(after),) if after.places.channel else ()
    return Decision(incident=after, entries=(entry,), effects=(*plan.refresh(after), *topic))


def usual_promise(incident: Incident, catalog: Catalog) -> timedelta | None:
    """When the next update comes if nobody says: as often as the severity asks for."""
    severity = catalog.severity(incident.severity) if incident.severity else None
    return severity.update_every if severity and incident.is_open else None


def told_elsewhere(incident: Incident, entry: Entry) -> tuple[Effect, ...]:
    """A saved update in the thread of the announcement, and at PagerDuty; a private one stays where it is."""
    if entry.kind is not EntryKind.STATUS_UPDATE or incident.private:
        return ()
    return (*_mirror(incident, entry), *_publish(incident, entry))


def _mirror(incident: Incident, entry: Entry) -> tuple[Effect, ...]:
    places = incident.places
    if (
        places.in_thread or places.listed
    ):  # the entry is posted there anyway, or there is no announcement
        return ()
    return (
        Effect(
            kind=EffectKind.MIRROR_UPDATE,
            key=f"{incident.name}/mirror/{entry.id}",
            lane=f"{incident.name}/mirror",
            incident=incident.number,
            payload={"entry": entry.id},
            after=None if places.announcement_ts else f"{incident.name}/announce",
        ),
    )


def _publish(incident: Incident, entry: Entry) -> tuple[Effect, ...]:
    ours = entry.origin is not Origin.PAGERDUTY
    if not ours or incident.drill or incident.pager.kind is not PagerKind.PAGERDUTY:
        return ()
    return (
        Effect(
            kind=EffectKind.PUBLISH_UPDATE,
            key=f"{incident.name}/page/update/{entry.id}",
            lane=f"{incident.name}/pager",
            incident=incident.number,
            payload={"entry": entry.id},
            after=None if incident.pager.id else plan.page_key(incident),
        ),
    )


def tell_subscriber(incident: Incident, entry: Entry, slack_id: str) -> Effect:
    """One subscriber is told directly of one piece of news."""
    return Effect(
        kind=EffectKind.TELL_SUBSCRIBER,
        key=f"{incident.name}/subscriber/{slack_id}/{entry.id}",
        lane=f"{incident.name}/subscriber/{slack_id}",
        incident=incident.number,
        payload={"entry": entry.id, "user": slack_id},
        rank=Rank.FOLLOW,
    )
