"""Which side effects follow when people and services are brought into an incident: pure, beside ``plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from bot.domain.incident import Actor, Incident


def shown(incident: Incident) -> tuple[Effect, ...]:
    """Who holds what changed: the cards and the topic say so."""
    topic = (plan.topic(incident),) if incident.places.channel else ()
    return (*plan.refresh(incident), *topic)


def role_given(
    incident: Incident, role: str, to: Actor, by: Actor, before: Actor | None
) -> tuple[Effect, ...]:
    """Cards and topic; whoever takes the role is invited and briefed in a direct message."""
    effects = [*shown(incident)]
    if to.slack_id:
        effects.append(
            Effect(
                kind=EffectKind.BRIEF,
                key=f"{incident.name}/brief/{role}@{incident.version}",
                lane=f"{incident.name}/direct/{to.slack_id}",
                incident=incident.number,
                payload={
                    "role": role,
                    "user": to.slack_id,
                    "by": plan.actor_data(by),
                    "before": plan.actor_data(before),
                },
                rank=Rank.ANSWER,
            )
        )
        if incident.places.channel:
            effects += plan.invite(incident, to.slack_id, f"{role}@{incident.version}")
    return tuple(effects)
