"""What follows when a step of the start was carried out. Run in the transaction that settles its effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import action_plan, moments, plan, privacy
from bot.domain.drill_report import NOBODY_REACHED
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import MUSTER, Actor, Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision
from bot.services.action_items import IDENTITY as GITHUB_IDENTITY
from bot.services.moments import workspace_url
from bot.store import members, runlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.incident import Incident
    from bot.domain.moments import Said
    from bot.ports import Channel, Ticket
    from bot.store.tx import Tx


def announced(tx: Tx, number: int, channel: str, ts: str, url: str | None) -> None:
    """The announcement is there: remember where, and link it from the channel and the issue."""
    incident = tx.incident(number)
    if incident.private:  # it became so just now: what deletes the announcement must find it
        places = replace(incident.places, announcement_channel=channel, announcement_ts=ts)
        tx.record(Decision(incident=replace(incident, places=places)))
        return
    places = replace(
        incident.places, announcement_channel=channel, announcement_ts=ts, announcement_url=url
    )
    incident = replace(incident, places=places)
    effects = [*plan.bookmarks(incident), *plan.refresh_ticket(incident)]
    if incident.places.card_ts:  # it came late: the card and the issue are there without its link
        effects += plan.refresh(incident, announcement=False)
    stored = tx.record(Decision(incident=incident, effects=tuple(effects)))
    if stored.places.in_thread:
        _tell_all(tx, stored)


def opened_from(tx: Tx, incident: Incident, said: Said) -> Incident:
    """It was opened from a message: that is in the timeline, linked, and answered in its thread."""
    link = moments.permalink(workspace_url(tx), said.channel, said.ts, said.thread)
    linked = replace(incident, places=replace(incident.places, opened_from=link or None))
    author = tx.people.actor(said.author) if said.author else Actor(name="somebody")
    entry = moments.added(said, EntryKind.MESSAGE, author, incident.reporter or MUSTER, link)
    answer = moments.answer(incident, said)
    return tx.record(
        Decision(incident=linked, entries=(entry,), effects=(answer,) if answer else ())
    )


def channel_created(tx: Tx, number: int, channel: Channel) -> None:
    """The channel exists: card, topic, purpose, bookmarks, invitations, and everybody else learns of it."""
    incident = tx.incident(number)
    if incident.private and not channel.is_private:  # it became so while this one was made
        tx.emit([privacy.archive(incident, channel.id)])
        return
    places = replace(
        incident.places,
        channel=channel.id,
        channel_name=channel.name,
        card_ts=None,
        topic=None,
        archived=False,
    )
    incident = replace(incident, places=places)
    waiting = members.expected(tx, incident) if incident.private else []
    tx.record(Decision(incident=incident, effects=(
        *plan.channel_ready(incident),
        *(effect for user in waiting for effect in plan.invite(incident, user, f"expected:{channel.id}")),
        *privacy.mirror_members(incident),
    )))  # fmt: skip


def channel_adopted(tx: Tx, number: int, channel: Channel) -> None:
    """The channel people chose is the incident's now, unless another incident was faster or it became private."""
    if tx.incident(number).private:
        return
    tx.value_to_change(f"adopting:{channel.id}")  # of two at once the later one sees the other
    other = tx.by_channel(channel.id)
    if other is not None and other.number != number:
        adoption_refused(tx, number, f"it is the channel of {other.name}")
    else:
        channel_created(tx, number, channel)


def adoption_refused(tx: Tx, number: int, why: str) -> None:
    """The channel people chose cannot be used: the incident gets one of its own."""
    incident = tx.incident(number)
    note = Entry(
        kind=EntryKind.CHANNEL,
        at=tx.now,
        origin=Origin.MUSTER,
        target=incident.places.adopts or "",
        text=f"I could not use that channel: {why}. The incident has one of its own.",
    )
    incident = replace(incident, places=replace(incident.places, adopts=None))
    [create] = plan.open_channel(incident)
    own = replace(create, key=f"{incident.name}/channel:own")
    tx.record(Decision(incident=incident, entries=(note,), effects=(own,)))


def channel_refused(tx: Tx, number: int, code: str) -> None:
    """Slack refuses channels: the incident runs in the thread of its announcement, and says why."""
    incident = tx.incident(number)
    kind = "private" if incident.private else "public"
    where = "your direct messages with me" if incident.private else "the announcement's thread"
    text = (
        f"refused: Slack does not let me create one ({code}), so this goes on in {where}. "
        f"An owner can allow it under Workspace settings, Permissions, Channel Management, Create {kind} channels."
    )
    tx.add_entry(
        incident, Entry(kind=EntryKind.CHANNEL, at=tx.now, origin=Origin.MUSTER, text=text)
    )
    if incident.private:
        # It has no announcement: whoever declared it or made it private would look for it in vain.
        waiting = [tx.people.actor(user) for user in members.expected(tx, incident)]
        told = {p.slack_id: p for p in (incident.reporter, *waiting) if p and p.slack_id}
        for person in told.values():
            tx.emit(plan.tell_person(incident, person, "refused", MUSTER, f"Channel {text}"))
    incident = replace(incident, places=replace(incident.places, in_thread=True, channel_name=None))
    stored = tx.record(Decision(incident=incident, effects=plan.refresh(incident, card=False)))
    if stored.places.announcement_ts:
        _tell_all(tx, stored)


