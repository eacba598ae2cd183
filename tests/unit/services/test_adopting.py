"""Two incidents want the same channel at the same instant: one gets it, the other one of its own."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot.ports import Channel
from bot.services import steps
from bot.services.incidents import NewIncident
from tests.unit.store.house import ANA, build_home

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 12


async def test_a_channel_is_adopted_once(tmp_path: Path) -> None:
    home = build_home(tmp_path)
    try:
        for n in range(ROUNDS):
            channel = Channel(id=f"C0SHARED{n:02}", name=f"shared-{n}")
            both = [
                (
                    await home.incidents.declare(
                        NewIncident(title=f"Wants {n} {who}", by=ANA, channel=channel.id),
                        once=home.press(),
                    )
                ).incident.number
                for who in ("first", "second")
            ]
            settling = [partial(steps.channel_adopted, number=n, channel=channel) for n in both]
            await asyncio.gather(*(home.work.write(settle) for settle in settling))
            found = [await home.incident(number) for number in both]
            assert sorted(i.places.channel == channel.id for i in found) == [False, True]
            [other] = [i for i in found if i.places.channel != channel.id]
            assert other.places.adopts is None, "it gets a channel of its own"
    finally:
        home.work.close()
