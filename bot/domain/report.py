"""How the last days went, in numbers: values, and how days are put together into the bars of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.effects import Effect, EffectKind, Rank
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

DAYS: Final = 30
MAX_DAYS: Final = 366
#: Slack's charts take 20 points at most; fewer can be read.
BARS: Final = 15


@dataclass(frozen=True, kw_only=True)
class Group:
    """Incidents that belong together; means are seconds from detecting, None when it never happened."""

    label: str
    count: int = 0
    open: int = 0
    seconds_to_acknowledge: float | None = None
    seconds_to_resolve: float | None = None


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Incidents declared since ``since`` (aware UTC), private ones and drills left out.

    ``severities`` and ``services`` hold the most frequent first, ``declared`` how many were declared on each day
    (UTC) by severity; a severity nobody set is ``""``.
    """

    days: int
    since: datetime
    until: datetime
    total: Group
    severities: tuple[Group, ...] = ()
    services: tuple[Group, ...] = ()
    declared: Mapping[tuple[date, str], int]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One point of the chart: the first day it stands for, and how many of each severity."""

    first: date
    counts: Mapping[str, int]


def bars(statistics: Statistics) -> list[Bar]:
    """The days put together evenly, oldest first, at most ``BARS`` of them; every incident is in exactly one."""
    first, last = statistics.since.date(), statistics.until.date()
    span = (last - first).days + 1
    width = -(-span // BARS)
    starts = [first + timedelta(days=n) for n in range(0, span, width)]
    counts: list[dict[str, int]] = [{} for _ in starts]
    for (day, severity), count in statistics.declared.items():
        at = min(max((day - first).days, 0), span - 1) // width
        counts[at][severity] = counts[at].get(severity, 0) + count
    return [Bar(first=start, counts=found) for start, found in zip(starts, counts, strict=True)]


def checked_days(words: str) -> int:
    """``30`` or ``30d``; nothing means thirty. UserError for anything else."""
    wanted = words.strip().casefold().removesuffix("days").removesuffix("d").strip()
    if not words.strip():
        return DAYS
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:6]) <= MAX_DAYS:
        return int(wanted)
    msg = f"Say how many days the report is about, from 1 to {MAX_DAYS}: /incident report 30."
    raise UserError(msg)


def send(*, key: str, days: int, user: str | None = None, channel: str | None = None) -> Effect:
    """The report with its charts, to one person directly or into the channel of that name."""
    return Effect(
        kind=EffectKind.SEND_REPORT,
        key=f"report/{key}",
        lane=f"report/{user or channel}",
        payload={"days": days, "user": user, "channel": channel},
        rank=Rank.ANSWER,
    )


def digest_due(weekly: str, now: datetime) -> datetime | None:
    """When the weekly digest (``Mon 09:00``, UTC) was last due; None when that is longer ago than a day.

    A bot that was down for an hour still sends it, one that was down for days does not send last week's.
    """
    name, _, clock = weekly.partition(" ")
    hours, _, minutes = clock.partition(":")
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name[:3].casefold())
    today = now.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0)
    due = today - timedelta(days=(now.weekday() - weekday) % 7)
    if due > now:
        due -= timedelta(days=7)
    return due if now - due < timedelta(days=1) else None
