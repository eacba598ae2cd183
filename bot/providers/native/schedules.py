"""Rosters as schedules: a roster's id is its name, an override's its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.incident import Actor
from bot.errors import Reason
from bot.ports_pager import Override, Schedule, Shift
from bot.providers.native.calls import Calls, error, not_found, told, user
from bot.store import rosters as store
from bot.store.convert import storable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.roster import Rota
    from bot.ports_pager import PagerUser
    from bot.store.tx import Tx

_DIGITS = 9


class Schedules(Calls):
    """``Schedules``: rotations, overrides and swaps of the rosters, in ``muster.yml`` or made in Slack."""

    async def schedules(self) -> Sequence[Schedule]:
        """All rosters, by name."""

        def look(tx: Tx) -> list[Schedule]:
            names = sorted(self._desk.roster_names(tx), key=str.casefold)
            found = ((name, self._desk.rota(tx, name)) for name in names)
            return [
                Schedule(id=name, name=name, time_zone=rota.roster.time_zone)
                for name, rota in found
                if rota
            ]

        return await self._work.read(look)

    async def shifts(self, schedule_id: str, since: datetime, until: datetime) -> Sequence[Shift]:
        """Who is on call from ``since`` to ``until``, gaps included as shifts of nobody."""
        _check(since, until)

        def look(tx: Tx) -> list[Shift]:
            return [
                Shift(
                    since=each.since,
                    until=each.until,
                    users=tuple(_user(tx, email) for email in each.people),
                )
                for each in self._rota(tx, schedule_id).shifts(since, until)
            ]

        return await self._work.read(look)

    async def overrides(
        self, schedule_id: str, since: datetime, until: datetime
    ) -> Sequence[Override]:
        """The overrides that touch the period, the earliest first; those of ``muster.yml`` have no id."""
        _check(since, until)

        def look(tx: Tx) -> list[Override]:
            self._rota(tx, schedule_id)
            kept = store.overrides(tx, schedule_id)
            found = [(each.override, str(each.id) if each.until > tx.now else "") for each in kept]
            known = [each for each, _ in found]
            rota = self._rota(tx, schedule_id)
            found += [(each, "") for each in rota.overrides if each not in known]
            return [
                Override(id=number, user=_user(tx, e.person), since=e.since, until=e.until)
                for e, number in sorted(found, key=lambda pair: (pair[0].since, pair[0].until))
                if e.since < until and e.until > since
            ]

        return await self._work.read(look)

    async def override(
        self, schedule_id: str, user_id: str, since: datetime, until: datetime, *, by: str
    ) -> Override:
        """Let somebody take over from everybody; INVALID says why not. What has begun begins now."""
        _check(since, until)
        await self._work.read(lambda tx: self._rota(tx, schedule_id))
        to, person = await self._person(user_id), await self._person(by)
        with told():
            number, start, end = await self._desk.override(
                schedule_id, to=to, since=since, until=until, by=person
            )
        return Override(id=str(number), user=user(to), since=start, until=end)

    async def remove_override(self, schedule_id: str, override_id: str, *, by: str) -> None:
        """Take one back; what is under way ends now. NOT_FOUND when the roster has none of that number."""
        person = await self._person(by)
        digits = override_id.isascii() and override_id.isdigit() and len(override_id) <= _DIGITS
        if not digits:
            raise not_found(f"override {override_id[:60]}")
        with told():
            await self._desk.remove_override(schedule_id, int(override_id), by=person)

    def _rota(self, tx: Tx, name: str) -> Rota:
        found = self._desk.rota(tx, name) if storable(name) == name else None
        if found is None:
            raise not_found(f"roster {name[:60]}")
        return found


def _check(since: datetime, until: datetime) -> None:
    if since >= until:
        raise error(Reason.INVALID, "the period has to end after its start")


def _user(tx: Tx, email: str) -> PagerUser:
    known = tx.people.by_email(email)
    return user(known.actor if known else Actor(name=email, email=email))
