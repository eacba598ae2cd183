"""Cron expressions: five fields as crontab writes them, read by APScheduler."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from datetime import datetime

#: crontab counts weekdays from Sunday, and 7 is Sunday again; APScheduler's 0 is Monday, so names are used.
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = re.compile(r"(\d+)(?:-(\d+))?(?:/(\d+))?")
#: What was due longer ago than this is not done any more.
LATE = timedelta(hours=1)


@cache
def trigger(expression: str, zone: str) -> CronTrigger:
    """What the five fields mean; ValueError says what is wrong with them."""
    minute, hour, day, month, weekday = expression.split()
    if day != "*" and weekday != "*":
        # crontab takes either, APScheduler both: nobody can tell which of the two was meant.
        msg = "give the day of the month or the weekday, and * for the other"
        raise ValueError(msg)
    return CronTrigger(
        minute=minute, hour=hour, day=day, month=month.lower(), day_of_week=_weekdays(weekday),
        timezone=zone,
    )  # fmt: skip


def _weekdays(field: str) -> str:
    """``1-5`` as ``mon,tue,wed,thu,fri``; names and ``*`` as they are."""
    return ",".join(_named(part) for part in field.lower().split(","))


def _named(part: str) -> str:
    found = _NUMBERS.fullmatch(part.replace("*/", "0-6/"))
    if found is None:
        return part
    first, last, step = int(found[1]), int(found[2] or found[1]), int(found[3] or 1)
    if first > last or last >= len(_DAYS) or not step:
        msg = f"there is no weekday {part}"
        raise ValueError(msg)
    return ",".join(dict.fromkeys(_DAYS[n] for n in range(first, last + 1, step)))


def due(
    expression: str, zone: str, since: datetime, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """What came due after ``since``: the last moment within the hour, and the first one that is longer ago."""
    found = trigger(expression, zone)
    recent = None
    at = _next(found, max(since, now - LATE))
    while at is not None and at <= now:
        recent, at = at, _next(found, at)
    missed = _next(found, since) if since < now - LATE else None
    return recent, missed if missed is not None and missed <= now - LATE else None


def _next(found: CronTrigger, after: datetime) -> datetime | None:
    """The first moment after ``after``, in UTC."""
    at: datetime | None = found.get_next_fire_time(None, after + timedelta(microseconds=1))
    return at.astimezone(after.tzinfo) if at else None
