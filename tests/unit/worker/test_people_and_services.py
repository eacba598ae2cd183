"""Briefings, services and who is on call: each said once, and judged when it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Service
from bot.domain.effects import EffectKind as K
from bot.domain.incident import Places
from bot.errors import ProviderError, Reason
from bot.ports import OnCall, PagerUser
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from tests.unit.worker.fakes import Shop

BRIEF = {"role": "scribe", "user": "U0BEN", "by": {"name": "Ana", "slack_id": "U0ANA"}}
QUESTION = {"user": "U0ANA", "channel": "C1", "service_id": None, "title": ""}


async def running(shop: Shop, **changes: Any) -> None:
    """INC-1 with a channel."""
    await shop.home.declare()
    await shop.home.change(1, **{"places": Places(channel="C1"), **changes})


async def test_a_briefing_is_sent_once_and_only_to_whoever_holds_the_role(shop: Shop) -> None:
    await running(shop, roles={"scribe": BEN_ACTOR})
    for attempt in (1, 2):
        await shop.run(K.BRIEF, payload=BRIEF, attempt=attempt)
    assert [call[1] for call in shop.chat.named("post")] == ["DU0BEN"]
    assert "You keep the timeline." in shop.chat.texts[-1]
    await shop.home.change(1, roles={"scribe": ANA_ACTOR})
    await shop.run(K.BRIEF, payload=BRIEF)
    assert len(shop.chat.named("post")) == 1, "it went to somebody else meanwhile"


async def test_a_service_is_shown_once_while_it_is_affected(shop: Shop) -> None:
    await running(shop, service="web", service_title="Web")
    shop.world.catalog = Catalog(services={"web": Service(id="web", title="Web", repo="acme/web")})
    for attempt in (1, 2):
        await shop.run(K.SHOW_SERVICE, payload={"service": "web"}, attempt=attempt)
    assert len(shop.chat.named("post")) == 1
    assert shop.tickets.named("recent") == [("recent", "acme/web")]
    shop.chat.fail["post"] = [refusal("is_archived"), refusal("", Reason.UNAVAILABLE)]
    await shop.run(K.SHOW_SERVICE, payload={"service": "web"})
    with pytest.raises(ProviderError):
        await shop.run(K.SHOW_SERVICE, payload={"service": "web"})
    await shop.home.change(1, service=None, service_title=None)
    posted = len(shop.chat.named("post"))
    await shop.run(K.SHOW_SERVICE, payload={"service": "web"})
    assert len(shop.chat.named("post")) == posted, "it was removed meanwhile"


async def test_who_is_on_call_is_remembered_with_its_age(shop: Shop) -> None:
    user = PagerUser(id="PX", name="Xenia", email="xenia@example.com")
    shop.pager.duty = [OnCall(user=user, level=1, policy_id="E1", policy_name="Ops")]
    await shop.run(K.SHOW_ON_CALL, None, payload=QUESTION)
    [first] = shop.chat.named("tell")
    assert first[1:3] == ("C1", "U0ANA")
    assert "Level 1: Xenia" in first[3]
    shop.home.clock.advance(timedelta(hours=1).total_seconds())
    shop.pager.fail["on_call"] = [refusal("", Reason.UNAVAILABLE, "pagerduty")]
    await shop.run(K.SHOW_ON_CALL, None, payload=QUESTION)
    again = shop.chat.named("tell")[-1][3]
    assert "Level 1:" in again
    assert "2026-03-01 12:00 UTC" in again
    shop.pager.fail["on_call"] = [refusal("", Reason.UNAVAILABLE, "pagerduty")]
    await shop.run(K.SHOW_ON_CALL, None, payload={**QUESTION, "service_id": "S1", "title": "Web"})
    assert "Please ask again" in shop.chat.named("tell")[-1][3]
    shop.chat.fail["tell"] = [refusal("", Reason.UNAVAILABLE), refusal("not_in_channel")]
    with pytest.raises(ProviderError):
        await shop.run(K.SHOW_ON_CALL, None, payload=QUESTION)
    await shop.run(K.SHOW_ON_CALL, None, payload=QUESTION)
    assert shop.chat.named("post")[-1][1] == "DU0ANA"


async def test_home_asks_pagerduty_once_in_a_while_and_shows_what_it_said_last(shop: Shop) -> None:
    user = PagerUser(id="PX", name="Xenia", email="xenia@example.com")
    shop.pager.duty = [
        OnCall(user=user, level=1, policy_id="E1", policy_name="Ops"),
        OnCall(user=replace(user, name="Second"), level=2, policy_id="E1", policy_name="Ops"),
    ]

    async def home() -> str:
        await shop.run(K.PUBLISH_HOME, None, payload={"user": "U0ANA"})
        return str(shop.chat.named("publish_home")[-1][2])

    first = await home()
    assert "Ops: Xenia" in first
    assert "Second" not in first
    shop.pager.duty = []
    assert "Ops: Xenia" in await home(), "asked a moment ago"
    shop.home.clock.advance(600)
    shop.pager.fail["on_call"] = [refusal("", Reason.UNAVAILABLE, "pagerduty")]
    assert "Ops: Xenia" in await home(), "it does not answer"
    assert "Ops" not in await home()
