"""Merging two incidents into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import merging
from bot.domain.alert_groups import show
from bot.domain.permissions import Right
from bot.services.permissions import require
from bot.store import alerts, followers
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx


class Merging:
    """One is kept, the other is resolved everywhere and points to it."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    async def merge(self, gone: int, kept: int, *, by: SlackUser, once: str) -> Incident:
        """Merge ``gone`` into ``kept``, which is returned; UserError says why not."""

        def change(tx: Tx) -> Incident:
            # The lower number is locked first, so that two merges in opposite directions cannot wait for each other.
            both = {number: tx.incident(number) for number in sorted({gone, kept})}
            if not tx.remember(once, kept):
                return both[kept]
            require(self._house, tx, Right.RESOLVE, by, both[gone])
            who = tx.people.actor(by.id, by.name)
            first, second = merging.merge(both[gone], both[kept], who, tx.now)
            tx.record(first)
            stored = tx.record(second)
            tx.involve(kept, merging.people_of(both[gone]))
            for group in alerts.move(tx, gone, kept):
                tx.emit(show(group))
            for slack_id in followers.followers(tx, gone):
                followers.follow(tx, kept, slack_id)
            return stored

        return await self._work.write(change, patience=PATIENCE)
