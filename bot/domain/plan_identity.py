"""Which side effects follow when accounts are linked and people who know something are asked: pure, beside ``plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor, Incident


def offer_link(incident: Incident, by: Actor, change: str, now: datetime) -> Effect:
    """Ask somebody without an account for it, where they act; ``change`` is the effect of their click."""
    places = incident.places
    return Effect(
        kind=EffectKind.OFFER_LINK,
        key=f"link-offer/{by.slack_id}/{now.isoformat()}",
        lane=f"tell/{by.slack_id}",
        incident=incident.number,
        payload={
            "channel": places.channel or places.announcement_channel,
            "user": by.slack_id,
            "change": change,
        },
        rank=Rank.ANSWER,
    )


def tell(user: str, text: str, key: str) -> Effect:
    """A sentence to one person, directly."""
    return Effect(
        kind=EffectKind.TELL,
        key=key,
        lane=f"tell/{user}",
        payload={"channel": None, "user": user, "text": text},
        rank=Rank.ANSWER,
    )


def tell_admins(text: str, key: str) -> Effect:
    """A sentence to the admin channel."""
    return Effect(
        kind=EffectKind.TELL_ADMINS,
        key=key,
        lane="admins",
        payload={"text": text},
        rank=Rank.FOLLOW,
    )


def verify_login(user: str, login: str, by: str, once: str) -> Effect:
    """Ask GitHub whether that account exists, then link it; of two wishes the later one counts."""
    return Effect(
        kind=EffectKind.VERIFY_LOGIN,
        key=f"verify-login/{user}/{once}",
        lane=f"verify-login/{user}",
        payload={"user": user, "login": login, "by": by},
        rank=Rank.ANSWER,
    )


def list_unreachable(due: datetime) -> Effect:
    """The week's list for the admins; its key is that time, so replicas post it once."""
    return Effect(
        kind=EffectKind.LIST_UNREACHABLE,
        key=f"unreachable/{due:%Y-%m-%dT%H:%M}",
        lane="admins",
        rank=Rank.FOLLOW,
    )


def expert_asked(incident: Incident, person: Actor, skill: str, by: Actor) -> tuple[Effect, ...]:
    """A briefing in a direct message, and an invitation to the channel; each once per person and incident."""
    user = person.slack_id or ""
    brief = Effect(
        kind=EffectKind.BRIEF_EXPERT,
        key=f"{incident.name}/expert/{user}",
        lane=f"{incident.name}/direct/{user}",
        incident=incident.number,
        payload={"user": user, "skill": skill, "by": plan.actor_data(by)},
        rank=Rank.ANSWER,
    )
    invite = plan.invite(incident, user, "expert") if incident.places.channel else ()
    return (brief, *invite)
