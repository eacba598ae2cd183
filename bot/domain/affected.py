"""The services an incident concerns: the first is the primary one, which pager and ticket follow. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan_people
from bot.domain.incident import Affected, Entry, EntryKind, Origin, PagerKind, Status
from bot.domain.lifecycle import Decision
from bot.errors import FieldError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.effects import Effect
    from bot.domain.incident import Actor, Incident, PagerLink, TicketLink

#: More would fit no card.
MOST = 20


def add(
    incident: Incident,
    service: Affected,
    by: Actor,
    now: datetime,
    *,
    owners: Sequence[str] = (),
    pager: PagerLink | None = None,
    ticket: TicketLink | None = None,
) -> Decision:
    """One more service; ``owners`` (Slack ids) are invited and its links and neighbours are told.

    The first service of an incident is its primary one: when nobody paged for it so far, ``pager`` does from now
    on, and ``ticket`` is opened when it had none.
    """
    if any(service.id == known.id for known in incident.services):
        raise UserError(f"{service.title} is among the services of {incident.name} already.")
    if len(incident.services) >= MOST:
        text = f"{incident.name} has {MOST} services, which is the most. Remove one first."
        raise FieldError("service", text)
    effects: list[Effect] = []
    if incident.services:
        after = replace(incident, more_services=(*incident.more_services, service), updated_at=now)
    else:
        after, effects = _primary(incident, service, now, pager, ticket)
    entry = _entry(EntryKind.SERVICE_ADDED, service, by, now)
    effects += plan_people.service_added(after, service.id, owners)
    return Decision(incident=after, entries=(entry,), effects=tuple(effects))


def _primary(
    incident: Incident,
    service: Affected,
    now: datetime,
    pager: PagerLink | None,
    ticket: TicketLink | None,
) -> tuple[Incident, list[Effect]]:
    after = replace(incident, service=service.id, service_title=service.title, updated_at=now)
    effects: list[Effect] = []
    if not incident.opens_channel or not incident.is_open:
        return after, effects  # nothing was opened for it so far, or it is over
    unpaged = incident.pager.kind is PagerKind.NOBODY and incident.status is Status.TRIGGERED
    if unpaged and pager is not None and pager.kind is not PagerKind.NOBODY:
        after = replace(after, pager=pager)
        effects += plan_people.page_from_now(after, now)
    if incident.ticket is None and ticket is not None:
        after = replace(after, ticket=ticket)
        effects += plan_people.ticket_from_now(after)
    return after, effects


def remove(incident: Incident, name: str, by: Actor, now: datetime) -> Decision:
    """One service less, by id or title; when it was the primary one, the next is. Pager and ticket stay."""
    wanted = name.strip().casefold()
    gone = next(
        (s for s in incident.services if wanted in {s.id.casefold(), s.title.casefold()}), None
    )
    if gone is None:
        known = ", ".join(s.title for s in incident.services) or "none so far"
        text = f"{name} is not among the services of {incident.name}. They are: {known}."
        raise FieldError("service", text)
    left = tuple(s for s in incident.services if s != gone)
    after = replace(
        incident,
        service=left[0].id if left else None,
        service_title=left[0].title if left else None,
        more_services=left[1:],
        updated_at=now,
    )
    entry = _entry(EntryKind.SERVICE_REMOVED, gone, by, now)
    return Decision(incident=after, entries=(entry,), effects=plan_people.services_shown(after))


def owners_invited(
    incident: Incident, service: Affected, owners: Sequence[str], by: Actor, now: datetime
) -> Decision:
    """Somebody asked the owners of a service to join; the service itself need not be affected."""
    after = replace(incident, updated_at=now)
    entry = Entry(
        kind=EntryKind.OTHER,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=f"invited the owners of {service.title}",
    )
    effects = plan_people.owners_invited(after, service.id, owners)
    return Decision(incident=after, entries=(entry,), effects=effects)


def _entry(kind: EntryKind, service: Affected, by: Actor, now: datetime) -> Entry:
    return Entry(kind=kind, at=now, actor=by, origin=Origin.SLACK, target=service.title)
