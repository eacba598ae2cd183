"""The stage of the fault tests: vendors are waited for briefly, and it is built anew now and then.

A case plays a short life of one incident with one fault in it; what is there afterwards must be what
the same life leaves without any fault.
"""

from __future__ import annotations

import contextlib
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.store.tables import EffectRow
from tests.scenarios.crash.stories import difference
from tests.scenarios.faults_picture import failures_on, portrait
from tests.scenarios.faults_story import DECLARE, ERIN, REOPEN, RESOLVE, Call, Step
from tests.stage import ALICE, BOB, CAROL, Json, Stage, stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from bot.store.tx import Tx

#: How long the bot waits for a vendor in these tests, seconds (5 in production).
PATIENCE = 1.2
#: Incidents after which the stage is built anew: the workspace's state grows with each.
LIVES = 14
#: Back-off after a first failure, and the longest Retry-After used here, end within this.
AHEAD = 3.0
ADMINS = "ops"


def impatient(s: Stage) -> None:
    """Wait for vendors only ``PATIENCE`` seconds, and ask a stopped one again only when the test says so."""
    bot: Any = s.bot
    bot.sweeps._scheduler.pause()
    bot.chat._timeout = bot.tickets._timeout = bot.pager._http._timeout = PATIENCE
    bot.gateway.views.timeout = PATIENCE


