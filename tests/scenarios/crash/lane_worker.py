"""A process that claims and settles effects until none is left, and writes down when.

``python lane_worker.py DATABASE_URL NAME LOG``: one line per claim and per settlement,
``claim|settle ID LANE ATTEMPT FROM TO``; the times are of the machine's monotonic clock (the same
in every process), just before and just after the transaction. It says when it is ready, and begins with the first
line it is given: the other one has loaded by then as well.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import func, select

from bot.errors import Busy
from bot.ports import SystemClock
from bot.store import effects
from bot.store.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.store.effects import Claim, Claimed
    from bot.store.tx import Tx

T = TypeVar("T")
#: Half the lanes at most, so that both processes have something to do.
LIMIT = 50
#: How long a "call" takes.
CALL_SECONDS = 0.002


class LaneWorker:
    """One process of two."""

    def __init__(self, url: str, name: str) -> None:
        self.work, self.name = Work(url, SystemClock()), name
        self.lines: list[str] = []

    def claim(self, tx: Tx) -> Claim:
        return effects.claim(tx.session, now=tx.now, worker=self.name, limit=LIMIT, budgeted=False)

    def settle(self, tx: Tx, claimed: Sequence[Claimed]) -> list[Claimed]:
        mine = [one for one in claimed if effects.still_mine(tx.session, one, self.name)]
        for one in mine:
            effects.settle(tx.session, one.id, tx.now)
        return mine

    async def carry_out(self, claimed: Sequence[Claimed]) -> None:
        """A runner that has nothing to do, and the settlement."""
        await asyncio.sleep(CALL_SECONDS)
        began = time.monotonic_ns()
        for one in await self.write(lambda tx: self.settle(tx, claimed)):
            self.note("settle", one, began, time.monotonic_ns())

    async def write(self, change: Callable[[Tx], T]) -> T:
        """SQLite's lock is not fair, so a process may have to come back."""
        while True:
            try:
                return await self.work.write(change)
            except Busy:
                continue

    def note(self, what: str, one: Claimed, began: int, ended: int) -> None:
        self.lines.append(f"{what} {one.id} {one.lane} {one.attempt} {began} {ended}\n")

    @staticmethod
    def left(tx: Tx) -> int:
        unfinished = select(func.count()).where(effects.E.c.state.in_(effects.UNFINISHED))
        return int(tx.session.execute(unfinished).scalar() or 0)

    async def run(self) -> None:
        while True:
            began = time.monotonic_ns()
            claim = await self.write(self.claim)
            ended = time.monotonic_ns()
            for one in claim.effects:
                self.note("claim", one, began, ended)
            if claim.effects:
                await self.carry_out(claim.effects)
            elif not await self.work.read(self.left):
                return
            else:
                await asyncio.sleep(CALL_SECONDS)


def main() -> None:
    url, name, log = sys.argv[1:]
    worker = LaneWorker(url, name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    try:
        asyncio.run(worker.run())
    finally:
        worker.work.close()
        Path(log).write_text("".join(worker.lines))


if __name__ == "__main__":
    main()
