"""Calendars in which rosters are kept elsewhere, as a Protocol; the rules of ``bot.ports`` hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.calendar_people import CalendarEntry


class Calendars(Protocol):
    """Reads iCalendar addresses."""

    async def read(
        self, address: str, since: datetime, until: datetime, zone: str
    ) -> Sequence[CalendarEntry]:
        """The entries between two moments, recurrences resolved; INVALID when it is no calendar.

        ``zone`` is that of entries which name none (whole days). No error names the address: it may be a secret.
        """
        ...
