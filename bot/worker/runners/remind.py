"""The one reminder of an incident: posted once, then edited in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import reminder as shown
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.reminders import Reminder
from bot.errors import ProviderError
from bot.worker.posting import LOST, post_current

if TYPE_CHECKING:
    from bot.domain.incident import Actor, Incident
    from bot.ports import Message
    from bot.services.reminding import Shown
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def remind(world: World, effect: Claimed) -> Settle | None:
    """Show what is open now; what was solved meanwhile is taken back.

    Slack tells nobody of an edit: whom a repeated reminder concerns is told privately as well.
    """
    now = await world.reminding.shown(effect.incident or 0)
    channel, thread = _place(now.incident)
    if channel is None or (not now.kinds and (now.memory.ts is None or now.memory.closed)):
        return None
    whom = now.whom or await _on_call(world, now.incident)
    message = shown.reminder(
        now.incident,
        now.facts,
        now.kinds,
        whom=whom,
        snoozed_by=now.memory.snoozed_by,
        now=world.work.clock.now(),
    )
    edited = await _edit(world, now, message)
    ts = now.memory.ts if edited else await _post(world, effect, channel, thread, message)
    if ts is None:
        return None
    number, again = now.incident.number, _again(effect, now, channel, whom) if edited else []
    posted, closed = ts, not now.kinds

    def settle(tx: Tx) -> None:
        world.reminding.posted(tx, number, channel, posted, closed=closed)
        tx.emit(again)

    return settle


def _place(incident: Incident) -> tuple[str | None, str | None]:
    """Its channel, else the announcement's thread where it runs there."""
    places = incident.places
    if places.channel is None and places.in_thread and not incident.private:
        return places.announcement_channel, places.announcement_ts
    return places.channel, None


async def _edit(world: World, now: Shown, message: Message) -> bool:
    """Edit the message that is there; one that was closed is far up: it goes, and a new one comes."""
    memory = now.memory
    if memory.ts is None or memory.channel is None:
        return False
    if memory.closed or memory.channel != (_place(now.incident)[0] or ""):
        try:
            await world.chat.delete(memory.channel, memory.ts)
        except ProviderError as error:
            if error.code not in {*LOST, "is_archived", "channel_not_found"}:
                raise
        return False
    try:
        await world.chat.update(
            memory.channel, memory.ts, message, key=f"{now.incident.name}/remind"
        )
    except ProviderError as error:
        if error.code not in LOST:
            raise
        return False
    return True


async def _post(
    world: World, effect: Claimed, channel: str, thread: str | None, message: Message
) -> str | None:
    try:
        return await post_current(world, effect, channel, message, thread=thread)
    except ProviderError as error:
        if error.code != "is_archived":
            raise
        return None


async def _on_call(world: World, incident: Incident) -> tuple[Actor, ...]:
    """Whoever is on call, when nobody of the incident can be addressed; else whoever declared it."""
    try:
        users = await world.people.on_call(incident, world.pager)
    except ProviderError:
        users = []
    if users:
        return await world.work.read(lambda tx: tuple(tx.people.actor(u) for u in users[:3]))
    return (incident.reporter,) if incident.reporter and incident.reporter.slack_id else ()


def _again(effect: Claimed, now: Shown, channel: str, whom: tuple[Actor, ...]) -> list[Effect]:
    due = [kind for kind in now.kinds if kind in {Reminder(k) for k in effect.payload["due"]}]
    if not due:
        return []
    words = shown.told_again(now.incident, due)
    return [
        Effect(
            kind=EffectKind.TELL,
            key=f"{effect.key}/{actor.slack_id}",
            lane=f"tell/{actor.slack_id}",
            incident=now.incident.number,
            payload={"channel": channel, "user": actor.slack_id, "text": words},
            rank=Rank.ANSWER,
        )
        for actor in whom
        if actor.slack_id
    ]
