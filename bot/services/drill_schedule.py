"""Drills that come by the schedule of ``muster.yml``: once, whichever replica looks first, and not an hour late."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain import drill as rules
from bot.domain.effects import Effect, EffectKind, Rank
from bot.store import drills

if TYPE_CHECKING:
    from bot.services.base import House
    from bot.services.drills import Drills
    from bot.store.tx import Tx

#: Until when the schedule was looked at.
LOOKED = "drills.looked"
#: While a real incident of one of the worst severities is open, no drill comes by itself.
WORST = 2


class DrillSchedule:
    """The clock's part: what is due is told by the worker, what becomes of it is decided here."""

    def __init__(self, house: House, running: Drills) -> None:
        """Given the shared parts, and how a drill is started."""
        self._house = house
        self._work = house.work
        self._drills = running
        self._rules = house.catalog.drills

    async def looked(self) -> datetime:
        """Until when the schedule was looked at; from now on when it is new or was changed."""

        def change(tx: Tx) -> datetime:
            found = tx.value_to_change(LOOKED) or {}
            if found.get("schedule") == self._schedule:
                return datetime.fromisoformat(found["at"])
            tx.set_value(LOOKED, {"schedule": self._schedule, "at": tx.now.isoformat()})
            return tx.now

        known = await self._work.read(lambda tx: tx.value(LOOKED)) or {}
        if known.get("schedule") == self._schedule:
            return datetime.fromisoformat(known["at"])
        return await self._work.write(change)

    @property
    def _schedule(self) -> str:
        return f"{self._rules.schedule} {self._rules.time_zone}"

    async def come_due(self, recent: datetime | None, missed: datetime | None) -> None:
        """A scheduled drill's time has come (``recent``), or was over before we looked (``missed``).

        Whoever is first of all replicas starts it, or says why not.
        """
        at = recent or missed
        if at is None:
            return

        def change(tx: Tx) -> None:
            found = tx.value_to_change(LOOKED) or {}
            if datetime.fromisoformat(found["at"]) >= at:
                return
            until = recent or tx.now
            tx.set_value(LOOKED, {"schedule": self._schedule, "at": until.isoformat()})
            if recent is None:
                tx.emit([_missed(at)])
            elif why := self._not_now(tx):
                words = f"The drill that was due now is left out: {why}."
                tx.emit([rules.tell(f"skipped/{at.isoformat()}", text=words)])
            elif tx.remember(f"drill/{at.isoformat()}", None):
                self._drills.start_scheduled(tx, at)

        await self._work.write(change)

    def _not_now(self, tx: Tx) -> str:
        """Why no drill is to begin by itself now."""
        worst = [s.name for s in self._house.catalog.severities[:WORST]]
        real = drills.open_real(tx, worst)
        if real is not None:
            what = "a private incident" if real.private else f"{real.name} ({real.severity})"
            return f"{what} is open"
        going_on = drills.running(tx)
        return f"the drill INC-{going_on.incident} is not over yet" if going_on else ""


def _missed(at: datetime) -> Effect:
    text = (
        f"The drill that was due {at:%Y-%m-%d %H:%M} UTC did not take place: I was not running, and it is too late "
        "for it now. Start one with /incident drill."
    )
    return Effect(
        kind=EffectKind.TELL_ADMINS,
        key=f"drill/missed/{at.isoformat()}",
        lane="admins",
        payload={"text": text},
        rank=Rank.ANSWER,
    )
