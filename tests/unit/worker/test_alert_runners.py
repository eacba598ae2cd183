"""The runners of alerts: nothing is posted or paged twice, whatever answer was lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_sources import Alerts
from bot.domain.alert_storm import OVER_AFTER, AlertStorm
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Rule
from bot.domain.effects import EffectKind as K
from bot.errors import ProviderError, Reason
from bot.ports import Delivery
from bot.store import alerts as store
from tests.unit.worker.fakes import Shop, build_shop, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.alert_groups import Group

CATALOG = Catalog(
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(
                Level(notify=("person:ana@example.com", "person:ben@example.com")),
                Level(notify=("person:ben@example.com",)),
            ),
        )
    },
    alerts=Alerts(routing=(Rule(when='.labels.page == "yes"', do="page"),)),
)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Shop]:
    built = build_shop(tmp_path, catalog=CATALOG)
    await built.home.people.mirror(built.chat, built.pager)  # type: ignore[arg-type]
    built.chat.calls.clear()
    yield built
    await built.home.intake._mapping.close()  # type: ignore[attr-defined]
    built.home.work.close()


def body(*marks: str, status: str = "firing", **labels: str) -> bytes:
    alerts = [
        {
            "status": status,
            "labels": {"alertname": "Disk", **labels},
            "fingerprint": mark,
            "startsAt": "2026-03-01T11:00:00Z",
            "endsAt": "2026-03-01T12:00:00Z",
        }
        for mark in marks
    ]
    return json.dumps({"alerts": alerts}).encode()


async def deliver(shop: Shop, content: bytes, event: str = "e1") -> int:
    delivery = Delivery(source="alerts/alertmanager", event_id=event, event_type="", body=content)
    await shop.home.inbound.receive(delivery)
    [(row, _)] = await shop.home.work.read(lambda tx: tx.kept(event))
    await shop.run(K.APPLY_EVENT, None, payload={"row": row, "source": delivery.source})
    return row


async def group(shop: Shop, number: int = 1) -> Group:
    return await shop.home.work.read(lambda tx: store.group(tx, number))


ONE: dict[str, Any] = {"payload": {"group": 1}}


async def test_a_delivery_is_applied_and_says_what_became_of_it(desk: Shop) -> None:
    row_id = await deliver(desk, body("1"))
    row = await desk.home.work.read(lambda tx: tx.inbound(row_id))
    assert row is not None
    assert (row.state, row.reason) == ("applied", None)
    row_id = await deliver(desk, b'{"alerts": []}', "e2")
    row = await desk.home.work.read(lambda tx: tx.inbound(row_id))
    assert row is not None
    assert (row.state, row.reason) == ("ignored", "it holds no alert")
    row_id = await deliver(desk, body("2", status="purple"), "e3")
    row = await desk.home.work.read(lambda tx: tx.inbound(row_id))
    assert row is not None
    assert row.state == "failed"
    assert "status: is 'purple'" in row.reason


async def test_a_card_is_posted_once_and_edited_afterwards(desk: Shop) -> None:
    await deliver(desk, body("1"))
    await desk.run(K.POST_ALERTS, None, **ONE)
    shown = await group(desk)
    assert (shown.channel, shown.ts) == ("C0", "1000.0001")
    await desk.run(K.POST_ALERTS, None, **ONE)
    assert len(desk.chat.named("post")) == 1
    assert len(desk.chat.named("update")) == 1, "what came late is shown on the card there is"
    await desk.run(K.REFRESH_ALERTS, None, **ONE)
    assert len(desk.chat.named("update")) == 2


async def test_a_card_whose_answer_was_lost_is_found_again(desk: Shop) -> None:
    await deliver(desk, body("1"))
    desk.chat.posted["key/slack.post_alerts"] = "7.7"
    await desk.run(K.POST_ALERTS, None, attempt=2, **ONE)
    assert desk.chat.named("post") == []
    assert (await group(desk)).ts == "7.7"


async def test_news_that_came_while_the_card_was_posted_are_shown(desk: Shop) -> None:
    await deliver(desk, body("1"))
    posting = desk.chat.post

    async def post(*args: Any, **more: Any) -> str:
        await deliver(desk, body("2"), "e2")
        return await posting(*args, **more)

    desk.chat.post = post  # type: ignore[method-assign]
    await desk.run(K.POST_ALERTS, None, **ONE)
    assert len(await desk.home.effects(K.REFRESH_ALERTS.value, "pending")) == 1


async def test_a_lost_channel_is_looked_up_again_and_a_lost_card_posted_anew(desk: Shop) -> None:
    await deliver(desk, body("1"))
    desk.chat.fail["post"] = [refusal("channel_not_found", Reason.NOT_FOUND)]
    with pytest.raises(ProviderError):
        await desk.run(K.POST_ALERTS, None, **ONE)
    assert await desk.home.work.read(lambda tx: tx.value("room:alerts")) is None
    desk.chat.fail.clear()
    desk.chat.channels.clear()
    await desk.run(K.POST_ALERTS, None, **ONE)
    desk.chat.fail["update"] = [refusal("message_not_found", Reason.NOT_FOUND)]
    await desk.run(K.REFRESH_ALERTS, None, **ONE)
    assert (await group(desk)).ts is None
    await desk.home.dismiss_all()
    await deliver(desk, body("2"), "e2")
    assert len(await desk.home.effects(K.POST_ALERTS.value, "pending")) == 1
    desk.chat.fail["update"] = [refusal("ratelimited", Reason.RATE_LIMITED)]
    await desk.run(K.POST_ALERTS, None, **ONE)
    with pytest.raises(ProviderError):
        await desk.run(K.REFRESH_ALERTS, None, **ONE)


async def test_a_card_there_is_names_a_neighbour_that_comes_later(desk: Shop) -> None:
    url = {"url": "https://acme.slack.com/", "user_id": "UBOT"}
    await desk.home.work.write(lambda tx: tx.set_value("slack.identity", url))
    await deliver(desk, body("1", service="mailer"))
    await desk.run(K.POST_ALERTS, None, **ONE)
    await deliver(desk, body("2", service="mailer", alertname="Queue"), "e2")
    await desk.home.dismiss_all()
    await desk.run(K.POST_ALERTS, None, key="two", payload={"group": 2})
    [again] = await desk.home.effects(K.REFRESH_ALERTS.value, "pending")
    assert again.payload == {"group": 1}
    version = (await group(desk)).version
    await desk.run(K.REFRESH_ALERTS, None, **ONE)
    assert (await group(desk)).version == version
    assert len(await desk.home.effects(K.REFRESH_ALERTS.value, "pending")) == 1, "and no further"


async def test_what_is_gone_is_not_shown(desk: Shop) -> None:
    for kind in (K.POST_ALERTS, K.REFRESH_ALERTS):
        assert await desk.run(kind, None, payload={"group": 9, "level": 1}) is None
    assert desk.chat.named("post") == []


async def test_a_storm_is_one_message_that_is_edited_until_it_is_over(desk: Shop) -> None:
    for n in range(14):
        await deliver(desk, body(f"{n}", alertname=f"Alert{n}x"), f"e{n}")
    assert await desk.home.work.read(lambda tx: tx.value(AlertStorm.VALUE)) is not None
    await desk.run(K.SUMMARISE_ALERTS, None)
    assert "listed here only" in desk.chat.texts[-1]
    assert "wait for Slack's limits" in desk.chat.texts[-1]
    await desk.run(K.SUMMARISE_ALERTS, None)
    assert (len(desk.chat.named("post")), len(desk.chat.named("update"))) == (1, 1)
    await desk.home.dismiss_all()
    desk.home.clock.advance(OVER_AFTER + 1)
    await desk.run(K.SUMMARISE_ALERTS, None)
    assert await desk.home.work.read(lambda tx: tx.value(AlertStorm.VALUE)) is None
    assert await desk.run(K.SUMMARISE_ALERTS, None) is None


async def test_a_summary_whose_answer_was_lost_is_found_again(desk: Shop) -> None:
    state = AlertStorm.begun(desk.home.clock.now())
    await desk.home.work.write(lambda tx: tx.set_value(AlertStorm.VALUE, state.as_value()))
    desk.chat.posted[f"alert-storm/{state.began}"] = "7.7"
    await desk.run(K.SUMMARISE_ALERTS, None, attempt=2)
    assert desk.chat.named("post") == []
    assert len(desk.chat.named("update")) == 1
