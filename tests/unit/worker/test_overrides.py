"""PagerDuty is asked who stands in; slow, dead or in part, there is an answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.effects import EffectKind as K
from bot.domain.incident import Actor
from bot.domain.plan_people import ask_overrides, override_schedule
from bot.errors import Reason
from bot.ports import PagerUser
from bot.ports_pager import Override
from bot.worker.runners import overrides
from bot.worker.runners.overrides import AHEAD
from tests.unit.store.house import ANA, ANA_ACTOR, NOW
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from bot.ports import Message
    from tests.unit.worker.fakes import Shop

HOUR = timedelta(hours=1)
PANA = PagerUser(id="PANA", name="Ana at PagerDuty", email="")
XENIA = PagerUser(id="PX", name="Xenia <x>", email="xenia@example.com")
AT_PAGER = Actor(name="Ana", slack_id="U0ANA", pagerduty_id="PANA")
BOTH = [("PS1", "Ops primary"), ("PS2", "Night")]


def of(user: PagerUser, since: int, until: int, own: str = "Q1") -> Override:
    return Override(id=own, user=user, since=NOW + since * HOUR, until=NOW + until * HOUR)


async def ask(shop: Shop, schedules: Sequence[tuple[str, str]] = BOTH, hidden: int = 0) -> str:
    """What whoever asks is told."""
    wish = ask_overrides(schedules, hidden, ANA.id, channel="C1", once="o", now=NOW)
    await shop.run(K.SHOW_OVERRIDES, None, payload=dict(wish.payload))
    return str(shop.chat.named("tell")[-1][3])


async def test_all_that_stand_in_are_listed_the_next_one_first(shop: Shop) -> None:
    by_schedule = {"PS1": [of(XENIA, 30, 31), of(PANA, -2, -1)], "PS2": [of(PANA, 1, 2, "Q2")]}
    shop.pager.overrides = _answers(shop, by_schedule)  # type: ignore[method-assign]
    answer = await ask(shop, hidden=3)
    lines = answer.split("\n")
    assert lines[0] == "*2 overrides in force or to come at PagerDuty*"
    assert lines[1].startswith("<@U0ANA> is on call in Night from <!date^")
    assert lines[2].startswith("Xenia &lt;x&gt; is on call in Ops primary from <!date^")
    assert lines[3:] == [
        "3 more schedules: name one behind /incident oncall overrides.",
        "As far as PagerDuty was asked: 90 days ahead.",
    ]


def _answers(shop: Shop, found: dict[str, list[Override]]) -> Any:
    async def overrides(schedule_id: str, since: Any, until: Any) -> list[Override]:
        shop.pager.asked("overrides", schedule_id)
        assert (since, until) == (NOW, NOW + AHEAD)
        return found.get(schedule_id, [])

    return overrides


async def test_nobody_stands_in(shop: Shop) -> None:
    answer = await ask(shop)
    assert answer.startswith("No override is in force and none is to come at PagerDuty.")


async def test_the_id_of_what_was_made_from_here_is_known_when_it_has_begun(shop: Shop) -> None:
    wish = override_schedule(
        BOTH[0], AT_PAGER, (NOW, NOW + 4 * HOUR), ANA_ACTOR, channel="C1", once="o"
    )
    await shop.run(K.OVERRIDE_SCHEDULE, None, payload=dict(wish.payload))
    [made] = shop.pager.stand_ins
    shop.pager.stand_ins = [
        Override(id="", user=made.user, since=made.since, until=made.until),
        Override(id="", user=XENIA, since=made.since, until=made.until),
    ]
    told: list[Message] = []

    async def tell(channel: str, user: str, message: Message, *, thread: str | None = None) -> None:
        shop.chat.asked("tell", channel, user, message.text, thread)
        told.append(message)

    shop.chat.tell = tell  # type: ignore[method-assign]
    answer = await ask(shop, BOTH[:1])
    assert answer.count("it has begun: end it in PagerDuty") == 1
    assert "Xenia &lt;x&gt; is on call in Ops primary" in answer
    [value] = [b["accessory"]["value"] for b in told[0].blocks if "accessory" in b]
    assert '"override":"Q1"' in value
    assert '"schedule":"PS1"' in value


async def test_dead_it_is_said_and_the_last_answer_is_shown_with_its_time(shop: Shop) -> None:
    dead = refusal("no answer", Reason.UNAVAILABLE, "pagerduty")
    shop.pager.fail["overrides"] = [dead, dead]
    assert await ask(shop) == (
        "PagerDuty does not say who stands in: no answer. Please ask again in a moment."
    )
    shop.pager.stand_ins = [of(PANA, 1, 2), of(XENIA, 3, 9, "Q2")]
    assert "2 overrides" in await ask(shop, BOTH[:1])
    shop.pager.fail["overrides"] = [dead]
    shop.home.clock.time = NOW + 3 * HOUR
    answer = await ask(shop, BOTH[:1])
    assert "*1 override in force or to come at PagerDuty*" in answer, "the other is over meanwhile"
    assert (
        "does not answer just now (no answer); this is what it said 2026-03-01 12:00 UTC" in answer
    )
    shop.pager.fail["overrides"] = [dead, dead]
    assert "Please ask again" in await ask(shop), "of all schedules nothing was remembered"


async def test_one_schedule_that_may_not_be_read_hides_no_other(shop: Shop) -> None:
    shop.pager.stand_ins = [of(PANA, 1, 2)]
    shop.pager.fail["overrides"] = [refusal("Forbidden", provider="pagerduty")]
    answer = await ask(shop)
    assert "*1 override in force" in answer
    assert "PagerDuty did not say who stands in in Ops primary (Forbidden)." in answer
    assert await shop.home.work.read(lambda tx: tx.value("pagerduty.overrides:all")) is None


async def test_slow_it_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.Event()

    async def hangs(*_: Any) -> list[Override]:
        await never.wait()
        return []

    shop.pager.overrides = hangs  # type: ignore[method-assign]
    monkeypatch.setattr(overrides, "SECONDS", 0.01)
    assert "PagerDuty does not say who stands in: no answer in time." in await ask(shop)


async def test_switched_off_meanwhile_it_is_said(shop: Shop) -> None:
    shop.world.pager = None
    assert "PagerDuty is switched off" in await ask(shop)
