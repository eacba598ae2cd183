"""The runners of updates, reminders and notifications, judged by what the vendors were asked."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Address, Catalog, Person
from bot.domain.effects import EffectKind as K
from bot.domain.incident import PagerKind, PagerLink, Places
from bot.domain.notify import fingerprint
from bot.errors import ProviderError, Reason
from bot.ports import Member, OnCall, PagerUser
from bot.providers import beyond
from bot.store import followers
from tests.unit.store.house import ANA, BEN
from tests.unit.worker.fakes import Shop, build_shop, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PLACES = Places(
    channel="C1", channel_name="incident-1", card_ts="2.2", announcement_channel="C0",
    announcement_ts="1.1",
)  # fmt: skip
URL = "json://muster:secret@127.0.0.1:9/x"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    people = {"ana@example.com": Person(email="ana@example.com", notify=(Address(URL),))}
    shop = build_shop(tmp_path, catalog=Catalog(people=people))
    await shop.home.declare()
    pager = PagerLink(kind=PagerKind.PAGERDUTY, id="P1")
    await shop.home.change(1, places=PLACES, pager=pager)
    yield shop
    shop.home.work.close()


async def posted(shop: Shop) -> int:
    """An update; the entry's number."""
    await shop.home.updates.post(1, "It is back", by=ANA, once="u")
    entry = await shop.home.work.read(lambda tx: followers.last_update(tx, 1))
    assert entry
    return entry.id or 0


async def test_the_mirror_is_posted_once_into_the_thread(shop: Shop) -> None:
    payload = {"entry": await posted(shop)}
    await shop.run(K.MIRROR_UPDATE, payload=payload)
    await shop.run(K.MIRROR_UPDATE, payload=payload, attempt=2)
    assert shop.chat.named("post") == [("post", "C0", "key/slack.mirror_update", "1.1")]
    await shop.home.change(1, private=True)
    await shop.run(K.MIRROR_UPDATE, payload=payload, key="other")
    assert len(shop.chat.named("post")) == 1, "it became private meanwhile"


async def test_only_who_still_follows_and_may_know_is_told(shop: Shop) -> None:
    payload = {"entry": await posted(shop), "user": BEN.id}
    await shop.run(K.TELL_SUBSCRIBER, payload=payload)
    assert shop.chat.named("post") == []
    await shop.home.updates.toggle(1, by=BEN, once="s")
    await shop.run(K.TELL_SUBSCRIBER, payload=payload)
    await shop.run(K.TELL_SUBSCRIBER, payload=payload, attempt=2)
    assert len(shop.chat.named("post")) == 1
    await shop.home.change(1, private=True)
    await shop.run(K.TELL_SUBSCRIBER, payload=payload, key="private")
    assert len(shop.chat.named("post")) == 1


async def test_who_cannot_be_written_to_is_no_subscriber_any_more(shop: Shop) -> None:
    await shop.home.updates.toggle(1, by=BEN, once="s")
    payload = {"entry": await posted(shop), "user": BEN.id}
    shop.chat.fail["direct"] = [refusal("user_disabled")]
    await shop.run(K.TELL_SUBSCRIBER, payload=payload)
    assert await shop.home.work.read(lambda tx: followers.followers(tx, 1)) == []


async def test_pagerduty_hears_it_once_and_not_what_it_told_itself(shop: Shop) -> None:
    number = await posted(shop)
    await shop.run(K.PUBLISH_UPDATE, payload={"entry": number})
    await shop.run(K.PUBLISH_UPDATE, payload={"entry": number}, attempt=2)
    assert [call[:3] for call in shop.pager.named("publish")] == [("publish", "P1", "It is back")]
    entry = await shop.home.work.read(lambda tx: tx.entry(number))
    assert entry
    assert entry.vendor_id == "U1"


async def test_a_reminder_is_posted_edited_and_posted_anew_when_it_was_deleted(shop: Shop) -> None:
    shop.home.clock.advance(601)
    await shop.home.reminding.sweep()
    await shop.run(K.REMIND, payload={"due": ["no_acknowledge"]})
    assert [call[0] for call in shop.chat.calls if call[0] in {"post", "update"}] == ["post"]
    await shop.run(K.REMIND, payload={"due": []}, key="again")
    assert shop.chat.calls[-1][0] == "update"
    shop.chat.fail["update"] = [refusal("message_not_found")]
    await shop.run(K.REMIND, payload={"due": []}, key="third")
    assert shop.chat.calls[-1][0] == "post"
    await shop.home.incidents.acknowledge(1, by=BEN, once="a")
    await shop.home.incidents.set_severity(1, "SEV1", by=BEN, once="b")
    incident = await shop.home.incident()
    await shop.home.change(1, roles={"commander": replace(incident.owners[0])})
    await shop.home.reminding.sweep()
    await shop.run(K.REMIND, payload={"due": []}, key="fourth")
    memory = (await shop.home.reminding.shown(1)).memory
    assert memory.closed


async def test_whoever_is_on_call_is_addressed_when_nobody_of_the_incident_can_be(
    shop: Shop,
) -> None:
    member = Member(id="U0BEN", name="Ben", email="ben@example.com")
    await shop.home.people.remember([member])
    pager = PagerLink(kind=PagerKind.PAGERDUTY, id="P1", service_id="S1")
    await shop.home.change(1, pager=pager, owners=(), reporter=None)
    on_call = PagerUser(id="PBEN", name="Ben", email="ben@example.com")
    shop.pager.duty = [OnCall(user=on_call, level=1, policy_id="E1", policy_name="Ops")]
    shop.home.clock.advance(601)
    await shop.home.reminding.sweep()
    [effect] = await shop.home.effects("slack.remind")
    await shop.run(K.REMIND, payload=effect.payload)
    assert "<@U0BEN>" in shop.chat.texts[-1]
    await shop.run(K.REMIND, payload=effect.payload, key="again")
    [told] = await shop.home.effects("slack.tell")
    assert told.payload["user"] == "U0BEN", "nobody is notified of an edit"
    assert "nobody has acknowledged" in told.payload["text"]


async def test_a_notification_names_no_address_when_it_fails(shop: Shop) -> None:
    payload = {"to": fingerprint(URL), "event": "declared", "entry": None}
    with pytest.raises(ProviderError) as failed:
        await shop.run(K.NOTIFY, payload=payload)
    assert (failed.value.provider, failed.value.reason) == ("apprise", Reason.UNAVAILABLE)
    assert "secret" not in str(failed.value) + failed.value.detail
    assert await shop.run(K.NOTIFY, payload={**payload, "to": "gone"}) is None


async def test_an_address_nobody_can_use_is_told_as_such() -> None:
    with pytest.raises(ProviderError) as failed:
        await beyond.send("nosuch://secret", "x", "y")
    assert failed.value.reason is Reason.INVALID
    assert "secret" not in failed.value.detail


@pytest.mark.parametrize("event", ["declared", "update", "resolved"])
async def test_what_became_private_is_not_told(shop: Shop, event: str, monkeypatch: Any) -> None:
    async def refuse(*_: str) -> None:
        raise AssertionError("sent")

    monkeypatch.setattr(beyond, "send", refuse)
    await shop.home.change(1, private=True)
    payload = {"to": fingerprint(URL), "event": event, "entry": None}
    assert await shop.run(K.NOTIFY, payload=payload) is None


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    look = "import sys, bot.app; assert 'apprise' not in sys.modules"
    subprocess.run([sys.executable, "-c", look], check=True, timeout=60)
