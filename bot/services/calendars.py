"""The use case of rosters kept in a calendar: when to read it, and what becomes of what was read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.calendar_people import Known, people_of
from bot.domain.effects import Effect, EffectKind, Rank
from bot.services import rosters
from bot.store import rosters as store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.calendar_people import CalendarEntry
    from bot.domain.catalog import Catalog, Roster
    from bot.store.tx import Tx

#: How often a calendar is read, and which part of it is kept: "who was on call at" looks back as far.
EVERY: Final = timedelta(minutes=10)
BACK, AHEAD = timedelta(days=366), timedelta(days=366)


def due(tx: Tx, catalog: Catalog) -> list[Effect]:
    """A reading for every calendar, once per slot of time: all replicas may ask."""
    slot = int(tx.now.timestamp() // EVERY.total_seconds())
    found = (rosters.find(tx, catalog, name) for name in rosters.names(tx, catalog))
    return [_read(roster, f"{slot}") for roster in found if roster and roster.ical]


def _read(roster: Roster, slot: str) -> Effect:
    key = f"calendar/{store.address_key(f'{roster.name} {roster.ical}')[:32]}"
    return Effect(
        kind=EffectKind.READ_CALENDAR,
        key=f"{key}/{slot}",
        lane=key,
        merge=key,
        rank=Rank.INBOUND,
        payload={"roster": roster.name},
    )


def window(now: datetime) -> tuple[datetime, datetime]:
    """The part of a calendar that is kept."""
    return now - BACK, now + AHEAD


def keep(tx: Tx, roster: Roster, entries: Sequence[CalendarEntry]) -> None:
    """Keep a reading, with whoever is meant as the workspace is known now."""
    everybody = [
        Known(email=person.email.lower(), names=(person.name,))
        for person in tx.people.active()
        if person.email
    ]
    stints, unmapped = people_of(entries, everybody)
    store.keep_copy(tx, roster, stints, unmapped)
