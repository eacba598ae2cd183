"""What people set for themselves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.presence import zone_of

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PersonSetting:
    """Skills as they are called, and from when to when (``22:00``, their own time) low urgency leaves them alone."""

    skills: tuple[str, ...] = ()
    quiet: tuple[str, str] | None = None

    def is_quiet(self, tz: str, now: datetime) -> bool:
        """Whether it is within their quiet hours where they are; from 22:00 to 07:00 goes over midnight."""
        if self.quiet is None:
            return False
        there = f"{now.astimezone(zone_of(tz)):%H:%M}"
        begin, end = self.quiet
        return begin <= there < end if begin <= end else there >= begin or there < end
