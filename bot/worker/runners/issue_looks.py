"""What changed at GitHub, by asking: in lists, and of single issues, which may be gone or somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot.domain.issue_news import GONE
from bot.errors import ProviderError, Reason
from bot.ports import Ticket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from bot.ports import IssueNews
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

T = TypeVar("T")
#: What GitHub answers for a deleted issue.
_DELETED = "410"


async def poll(world: World, effect: Claimed) -> Settle | None:
    """Read which issues of one repository changed since the last look, one page; have others looked at, in turn."""
    repo, looks = effect.payload["repo"], effect.payload.get("looks", 0)
    since, began = await world.following.since(repo), world.work.clock.now()
    found, until = await world.the_tickets().changed(repo, since)

    def settle(tx: Tx) -> None:
        world.following.looked(tx, repo, found, until, began)
        world.following.look_on(tx, repo, {one.number for one in found}, effect.key, looks)

    return settle


async def look(world: World, effect: Claimed) -> Settle | None:
    """Look at one issue, which no list shows any more once it is deleted or moved."""
    now = world.work.clock.now()
    news = await world.the_tickets().look(effect.payload["repo"], effect.payload["number"], now=now)
    return _follow(world, news) if news.action in GONE else None


def _follow(world: World, news: IssueNews) -> Settle:
    def settle(tx: Tx) -> None:
        world.following.apply(news)(tx)

    return settle


async def where_it_is(
    world: World,
    ticket: Ticket,
    act: Callable[[Ticket], Awaitable[T]],
    *,
    final: Collection[str] = GONE,
) -> tuple[T | None, Settle | None]:
    """What ``act`` did to the issue, where it is now; and what to keep of having found it moved or gone.

    An issue that is gone takes nothing any more: None, and that is kept (and told) instead of trying for ever.
    ``final`` names what counts as found out; in any other case the refusal stands.
    """
    try:
        return await act(ticket), None
    except ProviderError as error:
        if error.reason is not Reason.NOT_FOUND and error.code != _DELETED:
            raise
        now = world.work.clock.now()
        news = await world.the_tickets().look(ticket.repo, ticket.number, now=now)
        if news.action not in final:
            raise  # it is there: what was refused is something else
    if news.moved is None or news.moved.number is None:
        return None, _follow(world, news)
    there = Ticket(repo=news.moved.repo, number=news.moved.number, url=news.moved.url or "")
    return await act(there), _follow(world, news)


def both(first: Settle | None, then: Settle) -> Settle:
    """The one (if there is one), then the other."""

    def settle(tx: Tx) -> None:
        if first is not None:
            first(tx)
        then(tx)

    return settle
