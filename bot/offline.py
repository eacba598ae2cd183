"""What the command line needs without a running bot: use cases on the database, and the doctor's examination."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.ports import SystemClock
from bot.services.base import House, Options
from bot.services.evidence import Evidence
from bot.services.inbound import InboundEvents
from bot.services.incidents import Incidents
from bot.services.reports import Reports
from bot.store import migrate
from bot.store.engine import database_url
from bot.store.work import Work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any

    from bot.domain.catalog import Catalog
    from bot.settings import Settings


@dataclass(frozen=True)
class Offline:
    """Use cases that only write to the database; a running bot carries the effects out."""

    incidents: Incidents
    inbound: InboundEvents
    reports: Reports
    evidence: Evidence


class _NoRouting:
    """Commands that route nothing."""

    async def route(self, subject: Mapping[str, Any]) -> str:
        """Never asked."""
        del subject
        return "announce"


@asynccontextmanager
async def offline(settings: Settings, catalog: Catalog) -> AsyncIterator[Offline]:
    """The use cases on a migrated database, closed afterwards."""
    work = Work(database_url(settings.database_url), SystemClock())
    try:
        migrate.upgrade(work.engine)
        house = House(work=work, catalog=catalog, router=_NoRouting(), options=Options())
        yield Offline(
            incidents=Incidents(house),
            inbound=InboundEvents(house),
            reports=Reports(house),
            evidence=Evidence(house),
        )
    finally:
        work.close()
