"""Who holds which role of an incident: taken, given, handed over, given up. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan_people
from bot.domain.incident import Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor, Incident


def assign(incident: Incident, role: str, to: Actor, by: Actor, now: datetime) -> Decision:
    """Give a role to one person; whoever held it before is named in the timeline."""
    before = incident.roles.get(role)
    if before is not None and before.is_same(to):
        raise UserError(f"{to.name} is {role} of {incident.name} already.")
    after = replace(incident, roles={**incident.roles, role: to}, updated_at=now)
    entry = Entry(
        kind=EntryKind.ROLE,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=role,
        actor_target=to,
        text=_was(before),
    )
    effects = plan_people.role_given(after, role, to, by, before)
    return Decision(incident=after, entries=(entry,), effects=effects)


def release(incident: Incident, role: str, by: Actor, now: datetime) -> Decision:
    """Nobody holds the role any more."""
    before = incident.roles.get(role)
    if before is None:
        raise UserError(f"Nobody is {role} of {incident.name}; there is nothing to give up.")
    left = {name: holder for name, holder in incident.roles.items() if name != role}
    after = replace(incident, roles=left, updated_at=now)
    entry = Entry(
        kind=EntryKind.ROLE,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=role,
        text=_was(before),
    )
    return Decision(incident=after, entries=(entry,), effects=plan_people.shown(after))


def _was(before: Actor | None) -> str:
    return f"was {before.name}" if before else ""
