"""Issues that were deleted or moved: found out by looking, or when something was to be done to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import plan
from bot.domain.effects import EffectKind as K
from bot.domain.incident import TicketLink
from bot.domain.issue_news import IssueNews
from bot.errors import ProviderError, Reason
from tests.unit.store.house import ANA, NOW
from tests.unit.worker.fakes import Shop, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

REPO = "acme/incidents"
THERE = TicketLink(repo="acme/search", number=9, url="https://github.com/acme/search/issues/9")
GONE, NOT_FOUND = ("410", Reason.INVALID), ("404", Reason.NOT_FOUND)


def found(action: str, number: int = 4, **more: Any) -> IssueNews:
    facts = {"state": "open", "at": NOW, "title": "Checkout is down"}
    return IssueNews(repo=REPO, number=number, action=action, **{**facts, **more})


async def started(shop: Shop) -> None:
    """An incident with its issue, acme/incidents#4."""
    await shop.home.declare()
    await shop.run(K.OPEN_TICKET)
    await shop.home.dismiss_all()


async def entries(shop: Shop) -> list[str]:
    told = await shop.home.work.read(lambda tx: tx.entries(1))
    return [entry.target for entry in told if entry.kind.value == "ticket"]


async def looks(shop: Shop, poll: str, count: int) -> list[int]:
    """The issues one look at the repository wants looked at."""
    await shop.home.dismiss_all()
    payload = {"repo": REPO, "looks": count}
    await shop.run(K.POLL_ISSUES, None, payload=payload, key=poll)
    rows = await shop.home.effects(K.LOOK_AT_ISSUE.value, "pending")
    return [row.payload["number"] for row in rows]


async def test_issues_take_turns_and_those_just_listed_are_passed_over(shop: Shop) -> None:
    for number in (3, 5, 8):
        await shop.home.declare(f"Incident {number}")
        await shop.home.change(
            len(await shop.home.keys(K.ANNOUNCE.value)), ticket=TicketLink(repo=REPO, number=number)
        )
    assert await looks(shop, "a", 2) == [3, 5]
    assert await looks(shop, "b", 2) == [8, 3]
    assert await looks(shop, "c", 9) == [5, 8, 3]
    shop.tickets.news = [found("read", 5)]
    assert await looks(shop, "d", 9) == [8, 3]
    assert await looks(shop, "e", 0) == []


async def test_an_issue_that_is_there_is_no_news(shop: Shop) -> None:
    await started(shop)
    shop.tickets.found[REPO, 4] = found("read")
    assert await shop.run(K.LOOK_AT_ISSUE, None, payload={"repo": REPO, "number": 4}) is None


@pytest.mark.parametrize("action", ["deleted", "unseen"])
async def test_a_deleted_issue_is_told_once_and_nothing_goes_there(shop: Shop, action: str) -> None:
    await started(shop)
    shop.tickets.found[REPO, 4] = found(action)
    for _ in range(2):
        await shop.run(K.LOOK_AT_ISSUE, None, payload={"repo": REPO, "number": 4})
    assert len(await entries(shop)) == 1
    assert (await entries(shop))[0].startswith("deleted")
    incident = await shop.home.incident()
    assert (incident.ticket, incident.places.lost_issue) == (None, f"{REPO}#4")
    await shop.home.dismiss_all()
    await shop.home.incidents.resolve(1, by=ANA, once="r")
    waiting = [row.kind for row in await shop.home.effects("github", "pending")]
    assert waiting == []
    assert await shop.world.following.watched() == []


async def test_the_link_follows_a_moved_issue_and_so_does_what_comes_next(shop: Shop) -> None:
    await started(shop)
    shop.tickets.found[REPO, 4] = found("transferred", moved=THERE, state="closed")
    for _ in range(2):
        await shop.run(K.LOOK_AT_ISSUE, None, payload={"repo": REPO, "number": 4})
    assert await entries(shop) == ["moved to acme/search#9", "closed"], "its state there counts too"
    assert (await shop.home.incident()).ticket == THERE
    assert await shop.world.following.watched() == ["acme/search"]
    await shop.run(K.CHANGE_TICKET)
    assert shop.tickets.named("set_state") == [("set_state", 9, True, True)]


def _comment(shop: Shop, entry: int) -> Any:
    return shop.run(K.COMMENT_TICKET, payload={"entry": entry})


#: What is done to an incident's issue: the call at GitHub, and the effect.
WRITES: dict[str, Callable[[Shop, int], Any]] = {
    "comment": _comment,
    "set_state": lambda shop, _entry: shop.run(K.CHANGE_TICKET),
    "edit_body": lambda shop, _entry: shop.run(K.REFRESH_TICKET),
}


