"""What belongs to an incident's end, put together: its times, its post-mortem, its channel's archiving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.archiving import Archiving
from bot.services.postmortems import Postmortems
from bot.services.times import Times

if TYPE_CHECKING:
    from bot.services.base import House
    from bot.services.incidents import Incidents


@dataclass(frozen=True)
class Afterwards:
    """The use cases, for handlers and worker alike."""

    times: Times
    postmortems: Postmortems
    archiving: Archiving

    @classmethod
    def of(cls, house: House, incidents: Incidents) -> Afterwards:
        """On the shared parts."""
        return cls(Times(house, incidents), Postmortems(house), Archiving(house))
