"""The briefing: whoever takes a role is told what it means and where things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import briefing
from bot.domain.plan import actor_from
from bot.worker.posting import posted_before
from bot.worker.runners.talk import call_in

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World


async def brief(world: World, effect: Claimed) -> Settle | None:
    """Send the briefing, rendered from the state now; nobody is briefed for a role that went elsewhere."""
    payload = effect.payload
    incident = await world.load(effect.incident)
    role, user = payload["role"], payload["user"]
    holder = incident.roles.get(role)
    if holder is None or holder.slack_id != user:
        return None
    entries = await world.work.read(lambda tx: tx.entries(incident.number))
    words = next((r.briefing for r in world.catalog.roles if r.name == role), "")
    message = briefing.briefing(
        incident,
        briefing.Handover(
            role=role,
            words=words,
            to=holder,
            by=actor_from(payload.get("by")),
            before=actor_from(payload.get("before")),
        ),
        entries,
    )
    await send(world, effect, incident, user, message)
    return None


async def brief_expert(world: World, effect: Claimed) -> Settle | None:
    """Send it to somebody who is asked because of what they know, rendered from the state now."""
    payload = effect.payload
    incident = await world.load(effect.incident)
    entries = await world.work.read(lambda tx: tx.entries(incident.number))
    by = actor_from(payload.get("by"))
    message = briefing.asked_to_help(incident, payload["skill"], by, entries)
    await send(world, effect, incident, payload["user"], message)
    return None


async def send(
    world: World, effect: Claimed, incident: Incident, user: str, message: Message
) -> None:
    """A direct message about an incident, once; whoever gets one of a private incident may see it from now on."""
    channel = await world.chat.direct(user)
    if await posted_before(world, effect, channel):
        return
    await call_in(world, incident, [user], effect.key)
    await world.chat.post(channel, message, key=effect.key)
