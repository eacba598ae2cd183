"""The native pager at work: pages begin and go on in the database alone; their proof and their alarms are messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import paging, text
from blocks.kit import home_link
from blocks.proof import Proof, proof
from bot.domain import page_plan, ways
from bot.domain.escalation import PageState
from bot.errors import NotFound, ProviderError
from bot.store import pages as store
from bot.worker.posting import ARCHIVED, LOST, post_current, post_once

if TYPE_CHECKING:
    from bot.domain.alert_groups import GroupView
    from bot.domain.escalation import Delivery, Page
    from bot.domain.incident import Incident
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def begin(world: World, effect: Claimed) -> Settle | None:
    """A page for an incident begins; its first level is notified in the same commit."""
    number, wish = effect.incident or 0, effect.payload

    def settle(tx: Tx) -> None:
        world.escalating.begin(tx, number, wish)

    return settle


async def begin_for_alerts(world: World, effect: Claimed) -> Settle | None:
    """A page for a group of alerts without an incident begins."""
    group, level = effect.payload["group"], effect.payload["level"]

    def settle(tx: Tx) -> None:
        try:
            world.escalating.begin_for_alerts(tx, group, level)
        except NotFound:
            return

    return settle


async def step(world: World, effect: Claimed) -> Settle | None:
    """The time of a page's next step has come."""
    page, number = effect.payload["page"], effect.payload["step"]
    return lambda tx: world.escalating.step(tx, page, number)


# --- what is said ----------------------------------------------------------------------------------------------


async def subject(world: World, page: Page) -> tuple[Incident | None, GroupView | None]:
    """What a page is about, as it is now."""
    if page.incident is not None:
        return await world.load(page.incident), None
    return None, await world.alerts.view(page.group or 0)


def named(incident: Incident | None, view: GroupView | None) -> str:
    """The subject in a few words of mrkdwn; of a private incident its number only."""
    if incident is not None:
        title = "" if incident.private else f" {text.inline(incident.title, 150)}"
        return f"{incident.name if incident.private else home_link(incident)}{title}"
    return f"the alerts *{text.inline(view.group.title, 150)}*" if view else "alerts"


def place(incident: Incident | None, view: GroupView | None) -> tuple[str, str | None] | None:
    """Where a page's subject is talked about: channel and thread; None while there is no such place."""
    if incident is not None:
        places = incident.places
        if places.channel:
            return (places.channel, None) if places.card_ts else None
        if places.announcement_channel and places.announcement_ts and not incident.opens_channel:
            return places.announcement_channel, places.announcement_ts
        if places.in_thread and places.announcement_channel and places.announcement_ts:
            return places.announcement_channel, places.announcement_ts
        return None
    if view is not None and view.group.channel and view.group.ts:
        return view.group.channel, view.group.ts
    return None


async def show(world: World, effect: Claimed) -> Settle | None:
    """Post a page's proof, or edit it in place; what an earlier attempt posted is found and made current."""

    def look(tx: Tx) -> tuple[Page, list[Delivery], dict[str, str]]:
        page = store.one(tx, effect.payload["page"], lock=False)
        known = store.deliveries(tx, page.id)
        return page, known, store.struggling(tx, [d.key for d in known if d.state == "planned"])

    page, deliveries, struggling = await world.work.read(look)
    incident, view = await subject(world, page)
    where = place(incident, view)
    if where is None:
        return None  # it is shown once there is a place
    message = proof(
        Proof(
            page=page,
            deliveries=deliveries,
            policy=world.catalog.policies.get(page.policy),
            subject=named(incident, view),
            private=incident is not None and incident.private,
            struggling=struggling,
            kinds=_kinds(world, deliveries),
        )
    )
    channel, thread = where
    key, ts = f"{page.name}/proof:{channel}", page.ts if page.channel == channel else None
    try:
        if ts is None:
            ts = await post_current(world, effect, channel, message, key=key, thread=thread)
        else:
            await world.chat.update(channel, ts, message, key=key)
    except ProviderError as error:
        if error.code in ARCHIVED:
            return None
        if error.code not in LOST:
            raise
        return lambda tx: _placed(tx, page.id, channel, None)
    posted = ts
    return lambda tx: _placed(tx, page.id, channel, posted)


def _kinds(world: World, deliveries: list[Delivery]) -> dict[str, str]:
    """What the addresses beyond Slack are called where everybody may read it."""
    people = world.catalog.people
    return {
        each.key: ways.label(people.get((each.email or "").casefold()), each.way)
        for each in deliveries
        if each.way.startswith("apprise:")
    }


def _placed(tx: Tx, page_id: int, channel: str, ts: str | None) -> None:
    """Remember where the proof is; one that somebody deleted is posted again with the next news."""
    store.placed(tx, page_id, channel, ts)


async def tell(world: World, effect: Claimed) -> Settle | None:
    """Say that nobody answered, or ask whether somebody is still on it; judged again when it is sent."""
    what, to = effect.payload["what"], effect.payload.get("to")
    page = await world.work.read(lambda tx: store.one(tx, effect.payload["page"], lock=False))
    incident, view = await subject(world, page)
    private = incident is not None and incident.private
    if what == page_plan.STILL_ON_IT:
        if page.state is not PageState.ACKNOWLEDGED or page.asked_at is None:
            return None
        message = paging.still_on_it(page, named(incident, view), private=private)
    else:
        if page.state is not PageState.EXHAUSTED:
            return None
        known = await world.work.read(lambda tx: store.deliveries(tx, page.id))
        tried = list(dict.fromkeys(_tried(each) for each in known))
        message = paging.nobody_answered(
            page, named(incident, view), tried, number=page.incident, private=private
        )
    await _say(world, effect, message, to, incident, view)
    if what == page_plan.NOBODY_ANSWERED:
        return lambda tx: store.told(tx, page.id, page.step)
    return None


def _tried(delivery: Delivery) -> str:
    name = text.inline(delivery.name, 80, empty="somebody")
    return f"{name} (level {delivery.level})" if delivery.level else name


async def _say(
    world: World, effect: Claimed, message: Message, to: str | None,
    incident: Incident | None, view: GroupView | None,
) -> None:  # fmt: skip
    channel, thread = await _where(world, to, incident, view)
    await post_once(world, effect, channel, message, thread=thread)


async def _where(
    world: World, to: str | None, incident: Incident | None, view: GroupView | None
) -> tuple[str, str | None]:
    """To the person, else where it is talked about, else where somebody surely reads it."""
    if to:
        return await world.chat.direct(to), None
    found = place(incident, view)
    if found is not None:
        return found
    if incident is not None and incident.private:  # nobody else may hear of it
        concerned = await world.people.concerned(incident)
        if concerned:
            return await world.chat.direct(concerned[0]), None
    if incident is None:
        return await world.rooms.alerts(), None
    return await world.rooms.announcements(), None
