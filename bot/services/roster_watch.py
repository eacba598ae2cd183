"""What rosters do by themselves: tell hand-overs and gaps, keep Slack's user groups equal to who is on call.

Looked at every few seconds by every replica. What is due is decided by the clock, the roster and what was told last,
under a lock, so that each boundary is told once, whoever looks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot.domain import roster_duties as duties
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Actor
from bot.domain.roster_duties import Memory, NewsKind, Told
from bot.services import rosters
from bot.services.people import groups_known
from bot.store import alert_lists, queries
from bot.store import rosters as calendars

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.alert_groups import GroupView
    from bot.domain.catalog import Catalog, Roster
    from bot.domain.incident import Incident
    from bot.domain.roster_duties import News
    from bot.ports import UserGroup
    from bot.services.base import House
    from bot.store.tx import Tx

#: A user group that differs is set again after so many seconds, one Slack refused to change later.
AGAIN, AGAIN_REFUSED = 600, 3600
#: So many open incidents and groups of alerts are looked at for a hand-over.
LOOKED_AT: Final = 500


@dataclass(frozen=True, kw_only=True)
class GroupNow:
    """A user group as it is mirrored, and who belongs into it; ``left_out`` are people Slack takes into none."""

    handle: str
    id: str | None
    members: tuple[str, ...]
    wanted: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether nothing is to be done; with nobody on call it stays as it is."""
        return not self.wanted or (self.id is not None and set(self.wanted) == set(self.members))


