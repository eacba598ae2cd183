"""A silence at the source is made once whatever answer was lost, and never decides what holds here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_silence import Matcher, Silence, mark, outcome_name
from bot.domain.alert_sources import Alerts, AlertSource
from bot.domain.catalog import Catalog
from bot.domain.effects import EffectKind as K
from bot.errors import ProviderError, Reason
from bot.store import alerts as store
from tests.unit.store.house import ANA, NOW
from tests.unit.worker.fakes import Shop, Vendor, build_shop, refusal
from tests.unit.worker.test_alert_runners import body, deliver, group

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

SOURCE = AlertSource(name="alertmanager", preset="alertmanager", api_url="http://127.0.0.1:9")
CATALOG = Catalog(alerts=Alerts(sources={"alertmanager": SOURCE}))
HOUR = timedelta(hours=1)
ONE: dict[str, Any] = {"payload": {"group": 1, "source": "alertmanager"}}


class FakeSilences(Vendor):
    """``Silences`` in memory; ``lose``: the next is made, its answer never arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[str, Silence] = {}
        self.lose = False
        self.started = NOW - timedelta(days=1)
        self.fires: frozenset[str] = frozenset()

    async def running_since(self) -> datetime:
        self.asked("running_since")
        return self.started

    async def firing(self) -> frozenset[str]:
        self.asked("firing")
        return self.fires

    async def find(self, mark: str) -> list[Silence]:
        self.asked("find")
        return [each for each in self.there.values() if mark in each.comment]

    async def put(self, silence: Silence, *, now: datetime) -> str:
        self.asked("put", silence.id, now)
        own = silence.id or f"s-{len(self.there) + 1}"
        self.there[own] = replace(silence, id=own)
        if self.lose:
            self.lose = False
            raise refusal("", Reason.UNKNOWN_OUTCOME, "alertmanager")
        return own

    async def expire(self, silence_id: str) -> None:
        self.asked("expire", silence_id)
        del self.there[silence_id]


class Desk:
    """A shop whose alerts come from an Alertmanager that can be told to keep still."""

    def __init__(self, shop: Shop, silences: FakeSilences) -> None:
        self.shop, self.silences = shop, silences

    async def press(self, span: timedelta | None) -> None:
        await self.shop.home.alerts.silence(1, span, by=ANA, once=self.shop.home.press())

    async def run(self, attempt: int = 1) -> None:
        await self.shop.run(K.SILENCE_ALERTS, None, attempt=attempt, **ONE)

    async def told(self) -> tuple[tuple[str, str], ...]:
        return (await self.shop.home.alerts.view(1)).at_source


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    built, silences = build_shop(tmp_path, catalog=CATALOG), FakeSilences()
    built.world.silences = {"alertmanager": silences}
    await deliver(built, body("1", instance="a"))
    await deliver(built, body("2", instance="b"), "e2")
    yield Desk(built, silences)
    await built.home.intake._mapping.close()  # type: ignore[attr-defined]
    built.home.work.close()


async def test_silence_and_unsilence_ask_for_one_call_each(desk: Desk) -> None:
    await desk.press(HOUR)
    [effect] = await desk.shop.home.effects(K.SILENCE_ALERTS.value, "pending")
    assert effect.payload == {"group": 1, "source": "alertmanager"}
    assert await desk.told() == (), "nothing is claimed before the source answered"
    await desk.run()
    [made] = desk.silences.there.values()
    assert made.matchers == {
        Matcher(name="alertname", value="Disk"),
        Matcher(name="instance", value="a|b", is_regex=True),
    }
    assert (made.ends_at, made.by) == (NOW + HOUR, "Ana")
    assert await desk.told() == (("alertmanager", ""),)
    await desk.press(None)
    await desk.run()
    assert desk.silences.there == {}


async def test_one_whose_answer_was_lost_is_not_made_twice(desk: Desk) -> None:
    await desk.press(HOUR)
    desk.silences.lose = True
    with pytest.raises(ProviderError):
        await desk.run()
    assert "I go on trying" in (await desk.told())[0][1]
    await desk.run(attempt=2)
    assert len(desk.silences.there) == len(desk.silences.named("put")) == 1
    assert await desk.told() == (("alertmanager", ""),)


