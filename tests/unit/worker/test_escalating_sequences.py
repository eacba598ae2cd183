"""Whatever people do and however time passes: every open page goes on, and nobody who answered is paged again."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain import page_invariant
from bot.domain.catalog import Catalog, EscalationPolicy, Level
from bot.domain.effects import EffectKind as K
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.lifecycle import EscalationTarget
from bot.errors import UserError
from bot.ports import Member
from bot.services.asking import Asking, PolicyChoice
from bot.store import page_audit
from tests.unit.store.house import ANA, BEN
from tests.unit.worker.fakes import Shop, build_shop, refusal
from tests.unit.worker.pager_shop import all_pages, deliveries, work_off

if TYPE_CHECKING:
    from bot.services.base import SlackUser

CATALOG = Catalog(
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(
                Level(notify=("person:ana@example.com",), wait=timedelta(minutes=5)),
                Level(notify=("person:ben@example.com", "person:ghost@example.com")),
                Level(notify=("person:ghost@example.com",)),
            ),
            repeat=1,
            acknowledge_expires=timedelta(minutes=40),
        ),
        "web": EscalationPolicy(name="web", levels=(Level(notify=("person:ben@example.com",)),)),
    }
)
COMMANDS = (
    "ack ana", "ack ben", "resolve", "reopen", "give ana", "give ben", "up", "to 2", "to web", "ask ben", "ask web",
    "note", "work", "gone", "answer", "sign", "audit",
)  # fmt: skip
STEPS = st.lists(
    st.one_of(st.sampled_from(COMMANDS), st.integers(1, 90).map(lambda n: f"wait {n}")),
    min_size=1,
    max_size=14,
)


class Night:
    """One incident, and everything that can be done to it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.asking = Asking(shop.home.house, shop.home.incidents, shop.home.people)

    async def do(self, command: str) -> None:
        verb, _, rest = command.partition(" ")
        with contextlib.suppress(UserError):  # what is refused changes nothing
            await getattr(self, verb)(rest)
        await self.holds(command)

    @staticmethod
    def who(name: str) -> SlackUser:
        return ANA if name == "ana" else BEN

    async def ack(self, name: str) -> None:
        home = self.shop.home
        await home.incidents.acknowledge(1, by=self.who(name), once=home.press())

    async def resolve(self, _: str) -> None:
        await self.shop.home.incidents.resolve(1, by=ANA, once=self.shop.home.press())

    async def reopen(self, _: str) -> None:
        await self.shop.home.incidents.reopen(1, by=ANA, once=self.shop.home.press())

    async def give(self, name: str) -> None:
        home = self.shop.home
        await home.incidents.reassign(1, to=self.who(name).id, by=ANA, once=home.press())

    async def up(self, _: str) -> None:
        await self.to("")

    async def to(self, where: str) -> None:
        home = self.shop.home
        level = int(where) if where.isdigit() else None
        name = where if where.isalpha() else None
        target = EscalationTarget(level=level, policy_name=name)
        await home.incidents.escalate(1, to=target, person=None, by=BEN, once=home.press())

    async def ask(self, whom: str) -> None:
        once = self.shop.home.press()
        if whom == "ben":
            await self.asking.page_person(1, "U0BEN", by=ANA, once=once)
        else:
            await self.asking.page_policy(1, PolicyChoice(name="web"), by=ANA, once=once)

    async def note(self, _: str) -> None:
        home = self.shop.home
        await home.incidents.annotate(1, "looking", by=ANA, once=home.press())

    async def answer(self, _: str) -> None:
        for page in await all_pages(self.shop):
            if page.aside:
                await self.shop.home.pages.acknowledge(page.id, by=BEN, once=self.shop.home.press())

    async def sign(self, _: str) -> None:
        for page in await all_pages(self.shop):
            await self.shop.home.pages.confirm(page.id, by=ANA, once=self.shop.home.press())

    async def gone(self, _: str) -> None:
        self.shop.chat.fail["direct"] = [refusal("user_disabled")]

    async def work(self, _: str) -> None:
        await work_off(self.shop)

    async def audit(self, _: str) -> None:
        found = await self.shop.world.page_audit.sweep()
        assert found.mended == (), "there was nothing to mend"

    async def wait(self, minutes: str) -> None:
        self.shop.home.clock.advance(60 * int(minutes))
        await work_off(self.shop)

    async def holds(self, command: str) -> None:
        """The invariant."""
        work = self.shop.home.work
        coming: Any = await work.read(lambda tx: page_audit.waiting(tx, K.PAGE_STEP))
        steps = {(each["page"], each["step"]) for each in coming}
        telling: Any = await work.read(lambda tx: page_audit.waiting(tx, K.TELL_PAGE))
        for page in await all_pages(self.shop):
            assert page_invariant.broken(page) is None, (command, page)
            if page.next is not None:
                assert (page.id, page.step) in steps, (command, page)
            if page.state is PageState.EXHAUSTED:
                assert page.told_at or page.id in {each["page"] for each in telling}, command
            for each in await deliveries(self.shop, page.id):
                if page.state is PageState.ACKNOWLEDGED and each.sent_at and page.acknowledged_at:
                    assert each.sent_at <= page.acknowledged_at, (command, each)
                assert each.state is not DeliveryState.SENT or each.sent_at, (command, each)
        unpaged = await work.read(lambda tx: page_audit.unpaged(tx, 10))
        assert unpaged == [], (command, "it is triggered and nobody is paged")


async def lived(commands: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = build_shop(Path(folder), catalog=CATALOG)
        await shop.home.people.mirror(shop.chat, None)  # type: ignore[arg-type]
        ben = Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com")
        await shop.home.people.remember([ben])
        night = Night(shop)
        await shop.home.declare()
        try:
            for command in commands:
                await night.do(command)
        finally:
            shop.home.work.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(commands=STEPS)
def test_every_open_page_goes_on_and_who_answered_is_left_alone(commands: list[str]) -> None:
    asyncio.run(lived(commands))


def test_a_long_night() -> None:
    asyncio.run(
        lived(
            ["work", "wait 6", "ack ben", "wait 31", "wait 10", "work", "ask web", "answer", "give ana", "wait 3",
             "gone", "wait 90", "wait 90", "ack ana", "sign", "resolve", "wait 60", "reopen", "up", "wait 5", "audit"]
        )
    )  # fmt: skip
