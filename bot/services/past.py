"""Incidents of the past, taken over from the pager: kept with their timeline, told to nobody."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.incident import Entry, EntryKind, Incident, Origin
from bot.domain.lifecycle import Decision
from bot.domain.reconcile import reconcile
from bot.store import effects as effect_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.page import Page
    from bot.services.base import House
    from bot.services.paging import Paging
    from bot.store.tx import Tx


class Taken(StrEnum):
    """What became of a page."""

    IMPORTED = "imported"
    KNOWN = "known"  # it is here already, or was opened from here
    IGNORED = "ignored"  # the routing rules leave it out
    GONE = "gone"  # deleted at the pager while it was read


class Past:
    """Takes over what happened before Muster came.

    Nothing is announced, paged, opened or written anywhere else: a taken-over incident emits no effect. It is linked
    to its page, so that whatever happens to it later finds it.
    """

    def __init__(self, house: House, paging: Paging) -> None:
        """Given the shared parts and the use cases of pages."""
        self._house = house
        self._paging = paging

    async def unknown(self, pages: Sequence[Page]) -> list[Page]:
        """Those that are not here yet, in their order."""

        def look(tx: Tx) -> list[Page]:
            return [page for page in pages if tx.by_page(page.id, lock=False) is None]

        return await self._house.work.read(look)

    async def take(self, page: Page) -> Taken:
        """Keep a page that was read with its history as an incident, in one transaction; twice is once."""
        route = await self._paging.routed(page)

        def change(tx: Tx) -> Taken:
            if tx.by_page(page.id) is not None or self._paging.opened_by_us(tx, page) is not None:
                return Taken.KNOWN
            if route == "ignore" or tx.value(f"ignored:{page.id}"):
                return Taken.IGNORED
            self._keep(tx, page)
            return Taken.IMPORTED

        return await self._house.work.write(change)

    def _keep(self, tx: Tx, page: Page) -> None:
        incident = tx.add(self._draft(tx, page))
        first = Entry(
            kind=EntryKind.TRIGGERED,
            at=page.created_at,
            origin=Origin.PAGERDUTY,
            text=incident.title,
            vendor_at=page.created_at,
        )
        told = reconcile(
            incident,
            [first],
            page,
            page.events,
            tx.now,
            authoritative=True,
            ours_pending=False,
            derive=False,
            severity_of=self._house.catalog.severity_of_priority,
            person=tx.people.resolve,
        ).decision
        entries = (first, *told.entries, _imported(tx, page))
        times = [page.changed_at or page.created_at, *(entry.at for entry in entries[:-1])]
        after = replace(told.incident, updated_at=max(times))
        tx.record(Decision(incident=after, entries=entries, effects=()))

    def _draft(self, tx: Tx, page: Page) -> Incident:
        """As it is there now; it counts on the day it was triggered."""
        acknowledger = tx.people.resolve(page.acknowledged_by) if page.acknowledged_by else None
        return replace(
            self._paging.draft(tx, page, "announce"),
            opens_channel=False,
            created_at=page.created_at,
            acknowledged_at=page.acknowledged_at,
            acknowledged_by=acknowledger,
        )

    async def wait_for_room(self, budgets: Iterable[str], calls: int) -> float:
        """Count so many calls at the pager and return 0, or return the seconds to wait before asking again.

        The budget is the one a running bot draws on, so that both together stay within the vendor's limit.
        """
        names = tuple(budgets)
        return await self._house.work.write(
            lambda tx: effect_store.draw(tx.session, names, calls, tx.now.timestamp())
        )


def _imported(tx: Tx, page: Page) -> Entry:
    number = f" #{page.number}" if page.number else ""
    return Entry(
        kind=EntryKind.OTHER,
        at=tx.now,
        origin=Origin.MUSTER,
        target=f"taken over from PagerDuty{number}",
    )
