"""The native pager: page one level of a policy by direct message (rosters and proof of delivery come on top)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from blocks import direct
from bot.domain import notify, plan
from bot.domain.incident import PagerKind, Status
from bot.errors import ProviderError
from bot.services import steps
from bot.worker.posting import post_once
from bot.worker.runners.talk import call_in

if TYPE_CHECKING:
    from bot.domain.catalog import EscalationPolicy
    from bot.domain.effects import Effect
    from bot.domain.incident import Incident
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

log = structlog.get_logger()


async def page(world: World, effect: Claimed) -> Settle | None:
    """Tell everybody of this level, then set the timer for the next one.

    Judged when it is due: an incident that is acknowledged, resolved, or was taken by PagerDuty meanwhile pages
    nobody.
    """
    incident = await world.load(effect.incident)
    why, level = effect.payload["why"], effect.payload["level"]
    if incident.status is not Status.TRIGGERED:
        return None
    if incident.pager.kind is PagerKind.PAGERDUTY and (
        incident.pager.id or why != "pagerduty_unavailable"
    ):
        return None
    policy = world.catalog.policy_for(world.catalog.service(incident.service or ""))
    if policy is None or not 1 <= level <= len(policy.levels):
        return None
    users = await world.people.targets(policy.levels[level - 1].notify)
    told = await _tell(world, effect, incident, users)

    def settle(tx: Tx) -> None:
        steps.paged_natively(tx, incident.number, level, told, policy.name)
        tx.emit(_next(incident, policy, level, why, tx))
        for user, _ in users:  # a page reaches people's own addresses beyond Slack as well
            person = tx.people.by_slack(user)
            if person and person.email:
                tx.emit(notify.paged(world.catalog, incident, person.email, effect.key))

    return settle


async def _tell(
    world: World, effect: Claimed, incident: Incident, users: list[tuple[str, str]]
) -> list[str]:
    """Direct messages to all; who cannot be reached is logged and does not stop the others."""
    told = []
    await call_in(world, incident, [user for user, _ in users], effect.key)
    for user, name in users:
        try:
            channel = await world.chat.direct(user)
            key = f"{effect.key}/{user}"
            await post_once(world, effect, channel, direct.paged(incident), key=key)
            told.append(name)
        except ProviderError as error:
            if error.reason in {"unavailable", "unknown_outcome", "rate_limited", "auth"}:
                raise
            log.warning("native.unreachable", user=user, reason=error.reason.value)
    return told


def _next(
    incident: Incident, policy: EscalationPolicy, level: int, why: str, tx: Tx
) -> list[Effect]:
    if level >= len(policy.levels):
        return []
    due = tx.now + policy.levels[level - 1].wait
    return [plan.page_natively(incident, level=level + 1, why=why, due=due)]
