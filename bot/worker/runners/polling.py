"""PagerDuty is asked what changed, where no webhook reaches us: nothing is missed, nothing is told twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.incident import Status
from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident import Incident
    from bot.ports import Page, Pager
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

CURSOR = "pagerduty.cursor"
#: Each poll looks back a little further than the last one ended: clocks differ, and reads are cheap.
OVERLAP = timedelta(seconds=90)
#: On the very first start only incidents this young are caught up.
FIRST_LOOK = timedelta(hours=24)


async def poll(world: World, effect: Claimed) -> Settle | None:
    """Find what changed since the last poll: new pages, pages with log entries, pages that closed."""
    pager = world.the_pager()
    began = world.work.clock.now()
    cursor = await world.work.read(lambda tx: tx.value(CURSOR))
    since = datetime.fromisoformat(cursor["since"]) if cursor else began - FIRST_LOOK
    born = (cursor or {}).get("born", since.isoformat())
    open_pages = await pager.open_pages()
    recent = await pager.pages_since(since - OVERLAP)
    touched = await _touched(pager, since) if cursor else ()
    ours = await world.paging.known_open()

    def settle(tx: Tx) -> None:
        pages, told = (*open_pages, *recent), datetime.fromisoformat(born)
        for page_id in _to_read(tx, pages, first=cursor is None, since=since, born=told):
            tx.emit([plan.read_page(page_id, why=f"poll/{effect.id}")])
        gone = set(ours) - {p.id for p in open_pages}
        for page_id in gone | {t for t in touched if tx.by_page(t, lock=False)}:
            tx.emit([plan.read_page(page_id, why=f"poll/{effect.id}")])
        tx.set_value(CURSOR, {"since": began.isoformat(), "born": born})

    return settle


async def _touched(pager: Pager, since: datetime) -> Sequence[str]:
    """Pages with new log entries; accounts that may not read the log are served by the comparison alone."""
    try:
        return await pager.changed_since(since - OVERLAP)
    except ProviderError as error:
        if error.reason in {Reason.NOT_FOUND, Reason.INVALID}:
            return ()
        raise


def _to_read(
    tx: Tx, pages: Sequence[Page], *, first: bool, since: datetime, born: datetime
) -> set[str]:
    """Pages to read again. What nobody touched since before we were ``born`` is left to ``muster import``."""
    wanted = set()
    for page in pages:
        incident = tx.by_page(page.id, lock=False)
        if incident is None:
            touched = page.created_at if first else (page.changed_at or page.created_at)
            stale = touched < born - OVERLAP
            closed = page.status is Status.RESOLVED and (first or page.created_at < since - OVERLAP)
            if not stale and not closed and not tx.value(f"ignored:{page.id}"):
                wanted.add(page.id)
        elif _differs(incident, page):
            wanted.add(page.id)
    return wanted


def _differs(incident: Incident, page: Page) -> bool:
    newer = page.changed_at is not None and (
        incident.vendor_at is None or page.changed_at > incident.vendor_at
    )
    return (
        newer
        or page.status is not incident.status
        or page.urgency is not incident.urgency
        or page.priority != incident.priority
        or (
            bool(page.assignees)
            and {a.pagerduty_id for a in page.assignees}
            != {o.pagerduty_id for o in incident.owners}
        )
    )
