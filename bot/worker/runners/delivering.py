"""Pages on their way to people: one effect is one message to one person or channel, by one way.

Judged when it is sent: whoever acknowledged meanwhile has ended it for everybody, and of two that wait for the same
person only the newer is sent. A refusal of one person is a delivery that failed, and stops nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import paging
from bot.domain.escalation import DeliveryState, PageState
from bot.errors import ProviderError, Reason
from bot.providers import beyond
from bot.services.page_targets import CHANNEL
from bot.store import pages as store
from bot.worker.posting import post_once, posted_before
from bot.worker.runners.native import subject

if TYPE_CHECKING:
    from bot.domain.escalation import Delivery, Page
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: Outcomes that say nothing of the person: the effect is tried again (or its provider stopped).
PASSING = {Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, Reason.RATE_LIMITED, Reason.AUTH}
#: Why a page is not sent any more, by where it stands.
_OVER = {
    PageState.ACKNOWLEDGED: "it was acknowledged before",
    PageState.CLOSED: "nobody was needed any more",
}


async def in_slack(world: World, effect: Claimed) -> Settle | None:
    """Page one person by direct message, or a channel with a mention; a retaken effect looks for its message first."""
    page, delivery, why_not = await _judged(world, effect)
    if why_not and effect.attempt == 1:
        return _settled(world, delivery, DeliveryState.SKIPPED, why_not)
    try:
        channel = await _channel(world, delivery)
        if why_not:  # an earlier attempt may have sent it: the proof must not deny that
            ts = await posted_before(world, effect, channel)
            if ts is None:
                return _settled(world, delivery, DeliveryState.SKIPPED, why_not)
            return _settled(world, delivery, DeliveryState.SENT, place=(channel, ts))
        message = await _message(world, page, everybody=delivery.way == CHANNEL)
        ts = await post_once(world, effect, channel, message)
    except ProviderError as error:
        if error.reason in PASSING:
            raise
        return _settled(world, delivery, DeliveryState.FAILED, error.detail or error.reason.value)
    return _settled(world, delivery, DeliveryState.SENT, place=(channel, ts))


async def beyond_slack(world: World, effect: Claimed) -> Settle | None:
    """Page one person at one of their own addresses; at least once, for nobody can look there."""
    page, delivery, why_not = await _judged(world, effect)
    if why_not:
        return _settled(world, delivery, DeliveryState.SKIPPED, why_not)
    person = world.catalog.people.get((delivery.email or "").casefold())
    number = int(delivery.way.partition(":")[2])
    if person is None or number > len(person.notify):
        gone = "that address is not configured any more"
        return _settled(world, delivery, DeliveryState.FAILED, gone)
    incident, view = await subject(world, page)
    title, body = paging.beyond(page, incident, view)
    try:
        await beyond.send(person.notify[number - 1], title, body)
    except ProviderError as error:
        if error.reason in PASSING:
            raise
        return _settled(world, delivery, DeliveryState.FAILED, error.detail or error.reason.value)
    return _settled(world, delivery, DeliveryState.SENT)


async def _judged(world: World, effect: Claimed) -> tuple[Page, Delivery, str]:
    """The page, the delivery, and why it is not wanted any more (empty while it is)."""

    def look(tx: Tx) -> tuple[Page, Delivery, str]:
        delivery = store.delivery(tx, effect.payload["delivery"], lock=False)
        page = store.one(tx, delivery.page, lock=False)
        why = _OVER.get(page.state, "") or world.escalating.over(tx, page, lock=False)
        if not why and store.newer(tx, delivery):
            why = "a newer page to them follows"
        return page, delivery, why

    return await world.work.read(look)


def _settled(
    world: World,
    delivery: Delivery,
    state: DeliveryState,
    reason: str = "",
    place: tuple[str, str] | None = None,
) -> Settle:
    def settle(tx: Tx) -> None:
        world.escalating.delivered(tx, delivery.id, state, reason=reason, place=place)

    return settle


async def _channel(world: World, delivery: Delivery) -> str:
    if delivery.way == CHANNEL:
        return await world.rooms.named(delivery.recipient)
    return await world.chat.direct(delivery.slack_id or "")


async def _message(world: World, page: Page, *, everybody: bool) -> Message:
    incident, view = await subject(world, page)
    if view is not None:
        return paging.for_alerts(page, view, everybody=everybody)
    build = paging.for_channel if everybody else paging.for_person
    return build(page, incident or await world.load(page.incident))
