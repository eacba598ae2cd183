"""PagerDuty's schedules: an override is made once, and whoever asked is told what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.effects import EffectKind as K
from bot.domain.incident import Actor
from bot.domain.plan_people import override_schedule
from bot.errors import ProviderError, Reason
from bot.ports import OnCall, PagerUser
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
