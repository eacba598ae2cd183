"""The numbers of the last days, and the report that is sent to whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import report
from bot.store import statistics as counted

if TYPE_CHECKING:
    from bot.domain.report import Statistics
    from bot.services.base import House


@dataclass(frozen=True)
class Reports:
    """Use cases around the numbers."""

    house: House

    async def statistics(self, days: int = report.DAYS) -> Statistics:
        """The numbers of the last ``days``."""
        return await self.house.work.read(lambda tx: counted.statistics(tx, days=days))

    async def send(self, user: str, days: int, *, once: str) -> None:
        """Have the report with its charts sent to one person directly; the same ``once`` key sends it once."""
        effect = report.send(key=once, days=days, user=user)
        await self.house.work.write(lambda tx: tx.emit([effect]))
