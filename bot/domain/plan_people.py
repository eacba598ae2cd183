"""Which side effects follow when people and services are brought into an incident: pure, beside ``plan``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import PagerKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident


#: Who asked half an hour ago does not wait for the answer any more.
ANSWER_WITHIN = timedelta(minutes=25)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Who asked who is on call, and for which of PagerDuty's services (None: for all).

    ``at`` is a moment (ISO 8601) other than now, ``schedule`` the id of one schedule instead of a service.
    """

    user: str
    channel: str | None = None
    service_id: str | None = None
    title: str = ""
    at: str = ""
    schedule: str = ""


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


def services_shown(incident: Incident) -> tuple[Effect, ...]:
    """The services changed: cards and the issue say so."""
    return (*plan.refresh(incident), *plan.refresh_ticket(incident))


def service_added(incident: Incident, service: str, owners: Sequence[str]) -> tuple[Effect, ...]:
    """Cards, invitations, and one message with what is known of the service.

    While the channel is being made the message waits for it, and its making invites the owners.
    """
    places = incident.places
    effects = [*services_shown(incident)]
    if places.channel:
        effects += owners_invited(incident, service, owners)
    if places.channel or places.in_thread or incident.opens_channel:
        waits = not places.channel and not places.in_thread
        effects.append(
            Effect(
                kind=EffectKind.SHOW_SERVICE,
                key=f"{incident.name}/service/{service}@{incident.version}",
                lane=f"{incident.name}/service/{service}",
                incident=incident.number,
                payload={"service": service},
                after=plan.open_channel(incident)[0].key if waits else None,
            )
        )
    return tuple(effects)


def owners_invited(incident: Incident, service: str, owners: Sequence[str]) -> tuple[Effect, ...]:
    """Invite the owners of a service."""
    if not owners or not incident.places.channel:
        return ()
    return (
        Effect(
            kind=EffectKind.INVITE,
            key=f"{incident.name}/invite/service/{service}@{incident.version}",
            lane=f"{incident.name}/invite",
            incident=incident.number,
            payload={"users": list(owners)},
        ),
    )


def page_from_now(incident: Incident, now: datetime) -> tuple[Effect, ...]:
    """Open it at the pager that became responsible now; the grace of the native policy begins now too."""
    page, *later = plan.open_page(incident)
    if incident.pager.kind is not PagerKind.PAGERDUTY:
        return (page, *later)
    due = now + plan.PAGER_GRACE
    return (page, plan.page_natively(incident, level=1, why="pagerduty_unavailable", due=due))


def ticket_from_now(incident: Incident) -> tuple[Effect, ...]:
    """Open the issue it has from now on."""
    return (plan.open_ticket(incident),)


def paged(incident: Incident, people: Sequence[Actor], by: Actor, text: str) -> tuple[Effect, ...]:
    """A direct message to each and an invitation to the channel."""
    return tuple(
        effect
        for person in people
        if person.slack_id
        for effect in plan.tell_person(incident, person, "page", by, text)
    )


def override_schedule(
    schedule: tuple[str, str],
    person: Actor,
    span: tuple[datetime, datetime],
    by: Actor,
    *,
    channel: str | None,
    once: str,
) -> Effect:
    """Let somebody take over a schedule (id and name) at PagerDuty; one lane for each, as the last override counts."""
    return Effect(
        kind=EffectKind.OVERRIDE_SCHEDULE,
        key=f"schedule/{schedule[0]}/override/{once}",
        lane=f"schedule/{schedule[0]}",
        payload={
            "schedule": list(schedule),
            "person": plan.actor_data(person),
            "since": span[0].isoformat(),
            "until": span[1].isoformat(),
            "by": plan.actor_data(by),
            "channel": channel,
        },
        rank=Rank.ANSWER,
        deadline=span[1],  # once it is over, nobody can stand in any more
    )


def remove_override(made: Effect, override_id: str, once: str) -> Effect:
    """Take back what such an effect makes. However late: whoever asked hears what became of it."""
    return replace(
        made,
        kind=EffectKind.REMOVE_OVERRIDE,
        key=f"{made.lane}/remove/{once}",
        payload={**made.payload, "override": override_id},
        deadline=None,
    )


def ask_overrides(
    schedules: Sequence[tuple[str, str]],
    hidden: int,
    user: str,
    *,
    channel: str | None,
    once: str,
    now: datetime,
) -> Effect:
    """Ask PagerDuty who stands in in these schedules (id and name); ``hidden``: so many more are not asked about."""
    return Effect(
        kind=EffectKind.SHOW_OVERRIDES,
        key=f"overrides/{once}",
        lane=f"on-call/{user}",
        payload={
            "schedules": [list(each) for each in schedules],
            "hidden": hidden,
            "user": user,
            "channel": channel,
        },
        rank=Rank.ANSWER,
        deadline=now + ANSWER_WITHIN,
    )


def ask_on_call(question: Question, once: str, now: datetime) -> Effect:
    """Ask PagerDuty who is on call and answer the person; a late answer could not be delivered."""
    return Effect(
        kind=EffectKind.SHOW_ON_CALL,
        key=f"on-call/{once}",
        lane=f"on-call/{question.user}",
        payload=asdict(question),
        rank=Rank.ANSWER,
        deadline=now + ANSWER_WITHIN,
    )
