"""Hours of the week in a time zone: when a level of an escalation policy is there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, kw_only=True)
class Hours:
    """On these days, from one time of day (included) to another (excluded), by the clocks of the zone.

    No days mean every day. A span over midnight (``from`` 22:00 ``to`` 06:00) belongs to the day it begins on; equal
    times are the whole day.
    """

    days: tuple[str, ...] = ()
    begin: str = "00:00"
    end: str = "00:00"
    time_zone: str = "UTC"

    def cover(self, at: datetime) -> bool:
        """Whether that moment is within them."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        begin, end, clock = (
            time.fromisoformat(self.begin),
            time.fromisoformat(self.end),
            local.time(),
        )
        if begin < end:
            return begin <= clock < end and self._on(local)
        if clock >= begin:
            return self._on(local)
        return clock < end and self._on(local - timedelta(days=1))

    def _on(self, local: datetime) -> bool:
        return not self.days or DAYS[local.weekday()] in self.days

    def words(self) -> str:
        """``Mon-Fri 09:00-17:00 Europe/Berlin``."""
        days = " ".join(self.days) or "every day"
        if self.begin == self.end:
            return f"{days} {self.time_zone}"
        return f"{days} {self.begin}-{self.end} {self.time_zone}"
