"""Messages of pages that went on: edited once, only where somebody reads them, whatever answer was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.effects import EffectKind as K
from bot.domain.effects import Rank
from bot.errors import ProviderError, Reason
from bot.store import pages
from tests.unit.store.house import ANA, BEN
from tests.unit.worker.fakes import claimed, refusal
from tests.unit.worker.pager_shop import MINE, carry, claim, deliveries, work_off
from tests.unit.worker.test_alert_runners import deliver
from tests.unit.worker.test_native_runners import ALERT, running, sent, shop

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from tests.unit.worker.fakes import Shop

__all__ = ["sent", "shop"]


async def corrections(shop: Shop) -> list[Claimed]:
    """The edits that are due; what else is due is done."""
    found: list[Claimed] = []
    while due := await claim(shop, (*MINE, K.CORRECT_PAGE)):
        for effect in due:
            if effect.kind is K.CORRECT_PAGE:
                found.append(effect)
            else:
                await carry(shop, effect)
    return found


async def edited(shop: Shop) -> list[str]:
    """Whose messages were edited by what is due now, and how often."""
    before = len(shop.chat.named("update"))
    for effect in await corrections(shop):
        await carry(shop, effect)
    updates = shop.chat.named("update")[before:]
    return sorted(call[1] for call in updates if "/proof" not in call[3])


async def test_when_somebody_acknowledges_every_message_says_so_once(shop: Shop) -> None:
    await running(shop)
    assert await edited(shop) == [], "nothing to correct while they are wanted"
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    assert await edited(shop) == ["DU0ANA", "DU0BEN"]
    assert any("*Taken:* <@U0ANA> acknowledged" in text for text in shop.chat.texts)
    assert any("*Taken:* you acknowledged" in text for text in shop.chat.texts)
    await shop.home.incidents.annotate(1, "still looking", by=ANA, once="n")
    assert await edited(shop) == [], "a sign of life changes nothing for anybody"
    await shop.home.incidents.resolve(1, by=ANA, once="r")
    assert await edited(shop) == ["DU0ANA", "DU0BEN"]
    assert "*Resolved*" in shop.chat.texts[-1]
    await shop.home.incidents.reopen(1, by=BEN, once="o")
    assert await edited(shop) == ["DU0ANA", "DU0BEN"], "the first page's; the second's are as sent"
    assert any("*opened again* later" in text for text in shop.chat.texts)
    assert len(await deliveries(shop, 2)) == 3


async def test_a_level_that_is_passed_reads_that_it_went_on_and_only_once(shop: Shop) -> None:
    await running(shop)
    await edited(shop)
    shop.home.clock.advance(181)
    assert await edited(shop) == ["DU0ANA", "DU0BEN"], "level 1, both"
    assert "Nobody has it yet" in shop.chat.texts[-1]
    shop.home.clock.advance(301)
    second = [d for d in await deliveries(shop) if d.level == 2]
    assert await edited(shop) == sorted(str(d.channel) for d in second), "level 2; level 1 is right"


async def test_an_acknowledgement_that_expires_is_taken_back_in_every_message(shop: Shop) -> None:
    await running(shop)
    await edited(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    await edited(shop)
    shop.home.clock.advance(timedelta(minutes=46).total_seconds())
    assert await edited(shop) == []
    shop.home.clock.advance(timedelta(minutes=15).total_seconds())
    assert await edited(shop) == ["DU0ANA", "DU0BEN"]
    assert "Nobody has it yet" in shop.chat.texts[-1]


async def test_waiting_edits_of_one_message_are_one_and_go_after_everything_that_pages(
    shop: Shop,
) -> None:
    await running(shop)
    await work_off(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    await shop.home.incidents.resolve(1, by=ANA, once="r")
    rows = await shop.home.effects(K.CORRECT_PAGE.value, "pending")
    assert len(rows) == len({row.lane for row in rows}) == 2
    assert {row.rank for row in rows} == {Rank.REFRESH}
    assert await edited(shop) == ["DU0ANA", "DU0BEN"]
    assert "*Resolved*" in shop.chat.texts[-1], "as it is when it is sent"


async def test_a_message_that_was_on_its_way_when_somebody_acknowledged_is_corrected(
    shop: Shop,
) -> None:
    await running(shop)
    [begin] = await claim(shop, [K.PAGE_NATIVE])
    await carry(shop, begin)
    posting = await claim(shop, [K.DELIVER_PAGE])
    post = shop.chat.post

    async def slow(*args: object, **more: object) -> str:
        """Slack takes it; before we know, Ana acknowledges."""
        ts = await post(*args, **more)  # type: ignore[arg-type]
        if (await shop.home.incident()).acknowledged_at is None:
            await shop.home.incidents.acknowledge(1, by=ANA, once="a")
        return ts

    shop.chat.post = slow  # type: ignore[assignment]
    await carry(shop, posting[0])
    shop.chat.post = post  # type: ignore[method-assign]
    [channel] = [each.channel for each in await deliveries(shop) if each.ts]
    assert await edited(shop) == [channel]


async def test_a_retaken_edit_is_the_same_edit_and_posts_nothing(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    posts = len(shop.chat.named("post"))
    [first, _] = await corrections(shop)
    await carry(shop, first)
    said = shop.chat.texts[-1]
    retaken = claimed(K.CORRECT_PAGE, key=first.key, payload=first.payload, attempt=2)
    await carry(shop, retaken)
    assert shop.chat.texts[-1] == said
    assert shop.chat.named("update")[-1] == shop.chat.named("update")[-2]
    assert len(shop.chat.named("post")) == posts
    told = {d.id: d for d in await deliveries(shop)}[first.payload["delivery"]]
    assert shop.chat.named("update")[-1][2] == told.ts


@pytest.mark.parametrize("code", ["message_not_found", "is_archived", "channel_not_found"])
async def test_a_message_nobody_can_read_any_more_is_left_alone(shop: Shop, code: str) -> None:
    await running(shop)
    await work_off(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    for effect in await corrections(shop):
        shop.chat.fail["update"] = [refusal(code)]
        await carry(shop, effect)
    assert await edited(shop) == []


async def test_a_slack_that_is_down_is_tried_again(shop: Shop) -> None:
    await running(shop)
    await work_off(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    [effect, _] = await corrections(shop)
    shop.chat.fail["update"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await carry(shop, effect)
    await carry(shop, replace(effect, attempt=2))


async def test_what_was_never_delivered_is_not_edited(shop: Shop) -> None:
    await running(shop)
    shop.chat.fail["direct"] = [refusal("user_disabled")]
    await work_off(shop)
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    assert len(await edited(shop)) == 1


async def test_a_page_for_alerts_is_corrected_and_one_that_is_gone_is_not(shop: Shop) -> None:
    await deliver(shop, ALERT % b"firing")
    await work_off(shop)
    await shop.home.alerts.acknowledge(1, by=ANA, once="k")
    due = await corrections(shop)
    await carry(shop, due[0])
    assert "*Taken:*" in shop.chat.texts[-1]
    assert "for alerts" in shop.chat.texts[-1]
    await shop.home.work.write(lambda tx: pages.forget_groups(tx, [1]))
    before = len(shop.chat.named("update"))
    await carry(shop, due[1])
    assert len(shop.chat.named("update")) == before
