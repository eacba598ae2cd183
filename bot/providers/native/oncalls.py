"""Who is on call natively: the policies of ``muster.yml`` and the rosters they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports_pager import OnCall
from bot.providers.native.calls import Calls, not_found, user

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import EscalationPolicy
    from bot.store.tx import Tx


class OnCalls(Calls):
    """``OnCalls``: a policy's id is its name, a service's its key in ``muster.yml``."""

    async def on_call(
        self, service_id: str | None = None, *, at: datetime | None = None
    ) -> Sequence[OnCall]:
        """Who is on call now (or ``at`` a moment), level 1 first; a level that is not there at that time has nobody."""
        policies = (
            [self._of(service_id)] if service_id is not None else self._catalog.policies.values()
        )

        def look(tx: Tx) -> list[OnCall]:
            when = at or tx.now
            return [
                entry
                for policy in sorted(policies, key=lambda each: each.name)
                for level in _there(policy, when)
                for entry in self._entries(tx, policy, level, when)
            ]

        return await self._work.read(look)

    async def policies(self) -> Mapping[str, tuple[str, int]]:
        """Id to (name, number of levels)."""
        known = self._catalog.policies.values()
        return {policy.name: (policy.name, len(policy.levels)) for policy in known}

    async def policy_of(self, service_id: str) -> tuple[str, str, int]:
        """(policy id, name, number of levels) of a service; NOT_FOUND when nobody is paged for it."""
        policy = self._of(service_id)
        return policy.name, policy.name, len(policy.levels)

    def _of(self, service_id: str) -> EscalationPolicy:
        service = self._catalog.services.get(service_id)
        policy = self._catalog.policy_for(service) if service else None
        if policy is None:
            raise not_found(f"service {service_id[:60]} with an escalation policy")
        return policy

    def _entries(self, tx: Tx, policy: EscalationPolicy, level: int, at: datetime) -> list[OnCall]:
        found = []
        for person, roster in self._desk.reached(tx, policy.levels[level - 1].notify, at):
            rota = self._desk.rota(tx, roster) if roster else None
            found.append(
                OnCall(
                    user=user(person),
                    level=level,
                    policy_id=policy.name,
                    policy_name=policy.name,
                    schedule=roster,
                    until=rota.current(at).until if rota else None,
                )
            )
        return found


def _there(policy: EscalationPolicy, at: datetime) -> list[int]:
    """The levels within their hours; when none is, the last one is paged all the same."""
    numbered = list(enumerate(policy.levels, 1))
    there = [n for n, level in numbered if level.only is None or level.only.cover(at)]
    return there or [n for n, _ in numbered[-1:]]
