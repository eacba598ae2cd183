"""How a page reaches a person: by which ways, and when each of them is due. Pure.

Slack's direct message is always one of them. Addresses beyond Slack may be kept for some urgency, or for when
nobody has acknowledged after a while. Quiet hours hold back what is of low urgency, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.incident import Urgency
from bot.domain.quiet import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from bot.domain.catalog import Address, Catalog, Person
    from bot.domain.quiet import QuietHours

SLACK = "slack"
_BEYOND = "apprise:"


@dataclass(frozen=True, kw_only=True)
class PlannedWay:
    """One way of one page to one person; ``why`` says in words why it is not at once (empty: it is)."""

    way: str
    due: datetime
    why: str = ""


def beyond(index: int) -> str:
    """The name of a person's address beyond Slack, by its place in ``notify``, counted from 1."""
    return f"{_BEYOND}{index}"


def address_of(person: Person | None, way: str) -> Address | None:
    """The address a way means; None for Slack's, and for one that is not configured any more."""
    number = way.removeprefix(_BEYOND)
    if person is None or number == way or not (number.isascii() and number.isdigit()):
        return None
    return person.notify[int(number) - 1] if 0 < int(number) <= len(person.notify) else None


def urgency_of(catalog: Catalog, severity: str | None, own: Urgency = Urgency.HIGH) -> Urgency:
    """How urgent a page is: low when its incident is, or when its severity is configured so; else high."""
    known = catalog.severity(severity) if severity else None
    low = own is Urgency.LOW or (known is not None and known.urgency == Urgency.LOW.value)
    return Urgency.LOW if low else Urgency.HIGH


def plan_ways(
    person: Person | None,
    urgency: Urgency,
    now: datetime,
    zone: str | None,
    quiet: QuietHours | None = None,
) -> tuple[PlannedWay, ...]:
    """Every way a page goes to somebody, the soonest first.

    ``person`` is what muster.yml says of them, ``zone`` where they live as Slack knows it (the configured one
    wins), ``quiet`` the hours they set in Slack themselves (these win over the configured ones). Guaranteed: there
    is always Slack's way; high urgency is never held back by quiet hours; low urgency is never due within them.
    """
    hours = quiet or (person.quiet_hours if person else None)
    place = (person.time_zone if person else None) or zone or "UTC"
    ways = [PlannedWay(way=SLACK, due=now)]
    for index, address in enumerate(person.notify if person else (), 1):
        if address.takes(urgency.value):
            why = f"if nobody acknowledged within {spoken(address.after)}" if address.after else ""
            ways.append(PlannedWay(way=beyond(index), due=now + address.after, why=why))
    if urgency is Urgency.LOW and hours is not None:
        ways = [_held(way, hours, place) for way in ways]
    return tuple(sorted(ways, key=lambda way: way.due))


def _held(way: PlannedWay, hours: QuietHours, place: str) -> PlannedWay:
    zone = zone_named(place)
    due = hours.next_moment(way.due, zone)
    if due == way.due:
        return way
    why = f"quiet hours until {due.astimezone(zone):%H:%M} ({place.replace('_', ' ')})"
    return PlannedWay(way=way.way, due=due, why=why)


def first_due(ways: Iterable[PlannedWay], now: datetime) -> datetime:
    """When the first of them is due: from then on somebody can be expected to answer; ``now`` without any."""
    return min((way.due for way in ways), default=now)


def label(person: Person | None, way: str) -> str:
    """What a way is called where everybody may read it: the kind of the address, never the address."""
    if way == SLACK:
        return "Slack"
    address = address_of(person, way)
    return _KINDS.get(address.scheme, address.scheme) if address else "an address that is gone"


_KINDS = {
    "mailto": "e-mail",
    "mailtos": "e-mail",
    "msteams": "Microsoft Teams",
    "workflow": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "tgram": "Telegram",
    "twilio": "SMS",
    "clicksend": "SMS",
    "sns": "SMS",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "pover": "Pushover",
    "gotify": "Gotify",
    "gotifys": "Gotify",
    "json": "webhook",
    "jsons": "webhook",
}


def spoken(span: timedelta) -> str:
    """``2 min``, ``90 s``: how long a way is kept back."""
    seconds = int(span.total_seconds())
    if seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
