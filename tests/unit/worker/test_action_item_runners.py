"""The effects of action items: made once however often they are tried, judged when they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Person, Service
from bot.domain.effects import EffectKind as K
from bot.domain.incident import Places, TicketLink
from bot.domain.issue_news import IssueNews
from bot.errors import ProviderError, Reason
from bot.ports import Member
from bot.services.base import Options
from bot.store import action_items as kept
from tests.unit.store.house import ANA, BEN, NOW
from tests.unit.worker.fakes import Shop, build_shop, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.action_item import ActionItem

CATALOG = Catalog(
    people={"ben@example.com": Person(email="ben@example.com", github="ben-gh")},
    services={"vault": Service(id="vault", title="Vault", private_repo="acme/secret")},
)
OPTIONS = Options(github=True, github_owner="acme", github_repo="acme/incidents")


@pytest.fixture
async def shop(tmp_path: Path) -> Shop:
    made = build_shop(tmp_path, catalog=CATALOG, options=OPTIONS)
    people = [
        Member(id="U0ANA", name="Ana"),
        Member(id="U0BEN", name="Ben", email="ben@example.com"),
    ]
    await made.home.people.remember(people)
    incident = await made.home.declare()
    places = replace(incident.places, channel="C1", channel_name="incident-1", card_ts="1.1")
    await made.home.change(1, places=places)
    return made


async def added(shop: Shop, text: str = "Add an alert", owner: str | None = "U0BEN") -> ActionItem:
    made = await shop.world.actions.add(1, text, by=ANA, once=shop.home.press(), owner=owner)
    return await shop.world.actions.one(made.id)


async def run(shop: Shop, kind: K, item: ActionItem, **more: Any) -> ActionItem:
    verb = {"verb": more.pop("verb")} if "verb" in more else {}
    await shop.run(kind, payload={"item": item.id, **verb}, **more)
    return await shop.world.actions.one(item.id)


async def test_the_message_is_posted_once_and_edited_after_that(shop: Shop) -> None:
    item = await run(shop, K.SHOW_ACTION, await added(shop))
    assert item.channel == "C1"
    assert item.ts
    await run(shop, K.SHOW_ACTION, item)
    assert [len(shop.chat.named(name)) for name in ("post", "update")] == [1, 1]
    await shop.home.dismiss_all()
    shop.chat.fail["update"] = [refusal("message_not_found")]
    item = await run(shop, K.SHOW_ACTION, item)
    assert item.ts is None, "somebody deleted it: it is posted again"
    assert len(await shop.home.effects("slack.show_action", "pending")) == 1


async def test_a_message_whose_answer_was_lost_is_found(shop: Shop) -> None:
    item = await added(shop)
    await run(shop, K.SHOW_ACTION, item)

    def forget(tx: Any) -> None:
        kept.save(tx, replace(kept.one(tx, item.id), ts=None, channel=None))

    await shop.home.work.write(forget)
    await run(shop, K.OPEN_ACTION, item)  # nobody knew where to add its link
    again = await run(shop, K.SHOW_ACTION, item, attempt=2)
    assert again.ts
    assert len(shop.chat.named("post")) == 1
    assert "acme/incidents#4" not in shop.chat.texts[0]
    assert "acme/incidents#4" in shop.chat.texts[-1], "what is found says what is true now"


async def test_nothing_is_posted_before_the_card_or_into_an_archived_channel(shop: Shop) -> None:
    item = await added(shop)
    await shop.home.change(1, places=Places(channel="C1"))
    await run(shop, K.SHOW_ACTION, item)
    assert shop.chat.named("post") == []
    await shop.home.change(1, places=Places(channel="C1", card_ts="1.1"))
    shop.chat.fail["post"] = [refusal("is_archived")]
    assert (await run(shop, K.SHOW_ACTION, item)).ts is None


async def test_the_issue_is_opened_once_and_then_assigned(shop: Shop) -> None:
    item = await run(shop, K.OPEN_ACTION, await added(shop), key="k")
    assert item.ticket == TicketLink(
        repo="acme/incidents", number=4, url="https://github.com/acme/incidents/issues/4"
    )
    [(_, repo, title, body, labels, _)] = shop.tickets.named("open")
    assert (repo, title, labels) == ("acme/incidents", "Add an alert", ("action-item", "incident"))
    assert "INC-1" in body
    await run(shop, K.OPEN_ACTION, item, key="k")
    assert len(shop.tickets.named("open")) == 1
    assert any(key.endswith("/owner@1") for key in await shop.home.keys("github.change_action"))
    item = await run(shop, K.CHANGE_ACTION, item, verb="owner")
    assert shop.tickets.named("assign") == [("assign", 4, "ben-gh")]
    assert (item.assignee, item.ticket_at) == ("ben-gh", NOW)


async def test_an_issue_whose_answer_was_lost_is_found(shop: Shop) -> None:
    item = await added(shop)
    shop.tickets.fail["open"] = []
    await shop.tickets.open("acme/incidents", title="t", body="b", labels=(), key="k")
    item = await run(shop, K.OPEN_ACTION, item, key="k", attempt=2)
    assert item.ticket
    assert item.ticket.number == 4
    assert len(shop.tickets.named("open")) == 1


async def test_a_guessed_repository_falls_back(shop: Shop) -> None:
    await shop.home.change(1, ticket=TicketLink(repo="acme/guessed"), service="other")
    shop.tickets.repos = {"acme/incidents"}
    item = await run(shop, K.OPEN_ACTION, await added(shop))
    assert item.ticket
    assert item.ticket.repo == "acme/incidents"
    shop.tickets.repos = set()
    with pytest.raises(ProviderError):
        await run(shop, K.OPEN_ACTION, await added(shop, "Another"))


async def test_what_it_became_meanwhile_is_made_so(shop: Shop) -> None:
    item = await added(shop, owner=None)
    await shop.world.actions.complete(item.id, by=BEN, once="d")
    await run(shop, K.OPEN_ACTION, item)
    keys = await shop.home.keys("github.change_action")
    assert [key.partition("@")[0] for key in keys] == [f"INC-1/action/{item.id}/state"]
    await run(shop, K.CHANGE_ACTION, item, verb="state")
    assert shop.tickets.named("set_state") == [("set_state", 4, False, True)]


async def test_private_incidents_go_nowhere_public(shop: Shop) -> None:
    item = await added(shop)
    await shop.home.change(1, private=True)
    item = await run(shop, K.OPEN_ACTION, item)
    assert shop.tickets.named("open") == []
    await shop.home.change(1, service="vault", service_title="Vault")
    await run(shop, K.OPEN_ACTION, item)
    assert [call[1] for call in shop.tickets.named("open")] == ["acme/secret"]


async def test_a_look_at_github_applies_what_changed(shop: Shop) -> None:
    item = await run(shop, K.OPEN_ACTION, await added(shop))
    shop.tickets.news = [
        IssueNews(
            repo="acme/incidents", number=4, action="read", state="closed",
            at=NOW.replace(minute=5), title="Add an alert", sender="ben-gh",
        )
    ]  # fmt: skip
    for _ in range(2):
        await shop.run(K.POLL_ISSUES, None, payload={"repo": "acme/incidents"})
    after = await shop.world.actions.one(item.id)
    assert after.done_by
    assert after.done_by.slack_id == "U0BEN"
    assert (await shop.home.entries()).count("action_item_done") == 1
    looks = [call[2] for call in shop.tickets.named("changed")]
    assert looks[1] == NOW.replace(minute=5), "the second look begins where the first one ended"
    assert await shop.world.following.watched() == ["acme/incidents"]


async def test_a_look_that_began_before_our_change_was_made_undoes_nothing(shop: Shop) -> None:
    item = await run(shop, K.OPEN_ACTION, await added(shop))
    await shop.world.actions.complete(item.id, by=BEN, once="d")
    await shop.home.dismiss_all()  # it reached GitHub now
    stale = IssueNews(repo="acme/incidents", number=4, action="read", state="open", at=NOW)

    async def looked(began: Any) -> ActionItem:
        look = shop.world.following.looked
        await shop.home.work.write(lambda tx: look(tx, stale.repo, [stale], None, began))
        return await shop.world.actions.one(item.id)

    assert not (await looked(NOW)).is_open
    assert (await looked(NOW + timedelta(seconds=1))).is_open, "somebody reopened it there"


async def test_without_a_token_the_step_says_so(shop: Shop) -> None:
    item = await added(shop)
    shop.world.tickets = None
    with pytest.raises(ProviderError) as raised:
        await run(shop, K.OPEN_ACTION, item)
    assert raised.value.reason is Reason.INVALID


async def test_the_same_press_adds_one(shop: Shop) -> None:
    for _ in range(2):
        await shop.world.actions.add(1, "Once", by=ANA, once="the same press")
    assert len((await shop.world.actions.standing(1)).items) == 1
