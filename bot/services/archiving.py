"""The use cases of archiving channels: look what is due, keep one open, ask for it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.domain import archiving as domain
from bot.domain import plan
from bot.domain.archiving import Memory, Schedule, Step
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision
from bot.domain.permissions import Right
from bot.errors import UserError
from bot.services import audit
from bot.services.permissions import require
from bot.store import archiving, reminding
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx

#: So many incidents are looked at in one sweep; so many in one transaction, because presses wait for it.
AT_ONCE, TOGETHER = 200, 20


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How it stands with one channel now; ``plan`` is None when it is not to be archived."""

    incident: Incident
    memory: Memory
    plan: Schedule | None
    step: Step


class Archiving:
    """Decides by the state and the clock alone, so that every replica may look at any time."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work
        self._after = house.catalog.reminders.archive_channel_after

    async def sweep(self) -> int:
        """Look at every channel whose time has come; how many steps are due."""
        numbers = await self._work.read(lambda tx: archiving.worth_a_look(tx, self._after, AT_ONCE))
        due = 0
        for start in range(0, len(numbers), TOGETHER):
            some = numbers[start : start + TOGETHER]
            due += await self._work.write(partial(self._look_at, some))
        return due

    def _look_at(self, numbers: Sequence[int], tx: Tx) -> int:
        return sum(self._look(tx, number) for number in numbers)

    def _look(self, tx: Tx, number: int) -> int:
        """One incident, locked. Keys are made of what is due, so that no replica does it twice."""
        shown = self._shown(tx, tx.incident(number))
        self._keep(tx, shown.incident, shown.memory)
        match shown.step:
            case Step.NOTICE if shown.plan:
                tx.emit(
                    [
                        _effect(
                            shown.incident,
                            EffectKind.NOTICE_ARCHIVING,
                            f"notice/{shown.plan.since.isoformat()}",
                        )
                    ]
                )
            case Step.ARCHIVE if shown.memory.noticed_at:
                at = shown.memory.noticed_at.isoformat()
                tx.emit([_effect(shown.incident, EffectKind.ARCHIVE_CHANNEL, f"archive/{at}")])
            case _:
                return 0
        return 1

    def _keep(self, tx: Tx, incident: Incident, memory: Memory) -> None:
        """Keep it with the time of the next look; a notice that is not true any more is edited."""
        shown = self._shown(tx, incident, memory)
        due = domain.next_look(memory, shown.plan, tx.now) if shown.plan else None
        archiving.keep(tx, incident, memory, due)
        stale = shown.plan is None or (memory.noticed_at and memory.noticed_at < shown.plan.since)
        if memory.ts and stale and not incident.places.archived:
            since = shown.plan.since if shown.plan else incident.updated_at
            tx.emit([
                _effect(incident, EffectKind.NOTICE_ARCHIVING, f"edit/{memory.ts}/{since.isoformat()}", edit=True)
            ])  # fmt: skip

    def _shown(self, tx: Tx, incident: Incident, memory: Memory | None = None) -> Shown:
        memory = archiving.memory(tx, incident.number) if memory is None else memory
        if not domain.concerns(incident, memory, self._after):
            return Shown(incident=incident, memory=memory, plan=None, step=Step.WAIT)
        activity = reminding.last_activity(tx, incident)
        schedule = domain.schedule(incident, memory, self._after, activity)
        step = domain.step(memory, schedule, tx.now)
        return Shown(incident=incident, memory=memory, plan=schedule, step=step)

    async def shown(self, number: int) -> Shown:
        """How it stands now, for the worker."""
        return await self._work.read(lambda tx: self._shown(tx, tx.incident(number, lock=False)))

    async def keep_open(self, number: int, *, by: SlackUser, once: str) -> datetime | None:
        """Begin the time again; when the channel would be archived then (None: not by itself)."""

        def change(tx: Tx) -> datetime | None:
            incident = tx.incident(number)
            require(self._house, tx, Right.ACT, by, incident)
            if incident.places.archived:
                msg = f"The channel of {incident.name} is archived already. An administrator can bring it back."
                raise UserError(msg)
            memory = archiving.memory(tx, number)
            if tx.remember(once, number):
                who = tx.people.actor(by.id, by.name)
                memory = domain.kept(memory, who.name, tx.now)
                self._keep(tx, incident, memory)
                audit.did(tx, incident, by, "keeps the channel open")
            plan_ = self._shown(tx, incident, memory).plan
            return plan_.archive_at if plan_ else None

        return await self._work.write(change, patience=PATIENCE)

    async def ask(self, number: int, *, by: SlackUser, once: str) -> datetime:
        """Somebody wants the channel archived: a notice now, a day later it is done. UserError says why not."""

        def change(tx: Tx) -> datetime:
            incident = tx.incident(number)
            require(self._house, tx, Right.ACT, by, incident)
            _archivable(incident)
            if tx.remember(once, number):
                self.archive_soon(tx, incident)
            return tx.now + domain.NOTICE

        return await self._work.write(change, patience=PATIENCE)

    def archive_soon(self, tx: Tx, incident: Incident) -> None:
        """The notice now, the archiving a day later; without a channel there is nothing to archive."""
        memory = replace(archiving.memory(tx, incident.number), asked_at=tx.now)
        archiving.keep(tx, incident, memory, tx.now)
        self._look(tx, incident.number)

    # --- what follows when a step was carried out ------------------------------------------------------------------

    def noticed(self, tx: Tx, number: int, channel: str, ts: str, at: datetime) -> None:
        """The notice is in the channel since ``at``."""
        incident = tx.incident(number)
        memory = archiving.memory(tx, number)
        self._keep(tx, incident, replace(memory, noticed_at=at, channel=channel, ts=ts))

    def heard(self, tx: Tx, number: int, at: datetime) -> None:
        """People wrote in the channel: the time begins again."""
        incident = tx.incident(number)
        self._keep(tx, incident, replace(archiving.memory(tx, number), said_at=at))

    def archived(self, tx: Tx, number: int) -> None:
        """It is archived: the cards say so, and whatever is done next goes on in a new channel."""
        incident = tx.incident(number)
        archiving.keep(tx, incident, archiving.memory(tx, number), None)
        if incident.places.archived:
            return  # Slack's event was faster
        places = replace(incident.places, archived=True)
        after = replace(incident, places=places, updated_at=tx.now)
        entry = Entry(
            kind=EntryKind.OTHER, at=tx.now, origin=Origin.MUSTER,
            target=f"the channel #{places.channel_name} is archived, as announced",
        )  # fmt: skip
        effects = (*plan.refresh(after, card=False), *plan.refresh_ticket(after))
        tx.record(Decision(incident=after, entries=(entry,), effects=effects))


def _archivable(incident: Incident) -> None:
    if incident.is_open:
        msg = f"{incident.name} is still {incident.status.value}. Resolve it first; its channel can be archived then."
        raise UserError(msg)
    if incident.places.channel is None:
        msg = f"{incident.name} has no channel that could be archived."
        raise UserError(msg)
    if incident.places.archived:
        msg = f"The channel of {incident.name} is archived already."
        raise UserError(msg)


def _effect(incident: Incident, kind: EffectKind, name: str, **payload: object) -> Effect:
    lane = f"{incident.name}/archiving"
    return Effect(
        kind=kind, key=f"{lane}/{name}", lane=lane, incident=incident.number, payload=payload,
        rank=Rank.FOLLOW,
    )  # fmt: skip
