"""Rosters as people are shown them: who is on call, and who stands in for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor


@dataclass(frozen=True, kw_only=True)
class RosterNow:
    """Who is on call in a roster, until when, and who then; ``problem`` is what its calendar suffers from.

    ``subscribe`` is the address of the roster as a calendar; ``known_since``: it is shown as it was known first, then,
    which is later than what was asked about.
    """

    name: str
    people: tuple[Actor, ...] = ()
    until: datetime | None = None
    then: tuple[Actor, ...] = ()
    problem: str | None = None
    subscribe: str | None = None
    known_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ShiftView:
    """A stretch in which the same people are on call; nobody is a gap."""

    since: datetime
    until: datetime
    people: tuple[Actor, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AtPager:
    """Where PagerDuty keeps an override: ids of the schedule, of itself ("" where it is not told), and the account."""

    schedule: str
    id: str
    user: str


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """An override as people see it; ``instead`` is who would be on call, as far as that is known.

    With ``at_pager`` it is PagerDuty's, and has no number of ours.
    """

    id: int
    roster: str
    person: Actor
    instead: tuple[Actor, ...]
    since: datetime
    until: datetime
    swap: bool = False
    by: Actor | None = None
    at_pager: AtPager | None = None
