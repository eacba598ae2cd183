"""The use cases of reminders: look what is due, snooze, and what the one message shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from bot.domain import reminders
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.permissions import Right
from bot.domain.reminders import Facts, Memory, Reminder
from bot.domain.updates import usual_promise
from bot.services import audit
from bot.services.permissions import require
from bot.store import followers, postmortems, reminding
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident
    from bot.domain.reminders import Due
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx

#: So many incidents are looked at in one sweep, the rest in the next; so many in one transaction, because presses
#: wait for it.
AT_ONCE, TOGETHER = 400, 20


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the reminder of an incident says now."""

    incident: Incident
    facts: Facts
    memory: Memory
    kinds: tuple[Reminder, ...]
    whom: tuple[Actor, ...]


class Reminding:
    """Decides by the state and the clock alone, so that every replica may look at any time."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work
        self._rules = house.catalog.reminders

    async def sweep(self) -> int:
        """Look at every incident whose time has come; how many reminders went out."""
        numbers = await self._work.read(lambda tx: reminding.worth_a_look(tx, self._rules, AT_ONCE))
        sent = 0
        for start in range(0, len(numbers), TOGETHER):
            some = numbers[start : start + TOGETHER]
            sent += await self._work.write(partial(self._look_at, some))
        return sent

    def _look_at(self, numbers: Sequence[int], tx: Tx) -> int:
        return sum(self._look(tx, number) for number in numbers)

    def _look(self, tx: Tx, number: int) -> int:
        """One incident, locked: what another replica said meanwhile is not said again."""
        incident = tx.incident(number)
        memory = reminding.memory(tx, number)
        facts = self._facts(tx, incident, memory)
        due = reminders.due_now(incident, facts, self._rules, tx.now)
        if due:
            memory = replace(memory, sent=self._told(tx, incident, facts, due))
            facts = replace(facts, sent=memory.sent)
        kinds = reminders.holding(incident, facts, self._rules)
        if due or (memory.ts and kinds != memory.shown):
            tx.emit([_remind(incident, due, tx.now)])
        look_again = reminders.next_look(incident, facts, self._rules, tx.now)
        reminding.keep(tx, incident, replace(memory, shown=kinds), look_again)
        return len(due)

    def _told(
        self, tx: Tx, incident: Incident, facts: Facts, due: Sequence[Due]
    ) -> dict[Reminder, reminders.Sent]:
        sent = dict(facts.sent)
        for one in due:
            since = reminders.began(incident, facts, self._rules, one.kind)
            sent[one.kind] = reminders.told(facts, one.kind, since, tx.now)
        return sent

    def _facts(self, tx: Tx, incident: Incident, memory: Memory) -> Facts:
        kind = Reminder.STALE if incident.is_open else Reminder.POSTMORTEM
        last = followers.last_update(tx, incident.number)
        whom = reminders.addressee(incident, kind) or incident.reporter
        person = tx.people.by_slack(whom.slack_id) if whom and whom.slack_id else None
        return Facts(
            activity=reminding.last_activity(tx, incident),
            last_update=last.at if last else None,
            update_every=usual_promise(incident, self._house.catalog),
            sent=memory.sent,
            snoozed_until=memory.snoozed_until,
            zone=person.tz if person else "UTC",
            wants_commander=any(r.name == "commander" for r in self._house.catalog.roles),
            has_postmortem=not incident.is_open and postmortems.exists(tx, incident.number),
        )

    async def snooze(self, number: int, *, by: SlackUser, once: str) -> datetime:
        """Say nothing about this incident for an hour (a day, when nothing shown is pressing); until when."""

        def change(tx: Tx) -> datetime:
            incident = tx.incident(number)
            memory = reminding.memory(tx, number)
            if not tx.remember(once, number) and memory.snoozed_until:
                return memory.snoozed_until
            require(self._house, tx, Right.ACT, by, incident)
            until = tx.now + reminders.snooze_for(memory.shown)
            who = tx.people.actor(by.id, by.name)
            memory = replace(memory, snoozed_until=until, snoozed_by=who.name)
            facts = self._facts(tx, incident, memory)
            look_again = reminders.next_look(incident, facts, self._rules, tx.now)
            reminding.keep(tx, incident, memory, look_again)
            tx.emit([_remind(incident, (), tx.now)])
            audit.own(tx, incident, by, f"snoozed the reminders until {until:%Y-%m-%d %H:%M} UTC")
            return until

        return await self._work.write(change, patience=PATIENCE)

    async def shown(self, number: int) -> Shown:
        """What the message is to say at this moment."""

        def look(tx: Tx) -> Shown:
            incident = tx.incident(number, lock=False)
            memory = reminding.memory(tx, number)
            facts = self._facts(tx, incident, memory)
            kinds = reminders.holding(incident, facts, self._rules)
            found = [reminders.addressee(incident, kind) for kind in kinds]
            whom = {a.slack_id: a for a in found if a is not None}
            return Shown(
                incident=incident,
                facts=facts,
                memory=memory,
                kinds=kinds,
                whom=tuple(whom.values()),
            )

        return await self._work.read(look)

    @staticmethod
    def posted(tx: Tx, number: int, channel: str, ts: str, *, closed: bool) -> None:
        """The message is there (``closed``: and says that nothing is open any more)."""
        tx.incident(number)  # locked first, like by everybody who changes the memory
        memory = reminding.memory(tx, number)
        reminding.remember(tx, number, replace(memory, channel=channel, ts=ts, closed=closed))


def _remind(incident: Incident, due: Sequence[Due], now: datetime) -> Effect:
    """Post or edit the message; the key is made of what is due and when, so that nobody says it twice."""
    what = ",".join(f"{one.kind.value}@{one.of.isoformat()}" for one in due)
    return Effect(
        kind=EffectKind.REMIND,
        key=f"{incident.name}/remind/{what or now.isoformat()}",
        lane=f"{incident.name}/remind",
        incident=incident.number,
        payload={"due": [one.kind.value for one in due]},
        rank=Rank.ANSWER,
    )
