"""Private incidents: who may see one, and how a public one becomes private. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Entry, EntryKind, Incident, Origin, PagerKind, Places
from bot.domain.lifecycle import Decision
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, TicketLink


#: Longer than any call that was under way.
SWEEP_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What is known of one person and a private incident's channel.

    ``inside``: they are in it (False: they left, or were never in it), None while nobody knows; ``read``: all its
    members were read.
    """

    inside: bool | None = None
    read: bool = False


def may_see(incident: Incident, slack_id: str, membership: Membership) -> bool:
    """Who is in it = members of its channel (PRODUCT.md).

    Until those are known (the channel is being made, or Slack refuses it) whoever has a part in it is.
    """
    if not incident.private:
        return True
    if membership.inside is not None:
        return membership.inside
    return not membership.read and incident.involves(slack_id)


def mirror_members(incident: Incident, why: str = "") -> tuple[Effect, ...]:
    """Read who is in its channel, after the invitations that are under way; waiting ones are one."""
    channel = incident.places.channel
    if not incident.private or channel is None:
        return ()
    return (
        Effect(
            kind=EffectKind.MIRROR_MEMBERS,
            key=f"{incident.name}/members:{channel}{why and f'@{why}'}",
            lane=f"{incident.name}/invite",
            merge=f"{incident.name}/members",
            incident=incident.number,
            payload={"channel": channel},
            rank=Rank.CARD,
        ),
    )


def move_members(
    incident: Incident, old: str | None, users: Sequence[str], *, after: str
) -> tuple[Effect, ...]:
    """Whoever is in the channel that is left comes along, once there is a new one (``after``: its making)."""
    return (
        Effect(
            kind=EffectKind.INVITE,
            key=f"{after}/members",
            lane=f"{incident.name}/invite",
            incident=incident.number,
            payload={"users": list(users), "from_channel": old, "merged": True},
            rank=Rank.CARD,
            after=after,
        ),
    )


def make_private(
    incident: Incident,
    by: Actor,
    now: datetime,
    *,
    ticket: TicketLink | None,
    fallback_repo: str | None = None,
    channel_name: str | None = None,
    more: Sequence[str] = (),
) -> Decision:
    """From now on it goes on in a new private channel; nothing more is told anywhere else.

    ``ticket`` is where its issue may be from now on, ``fallback_repo`` where the old one may be as well,
    ``channel_name`` the name reserved for the new channel, ``more`` what else stays readable.
    Raises UserError when it is private already.
    """
    if incident.private:
        msg = f"{incident.name} is private already. Its people are the members of its channel."
        raise UserError(msg)
    if incident.drill:
        msg = f"{incident.name} is a drill: nothing in it is secret. Write what is into a real incident."
        raise UserError(msg)
    left = incident.places
    # A channel of the people's own was lent to it: they keep it, and are not all called in.
    own = left.channel if left.channel and left.adopts != left.channel else None
    places = Places(
        announcement_channel=left.announcement_channel,
        announcement_ts=left.announcement_ts,
        previous_channel=left.channel or left.previous_channel,
        channel_name=channel_name,
        opened_from=left.opened_from,
        merged_channel=left.merged_channel,
        merged_url=left.merged_url,
        private_since=now.isoformat(),
    )
    after = replace(
        incident, private=True, opens_channel=True, ticket=ticket, places=places, updated_at=now
    )
    making = replace(plan.open_channel(after)[0], key=f"{after.name}/channel:private")
    joining = move_members(after, own, [by.slack_id] if by.slack_id else [], after=making.key)
    effects = (
        making,
        *joining,
        *_leave_channel(after, left, own, after=joining[0].key),
        *_everywhere(incident, after, by, fallback_repo),
    )
    entry = _entry(by, now, remains(incident, converted=False, more=more))
    return Decision(incident=after, entries=(entry,), effects=effects)


def converted(
    incident: Incident,
    by: Actor | None,
    now: datetime,
    *,
    ticket: TicketLink | None,
    fallback_repo: str | None = None,
    more: Sequence[str] = (),
) -> Decision:
    """Its channel was made private in Slack: the incident follows, and stays where it is."""
    places = replace(
        incident.places, announcement_url=None, listed=False, private_since=now.isoformat()
    )
    after = replace(incident, private=True, ticket=ticket, places=places, updated_at=now)
    effects = (
        *mirror_members(after),
        *plan.refresh(after),
        *_everywhere(incident, after, by, fallback_repo),
    )
    entry = _entry(by, now, remains(incident, converted=True, more=more))
    return Decision(incident=after, entries=(entry,), effects=effects)


def _entry(by: Actor | None, now: datetime, lines: Sequence[str]) -> Entry:
    return Entry(
        kind=EntryKind.MADE_PRIVATE, at=now, actor=by, origin=Origin.SLACK, text="\n".join(lines)
    )


