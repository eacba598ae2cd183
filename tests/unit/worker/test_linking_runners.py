"""Asking for accounts, having GitHub confirm one, the weekly list, and briefing whoever was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import Catalog, Service
from bot.domain.effects import EffectKind as K
from bot.domain.incident import Places
from bot.errors import ProviderError, Reason
from bot.ports import Channel, Member, PagerUser
from bot.store import identities
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from tests.unit.worker.fakes import Shop

OFFER = {"channel": "C1", "user": "U0BEN", "change": "key"}


async def running(shop: Shop) -> None:
    """INC-1 with a channel, and Ben without an account."""
    await shop.home.people.remember([Member(id="U0BEN", name="Ben", email="ben@example.com")])
    await shop.home.declare(description="Cards are declined")
    await shop.home.change(1, places=Places(channel="C1"))


async def test_the_question_goes_to_whom_it_concerns_unless_it_is_answered(shop: Shop) -> None:
    await running(shop)
    await shop.run(K.OFFER_LINK, payload=OFFER)
    assert [call[1:3] for call in shop.chat.named("tell")] == [("C1", "U0BEN")]
    shop.chat.fail["tell"] = [refusal("user_not_in_channel")]
    await shop.run(K.OFFER_LINK, payload=OFFER)
    assert [call[1] for call in shop.chat.named("post")] == ["DU0BEN"], (
        "who is not there is asked directly"
    )

    def linked(tx: object) -> None:
        identities.save_pager_users(tx, [PagerUser(id="PB", name="B", email="ben@example.com")])  # type: ignore[arg-type]

    await shop.home.work.write(linked)
    await shop.home.people.remember([], everybody=True)
    before = len(shop.chat.calls)
    await shop.run(K.OFFER_LINK, payload=OFFER)
    assert len(shop.chat.calls) == before


async def test_github_is_asked_and_its_failure_is_no_answer(shop: Shop) -> None:
    await running(shop)
    payload = {"user": "U0BEN", "login": "octo", "by": "U0BEN"}
    shop.tickets.fail["account"] = [refusal("", Reason.UNAVAILABLE, "github")]
    with pytest.raises(ProviderError):
        await shop.run(K.VERIFY_LOGIN, None, payload=payload)
    for attempt in (1, 2):
        await shop.run(K.VERIFY_LOGIN, None, payload=payload, attempt=attempt)
    ben = await shop.home.work.read(lambda tx: tx.people.by_slack("U0BEN"))
    assert ben is not None
    assert ben.github == "Octo"
    assert len(await shop.home.effects("slack.tell")) == 1, "told once"


async def test_the_weekly_list_is_posted_once_and_not_when_all_is_well(shop: Shop) -> None:
    await running(shop)
    shop.chat.channels["admins"] = Channel(id="C9", name="admins", is_member=True)
    await shop.run(K.LIST_UNREACHABLE, None)
    assert shop.chat.named("post") == []
    shop.world.catalog = Catalog(
        services={"web": Service(id="web", title="Web", owners=("gone@example.com",))}
    )
    for attempt in (1, 2):
        await shop.run(K.LIST_UNREACHABLE, None, attempt=attempt)
    assert [call[1] for call in shop.chat.named("post")] == ["C9"]
    assert "gone@example.com" in shop.chat.texts[-1]


async def test_whoever_is_asked_is_briefed_once_and_of_a_private_one_by_number(shop: Shop) -> None:
    await running(shop)
    payload = {"user": "U0BEN", "skill": "redis", "by": {"name": "Ana", "slack_id": "U0ANA"}}
    for attempt in (1, 2):
        await shop.run(K.BRIEF_EXPERT, payload=payload, attempt=attempt)
    assert [call[1] for call in shop.chat.named("post")] == ["DU0BEN"]
    assert "<@U0ANA> asks you to help" in shop.chat.texts[-1]
    await shop.home.change(1, private=True)
    await shop.run(K.BRIEF_EXPERT, payload=payload, key="another")
    assert "Checkout" not in shop.chat.texts[-1]
