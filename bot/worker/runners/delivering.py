"""Pages on their way to people: one effect is one message to one person or channel, by one way.

Judged when it is sent: whoever acknowledged meanwhile has ended it for everybody, and of two that wait for the same
person only the newer is sent. A refusal of one person is a delivery that failed, and stops nobody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import paging
from bot.domain import page_standing, page_words, way_failed, ways
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.page_standing import AS_SENT
from bot.errors import NotFound, ProviderError
from bot.providers import beyond
from bot.services.page_subjects import subject_of
from bot.services.page_targets import CHANNEL
from bot.store import pages as store
from bot.worker.posting import ARCHIVED, LOST, post_once, posted_before
from bot.worker.runners.native import subject

if TYPE_CHECKING:
    from bot.domain.escalation import Delivery, Page
    from bot.domain.page_standing import Standing
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: A message nobody can read, or that can not be edited any more (docs.slack.dev/reference/methods/chat.update).
UNREADABLE = LOST | ARCHIVED | {"channel_not_found"}
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
        if why_not:  # an earlier attempt may have posted it all the same
            ts = await posted_before(world, effect, channel)
            if ts is None:
                return _settled(world, delivery, DeliveryState.SKIPPED, why_not)
        else:
            message = await _message(world, page, everybody=delivery.way == CHANNEL)
            ts = await post_once(world, effect, channel, message)
    except ProviderError as error:
        return _refused(world, effect, delivery, error)
    return _settled(world, delivery, DeliveryState.DELIVERED, place=(channel, ts))


async def correct(world: World, effect: Claimed) -> Settle | None:
    """Edit a page's message in place: who has it by now, or that it is over. One that is gone needs no words."""

    def look(tx: Tx) -> tuple[Page, Delivery]:
        delivery = store.delivery(tx, effect.payload["delivery"], lock=False)
        return store.one(tx, delivery.page, lock=False), delivery

    try:
        page, delivery = await world.work.read(look)
        incident, _ = await subject(world, page)
        stands = page_standing.standing(page, delivery, incident)
        message = await _message(world, page, everybody=delivery.way == CHANNEL, stands=stands)
    except NotFound:  # with the alerts it was about
        return None
    if delivery.channel is None or delivery.ts is None:
        return None
    try:
        await world.chat.update(delivery.channel, delivery.ts, message, key=delivery.key)
    except ProviderError as error:
        if error.code not in UNREADABLE:
            raise
    return None


async def beyond_slack(world: World, effect: Claimed) -> Settle | None:
    """Page one person at one of their own addresses; at least once, for nobody can look there."""
    page, delivery, why_not = await _judged(world, effect)
    if why_not:
        return _settled(world, delivery, DeliveryState.SKIPPED, why_not)
    person = world.catalog.people.get((delivery.email or "").casefold())
    address = ways.address_of(person, delivery.way)
    if address is None:
        gone = "that address is not configured any more"
        return _settled(world, delivery, DeliveryState.FAILED, gone)
    about = await world.work.read(lambda tx: subject_of(tx, page))
    link = world.links.link(page, delivery, world.work.clock.now())
    title, body = page_words.beyond(about, page, link)
    try:
        await beyond.send(address.url, title, body)
    except ProviderError as error:
        return _refused(world, effect, delivery, error)
    return _settled(world, delivery, DeliveryState.SENT)


def _refused(world: World, effect: Claimed, delivery: Delivery, error: ProviderError) -> Settle:
    """It has failed, in words; raises again what passes by itself."""
    now, began = world.work.clock.now(), effect.first_tried_at
    if not way_failed.is_final(error, way=delivery.way, first_tried=began, now=now):
        raise error
    return _settled(world, delivery, DeliveryState.FAILED, way_failed.words(error))


async def _judged(world: World, effect: Claimed) -> tuple[Page, Delivery, str]:
    """The page, the delivery, and why it is not wanted any more (empty while it is)."""

    def look(tx: Tx) -> tuple[Page, Delivery, str]:
        delivery = store.delivery(tx, effect.payload["delivery"], lock=False)
        page = store.one(tx, delivery.page, lock=False)
        if delivery.state is not DeliveryState.PLANNED:
            return page, delivery, delivery.reason or "it is not wanted any more"
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


async def _message(
    world: World, page: Page, *, everybody: bool, stands: Standing = AS_SENT
) -> Message:
    incident, view = await subject(world, page)
    if view is not None:
        return paging.for_alerts(page, view, everybody=everybody, stands=stands)
    build = paging.for_channel if everybody else paging.for_person
    return build(page, incident or await world.load(page.incident), stands)