@pytest.mark.parametrize("call", sorted(WRITES))
@pytest.mark.parametrize("refused", [GONE, NOT_FOUND])
async def test_what_meets_a_deleted_issue_settles_and_says_so(
    shop: Shop, call: str, refused: tuple[str, Reason]
) -> None:
    await started(shop)
    [entry, *_] = await shop.home.work.read(lambda tx: tx.entries(1))
    shop.tickets.fail[call] = [refusal(*refused, "github")]
    shop.tickets.found[REPO, 4] = found("deleted")
    await WRITES[call](shop, entry.id or 0)
    assert await entries(shop) == ["deleted"]
    assert (await shop.home.incident()).ticket is None
    await WRITES[call](shop, entry.id or 0)
    assert len(shop.tickets.named(call)) == 1, "and it is not tried again"


@pytest.mark.parametrize("call", sorted(WRITES))
async def test_what_meets_a_moved_issue_is_done_where_it_is(shop: Shop, call: str) -> None:
    await started(shop)
    [entry, *_] = await shop.home.work.read(lambda tx: tx.entries(1))
    shop.tickets.fail[call] = [refusal(*NOT_FOUND, "github")]
    shop.tickets.found[REPO, 4] = found("transferred", moved=THERE)
    await WRITES[call](shop, entry.id or 0)
    assert [made[1] for made in shop.tickets.named(call)] == [4, 9]
    assert await entries(shop) == ["moved to acme/search#9"]
    assert (await shop.home.incident()).ticket == THERE


async def test_a_refusal_about_an_issue_that_is_there_stands(shop: Shop) -> None:
    await started(shop)
    shop.tickets.fail["set_state"] = [refusal(*NOT_FOUND, "github")]
    shop.tickets.found[REPO, 4] = found("read")
    with pytest.raises(ProviderError) as raised:
        await shop.run(K.CHANGE_TICKET)
    assert raised.value.reason is Reason.NOT_FOUND
    assert await entries(shop) == []


async def test_an_action_items_issue_that_is_gone_or_moved(shop: Shop) -> None:
    await started(shop)
    item = await shop.world.actions.add(1, "Add an alert", by=ANA, once="a")
    await shop.home.change(1, ticket=None)
    await shop.run(K.OPEN_ACTION, payload={"item": item.id})
    shop.tickets.fail["set_state"] = [refusal(*NOT_FOUND, "github"), refusal(*GONE, "github")]
    shop.tickets.found[REPO, 4] = found("transferred", moved=THERE, title="Add an alert")
    shop.tickets.found["acme/search", 9] = replace(found("deleted", 9), repo="acme/search")
    # Refused at the old place, then at the new one, where it was deleted meanwhile: tried again, that is found out.
    with pytest.raises(ProviderError):
        await shop.run(K.CHANGE_ACTION, payload={"item": item.id, "verb": "state"})
    await shop.run(K.LOOK_AT_ISSUE, None, payload={"repo": REPO, "number": 4})
    assert (await shop.world.actions.one(item.id)).ticket == THERE
    shop.tickets.fail["set_state"] = [refusal(*GONE, "github")]
    await shop.run(K.CHANGE_ACTION, payload={"item": item.id, "verb": "state"})
    after = await shop.world.actions.one(item.id)
    assert (after.ticket, after.is_open) == (None, True)
    told = await shop.home.work.read(lambda tx: tx.entries(1))
    assert [e.target for e in told if e.kind.value == "action_item_changed"] == [
        "the issue acme/incidents#4 was moved to acme/search#9",
        "the issue acme/search#9 was deleted",
    ]


async def test_withdrawing_takes_a_deleted_issue_for_done_but_not_one_out_of_sight(
    shop: Shop,
) -> None:
    await started(shop)
    payload = {"repos": [REPO], "number": 4, "marker": "m"}
    await shop.home.change(1, private=True, ticket=None)
    for action in ("deleted", "unseen"):
        shop.tickets.fail["withdraw"] = [refusal(*NOT_FOUND, "github")]
        shop.tickets.found[REPO, 4] = found(action)
        if action == "deleted":
            await shop.run(K.WITHDRAW_TICKET, payload=payload)
            continue
        with pytest.raises(ProviderError):
            await shop.run(K.WITHDRAW_TICKET, payload=payload)


async def test_after_a_deleted_issue_a_service_brings_a_new_one(shop: Shop) -> None:
    await started(shop)
    shop.tickets.found[REPO, 4] = found("deleted")
    await shop.run(K.LOOK_AT_ISSUE, None, payload={"repo": REPO, "number": 4})
    incident = await shop.home.change(1, ticket=TicketLink(repo=REPO))
    await shop.home.dismiss_all()
    await shop.home.work.write(lambda tx: tx.emit([plan.open_ticket(incident)]))
    assert len(await shop.home.effects(K.OPEN_TICKET.value, "pending")) == 1, "a mark of its own"
