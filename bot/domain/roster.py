"""Who is on call: rotations, layers, hours, overrides, all on the clock of the roster's zone.

**Hand-overs** stand at wall-clock times: a daily one at 09:00 is at 09:00 in summer and in winter, so a turn across a
change of the clocks is an hour longer or shorter. Turns count hand-overs, never elapsed hours; a length of its own
(``12h``) is counted on the same clock, so its hand-overs stay at 09:00 and 21:00 as well.

**A time the clocks skip** is the moment they are put forward; **a time that comes twice** is its first coming. Both
hold for every wall-clock time here: hand-overs, hours, starts, overrides.

**start** is when a layer begins to apply, with the first person; a date alone means the hand-over time of that day.
The first hand-over after it ends the first turn, which may therefore be short.

**only** limits a layer to hours: a stretch that crosses midnight belongs to the day it begins on, and ``to`` equal to
``from`` is a whole day. Turns go on while a layer does not apply.

Later layers win where they apply. Overrides win over all layers, the one made last over those before it, from the
first moment of ``since`` to the last one before ``until``. Nobody applies: a gap, an empty tuple.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from bot.domain.catalog import Roster, RosterLayer

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)
_LENGTHS: Final = {"daily": _DAY, "weekly": 7 * _DAY}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: How far ahead somebody looks for the end of who is on call now: a short look first, most turns end within it.
LOOKS: Final = (timedelta(days=8), timedelta(days=400))


@dataclass(frozen=True, kw_only=True)
class Override:
    """``person`` is on call from ``since`` until ``until``: instead of everybody, or of ``replaces`` alone."""

    person: str
    since: datetime
    until: datetime
    replaces: str | None = None

    def holds(self, at: datetime) -> bool:
        """Whether it is in force."""
        return self.since <= at < self.until

    def apply(self, people: tuple[str, ...]) -> tuple[str, ...]:
        """Who is on call with it."""
        if self.replaces is None:
            return (self.person,)
        swapped = (self.person if each == self.replaces else each for each in people)
        return tuple(dict.fromkeys(swapped))


@dataclass(frozen=True, kw_only=True)
class Stint:
    """Somebody's entry in a calendar; entries may overlap, then all of them are on call."""

    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A stretch in which the same people are on call, as long as it can be; nobody is a gap."""

    since: datetime
    until: datetime
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Who is on call at a moment; ``until`` is when that changes, None when no change is in sight."""

    people: tuple[str, ...] = ()
    until: datetime | None = None


@lru_cache(maxsize=65536)
def moment(local: datetime, zone: tzinfo) -> datetime:
    """A wall-clock time as UTC: skipped by the clocks, when they are put forward; twice, the first one."""
    at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return at
    late = at
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):  # whole seconds: that is how finely zones change
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late


def read_moment(text: str, zone: ZoneInfo, clock: time = time()) -> datetime:
    """``2026-12-24T09:00`` in the zone, or with an offset of its own, as UTC; a date alone means ``clock`` that day."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    if len(text) <= len("2026-12-24"):
        read = datetime.combine(read.date(), clock)
    return moment(read, zone)


def length_of(rotate: str) -> timedelta:
    """How long a turn is on the clock: ``daily``, ``weekly``, ``12h``, ``1d12h``."""
    if rotate in _LENGTHS:
        return _LENGTHS[rotate]
    parts = re.findall(r"(\d+)([smhdw])", rotate)
    return timedelta(seconds=sum(int(count) * _UNITS[unit] for count, unit in parts))


@dataclass(frozen=True)
class _Hours:
    """When a layer applies: days of the week, and from when to when (``to`` not after ``from``: the next day)."""

    days: frozenset[int]
    since: timedelta
    until: timedelta

    def of(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The stretch that begins on that day."""
        if day.weekday() not in self.days:
            return None
        midnight = datetime.combine(day, time())
        return moment(midnight + self.since, zone), moment(midnight + self.until, zone)


def _hours(only: Mapping[str, object] | None) -> _Hours | None:
    if not only:
        return None
    named = only.get("days")
    days = [DAYS.index(str(day)) for day in named] if isinstance(named, (list, tuple)) else range(7)
    since = _clock(str(only.get("from") or "00:00"))
    until = _clock(str(only.get("to") or "24:00"))
    return _Hours(frozenset(days), since, until if until > since else until + _DAY)