class RosterWatch:
    """The use cases behind the sweep and its two effects."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._catalog = house.catalog
        self._work = house.work

    async def sweep(self) -> int:
        """Have told what is due and groups set that differ; how many effects that are."""
        names, handles = await self._work.read(self._due)
        if not names and not handles:
            return 0
        return await self._work.write(partial(self._emit, names, handles))

    def _due(self, tx: Tx) -> tuple[list[str], list[str]]:
        found = [each for each in every(tx, self._catalog) if is_known(tx, each)]
        names = []
        for roster in found:
            memory = Memory.from_value(tx.value(memory_name(roster.name)))
            if self._look(tx, roster, memory)[1] != memory:
                names.append(roster.name)
        return names, [g.handle for g in self._groups(tx, found) if self._group_due(tx, g)]

    def _look(self, tx: Tx, roster: Roster, memory: Memory | None) -> tuple[list[News], Memory]:
        rota = rosters.rota_of(tx, roster)
        shifts = rota.shifts(*duties.window(memory, tx.now))
        return duties.look(memory, shifts, tx.now, roster.time_zone)

    def _emit(self, names: Sequence[str], handles: Sequence[str], tx: Tx) -> int:
        effects: list[Effect] = []
        for name in names:
            roster = rosters.find(tx, self._catalog, name)
            memory = Memory.from_value(tx.value_to_change(memory_name(name)))
            if roster is None or not is_known(tx, roster):
                continue
            news, after = self._look(tx, roster, memory)
            if after != memory:
                tx.set_value(memory_name(name), after.as_value())
            told = (each for each in news if roster.announce_in or not each.people)
            effects += [_tell(roster, each) for each in told]
        wanted = set(handles)
        groups = self._groups(tx, every(tx, self._catalog)) if wanted else ()
        effects += [self._sync(tx, g) for g in groups if g.handle in wanted]
        tx.emit(effects)
        return len(effects)

    # --- user groups -------------------------------------------------------------------------------------------

    def _groups(self, tx: Tx, found: Iterable[Roster]) -> list[GroupNow]:
        """All that are kept; none before the members of the workspace were read for the first time."""
        keeping = [roster for roster in found if roster.user_group]
        if not keeping or not groups_known(tx):
            return []
        duty = {r.name: rosters.rota_of(tx, r).on_duty(tx.now) for r in keeping}
        return [
            self._group(tx, handle, people)
            for handle, people in duties.groups(keeping, duty).items()
        ]

    @staticmethod
    def _group(tx: Tx, handle: str, people: Sequence[str]) -> GroupNow:
        wanted, left_out = [], []
        for email in people:
            person = tx.people.by_email(email)
            if person is None:
                left_out.append(f"{email} is no member of this workspace")
            elif person.deleted or person.is_bot or person.is_guest:
                what = "deactivated" if person.deleted else "a bot" if person.is_bot else "a guest"
                left_out.append(f"{person.name} is {what}")
            else:
                wanted.append(person.slack_id)
        return GroupNow(
            handle=handle,
            id=tx.people.group_id(handle),
            members=tx.people.group(handle),
            wanted=tuple(sorted(wanted)),
            left_out=tuple(left_out),
        )

    @staticmethod
    def _group_due(tx: Tx, group: GroupNow) -> bool:
        state = tx.value(group_name(group.handle)) or {}
        return not group.is_equal or list(group.left_out) != state.get("left_out", [])

    @staticmethod
    def _sync(tx: Tx, group: GroupNow) -> Effect:
        """Its key holds what is wanted, how often it was set, and a slot of time: tried once in each of them."""
        state = tx.value(group_name(group.handle)) or {}
        seconds = AGAIN_REFUSED if state.get("refused") else AGAIN
        people = ",".join((*group.wanted, *group.left_out))
        digest = hashlib.sha256(people.encode("utf-8", "replace")).hexdigest()[:16]
        lane = f"group/{group.handle}"
        return Effect(
            kind=EffectKind.SYNC_GROUP,
            key=f"{lane}/{state.get('set', 0)}/{digest}/{int(tx.now.timestamp() // seconds)}",
            lane=lane,
            merge=lane,
            payload={"group": group.handle},
            rank=Rank.FOLLOW,
        )

    async def group(self, handle: str) -> GroupNow | None:
        """As it stands now; None when no roster keeps it any more."""

        def look(tx: Tx) -> GroupNow | None:
            groups = self._groups(tx, every(tx, self._catalog))
            return next((each for each in groups if each.handle == handle), None)

        return await self._work.read(look)

    def group_done(self, tx: Tx, now: GroupNow, group: UserGroup | None) -> None:
        """It is as it should be (``group``: it was set); whom Slack does not take is told once."""
        state = self._state(tx, now)
        if group is not None:
            tx.people.save_groups([group])
            state["set"] = int(state.get("set", 0)) + 1
        state["refused"] = None
        tx.set_value(group_name(now.handle), state)

    def group_refused(self, tx: Tx, now: GroupNow, code: str) -> None:
        """Slack does not let us: the admins are told once, and it is tried again from time to time."""
        state = self._state(tx, now)
        if state.get("refused") != code:
            why, mend = duties.refusal(now.handle, code)
            _tell_admins(
                tx, f"group/{now.handle}/{code}", f"{why} The roster goes on without it. {mend}"
            )
        state["refused"] = code
        tx.set_value(group_name(now.handle), state)

    @staticmethod
    def _state(tx: Tx, now: GroupNow) -> dict[str, Any]:
        state = dict(tx.value_to_change(group_name(now.handle)) or {})
        if now.left_out and list(now.left_out) != state.get("left_out"):
            who = "; ".join(now.left_out[:10])
            words = (
                f"Not everybody on call can be in the user group @{now.handle}: {who}. "
                "Slack takes full members of the workspace only. The roster goes on without it."
            )
            _tell_admins(tx, f"group/{now.handle}/left_out", words)
        state["left_out"] = list(now.left_out)
        return state

    # --- messages ----------------------------------------------------------------------------------------------

    async def told(self, payload: Mapping[str, Any]) -> Told | None:
        """What a message says now; None when its roster is gone."""
        return await self._work.read(partial(self._told, payload))

    def _told(self, payload: Mapping[str, Any], tx: Tx) -> Told | None:
        name, kind = str(payload["roster"]), NewsKind(payload["kind"])
        roster = rosters.find(tx, self._catalog, name)
        if roster is None:
            return None
        since = datetime.fromisoformat(payload["since"])
        starting = tuple(payload["people"])
        duty = rosters.rota_of(tx, roster).current(since)
        open_now, alerts = self._open(tx, name) if kind is NewsKind.HAND_OVER else ((), ())
        return Told(
            roster=name,
            kind=kind,
            since=since,
            until=duty.until
            if duty.people == starting
            else datetime.fromisoformat(payload["until"]),
            announce_in=roster.announce_in,
            ending=actors(tx, [p for p in payload["before"] if p not in starting]),
            starting=actors(tx, starting),
            incidents=open_now,
            alerts=alerts,
        )

    def _open(self, tx: Tx, name: str) -> tuple[tuple[Incident, ...], tuple[GroupView, ...]]:
        """Open incidents the roster covers (no private one), and alerts that fire without an incident."""
        found = queries.incidents(tx, open_only=True, limit=LOOKED_AT).incidents
        incidents = tuple(i for i in found if duties.covers(self._catalog, name, i))
        firing, _ = alert_lists.listed(tx, firing=True, free=True, limit=LOOKED_AT)
        alerts = (v for v in firing if duties.covers_service(self._catalog, name, v.group.service))
        return incidents, tuple(alerts)

    def unheard(self, tx: Tx, told: Told, why: str) -> None:
        """The channel a roster announces in cannot be written to: told to the admins once."""
        key = f"roster/{told.roster}/room/{told.announce_in}/{why}"
        words = (
            f"The roster {told.roster} announces in {told.announce_in}, where I cannot write ({why}). "
            "Invite me there (/invite @Muster), or correct announce_in."
        )
        tx.emit([_to_admins(key, words)])


def every(tx: Tx, catalog: Catalog) -> list[Roster]:
    """All rosters, however they were made."""
    found = (rosters.find(tx, catalog, name) for name in rosters.names(tx, catalog))
    return [roster for roster in found if roster is not None]


def is_known(tx: Tx, roster: Roster) -> bool:
    """Whether it can be said who is on call: a calendar must have been read once."""
    return not roster.ical or calendars.copy_of(tx, roster).fetched_at is not None


def kept(tx: Tx, catalog: Catalog) -> list[tuple[Roster, str | None]]:
    """All rosters, and why the user group of one is not kept, as far as Slack has said."""
    found = []
    for roster in every(tx, catalog):
        state = tx.value(group_name(roster.user_group)) if roster.user_group else None
        found.append((roster, (state or {}).get("refused")))
    return found


def memory_name(roster: str) -> str:
    """Under which name it is kept what was told of a roster."""
    return f"roster.told:{roster}"


def group_name(handle: str) -> str:
    """Under which name it is kept how it stands with a user group."""
    return f"roster.group:{handle}"


def _tell(roster: Roster, news: News) -> Effect:
    since = news.since.isoformat()
    return Effect(
        kind=EffectKind.TELL_ROSTER,
        key=f"roster/{roster.name}/{news.kind.value}/{since}",
        lane=f"roster/{roster.name}",
        payload={
            "roster": roster.name,
            "kind": news.kind.value,
            "since": since,
            "until": news.until.isoformat(),
            "before": list(news.before),
            "people": list(news.people),
        },
        rank=Rank.ANNOUNCE_LOW,
        deadline=news.ends,
    )


def _tell_admins(tx: Tx, key: str, words: str) -> None:
    tx.emit([_to_admins(f"{key}/{tx.now.isoformat()}", words)])


def _to_admins(key: str, words: str) -> Effect:
    return Effect(
        kind=EffectKind.TELL_ADMINS,
        key=key,
        lane="admins",
        payload={"text": words},
        rank=Rank.ANSWER,
    )


def actors(tx: Tx, emails: Iterable[str]) -> tuple[Actor, ...]:
    """People as they are mentioned; who is not in Slack goes by their address."""
    return tuple(tx.people.resolve(Actor(name=email, email=email)) for email in emails)