class House:
    """Stages one after the other, and the lives that are lived there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._closing = contextlib.AsyncExitStack()
        self._numbers = itertools.count(1)
        self._words = itertools.product("abcdefghkmnprstuvwxz", repeat=3)
        self._lived = LIVES
        self.s: Stage = None  # type: ignore[assignment]  # ``fresh`` is called before every case
        self.references: dict[str, list[str]] = {}

    async def close(self) -> None:
        await self._closing.aclose()

    async def fresh(self) -> None:
        """A stage without faults, nothing stopped."""
        if self._lived >= LIVES:
            await self.close()
            folder = self._folder / str(next(self._numbers))
            folder.mkdir()
            made = stage(folder, SLACK_ADMIN_CHANNEL=ADMINS)
            self.s = await self._closing.enter_async_context(made)
            impatient(self.s)
            self._lived = 0
        await self.s.fresh()

    # --- waiting ----------------------------------------------------------------------

    async def rest(self, ahead: float = AHEAD) -> None:
        """Wait until nothing is left to do soon, besides what a stopped vendor holds back."""
        try:
            await self.s.wait(lambda: self._resting(ahead), 30, "the bot to rest")
        except AssertionError as error:
            raise AssertionError(f"{error}: {await self.s.unfinished()}") from None

    async def _resting(self, ahead: float) -> bool:
        bot = self.s.bot
        assert bot is not None
        if bot.worker.under_way or self.s._on_the_way():
            return False
        stopped, soon = set(bot.world.stopped), bot.work.clock.now() + timedelta(seconds=ahead)
        columns: Any = EffectRow
        query = select(columns).where(columns.state.in_(("pending", "leased", "dead")))

        def look(tx: Tx) -> list[Any]:
            return list(tx.session.execute(query).scalars())

        rows = await bot.work.read(look)
        dead = {row.key for row in rows if row.state == "dead"}
        left = [
            row
            for row in rows
            if row.state == "leased"
            or (
                row.state == "pending"
                and row.due <= soon
                and row.after not in dead
                and row.provider not in stopped
            )
        ]
        return not left and not bot.worker.under_way and not self.s._on_the_way()

    # --- living -----------------------------------------------------------------------

    def title(self) -> str:
        """A title of its own that nothing open looks like."""
        return f"Payments fail {''.join(next(self._words))}"

    async def declare(self, title: str) -> str:
        self._lived += 1
        return await self.s.declare(f"SEV2 {title}", user=BOB)

    async def do(self, step: Step, name: str) -> None:
        answer = await step.act(self.s, name)
        assert answer["ok"], answer

    async def end(self, step: Step, name: str) -> None:
        """Whatever was done, life goes on: the incident is resolved."""
        if step not in (RESOLVE, REOPEN):
            await self.do(RESOLVE, name)
        await self.rest()

    async def life(self, step: Step) -> list[str]:
        """What the life with that step leaves behind when nothing fails."""
        if step.name not in self.references:
            title = self.title()
            name = await self.declare(title)
            await self.rest()
            for one in (*step.after, *((step,) if step is not DECLARE else ())):
                await self.do(one, name)
                await self.rest()
            await self.end(step, name)
            self.references[step.name] = await self.portrait(name, title)
        return self.references[step.name]

    async def begin(self, call: Call, kind: str, **more: Any) -> tuple[str, str]:
        """Live up to and with the step whose call fails; name and title."""
        title = self.title()
        fault = {"skip": call.nth, "retry_after": 0, **more}
        if call.step is DECLARE:
            await self.s.fault(call.target, kind, **fault)
            return await self.declare(title), title
        name = await self.declare(title)
        await self.rest()
        for one in call.step.after:
            await self.do(one, name)
            await self.rest()
        await self.s.fault(call.target, kind, **fault)
        await self.do(call.step, name)
        return name, title

    # --- judging ----------------------------------------------------------------------

    async def portrait(self, name: str, title: str) -> list[str]:
        states = [await self.s.state(user) for user in (ALICE, CAROL, ERIN)]
        return portrait(states, name, title)

    async def judge(self, call: Call, name: str, title: str) -> None:
        """Everything is as if nothing had failed."""
        found = await self.portrait(name, title)
        found = [line for line in found if not any(word in line for word in call.leaves)]
        wrong = difference(await self.life(call.step), found)
        assert not wrong, f"{name} is not as it would be without the fault:\n{wrong}"
        assert failures_on(await self.s.state(), name) == []
        assert await self.s.problems() == []

    async def failed(self, name: str, *words: str, seconds: float = 20) -> Json:
        """The card that shows the failed step with these words, Retry and Dismiss."""

        def shows(state: Json) -> Json | None:
            cards = failures_on(state, name)
            return next((c for c in cards if all(word in str(c["blocks"]) for word in words)), None)

        found: Json = await self.s.until(shows, timeout=seconds)
        return found

    async def put_off(self) -> None:
        """What failed is not tried again by itself for an hour: whatever happens now, a person's Retry did it."""
        row: Any = EffectRow
        failing = row.last_reason.is_not(None)
        open_ones = select(row.state).where(failing, row.state.in_(("pending", "leased")))

        def later(tx: Tx) -> bool:
            states = list(tx.session.execute(open_ones).scalars())
            if set(states) != {"pending"}:
                return False  # it is being tried at this moment
            an_hour = tx.now + timedelta(hours=1)
            waiting = update(EffectRow).where(failing, row.state == "pending")
            tx.session.execute(waiting.values(due=an_hour))
            return True

        assert self.s.bot
        work = self.s.bot.work
        await self.s.wait(lambda: work.write(later), what="the next attempt to be put off")

    async def press(self, label: str, card: Json) -> None:
        answer = await self.s.press(label, channel=card["channel"], ts=card["ts"])
        assert answer["ok"], answer

    def told_admins(self, state: Json) -> list[str]:
        """What the admin channel was told."""
        channel = next(c for c in state["channels"] if c["name"] == ADMINS)
        return [m["text"] for m in state["messages"].get(channel["id"], []) if not m["subtype"]]


# --- fixtures, where a test module names them -----------------------------------------------


async def building(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The house of a module."""
    made = House(tmp_path_factory.mktemp("faults"))
    try:
        yield made
    finally:
        await made.close()


async def at_home(building: House) -> AsyncIterator[House]:
    """The house without faults; whatever fails there, it is never taken for a bug of ours."""
    with capture_logs() as events:
        await building.fresh()
        yield building
    assert [e for e in events if str(e["event"]).endswith(".bug")] == []
