"""The runners of post-mortems and archiving, judged by what Slack and GitHub were asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import postmortem
from bot.domain.catalog import Catalog, Reminders
from bot.domain.effects import EffectKind as K
from bot.domain.incident import Places, Status, TicketLink
from bot.errors import ProviderError, Reason
from bot.store import postmortems
from tests.unit.store.house import ANA, ANA_ACTOR, NOW
from tests.unit.worker.conftest import EVERYTHING
from tests.unit.worker.fakes import Shop, build_shop, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.postmortem import Postmortem

PLACES = Places(
    channel="C1", channel_name="incident-1", card_ts="2.2", announcement_channel="C0",
    announcement_ts="1.1",
)  # fmt: skip
REPO = "acme/shop"
RULES = Reminders(archive_channel_after=timedelta(days=14))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """INC-1 is over, and its post-mortem was drafted once."""
    shop = build_shop(tmp_path, options=EVERYTHING, catalog=Catalog(reminders=RULES))
    await shop.home.declare()
    await shop.home.change(
        1, places=PLACES, status=Status.RESOLVED, resolved_at=NOW, resolved_by=ANA_ACTOR,
        ticket=TicketLink(repo=REPO, number=4, url="https://gh/4"),
    )  # fmt: skip
    await shop.world.afterwards.postmortems.draft(1, by=ANA, once="d", summary="It broke")
    yield shop
    shop.home.work.close()


async def kept(shop: Shop) -> Postmortem:
    found = await shop.home.work.read(lambda tx: postmortems.find(tx, 1))
    assert found
    return found


async def canvas(shop: Shop, *, attempt: int = 1, replaces: bool = False, revision: int = 1) -> Any:
    payload = {"revision": revision, "replaces": replaces}
    return await shop.run(K.WRITE_CANVAS, payload=payload, attempt=attempt)


async def test_the_canvas_is_made_once_whatever_becomes_of_the_answer(shop: Shop) -> None:
    shop.chat.fail["create_canvas"] = [refusal("", Reason.UNKNOWN_OUTCOME)]
    with pytest.raises(ProviderError):
        await canvas(shop)
    assert (await kept(shop)).canvas_begun == "C1", "written down before Slack was asked"
    shop.chat.canvases["C1"] = "F1"  # it was made, its answer was lost
    await canvas(shop, attempt=2)
    assert [c[0] for c in shop.chat.calls].count("create_canvas") == 1
    assert (await kept(shop)).canvas == "F1"
    assert "It broke" in shop.chat.written["F1"]


async def test_a_canvas_that_was_there_before_us_is_not_touched(shop: Shop) -> None:
    shop.chat.canvases["C1"] = "FTHEIRS"
    await canvas(shop)
    assert not shop.chat.named("create_canvas")
    assert not shop.chat.named("replace_canvas")
    assert await shop.home.keys(K.SHARE_POSTMORTEM.value)
    assert any("canvas of your own" in e.text for e in await entries(shop))


async def entries(shop: Shop) -> list[Any]:
    return await shop.home.work.read(lambda tx: tx.entries(1))


async def test_a_canvas_made_by_people_in_the_same_moment_is_not_touched(shop: Shop) -> None:
    shop.chat.fail["create_canvas"] = [refusal("channel_canvas_already_exists", Reason.CONFLICT)]
    await canvas(shop)
    assert not shop.chat.named("replace_canvas")
    assert await shop.home.keys(K.SHARE_POSTMORTEM.value)


@pytest.mark.parametrize(
    "code",
    ["team_tier_cannot_create_channel_canvases", "canvas_disabled_user_team", "missing_scope",
     "free_team_canvas_tab_already_exists", "restricted_action", "canvas_creation_failed"],
)  # fmt: skip
async def test_what_the_plan_refuses_comes_as_messages(shop: Shop, code: str) -> None:
    shop.chat.fail["create_canvas"] = [refusal(code)]
    await canvas(shop)
    count = len(postmortem.parts((await kept(shop)).markdown)) + 1
    assert len(await shop.home.keys(K.SHARE_POSTMORTEM.value)) == count
    assert any(e.text.startswith("no canvas:") and code in e.text for e in await entries(shop))


async def test_a_limit_is_waited_for(shop: Shop) -> None:
    shop.chat.fail["create_canvas"] = [refusal("ratelimited", Reason.RATE_LIMITED)]
    with pytest.raises(ProviderError):
        await canvas(shop)
    assert not await shop.home.keys(K.SHARE_POSTMORTEM.value)


async def test_a_canvas_that_was_deleted_is_made_anew(shop: Shop) -> None:
    await canvas(shop)
    shop.chat.canvases.clear()
    shop.chat.fail["replace_canvas"] = [refusal("canvas_not_found", Reason.NOT_FOUND)]
    await canvas(shop, replaces=True)
    assert len(shop.chat.named("create_canvas")) == 2


async def test_an_old_draft_is_not_written_over_a_newer_one(shop: Shop) -> None:
    await shop.world.afterwards.postmortems.draft(1, by=ANA, once="e", summary="Newer")
    assert await canvas(shop, revision=1) is None
    assert not shop.chat.named("create_canvas")


async def test_messages_are_posted_in_order_and_once(shop: Shop) -> None:
    for attempt in (1, 2):
        for part in range(2):
            more = {"payload": {"revision": 1, "part": part}, "key": f"m/{part}"}
            await shop.run(K.SHARE_POSTMORTEM, attempt=attempt, **more)
    posted = shop.chat.named("post")
    assert [(c[1], c[2]) for c in posted] == [("C1", "m/0"), ("C1", "m/1")]
    assert posted[1][3] == shop.chat.posted["m/0"], "in the thread of the headline"
    beyond = {"revision": 1, "part": 40}
    await shop.run(K.SHARE_POSTMORTEM, payload=beyond)
    assert len(shop.chat.named("post")) == 2


async def test_without_any_place_it_goes_to_whoever_drafted_it(shop: Shop) -> None:
    await shop.home.change(1, private=True, places=replace(PLACES, archived=True))
    await shop.run(K.SHARE_POSTMORTEM, payload={"revision": 1, "part": 0})
    assert [c[1] for c in shop.chat.named("post")] == [f"D{ANA.id}"]


async def propose(shop: Shop, attempt: int = 1) -> None:
    await shop.run(K.PROPOSE_POSTMORTEM, payload={"revision": 1}, attempt=attempt)


@pytest.mark.parametrize("lost", ["create_branch", "write_file", "open_pull"])
async def test_killed_after_any_call_each_thing_is_there_once(shop: Shop, lost: str) -> None:
    shop.tickets.lose = lost
    with pytest.raises(ProviderError):
        await propose(shop)
    await propose(shop, attempt=2)
    for name in ("create_branch", "write_file", "open_pull"):
        assert len(shop.tickets.named(name)) == 1, name
    post = await kept(shop)
    assert (post.repo, post.pull) == (REPO, 7)
    assert (await shop.home.incident()).places.postmortem_url == "https://gh/acme/shop/pull/7"


async def test_a_file_of_somebody_else_is_left_alone(shop: Shop) -> None:
    shop.tickets.branches["postmortem/INC-1"] = "c1"
    shop.tickets.files["postmortem/INC-1"] = "somebody's"
    await propose(shop)
    assert not shop.tickets.named("write_file")
    assert not shop.tickets.named("open_pull")
    assert any("changes I did not make" in e.text for e in await entries(shop))


async def test_somebody_faster_means_looking_again(shop: Shop) -> None:
    shop.tickets.fail["write_file"] = [refusal("409", Reason.CONFLICT, "github")]
    with pytest.raises(ProviderError) as raised:
        await propose(shop)
    assert raised.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize("code", ["403", "404"])
async def test_a_missing_right_is_named(shop: Shop, code: str) -> None:
    reason = Reason.INVALID if code == "403" else Reason.NOT_FOUND
    shop.tickets.fail["create_branch"] = [refusal(code, reason, "github")]
    with pytest.raises(ProviderError, match="Contents and Pull requests: read and write"):
        await propose(shop)


async def test_a_repository_nobody_sees_is_named_after_all_were_tried(shop: Shop) -> None:
    shop.tickets.fail["default_branch"] = [refusal("404", Reason.NOT_FOUND, "github")] * 3
    with pytest.raises(ProviderError, match="read and write for acme/incidents"):
        await propose(shop)
    assert [c[1] for c in shop.tickets.named("default_branch")] == [REPO, "acme/incidents"]


async def test_an_empty_repository_says_so(shop: Shop) -> None:
    shop.tickets.branches.clear()
    with pytest.raises(ProviderError, match="commit a README to main first"):
        await propose(shop)


async def test_what_became_private_is_not_proposed(shop: Shop) -> None:
    await shop.home.change(1, private=True)
    await propose(shop)
    assert not shop.tickets.calls


async def test_the_notice_and_the_last_word_are_said_once(shop: Shop) -> None:
    shop.home.clock.advance(timedelta(days=13, hours=1).total_seconds())
    for attempt in (1, 2):
        effect = {"key": "n", "attempt": attempt}
        await shop.run(K.NOTICE_ARCHIVING, **effect)
    assert [c[2] for c in shop.chat.named("post")] == ["n"]
    shop.home.clock.advance(timedelta(days=1).total_seconds())
    shop.chat.fail["archive"] = [refusal("", Reason.UNKNOWN_OUTCOME)]
    with pytest.raises(ProviderError):
        await shop.run(K.ARCHIVE_CHANNEL, key="a")
    await shop.run(K.ARCHIVE_CHANNEL, key="a", attempt=2)
    assert [c[2] for c in shop.chat.named("post")] == ["n", "a/farewell"]
    assert (await shop.home.incident()).places.archived
    await shop.run(K.ARCHIVE_CHANNEL, key="b")
    assert len(shop.chat.named("archive")) == 2, "it is archived; nothing more is done"


async def test_who_wrote_meanwhile_postpones_both(shop: Shop) -> None:
    shop.home.clock.advance(timedelta(days=13, hours=1).total_seconds())
    shop.chat.heard = NOW + timedelta(days=3)
    await shop.run(K.NOTICE_ARCHIVING, key="n")
    assert not shop.chat.named("post")
    now = await shop.world.afterwards.archiving.shown(1)
    assert now.plan
    assert now.plan.archive_at == NOW + timedelta(days=17)
    shop.home.clock.advance(timedelta(days=3).total_seconds())
    await shop.run(K.NOTICE_ARCHIVING, key="n2")
    shop.home.clock.advance(timedelta(days=1).total_seconds())
    shop.chat.heard = NOW + timedelta(days=16, hours=2)
    await shop.run(K.ARCHIVE_CHANNEL, key="a")
    assert not shop.chat.named("archive")


async def test_a_channel_archived_by_hand_meanwhile_is_fine(shop: Shop) -> None:
    shop.home.clock.advance(timedelta(days=13, hours=1).total_seconds())
    shop.chat.fail["post"] = [refusal("is_archived", Reason.CONFLICT)]
    assert await shop.run(K.NOTICE_ARCHIVING, key="n") is None


async def test_two_replicas_ask_for_one_notice(shop: Shop) -> None:
    shop.home.clock.advance(timedelta(days=13, hours=1).total_seconds())
    archiving = shop.world.afterwards.archiving
    assert [await archiving.sweep(), await archiving.sweep()] == [1, 0]
    assert len(await shop.home.keys(K.NOTICE_ARCHIVING.value)) == 1
