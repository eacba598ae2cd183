"""The auditor of pages: every open page has a next step, whatever went wrong before.

It looks at start and every minute, mends what is broken, says so, and only when nothing is late lets the dead man's
switch be pinged. All replicas may run it: what it emits has keys of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import page_invariant, page_plan, plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.services import page_rescue
from bot.store import page_audit as reads
from bot.store import pages as store

if TYPE_CHECKING:
    from bot.services.base import House
    from bot.store.tx import Tx

#: So many pages are looked at in one sweep, those that are due first.
AT_ONCE = 2_000
#: A step that is due for longer than this says that the worker stands still.
LATE = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a sweep found: what it mended, in words, and pages whose next step is late."""

    mended: tuple[str, ...] = ()
    late: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every open page will go on by itself."""
        return not self.late


class PageAudit:
    """One use case: look, mend, report."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house

    async def sweep(self, *, ping: bool = False) -> Audit:
        """Mend every page without a next step; ``ping``: somebody outside listens whether all is well."""

        def look(tx: Tx) -> Audit:
            page_rescue.stranded(tx, self._house.catalog)
            mended = [*self._revived(tx), *self._steps(tx), *self._untold(tx), *self._unpaged(tx)]
            alive = store.alive(tx, AT_ONCE)
            late = [p.id for p in alive if p.next_at and p.next_at < tx.now - LATE]
            found = Audit(mended=tuple(mended), late=tuple(late))
            if found.mended or found.late:
                tx.emit([_report(tx, found)])
            if ping and found.passed:
                tx.emit([_ping(tx)])
            return found

        return await self._house.work.write(look)

    @staticmethod
    def _revived(tx: Tx) -> list[str]:
        """A step that was given up is tried again for as long as it takes."""
        return [f"{key} was given up" for id_, key in reads.dead(tx, 100) if tx.retry(id_)]

    @staticmethod
    def _steps(tx: Tx) -> list[str]:
        coming = {
            (each.get("page"), each.get("step")) for each in reads.waiting(tx, EffectKind.PAGE_STEP)
        }
        mended = []
        for seen in store.alive(tx, AT_ONCE):
            wrong = page_invariant.broken(seen)
            lost = seen.next is not None and (seen.id, seen.step) not in coming
            if not (wrong or lost):
                continue
            page = store.one(tx, seen.id)
            if page.step != seen.step:  # it went on meanwhile
                continue
            if wrong:
                page = store.save(tx, page_invariant.mended(page, tx.now))
            tx.emit(page_plan.step(page, again=f"/audit@{tx.now.isoformat()}"))
            mended.append(f"{page.name}: {wrong or 'its next step was lost'}")
        return mended

    @staticmethod
    def _untold(tx: Tx) -> list[str]:
        """An exhausted page was told of, or is being told of."""
        coming = {
            each.get("page")
            for each in reads.waiting(tx, EffectKind.TELL_PAGE)
            if each.get("what") == page_plan.NOBODY_ANSWERED
        }
        mended = []
        for page in store.untold(tx, AT_ONCE):
            if page.id not in coming:
                again = f"/audit@{tx.now.isoformat()}"
                tx.emit([page_plan.tell(page, page_plan.NOBODY_ANSWERED, again=again)])
                mended.append(f"{page.name}: nobody was told that nobody answered")
        return mended

    def _unpaged(self, tx: Tx) -> list[str]:
        catalog, mended = self._house.catalog, []
        for incident in reads.unpaged(tx, 100):
            if catalog.policy_for(catalog.service(incident.service or "")) is None:
                continue
            page = plan.page_natively(incident, level=1, why="audit")
            tx.emit([replace(page, key=f"{page.key}@{tx.now.isoformat()}")])
            mended.append(f"{incident.name}: nobody was paged")
        return mended


def _report(tx: Tx, found: Audit) -> Effect:
    """The admins hear of it: it should never happen. What stays late is told once an hour."""
    said = [f"I mended {each}." for each in found.mended[:10]]
    if len(found.mended) > 10:  # noqa: PLR2004
        said.append(f"And {len(found.mended) - 10} more.")
    if found.late:
        said.append(
            f"{len(found.late)} pages wait for a step that is overdue: is a worker running?"
        )
    when = f"{tx.now.isoformat()}" if found.mended else f"late/{tx.now:%Y%m%d%H}"
    return Effect(
        kind=EffectKind.TELL_ADMINS,
        key=f"pages/audit/{when}",
        lane="pages/audit",
        payload={"text": "The audit of open pages found something. " + " ".join(said)},
        rank=Rank.ANSWER,
    )


def _ping(tx: Tx) -> Effect:
    return Effect(
        kind=EffectKind.PING_DEADMAN,
        key=f"deadman/{tx.now:%Y%m%d%H%M}",
        lane="deadman",
        merge="deadman",
        rank=Rank.FOLLOW,
    )
