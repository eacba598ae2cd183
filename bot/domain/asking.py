"""Asking people for help with an incident: one person, or whoever an escalation policy reaches first. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import plan, plan_people
from bot.domain.incident import Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision, checked_text
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.effects import Effect
    from bot.domain.incident import Actor, Incident
    from bot.domain.lifecycle import EscalationTarget


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who is asked: ``at_pager`` through PagerDuty's responder requests, else by the native pager."""

    label: str
    at_pager: EscalationTarget | None = None
    people: tuple[Actor, ...] = ()
    policy: str = ""  # a native policy, which the native pager walks


def page(
    incident: Incident, asked: Asked, by: Actor, now: datetime, *, message: str = ""
) -> Decision:
    """Page them beside whoever owns it: neither the owner nor the status changes."""
    if not incident.is_open:
        raise UserError(f"{incident.name} is resolved, so nobody was paged. Reopen it first.")
    message = checked_text("message", message)
    after = replace(incident, updated_at=now)
    one = (
        asked.people[0] if len(asked.people) == 1 and asked.people[0].name == asked.label else None
    )
    entry = Entry(
        # Under that name PagerDuty tells it back.
        kind=EntryKind.RESPONDER_ADDED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=asked.label,
        actor_target=one,
        text=message,
    )
    effects: list[Effect] = [*plan.refresh(after)]
    if asked.at_pager is not None:
        effects.append(plan.ask_responder(after, by, asked.at_pager, message))
        effects += plan_people.paged(after, asked.people, by, message)
    elif asked.policy:
        wish = plan.PageWish(policy=asked.policy, by=by, text=message, aside=True)
        effects.append(plan.page_natively(after, level=1, why="asked", wish=wish))
    else:
        for person in asked.people:
            effects += plan.page_person(after, person, "asked", by, message, aside=True)
    return Decision(incident=after, entries=(entry,), effects=tuple(effects))
