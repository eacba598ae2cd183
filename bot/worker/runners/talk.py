"""Messages that are not cards: the channel's news, answers, direct messages, Home, the storm's summary."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from blocks import direct, lists, notices
from blocks.timeline import entry_message
from bot.domain import storm
from bot.domain.effects import EffectKind
from bot.domain.plan import actor_from
from bot.errors import ProviderError
from bot.services import steps
from bot.worker.posting import post_current, post_once, posted_before

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: Slack's answers to an ephemeral message nobody would be there to read.
ABSENT = {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"}


async def post_entry(world: World, effect: Claimed) -> Settle | None:
    """Post one timeline entry into the channel, or into the announcement's thread when there is no channel."""
    entry = await world.work.read(lambda tx: tx.entry(effect.payload["entry"]))
    incident = await world.load(effect.incident)
    places = incident.places
    channel, thread = places.channel, None
    if channel is None and places.in_thread and not incident.private:
        channel, thread = places.announcement_channel, places.announcement_ts
    if entry is None or channel is None:
        return None
    try:
        await post_once(world, effect, channel, entry_message(incident, entry), thread=thread)
    except ProviderError as error:
        if error.code != "is_archived":
            raise
    return None


async def tell(world: World, effect: Claimed) -> Settle | None:
    """An ephemeral message (at least once: it cannot be looked for).

    Somebody who is not in that channel could not read it there and gets it directly.
    """
    user, message = effect.payload["user"], notices.said(effect.payload["text"])
    channel, thread = effect.payload["channel"], effect.payload.get("thread")
    await tell_privately(world, channel, user, message, key=effect.key, thread=thread)
    return None


async def tell_privately(
    world: World, channel: str | None, user: str, message: Message, *, key: str,
    thread: str | None = None,
) -> None:  # fmt: skip
    """Where they are if they can read it there, else directly."""
    if channel:
        try:
            await world.chat.tell(channel, user, message, thread=thread)
        except ProviderError as error:
            if error.code not in ABSENT:
                raise
        else:
            return
    await world.chat.post(await world.chat.direct(user), message, key=key)


async def send_direct(world: World, effect: Claimed) -> Settle | None:
    """A direct message to somebody who was given an incident."""
    incident = await world.load(effect.incident)
    by = actor_from(effect.payload.get("by"))
    message = direct.handed_over(
        incident, effect.payload["verb"], by, effect.payload.get("text", "")
    )
    channel = await world.chat.direct(effect.payload["user"])
    if await posted_before(world, effect, channel):
        return None
    await call_in(world, incident, [effect.payload["user"]], effect.key)
    await world.chat.post(channel, message, key=effect.key)
    return None


async def call_in(world: World, incident: Incident, users: list[str], once: str) -> None:
    """Whoever is told of a private incident may act on it at once, before the invitation has arrived."""
    if incident.private:
        await world.work.write(lambda tx: tx.emit(steps.call_in(tx, incident.number, users, once)))


async def tell_admins(world: World, effect: Claimed) -> Settle | None:
    """A sentence to the admin channel, when there is one."""
    channel = await world.rooms.admins()
    if channel is None:
        return None
    await post_once(world, effect, channel, notices.said(effect.payload["text"]))
    return None


async def summarise(world: World, effect: Claimed) -> Settle | None:
    """Post or edit the storm's one summary: who is listed instead of announced, how many wait and how long.

    That of a storm long over is edited when one of its incidents became private.
    """
    name = effect.payload.get("of", storm.VALUE)
    going_on = name == storm.VALUE

    def look(tx: Tx) -> storm.Storm:
        state = storm.Storm.from_value(tx.value(name))
        waits = tx.waiting(EffectKind.ANNOUNCE) if going_on else 0
        return state.with_waiting(waits, tx.waiting(EffectKind.CREATE_CHANNEL) if going_on else 0)

    state = await world.work.read(look)
    if not state.began:  # it ended while this edit waited
        return None
    channel = await world.rooms.announcements()
    posted = await _show_summary(world, effect, channel, state)

    def settle(tx: Tx) -> None:
        now_state = storm.Storm.from_value(tx.value_to_change(storm.VALUE))
        tx.set_value(storm.VALUE, now_state.posted(channel, posted).as_value())
        if state.waiting or state.channels:
            tx.emit([storm.summarise(now_state, due=tx.now + timedelta(seconds=storm.EVERY))])
        elif now_state.listed == state.listed:
            # The storm is over; the next one gets a summary of its own. This one may have to be edited yet.
            tx.set_value(storm.VALUE, None)
            if now_state.listed:
                over = now_state.posted(channel, posted)
                tx.set_value(f"{storm.PAST}{state.began}", over.as_value())

    return settle if going_on else None


async def _show_summary(world: World, effect: Claimed, channel: str, state: storm.Storm) -> str:
    """Where the summary is now."""
    listed = await world.work.read(
        lambda tx: [tx.incident(n, lock=False) for n in state.listed[-storm.SHOWN :]]
    )
    message = lists.summary_message(
        listed,
        total=len(state.listed),
        waiting=state.waiting,
        wait_seconds=state.seconds,
        channels=state.channels,
    )
    key, ts = f"storm/{state.began}", state.ts
    if ts is None:
        return await post_current(world, effect, channel, message, key=key)
    await world.chat.update(channel, ts, message, key=key)
    return ts
