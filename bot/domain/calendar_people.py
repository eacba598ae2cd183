"""Who is meant by the entries of a calendar: an attendee, an address or a name in the title, the organizer. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.roster import Stint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

_EMAIL = re.compile(r"[^\s<>()\[\],;:]+@[^\s<>()\[\],;:]+\.[^\s<>()\[\],;:.]+")


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """One entry, recurrences resolved; addresses in lower case."""

    since: datetime
    until: datetime
    attendees: tuple[str, ...] = ()
    organizer: str | None = None
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Somebody of the workspace: their address and what they are called."""

    email: str
    names: tuple[str, ...] = ()


def people_of(
    entries: Sequence[CalendarEntry], everybody: Iterable[Known]
) -> tuple[list[Stint], list[str]]:
    """Who is on call when, and the titles of entries nobody can be found for, each once."""
    known = list(everybody)
    addresses = {each.email for each in known}
    names = _names(known)
    stints: list[Stint] = []
    unmapped: dict[str, None] = {}
    for entry in entries:
        found = _meant(entry, addresses, names)
        stints += [Stint(person=p, since=entry.since, until=entry.until) for p in found]
        if not found:
            unmapped[entry.summary or f"an entry without a title, {entry.since:%Y-%m-%d}"] = None
    return stints, list(unmapped)


def _meant(entry: CalendarEntry, addresses: set[str], names: Mapping[str, str | None]) -> list[str]:
    """Attendees count first, then the title; the organizer is often only who keeps the calendar, so comes last."""
    typed = [word.casefold() for word in _EMAIL.findall(entry.summary)]
    for wanted in (entry.attendees, typed):
        found = [each for each in dict.fromkeys(wanted) if each in addresses]
        if found:
            return found
    named = _in_words(entry.summary, names)
    if named:
        return named
    return [entry.organizer] if entry.organizer in addresses else []


def _names(known: Iterable[Known]) -> dict[str, str | None]:
    """Folded name to address; None for a name several people have: nobody could tell them apart."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in known:
        for name in each.names:
            folded = _fold(name)
            if len(folded.replace(" ", "")) > 1:
                found[folded].add(each.email)
    return {name: next(iter(who)) if len(who) == 1 else None for name, who in found.items()}


def _in_words(summary: str, names: Mapping[str, str | None]) -> list[str]:
    """Whose names stand in the title as whole words, in its order; of names within names the longest counts."""
    left = f" {_fold(summary)} "
    found: dict[int, str] = {}
    for name in sorted(names, key=len, reverse=True):
        place = left.find(f" {name} ")
        if place >= 0:
            if (email := names[name]) is not None:
                found[place] = email
            left = left[: place + 1] + "\x00" * len(name) + left[place + 1 + len(name) :]
    return list(dict.fromkeys(found[place] for place in sorted(found)))


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
