"""Signs that somebody saw a page. Slack tells no read receipts, so only what people do counts.

A press in the direct messages with the bot, and opening its Messages tab, after the page was there; for a page beyond
Slack, opening its link (``page_links``). Not having any of these says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.escalation import DeliveryState
from bot.store import page_waiting
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from bot.services.base import House
    from bot.services.escalating import Escalating
    from bot.store.tx import Tx

OPENED, PRESSED = "opened the messages", "pressed a button there"


class Sightings:
    """What somebody does in Slack, as far as it tells that they saw their pages."""

    def __init__(self, house: House, escalating: Escalating) -> None:
        """Given the shared parts."""
        self._work = house.work
        self._escalating = escalating

    async def saw(self, slack_id: str, how: str) -> None:
        """Their direct messages were before their eyes: the proof of every page that waits for them says so."""
        waiting = await self._work.read(lambda tx: page_waiting.unseen(tx, slack_id))
        if not waiting:
            return

        def write(tx: Tx) -> None:
            for delivery in waiting:
                self._escalating.delivered(tx, delivery, DeliveryState.SEEN, reason=how)

        await self._work.write(write, patience=PATIENCE)