def _clock(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


class _Layer:
    """One layer, ready to be asked."""

    def __init__(self, layer: RosterLayer, zone: ZoneInfo) -> None:
        self.zone = zone
        self.people = tuple(person.lower() for person in layer.people)
        self.length = length_of(layer.rotate)
        day, _, clock = layer.handover.rpartition(" ")
        handover = time.fromisoformat(clock)
        self.start = read_moment(layer.start, zone, handover)
        self.hours = _hours(layer.only)
        # The hand-over the first turn would have begun with: the last one that is not after the start.
        start = _local(self.start, zone)
        anchor = datetime.combine(start.date(), handover)
        if day and layer.rotate != "daily":
            anchor += (DAYS.index(day) - anchor.weekday()) * _DAY
            back = 7 * _DAY
        else:
            back = _DAY
        self.anchor = anchor - back if moment(anchor, zone) > self.start else anchor

    def turn(self, at: datetime) -> int:
        """Which turn it is, counted in hand-overs."""
        turn = (_local(at, self.zone) - self.anchor) // self.length
        while self.begin(turn + 1) <= at:
            turn += 1
        while self.begin(turn) > at:
            turn -= 1
        return turn

    def begin(self, turn: int) -> datetime:
        """The hand-over a turn begins with."""
        return moment(self.anchor + turn * self.length, self.zone)

    def person(self, at: datetime) -> str | None:
        """Whose turn it is; None where the layer does not apply."""
        if at < self.start or not self.people or not self._within(at):
            return None
        return self.people[self.turn(at) % len(self.people)]

    def _within(self, at: datetime) -> bool:
        if self.hours is None:
            return True
        today = _local(at, self.zone).date()
        for days in (0, -1, 1):
            stretch = self.hours.of(today + days * _DAY, self.zone)
            if stretch and stretch[0] <= at < stretch[1]:
                return True
        return False

    def changes(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Every moment at which it may say something else, within the two and in no order."""
        yield self.start
        turn = self.turn(since)
        while (at := self.begin(turn)) < until and len(self.people) > 1:
            yield at
            turn += 1
        if self.hours is None:
            return
        day = _local(since, self.zone).date() - 2 * _DAY
        last = _local(until, self.zone).date() + _DAY
        while day <= last:
            yield from self.hours.of(day, self.zone) or ()
            day += _DAY


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


class Rota:
    """A roster with its overrides (and the entries of its calendar), ready to be asked many times."""

    def __init__(
        self, roster: Roster, overrides: Iterable[Override] = (), stints: Sequence[Stint] = ()
    ) -> None:
        """``overrides`` come after the roster's own, in the order they were made."""
        self.roster = roster
        self.zone = ZoneInfo(roster.time_zone)
        self._layers = [_Layer(layer, self.zone) for layer in roster.layers]
        self.overrides = (*configured(roster), *overrides)
        self._stints = sorted(stints, key=lambda each: (each.since, each.until, each.person))
        self._begins = [each.since for each in self._stints]
        self._longest = max((s.until - s.since for s in self._stints), default=timedelta())

    def on_duty(self, at: datetime) -> tuple[str, ...]:
        """E-mail addresses, in lower case, of whoever is on call; empty when nobody is."""
        people = self.planned(at)
        for override in self.overrides:
            if override.holds(at):
                people = override.apply(people)
        return people

    def planned(self, at: datetime) -> tuple[str, ...]:
        """Who would be on call without any override."""
        for layer in reversed(self._layers):
            person = layer.person(at)
            if person is not None:
                return (person,)
        begun = slice(bisect_left(self._begins, at - self._longest), bisect_right(self._begins, at))
        found = (each.person for each in self._stints[begun] if at < each.until)
        return tuple(dict.fromkeys(found))

    def turn(self, at: datetime) -> Shift | None:
        """The whole turn at that moment, from hand-over to hand-over, of the layer that says who is on call.

        Hours another layer takes away in between do not end it. None where no layer says anything.
        """
        for layer in reversed(self._layers):
            person = layer.person(at)
            if person is not None:
                turn = layer.turn(at)
                begin = max(layer.begin(turn), layer.start)
                return Shift(since=begin, until=layer.begin(turn + 1), people=(person,))
        return None

    def shifts(self, since: datetime, until: datetime) -> list[Shift]:
        """Everything from ``since`` to ``until`` without a hole: neighbours differ, and nobody is said as nobody."""
        if since >= until:
            return []
        found: list[Shift] = []
        for at in sorted({since, *(c for c in self._changes(since, until) if since < c < until)}):
            people = self.on_duty(at)
            if found and found[-1].people == people:
                continue
            if found:
                found[-1] = Shift(since=found[-1].since, until=at, people=found[-1].people)
            found.append(Shift(since=at, until=until, people=people))
        return found

    def _changes(self, since: datetime, until: datetime) -> Iterator[datetime]:
        for layer in self._layers:
            yield from layer.changes(since, until)
        spans: list[Override | Stint] = [*self.overrides, *self._stints]
        for each in spans:
            yield each.since
            yield each.until

    def current(self, at: datetime) -> Duty:
        """Who is on call from that moment on, and until when."""
        for look in LOOKS:
            first = self.shifts(at, at + look)[0]
            if first.until < at + look:
                return Duty(people=first.people, until=first.until)
        return Duty(people=self.on_duty(at))


def configured(roster: Roster) -> tuple[Override, ...]:
    """The overrides that stand in the roster itself."""
    zone = ZoneInfo(roster.time_zone)
    return tuple(
        Override(
            person=str(each["person"]).lower(),
            since=read_moment(str(each["from"]), zone),
            until=read_moment(str(each["until"]), zone),
        )
        for each in roster.overrides
    )


def on_duty(roster: Roster, at: datetime, overrides: Iterable[Override] = ()) -> tuple[str, ...]:
    """Who is on call in a roster at a moment; see the module for what every word means."""
    return Rota(roster, overrides).on_duty(at)


def shifts(
    roster: Roster, since: datetime, until: datetime, overrides: Iterable[Override] = ()
) -> list[Shift]:
    """All shifts from ``since`` to ``until``, gaps included."""
    return Rota(roster, overrides).shifts(since, until)
