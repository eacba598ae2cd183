"""Webhooks: stored first, interpreted later. A mapping bug never loses an event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports import Delivery
    from bot.services.base import House
    from bot.store.tx import Tx

#: No webhook sender waits longer than this usefully (PagerDuty gives up after 5 s and sends again).
PATIENCE = 4.0
#: More webhooks than this waiting at once are a crowd.
CROWD = 8


class InboundEvents:
    """Receive and replay."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._work = house.work
        self._under_way = 0
        #: When so many webhooks last waited at once that applying them would keep others from being kept.
        self.crowded_at = float("-inf")

    async def receive(self, delivery: Delivery) -> bool:
        """Keep a verified webhook and have it applied; False when that event was kept before.

        When this returns, the event is on disk. Raises Busy when the database did not take it in time: answer
        503, the sender tries again.
        """

        def change(tx: Tx) -> bool:
            row = tx.deliver(delivery)
            if row is None:
                return False
            tx.emit([apply_event(row, delivery.source)])
            return True

        self._under_way += 1
        if self._under_way > CROWD:
            self.crowded_at = time.monotonic()
        try:
            return await self._work.write(change, patience=PATIENCE)
        finally:
            self._under_way -= 1

    async def poll_now(self) -> None:
        """Have the pager compared with us now, besides the clock."""

        def change(tx: Tx) -> None:
            key = f"poll/asked/{tx.now.isoformat()}"
            tx.emit(
                [
                    Effect(
                        kind=EffectKind.POLL_PAGER,
                        key=key,
                        lane="poll",
                        merge="poll",
                        rank=Rank.INBOUND,
                    )
                ]
            )

        await self._work.write(change)

    async def replay(self, event_id: str) -> int:
        """Apply a kept event again (by its vendor's id or our row number); how many were found."""

        def change(tx: Tx) -> int:
            rows = tx.kept(event_id)
            tx.emit([apply_event(row, source, again=tx.now) for row, source in rows])
            return len(rows)

        return await self._work.write(change)


def apply_event(row: int, source: str, *, again: datetime | None = None) -> Effect:
    """The effect that interprets a kept event."""
    suffix = f"/{again.isoformat()}" if again else ""
    return Effect(
        kind=EffectKind.APPLY_EVENT,
        key=f"inbound/{row}{suffix}",
        lane=f"inbound/{row}",
        payload={"row": row, "source": source},
        rank=Rank.INBOUND,
    )