def card_posted(tx: Tx, number: int, ts: str) -> None:
    """The card is in the channel: pin it, and post what happened before it was there."""
    incident = tx.incident(number)
    incident = replace(incident, places=replace(incident.places, card_ts=ts))
    pin = Effect(
        kind=EffectKind.PIN_CARD,
        key=f"{incident.name}/pin:{incident.places.channel}:{ts}",
        lane=f"{incident.name}/pin",
        incident=number,
        rank=Rank.DECORATION,
    )
    failing = bool(runlog.failing(tx, number))  # until now the announcement showed them
    refresh = plan.refresh(incident, announcement=failing)
    stored = tx.record(Decision(incident=incident, effects=(pin, *refresh)))
    _tell_all(tx, stored)


def _tell_all(tx: Tx, incident: Incident) -> None:
    for entry in tx.entries(incident.number):
        tx.emit(plan.entry_effects(incident, entry))
    tx.emit(action_plan.show(incident, item) for item in tx.action_items(incident.number))


def announcement_removed(tx: Tx, number: int) -> None:
    """The announcement of an incident that became private is deleted."""
    incident = tx.incident(number)
    channel, ts = incident.places.announcement_channel, incident.places.announcement_ts
    if channel and ts:
        tx.emit([privacy.sweep_thread(incident, channel, ts, tx.now)])
    places = replace(
        incident.places, announcement_channel=None, announcement_ts=None, announcement_url=None
    )
    tx.record(Decision(incident=replace(incident, places=places)))


def message_lost(tx: Tx, number: int, place: str) -> None:
    """Somebody deleted a card: post it again (a private incident is announced no more)."""
    incident = tx.incident(number)
    if incident.private and place != "card":
        return
    lost = incident.places.card_ts if place == "card" else incident.places.announcement_ts
    if place == "card":
        places = replace(incident.places, card_ts=None)
        kind, lane = EffectKind.POST_CARD, "card"
    else:
        places = replace(incident.places, announcement_ts=None)
        kind, lane = EffectKind.ANNOUNCE, "announce"
    again = Effect(
        kind=kind,
        key=f"{incident.name}/{lane}/again:{lost}",
        lane=f"{incident.name}/{lane}",
        incident=number,
        rank=Rank.CARD,
    )
    tx.record(Decision(incident=replace(incident, places=places), effects=(again,)))


def ticket_opened(tx: Tx, number: int, ticket: Ticket) -> None:
    """The issue exists: link it everywhere; what happened before it existed follows as comments by their effects."""
    incident = tx.incident(number)
    if incident.ticket is None:
        return
    link = replace(incident.ticket, repo=ticket.repo, number=ticket.number, url=ticket.url)
    incident = replace(incident, ticket=link)
    effects = (*plan.refresh(incident), *plan.bookmarks(incident), *plan.refresh_ticket(incident))
    tx.record(Decision(incident=incident, effects=effects))
    if ticket.author:
        tx.set_value(GITHUB_IDENTITY, {"login": ticket.author})


def channel_archived(tx: Tx, number: int) -> None:
    """The channel of an open incident is archived and bots cannot unarchive: it goes on in a new one."""
    incident = tx.incident(number)
    old = incident.places.channel
    if old is None or not incident.is_open:
        return
    places = replace(
        incident.places, previous_channel=old, channel=None, card_ts=None, topic=None, adopts=None
    )
    incident = replace(incident, places=places)
    note = Entry(
        kind=EntryKind.CHANNEL,
        at=tx.now,
        origin=Origin.MUSTER,
        target=old,
        text=f"The channel #{incident.places.channel_name} is archived; the incident goes on here.",
    )
    effects = plan.open_channel(incident)
    if incident.private:  # nobody finds the way alone
        effects += privacy.move_members(incident, old, [], after=effects[0].key)
    tx.record(Decision(incident=incident, entries=(note,), effects=effects))


def provider_changed(tx: Tx, provider: str) -> None:
    """A provider stands still or goes on: the incidents that wait for it say so."""
    if provider == "slack":
        return  # nothing can be said there
    for number in runlog.held_back(tx, provider):
        incident = tx.incident(number)
        tx.record(Decision(incident=incident, effects=plan.refresh(incident)))


def topic_set(tx: Tx, number: int, topic: str) -> None:
    """Remember the topic, so that the same one is not set (and told to everybody) again."""
    incident = tx.incident(number)
    tx.save(replace(incident, places=replace(incident.places, topic=topic)))


def call_in(tx: Tx, number: int, users: Iterable[str], once: str) -> list[Effect]:
    """Whoever was told of a private incident is in it from now on: invited, once there is a channel."""
    incident = tx.incident(number)
    if not incident.private:
        return []
    wanted = list(users)
    members.expect(tx, incident, wanted)
    if incident.places.channel is None:
        return []
    return [effect for user in wanted for effect in plan.invite(incident, user, once)]


def paged_natively(tx: Tx, number: int, level: int, told: list[str], policy: str) -> None:
    """The native policy paged: it shows in the timeline."""
    incident = tx.incident(number)
    who = ", ".join(told) or NOBODY_REACHED
    tx.add_entry(
        incident,
        Entry(
            kind=EntryKind.PAGER,
            at=tx.now,
            origin=Origin.MUSTER,
            target=f"level {level}",
            text=f"Paged level {level} of {policy}: {who}",
        ),
    )
