"""PagerDuty's schedules: an override is made once, and whoever asked is told what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.effects import EffectKind as K
from bot.domain.incident import Actor
from bot.domain.plan_people import override_schedule, remove_override
from bot.errors import ProviderError, Reason
from bot.ports import OnCall, PagerUser
from bot.ports_pager import Override
from bot.worker.runners.oncall import EVERYBODY
from tests.unit.store.house import ANA_ACTOR, NOW
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from tests.unit.worker.fakes import Shop

ANA = Actor(name="Ana", slack_id="U0ANA", pagerduty_id="PANA")
SPAN = (NOW + timedelta(hours=1), NOW + timedelta(hours=9))
XENIA = PagerUser(id="PX", name="Xenia", email="xenia@example.com")
AT = (NOW + timedelta(days=2)).isoformat()
QUESTION = {"user": "U0ANA", "channel": "C1", "service_id": None, "title": "", "at": AT}


async def make(shop: Shop, attempt: int = 1) -> None:
    wish = override_schedule(("PS1", "Ops primary"), ANA, SPAN, ANA_ACTOR, channel="C1", once="o")
    await shop.run(K.OVERRIDE_SCHEDULE, None, payload=dict(wish.payload), attempt=attempt)


def told(shop: Shop) -> list[str]:
    return [call[3] for call in shop.chat.named("tell")]


async def test_an_override_is_made_and_told(shop: Shop) -> None:
    await shop.home.work.write(lambda tx: tx.set_value(EVERYBODY, {"at": "x", "duties": []}))
    await make(shop)
    assert shop.pager.named("override") == [("override", "PS1", "PANA", *SPAN)]
    [answer] = told(shop)
    assert answer.startswith("✅ <@U0ANA> is on call in Ops primary from <!date^")
    assert shop.pager.named("overrides") == [], "nobody looks before the first attempt"
    assert await shop.home.work.read(lambda tx: tx.value(EVERYBODY)) is None, "Home asks anew"


async def test_the_answer_was_lost_it_is_found_and_not_made_again(shop: Shop) -> None:
    shop.chat.fail["tell"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await make(shop)
    await make(shop, attempt=2)
    assert len(shop.pager.named("override")) == 1
    assert len(told(shop)) == 2
    assert told(shop)[0] == told(shop)[1]


async def test_what_was_never_made_is_made_by_a_later_attempt(shop: Shop) -> None:
    shop.pager.fail["override"] = [refusal("", Reason.UNKNOWN_OUTCOME, "pagerduty")]
    with pytest.raises(ProviderError):
        await make(shop)
    await make(shop, attempt=2)
    assert len(shop.pager.named("override")) == 2
    assert len(shop.pager.stand_ins) == 1


async def test_a_refusal_is_told_and_is_the_end_of_it(shop: Shop) -> None:
    shop.pager.fail["override"] = [
        refusal("Override must end after its start", provider="pagerduty")
    ]
    await make(shop)
    [answer] = told(shop)
    assert answer == (
        "PagerDuty refused the override of Ops primary: Override must end after its start. "
        "Nothing was changed."
    )


GONE = "That override is over, or was taken back already. Nothing was changed."
REMOVED = "✅ Override removed: <@U0ANA> is on call in Ops primary from <!date^"


def at_pagerduty(shop: Shop, override_id: str = "Q1") -> None:
    user = PagerUser(id="PANA", name="Ana", email="ana@example.com")
    shop.pager.stand_ins = [Override(id=override_id, user=user, since=SPAN[0], until=SPAN[1])]


async def take_back(shop: Shop, attempt: int = 1) -> None:
    there = override_schedule(("PS1", "Ops primary"), ANA, SPAN, ANA_ACTOR, channel="C1", once="o")
    wish = remove_override(there, "Q1", "o")
    assert wish.kind is K.REMOVE_OVERRIDE
    assert wish.key != there.key
    assert (wish.lane, wish.deadline) == (there.lane, None), "in order with those that are made"
    await shop.run(K.REMOVE_OVERRIDE, None, payload=dict(wish.payload), attempt=attempt)


async def test_an_override_is_taken_back_and_told(shop: Shop) -> None:
    at_pagerduty(shop)
    for name in (EVERYBODY, "pagerduty.overrides:all", "pagerduty.overrides:PS1"):
        await shop.home.work.write(lambda tx, name=name: tx.set_value(name, {"at": "x"}))
    await take_back(shop)
    assert shop.pager.named("remove_override") == [("remove_override", "PS1", "Q1")]
    assert shop.pager.stand_ins == []
    [answer] = told(shop)
    assert answer.startswith(REMOVED)
    assert answer.endswith("It is not in force any more.")
    for name in (EVERYBODY, "pagerduty.overrides:all", "pagerduty.overrides:PS1"):
        assert await shop.home.work.read(lambda tx, name=name: tx.value(name)) is None


async def test_the_answer_to_taking_back_was_lost_it_is_told_as_done(shop: Shop) -> None:
    at_pagerduty(shop)
    shop.chat.fail["tell"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await take_back(shop)
    assert shop.pager.stand_ins == []
    await take_back(shop, attempt=2)
    assert told(shop)[-1].startswith(REMOVED)


async def test_what_somebody_else_took_back_is_said(shop: Shop) -> None:
    await take_back(shop)
    assert told(shop) == [GONE]


@pytest.mark.parametrize("listed_id", ["Q1", ""])
async def test_pagerduty_refuses_to_take_it_back(shop: Shop, listed_id: str) -> None:
    """It lists what has begun without its id."""
    at_pagerduty(shop, listed_id)
    shop.pager.fail["remove_override"] = [refusal("Not allowed", provider="pagerduty")] * 2
    for attempt in (1, 2):
        await take_back(shop, attempt)
    assert len(shop.pager.stand_ins) == 1
    assert (
        told(shop)
        == [
            "PagerDuty refused to take the override of Ops primary back: Not allowed. Nothing was changed."
        ]
        * 2
    )


async def test_another_one_of_that_schedule_is_not_taken_for_it(shop: Shop) -> None:
    at_pagerduty(shop, "Q2")
    await take_back(shop)
    assert told(shop) == [GONE]


async def test_the_schedule_is_gone_and_its_overrides_with_it(shop: Shop) -> None:
    shop.pager.fail["overrides"] = [refusal("Not Found", Reason.NOT_FOUND, "pagerduty")]
    await take_back(shop)
    assert told(shop) == [GONE]


async def test_while_pagerduty_does_not_answer_it_is_said_once_and_tried_again(shop: Shop) -> None:
    at_pagerduty(shop)
    lost = refusal("no answer", Reason.UNKNOWN_OUTCOME, "pagerduty")
    shop.pager.fail["remove_override"] = [lost, lost]
    for attempt in (1, 2):
        with pytest.raises(ProviderError):
            await take_back(shop, attempt)
    [waits] = told(shop)
    assert waits.startswith(
        "PagerDuty did not take the override of Ops primary back yet (no answer)"
    )
    await take_back(shop, attempt=3)
    assert told(shop)[-1].startswith(REMOVED)


async def test_it_ended_while_pagerduty_did_not_answer(shop: Shop) -> None:
    at_pagerduty(shop)
    over = refusal("You cannot remove a past override.", provider="pagerduty")
    shop.pager.fail["remove_override"] = [over]
    shop.home.clock.time = SPAN[1]
    await take_back(shop)
    assert told(shop) == [GONE]
    assert shop.pager.named("overrides") == []


@pytest.mark.parametrize(
    ("more", "asked", "line"),
    [
        ({}, ("on_call", None), "• Level 1: Xenia (Nights)"),
        ({"service_id": "S1", "title": "Web"}, ("on_call", "S1"), "*Who will be on call for Web*"),
        ({"schedule": "PS2", "title": "Night"}, ("shifts", "PS2"), "• Night: Xenia"),
    ],
)
async def test_who_is_on_call_at_a_moment(
    shop: Shop, more: dict[str, Any], asked: tuple[str, Any], line: str
) -> None:
    shop.pager.duty = [
        OnCall(user=XENIA, level=1, policy_id="E1", policy_name="Ops", schedule="Nights")
    ]
    await shop.run(K.SHOW_ON_CALL, None, payload={"schedule": "", **QUESTION, **more})
    assert shop.pager.calls[0][:2] == asked
    [answer] = told(shop)
    assert answer.startswith("*Who will be on call")
    assert line in answer


async def test_a_moment_pagerduty_does_not_know_of(shop: Shop) -> None:
    shop.pager.fail["on_call"] = [refusal("The maximum range is 90 days", provider="pagerduty")]
    await shop.run(K.SHOW_ON_CALL, None, payload={"schedule": "", **QUESTION})
    assert "PagerDuty does not say who is on call then: The maximum" in told(shop)[0]
    shop.pager.fail["on_call"] = [refusal("", Reason.UNAVAILABLE, "pagerduty")]
    with pytest.raises(ProviderError):
        await shop.run(K.SHOW_ON_CALL, None, payload={"schedule": "", **QUESTION})


async def test_schedules_that_may_not_be_read_stop_nothing_else(shop: Shop) -> None:
    known = await shop.home.work.read(lambda tx: tx.value("pagerduty.schedules"))
    assert known == {"PS1": "Ops primary", "PS2": "Night"}
    shop.pager.fail["schedules"] = [refusal("2010", provider="pagerduty")]
    await shop.home.people.mirror(shop.chat, shop.pager)  # type: ignore[arg-type]
    assert await shop.home.work.read(lambda tx: tx.value("pagerduty.schedules")) == known
    assert await shop.home.people.policies()
