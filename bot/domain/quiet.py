"""Quiet hours: when somebody is not to be woken for what can wait. Pure; the clock on their wall decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import tzinfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
#: No clock is set forward further than this at once; nearer to the end it is looked at minute by minute.
_NEAR = timedelta(hours=3)


@dataclass(frozen=True)
class QuietHours:
    """From ``since`` until just before ``until``, every day; across midnight when ``until`` is the earlier one."""

    since: time
    until: time

    def cover(self, clock: time) -> bool:
        """Whether it is quiet when a clock shows that."""
        if self.since < self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until

    def next_moment(self, moment: datetime, zone: tzinfo) -> datetime:
        """``moment`` itself when it is not quiet then, else the first minute that is not.

        Right across clock changes, because the clock on the wall is asked and not the hours counted: a clock set
        forward over the end ends the quiet at that instant.
        """
        while self.cover(moment.astimezone(zone).time()):
            left = self._left(moment.astimezone(zone).time())
            step = left - _NEAR if left > _NEAR else _MINUTE
            moment = moment.replace(second=0, microsecond=0) + step
        return moment

    def _left(self, clock: time) -> timedelta:
        """How far the hands of that clock are from the end."""
        return timedelta(minutes=_minutes(self.until) - _minutes(clock)) % _DAY

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.since:%H:%M} to {self.until:%H:%M}"


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def clock_time(text: str) -> time:
    """``22:00`` as a time of day; ``24:00`` is midnight."""
    return time() if text == "24:00" else time.fromisoformat(text)


def zone_named(name: str | None) -> tzinfo:
    """The time zone of that name; UTC for one this machine does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