def _everywhere(
    before: Incident, after: Incident, by: Actor | None, fallback_repo: str | None
) -> list[Effect]:
    """What both ways have in common: announcement, issue, pager."""
    effects = [_remove_announcement(after)]
    if before.ticket is not None and before.opens_channel:
        repos = dict.fromkeys(r for r in (before.ticket.repo, fallback_repo) if r)
        effects.append(withdraw_ticket(before, repos, before.ticket.number))
    if after.ticket is not None:
        effects.append(plan.open_ticket(after))
    if after.pager.kind is PagerKind.PAGERDUTY:
        effects.append(plan.retitle_page(after, by))
    return effects


def _remove_announcement(incident: Incident) -> Effect:
    """In the lane of the announcement: one that is just being posted is deleted as well."""
    return Effect(
        kind=EffectKind.REMOVE_ANNOUNCEMENT,
        key=f"{incident.name}/announce/remove",
        lane=f"{incident.name}/announce",
        incident=incident.number,
        rank=Rank.ANNOUNCE_HIGH,
    )


def sweep_thread(incident: Incident, channel: str, ts: str, now: datetime) -> Effect:
    """Look once more at the thread of the announcement: a post may have been under way while it was deleted."""
    again = _remove_announcement(incident)
    return replace(
        again,
        key=f"{again.key}/again",
        payload={"channel": channel, "ts": ts},
        due=now + SWEEP_AFTER,
        rank=Rank.DECORATION,
    )


def withdraw_ticket(incident: Incident, repos: Iterable[str], number: int | None) -> Effect:
    """In the lane of the issue: one that is just being opened is found by its marker."""
    return Effect(
        kind=EffectKind.WITHDRAW_TICKET,
        key=f"{incident.name}/ticket/withdraw",
        lane=f"{incident.name}/ticket",
        incident=incident.number,
        payload={"repos": list(repos), "number": number, "marker": plan.ticket_key(incident)},
        rank=Rank.ANNOUNCE_HIGH,
    )


def withdraw_item(
    incident: Incident, item: str, repos: Iterable[str], number: int | None, marker: str
) -> Effect:
    """The issue of an action item (``item``: its lane) tells nothing any more; ``marker``: what it was opened under."""
    withdrawn = withdraw_ticket(incident, repos, number)
    return replace(
        withdrawn, key=f"{item}/withdraw", payload={**withdrawn.payload, "marker": marker}
    )


def _leave_channel(
    incident: Incident, left: Places, own: str | None, *, after: str
) -> tuple[Effect, ...]:
    """The card tells nothing any more; a channel of the incident's own is archived once its members are invited."""
    if left.channel is None:
        return ()
    card = Effect(
        kind=EffectKind.VEIL_CARD,
        key=f"{incident.name}/veil:{left.channel}",
        lane=f"{incident.name}/card",
        incident=incident.number,
        payload={"channel": left.channel, "ts": left.card_ts, "lent": own is None},
        rank=Rank.ANNOUNCE_HIGH,
    )
    return (card,) if own is None else (card, archive(incident, own, left.card_ts, after=after))


def archive(
    incident: Incident, channel: str, card: str | None = None, *, after: str | None = None
) -> Effect:
    """Archive a channel it has left (``card``: that message can be edited for the last time)."""
    return Effect(
        kind=EffectKind.LEAVE_CHANNEL,
        key=f"{incident.name}/archive:{channel}",
        lane=f"{incident.name}/left",
        incident=incident.number,
        payload={"channel": channel, "ts": card, "lent": False},
        rank=Rank.FOLLOW,
        after=after,
    )


def remains(incident: Incident, *, converted: bool, more: Sequence[str] = ()) -> list[str]:
    """What people who are not in it can go on reading, said plainly; the first line says what the others are."""
    places, ticket, pager = incident.places, incident.ticket, incident.pager
    lines: list[str] = []
    if places.channel and not converted:
        name = f"#{places.channel_name}" if places.channel_name else "the channel before"
        if places.adopts == places.channel:
            lines.append(f"everything written in {name}, which stays open for its members")
        else:
            lines.append(f"everything written in {name}, which is archived, and its name")
    if places.announcement_ts or places.in_thread:
        lines.append(
            "what others wrote in the announcement's thread (what I wrote there is deleted)"
        )
    if ticket and ticket.number:
        lines.append(
            f"the GitHub issue {ticket.repo}#{ticket.number}: its comments and its history "
            "(title and text are replaced, it is closed, nothing more is written there)"
        )
    if pager.kind is PagerKind.PAGERDUTY:
        lines.append(
            "at PagerDuty the description, notes and history so far (the title is replaced)"
        )
    if places.opened_from:
        lines.append("the message it was opened from, and my answer under it")
    lines += [*more, "direct messages and notifications that were sent already"]
    if converted:
        start = "The channel was made private, so the incident is. Whoever is in the channel can read all of it."
    else:
        start = "The incident goes on in a private channel. Only its members see it from now on."
    return [f"{start} What stays readable for others:", *(f"• {line}" for line in lines)]
