"""Merging two incidents: one is kept, the other is resolved and points to it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Entry, EntryKind, Incident, Origin, PagerKind, Phase, Status
from bot.domain.lifecycle import Decision
from bot.domain.plan import actor_data
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor


def check(gone: Incident, kept: Incident) -> None:
    """Refuse what cannot be merged, saying what to do instead."""
    if gone.number == kept.number:
        msg = (
            f"{gone.name} cannot be merged into itself. Name the other one: /incident merge INC-n."
        )
        raise UserError(msg)
    for one in (gone, kept):
        if one.merged_into is not None:
            raise UserError(
                f"{one.name} was merged into INC-{one.merged_into} already. Use INC-{one.merged_into} instead."
            )
    if gone.drill or kept.drill:
        one = gone if gone.drill else kept
        raise UserError(f"{one.name} is a drill and stays by itself. Resolve it when you are done.")
    if gone.private != kept.private:
        raise UserError(
            f"{gone.name} and {kept.name} cannot be merged: one of them is private, and who may see them differs. "
            "Resolve one of them with a note instead."
        )
    if not kept.is_open:
        raise UserError(
            f"{kept.name} is resolved. Reopen it first, or merge it into {gone.name} the other way round."
            if gone.is_open
            else f"{kept.name} and {gone.name} are both resolved; there is nothing left to merge."
        )
    if not gone.is_open:
        raise UserError(
            f"{gone.name} is resolved already; there is nothing to merge. Say in a note of {kept.name} what they share."
        )


def merge(gone: Incident, kept: Incident, by: Actor, now: datetime) -> tuple[Decision, Decision]:
    """What becomes of the one that goes and of the one that is kept, in that order; UserError."""
    check(gone, kept)
    return _gone(gone, kept, by, now), _kept(gone, kept, by, now)


def _gone(gone: Incident, kept: Incident, by: Actor, now: datetime) -> Decision:
    words = f"Merged into {kept.name}"
    after = replace(
        gone,
        status=Status.RESOLVED,
        phase=Phase.RESOLVED,
        last_event=EntryKind.RESOLVED.value,
        status_changed_at=now,
        status_changed_by=by,
        updated_at=now,
        resolved_at=now,
        resolved_by=by,
        resolution=words,
        merged_into=kept.number,
        places=replace(
            gone.places,
            merged_channel=kept.places.channel,
            merged_url=kept.places.announcement_url,
        ),
    )
    entry = Entry(
        kind=EntryKind.RESOLVED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        # Without its title: who reads this one may not be let into that one, should it become private.
        text="\n".join([words, *_address(kept)]),
    )
    effects = list(plan.changed(after, "resolve", by, text=words))
    if PagerKind.PAGERDUTY is gone.pager.kind is kept.pager.kind:
        effects = [e for e in effects if e.kind is not EffectKind.CHANGE_PAGE]
        effects.append(_merge_page(after, kept, by))
    return Decision(incident=after, entries=(entry,), effects=tuple(effects))


def _kept(gone: Incident, kept: Incident, by: Actor, now: datetime) -> Decision:
    after = replace(kept, updated_at=now)
    entry = Entry(
        kind=EntryKind.MERGED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=gone.name,
        text="\n".join([gone.title, *_address(gone)]),
    )
    effects = [*plan.refresh(after)]
    if kept.places.channel:
        effects.append(_people(gone, kept))
    return Decision(incident=after, entries=(entry,), effects=tuple(effects))


def lead_no_more(gone: Incident) -> Decision:
    """The one that was kept became private: of it only the number is told, not where it was."""
    places = replace(gone.places, merged_channel=None, merged_url=None)
    after = replace(gone, places=places)
    return Decision(incident=after, effects=plan.refresh(after))


def _address(incident: Incident) -> list[str]:
    """Where to read on, for people on GitHub."""
    return [incident.ticket.url] if incident.ticket and incident.ticket.url else []


def people_of(incident: Incident) -> list[str]:
    """Slack ids of everybody the incident knows by name."""
    actors = (incident.reporter, *incident.owners, *incident.roles.values())
    return list(dict.fromkeys(a.slack_id for a in actors if a and a.slack_id))


def _people(gone: Incident, kept: Incident) -> Effect:
    """Who worked on the merged one is invited where the work goes on."""
    lane = f"{kept.name}/invite"
    return Effect(
        kind=EffectKind.INVITE,
        key=f"{lane}/merged:{gone.name}",
        lane=lane,
        incident=kept.number,
        payload={"users": people_of(gone), "from_channel": gone.places.channel, "merged": True},
    )


def _merge_page(gone: Incident, kept: Incident, by: Actor) -> Effect:
    return Effect(
        kind=EffectKind.MERGE_PAGE,
        key=f"{gone.name}/page/merge:{kept.name}",
        lane=f"{gone.name}/pager",
        incident=gone.number,
        payload={"into": kept.number, "by": actor_data(by)},
        rank=Rank.PAGE,
        after=plan.page_key(kept) if kept.pager.id is None else None,
    )
