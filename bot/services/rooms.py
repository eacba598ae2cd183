"""Incident channels as people change them by hand: followed, never fought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision
from bot.store import members
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor, Incident, Places
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx


class Rooms:
    """Channels that belong to no incident concern nobody here, and are only looked up."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._work = house.work

    async def _ours(self, channel: str) -> bool:
        return (
            bool(channel) and await self._work.read(lambda tx: tx.by_channel(channel)) is not None
        )

    async def joined(self, channel: str, user: str, at: datetime) -> None:
        """Tell somebody who joined where things stand, once per incident; in a private one they are from now on."""
        if not await self._ours(channel):
            return

        def change(tx: Tx) -> None:
            incident = tx.by_channel(channel)
            if incident is None:
                return
            if incident.private:
                members.heard(tx, channel, user, present=True, at=at)
            if tx.remember(f"welcome/{channel}/{user}", incident.number):
                tx.emit([_welcome(incident, channel, user)])

        await self._work.write(change, patience=PATIENCE)

    async def left(self, channel: str, user: str, at: datetime) -> None:
        """Whoever leaves the channel of a private incident is not in it any more."""
        if not await self._is_private(channel):
            return
        await self._work.write(
            lambda tx: members.heard(tx, channel, user, present=False, at=at), patience=PATIENCE
        )

    async def taken_out(self, channel: str) -> None:
        """We were taken out of the channel of a private incident: nobody is known to be in it any more."""
        if await self._is_private(channel):
            await self._work.write(lambda tx: members.forget(tx, channel), patience=PATIENCE)

    async def _is_private(self, channel: str) -> bool:
        found = await self._work.read(lambda tx: tx.by_channel(channel)) if channel else None
        return found is not None and found.private

    async def renamed(self, channel: str, name: str) -> None:
        """The name people gave it is its name now."""
        if not name or not await self._ours(channel):
            return

        def change(tx: Tx) -> None:
            incident = locked(tx, channel)
            if incident is None or incident.places.channel_name == name:
                return
            words = f"the channel is called #{name} now (was #{incident.places.channel_name})"
            places = replace(incident.places, channel_name=name)
            _follow(tx, incident, places, words)

        await self._work.write(change, patience=PATIENCE)

    async def archived(self, channel: str, *, by: SlackUser, once: str, archived: bool) -> None:
        """Archived or brought back: the announcement says so. Whatever is done next goes on in a new channel."""
        if not await self._ours(channel):
            return

        def change(tx: Tx) -> None:
            incident = locked(tx, channel)
            if incident is None or incident.places.archived is archived:
                return
            if tx.remember(once, incident.number):
                words = "archived the channel" if archived else "brought the channel back"
                places = replace(incident.places, archived=archived)
                _follow(tx, incident, places, words, by=tx.people.actor(by.id, by.name))

        await self._work.write(change, patience=PATIENCE)

    async def deleted(self, channel: str) -> None:
        """Gone for good: a public incident goes on in the thread of its announcement."""
        if not await self._ours(channel):
            return

        def change(tx: Tx) -> None:
            incident = locked(tx, channel)
            if incident is None:
                return
            words = f"the channel #{incident.places.channel_name} was deleted"
            if not incident.private:
                words += "; the incident goes on in the thread of its announcement"
            places = replace(
                incident.places, channel=None, channel_name=None, card_ts=None, topic=None,
                archived=False, in_thread=not incident.private,
            )  # fmt: skip
            _follow(tx, incident, places, words)

        await self._work.write(change, patience=PATIENCE)


def locked(tx: Tx, channel: str) -> Incident | None:
    """The channel's incident, to be changed: others wait until that is committed."""
    found = tx.by_channel(channel)
    locked = tx.incident(found.number) if found else None
    return locked if locked and locked.places.channel == channel else None


def _follow(
    tx: Tx, incident: Incident, places: Places, words: str, *, by: Actor | None = None
) -> None:
    """Remember it, say it in the timeline, and show it wherever the channel is linked.

    The card in an archived channel cannot be edited; trying would open a successor nobody asked for yet.
    """
    after = replace(incident, places=places, updated_at=tx.now)
    entry = Entry(kind=EntryKind.OTHER, at=tx.now, actor=by, origin=Origin.SLACK, target=words)
    effects = (*plan.refresh(after, card=not places.archived), *plan.refresh_ticket(after))
    tx.record(Decision(incident=after, entries=(entry,), effects=effects))


def _welcome(incident: Incident, channel: str, user: str) -> Effect:
    return Effect(
        kind=EffectKind.WELCOME,
        key=f"{incident.name}/welcome/{channel}/{user}",
        lane=f"welcome/{user}",
        incident=incident.number,
        payload={"channel": channel, "user": user},
        rank=Rank.FOLLOW,
    )
