"""The numbers of the last days, and the report that is sent to whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain import report
from bot.store import statistics as counted

if TYPE_CHECKING:
    from bot.domain.report import Statistics
    from bot.services.base import House

#: Home is published again and again; numbers of so long ago are good enough there.
KEEP: Final = timedelta(seconds=60)


@dataclass
class Reports:
    """Use cases around the numbers."""

    house: House
    _kept: dict[int, tuple[datetime, Statistics]] = field(default_factory=dict)

    async def statistics(self, days: int = report.DAYS, *, fresh: bool = False) -> Statistics:
        """The numbers of the last ``days``; unless ``fresh``, up to a minute old."""
        now = self.house.work.clock.now()
        at, known = self._kept.get(days, (now, None))
        if known is not None and not fresh and timedelta() <= now - at < KEEP:
            return known
        found = await self.house.work.read(lambda tx: counted.statistics(tx, days=days))
        self._kept = {days: (now, found)} if days == report.DAYS else self._kept
        return found

    async def send(self, user: str, days: int, *, once: str) -> None:
        """Have the report with its charts sent to one person directly; the same ``once`` key sends it once."""
        effect = report.send(key=once, days=days, user=user)
        await self.house.work.write(lambda tx: tx.emit([effect]))