async def test_another_span_changes_the_one_that_is_there(desk: Desk) -> None:
    await desk.press(HOUR)
    await desk.run()
    await desk.press(4 * HOUR)
    await desk.run()
    [made] = desk.silences.there.values()
    assert (made.id, made.ends_at) == ("s-1", NOW + 4 * HOUR)
    twin = replace(made, id="s-9")
    desk.silences.there["s-9"] = twin
    await desk.run()
    assert list(desk.silences.there) == ["s-1"], "of two there is one left"


async def pending(desk: Desk, kind: K = K.SILENCE_ALERTS) -> int:
    return len(await desk.shop.home.effects(kind.value, "pending"))


async def test_an_alert_that_joins_is_silenced_with_the_others(desk: Desk) -> None:
    await desk.press(HOUR)
    await desk.run()
    await desk.shop.home.dismiss_all()
    desk.shop.home.clock.advance(60)
    await deliver(desk.shop, body("3", instance="c"), "e3")
    assert (await pending(desk), await pending(desk, K.LOOK_AT_SILENCED)) == (1, 0)
    desk.silences.lose = True
    with pytest.raises(ProviderError):
        await desk.run()
    await desk.run(attempt=2)
    [wider] = desk.silences.there.values()
    assert Matcher(name="instance", value="a|b|c", is_regex=True) in wider.matchers
    assert (wider.ends_at, wider.by) == (NOW + HOUR, "Ana"), "as long as the group, in its name"
    assert len(desk.silences.named("put")) == 2
    await deliver(desk.shop, body("3", instance="c"), "e4")
    await deliver(desk.shop, body("4", instance="c"), "e5")
    await desk.run()
    assert len(desk.silences.named("put")) == 2, "that one was covered"
    await desk.press(None)
    await desk.run()
    assert desk.silences.there == {}


async def test_nothing_is_asked_for_one_that_joins_a_group_that_speaks(desk: Desk) -> None:
    await deliver(desk.shop, body("3", instance="c"), "e3")
    assert await pending(desk) == 0
    await desk.press(HOUR)
    await desk.shop.home.dismiss_all()
    await deliver(desk.shop, body("3", instance="c"), "e4")  # told again, nothing is new
    await deliver(desk.shop, body("1", instance="a", status="resolved"), "e5")
    assert await pending(desk) == 0
    desk.shop.home.clock.advance(3601)
    await deliver(desk.shop, body("4", instance="d"), "e6")
    assert await pending(desk) == 0, "the silence is over"


async def test_one_that_shares_nothing_leaves_the_silence_of_the_others(desk: Desk) -> None:
    await desk.press(HOUR)
    await desk.run()
    [before] = desk.silences.there.values()

    def apart(tx: Any) -> None:
        last = store.of_group(tx, 1, 9)[-1]
        odd = replace(last.alert, labels={"y": "1"}, payload={"labels": {"y": "1"}})
        store.keep(tx, replace(last, alert=odd))

    await desk.shop.home.work.write(apart)
    await desk.run()
    assert list(desk.silences.there.values()) == [before]
    assert "share no label with the others" in (await desk.told())[0][1]
    await desk.press(4 * HOUR)
    await desk.run()
    [longer] = desk.silences.there.values()
    assert (longer.matchers, longer.ends_at) == (before.matchers, NOW + 4 * HOUR)


@pytest.mark.parametrize("reason", [Reason.AUTH, Reason.INVALID, Reason.NOT_FOUND])
async def test_a_refusal_shows_on_the_card_and_undoes_nothing(desk: Desk, reason: Reason) -> None:
    await desk.press(HOUR)
    version = (await group(desk.shop)).version
    desk.silences.fail["find"] = [refusal("answered no", reason, "alertmanager")]
    await desk.run()
    assert await desk.told() == (("alertmanager", "answered no"),)
    after = await group(desk.shop)
    assert after.is_silenced(NOW)
    assert after.version == version + 1, "the card is shown again"
    await desk.press(HOUR)
    await desk.run()
    assert await desk.told() == (("alertmanager", ""),)


async def test_what_does_not_answer_is_told_once_and_tried_again(desk: Desk) -> None:
    await desk.press(HOUR)
    desk.silences.fail["find"] = [refusal("gone", Reason.UNAVAILABLE, "alertmanager")] * 3
    with pytest.raises(ProviderError):
        await desk.run()
    version = (await group(desk.shop)).version
    with pytest.raises(ProviderError):
        await desk.run(attempt=2)
    assert (await group(desk.shop)).version == version
    assert (await group(desk.shop)).is_silenced(NOW)


