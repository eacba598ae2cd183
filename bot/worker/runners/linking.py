"""Accounts elsewhere: asking for one, having GitHub confirm one, and the week's list of who has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import linking
from bot.services import reachability
from bot.worker.posting import post_once
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


async def offer(world: World, effect: Claimed) -> Settle | None:
    """Ask for the account, privately (at least once); whoever has linked it meanwhile is not asked."""
    payload = effect.payload
    incident = await world.load(effect.incident)
    known = await world.people.known(payload["user"])
    if known.pagerduty_id:
        return None
    message = linking.offer(incident, payload["change"])
    await tell_privately(world, payload["channel"], payload["user"], message, key=effect.key)
    return None


async def verify_login(world: World, effect: Claimed) -> Settle | None:
    """Ask GitHub whether the account exists; asking twice changes nothing."""
    payload = effect.payload
    login = payload["login"]
    there = await world.the_tickets().account(login)
    return lambda tx: world.linking.verified(
        tx, payload["user"], login, there, payload["by"], effect.key
    )


async def list_unreachable(world: World, effect: Claimed) -> Settle | None:
    """Post the list into the admin channel, judged now: with everybody reachable nothing is said."""

    def look(tx: Tx) -> list[reachability.Unreachable]:
        return reachability.everybody_counted_on(tx, world.catalog)

    found = await world.work.read(look)
    channel = await world.rooms.admins() if found else None
    if channel is None:
        return None
    missing = [
        linking.Missing(email=each.email, why=each.why, slack_id=each.mendable) for each in found
    ]
    await post_once(world, effect, channel, linking.unreachable(missing))
    return None