async def test_alerts_without_anything_in_common_are_not_silenced_there(desk: Desk) -> None:
    def apart(tx: Any) -> None:
        [first, second] = store.of_group(tx, 1, 9)
        for stored, name in ((first, "x"), (second, "y")):
            odd = replace(stored.alert, labels={name: "1"}, payload={"labels": {name: "1"}})
            store.keep(tx, replace(stored, alert=odd))

    await desk.shop.home.work.write(apart)
    await desk.press(HOUR)
    await desk.run()
    assert "share no label" in (await desk.told())[0][1]
    assert desk.silences.there == {}


async def test_what_nobody_waits_for_is_not_asked(desk: Desk) -> None:
    await desk.press(HOUR)
    desk.shop.home.clock.advance(3601)
    await desk.run()  # it ran out by itself, there as well
    await desk.shop.run(K.SILENCE_ALERTS, None, payload={"group": 9, "source": "alertmanager"})
    await desk.shop.run(K.SILENCE_ALERTS, None, payload={"group": 1, "source": "gone"})
    assert desk.silences.calls == []
    await deliver(desk.shop, body("1", instance="a", status="resolved"), "e3")
    await deliver(desk.shop, body("2", instance="b", status="resolved"), "e4")
    await desk.press(HOUR)
    await desk.run()
    assert desk.silences.named("put") == []


async def test_a_group_that_was_deleted_meanwhile_is_nothing_to_tell(desk: Desk) -> None:
    assert mark(await group(desk.shop)).startswith("[muster alerts/1 ")
    await desk.press(HOUR)
    looked = desk.silences.find

    async def find(text: str) -> list[Silence]:
        await desk.shop.home.work.write(
            lambda tx: tx.session.connection().exec_driver_sql("DELETE FROM alert")
        )
        await desk.shop.home.work.write(
            lambda tx: tx.session.connection().exec_driver_sql("DELETE FROM alert_group")
        )
        return await looked(text)

    desk.silences.find = find  # type: ignore[method-assign]
    await desk.run()
    assert await desk.shop.home.work.read(lambda tx: tx.value(outcome_name(1))) is None


async def open_ones(desk: Desk) -> list[str]:
    found = await desk.shop.home.work.read(lambda tx: store.of_group(tx, 1, 9))
    return sorted(each.alert.external_id for each in found if each.is_open)


async def look(desk: Desk) -> None:
    await desk.shop.run(K.LOOK_AT_SILENCED, None, **ONE)


async def test_what_ended_during_a_silence_ends_here_after_it(desk: Desk) -> None:
    await desk.press(HOUR)
    desk.silences.fires = frozenset({"2"})
    await look(desk)
    assert (await open_ones(desk), desk.silences.calls) == (["1", "2"], []), "it still holds"
    desk.shop.home.clock.advance(3605)
    version = (await group(desk.shop)).version
    await look(desk)
    assert await open_ones(desk) == ["2"]
    assert (await group(desk.shop)).version > version, "the card is shown again"
    await look(desk)
    assert await open_ones(desk) == ["2"]


async def test_two_silences_are_two_looks_and_none_waits_for_another(desk: Desk) -> None:
    await desk.press(HOUR)
    await desk.press(None)
    first, second = await desk.shop.home.effects(K.LOOK_AT_SILENCED.value, "pending")
    assert first.lane != second.lane
    assert first.due - second.due == HOUR


async def test_one_that_was_started_just_now_is_not_believed_yet(desk: Desk) -> None:
    desk.silences.started = NOW - timedelta(minutes=1)
    with pytest.raises(ProviderError, match="too recently"):
        await look(desk)
    assert await open_ones(desk) == ["1", "2"]


async def test_what_was_told_of_while_asking_stays_open(desk: Desk) -> None:
    asked = desk.silences.firing

    async def firing() -> frozenset[str]:
        await deliver(desk.shop, body("1", instance="a"), "e9")
        return await asked()

    desk.silences.firing = firing  # type: ignore[method-assign]
    await look(desk)
    assert await open_ones(desk) == ["1"]


async def test_there_may_be_nothing_to_look_at(desk: Desk) -> None:
    for payload in ({"group": 9, "source": "alertmanager"}, {"group": 1, "source": "gone"}):
        assert await desk.shop.run(K.LOOK_AT_SILENCED, None, payload=payload) is None
    desk.silences.fires = frozenset({"1", "2"})
    await look(desk)
    assert await open_ones(desk) == ["1", "2"]
