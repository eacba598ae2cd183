"""The use cases of who stands in for whom: overrides, swaps, taking them back; and who was on call at a moment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain import roster_swap, when
from bot.domain.incident import Actor
from bot.domain.permissions import Right
from bot.domain.roster import Override
from bot.domain.roster_views import RosterNow, ShiftView, StandIn
from bot.domain.times import zone_of
from bot.errors import UserError
from bot.services import rosters
from bot.services.members import with_address
from bot.services.permissions import require
from bot.store import rosters as store
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from bot.domain.catalog import EscalationPolicy, Service
    from bot.domain.roster import Rota, Shift
    from bot.services.base import House, SlackUser
    from bot.services.subscribing import CalendarLinks
    from bot.store.rosters import KeptOverride
    from bot.store.tx import Tx

IS_OVER: Final = "That override is over, or was taken back already. Nothing was changed."


class StandingIn:
    """Changes on top of a roster, whichever way it was made. Everybody who may is judged in the transaction."""

    def __init__(self, house: House, links: CalendarLinks | None = None) -> None:
        """Given the shared parts, and under which addresses rosters can be subscribed to."""
        self._house = house
        self._links = links
        self._work = house.work

    # --- reading -----------------------------------------------------------------------------------------------

    async def names(self, service: Service | None = None) -> list[str]:
        """All rosters; with a service those its escalation policy names."""
        catalog = self._house.catalog
        if service is not None:
            return _named(catalog.policy_for(service))
        return await self._work.read(lambda tx: rosters.names(tx, catalog))

    async def now(self, wanted: Sequence[str] | None = None) -> list[RosterNow]:
        """Who is on call now, roster by roster."""

        def look(tx: Tx) -> list[RosterNow]:
            names = rosters.names(tx, self._house.catalog) if wanted is None else wanted
            found = ((name, rosters.rota(tx, self._house.catalog, name)) for name in names)
            return [
                replace(
                    _now(tx, name, rota), subscribe=self._links.link(name) if self._links else None
                )
                for name, rota in found
                if rota
            ]

        return await self._work.read(look)

    async def at(self, wanted: Sequence[str], moment: datetime) -> list[RosterNow]:
        """Who was (or will be) on call at a moment, by the rosters as they were then."""

        def one(tx: Tx, name: str) -> RosterNow:
            people, since = rosters.on_duty_then(tx, self._house.catalog, name, moment)
            return RosterNow(name=name, people=_actors(tx, people), known_since=since)

        return await self._work.read(lambda tx: [one(tx, name) for name in wanted])

    async def names_at(self, moment: datetime) -> list[str]:
        """All rosters, and those there were at a moment."""
        return await self._work.read(lambda tx: rosters.names_at(tx, self._house.catalog, moment))

    async def shifts(self, name: str, since: datetime, until: datetime) -> list[ShiftView] | None:
        """Everything between two moments, gaps included; None when there is no such roster."""

        def look(tx: Tx) -> list[ShiftView] | None:
            rota = rosters.rota(tx, self._house.catalog, name)
            if rota is None:
                return None
            return [
                ShiftView(since=s.since, until=s.until, people=_actors(tx, s.people))
                for s in rota.shifts(since, until)
            ]

        return await self._work.read(look)

    async def clock_now(self) -> datetime:
        """What time it is."""
        return self._work.clock.now()

    async def moment(self, words: str, by: SlackUser, *, past: bool = False) -> datetime:
        """A moment as somebody typed it, on their own clock."""
        zone = await self._work.read(lambda tx: _zone(tx, by))
        return when.parse(words, zone, self._work.clock.now(), past=past)

    async def coming(self) -> list[StandIn]:
        """Overrides and swaps of all rosters that are not over, the next one first."""
        return await self._work.read(
            lambda tx: [self._shown(tx, each) for each in store.coming(tx)]
        )

    # --- changing ----------------------------------------------------------------------------------------------

    async def override_typed(
        self, roster: str, slack_id: str, words: str, *, by: SlackUser, once: str
    ) -> StandIn:
        """Somebody is on call as typed (``until Friday 9:00``), on the clock of whoever typed it."""
        zone = await self._work.read(lambda tx: _zone(tx, by))
        span = when.span(words, zone, self._work.clock.now())
        return await self.override(roster, slack_id, span, by=by, once=once)

    async def override(
        self,
        roster: str,
        slack_id: str,
        span: when.Span,
        *,
        by: SlackUser,
        once: str,
        instead_of: str | None = None,
    ) -> StandIn:
        """Somebody is on call instead of everybody, or of one person; UserError when that changes nothing."""

        def change(tx: Tx) -> StandIn:
            if not tx.remember(once, None):
                return self._shown(tx, *store.made_by_press(tx, once))
            require(self._house, tx, Right.ROSTERS, by, None)
            rota = self._rota(tx, roster)
            times = when.checked(span, tx.now)
            person = with_address(tx, slack_id, "be on call")
            replaced = with_address(tx, instead_of, "be replaced") if instead_of else None
            wish = Override(
                person=_address(person.email),
                since=times.since,
                until=times.until,
                replaces=_address(replaced.email) if replaced else None,
            )
            _changes_something(rota, wish, person.name)
            who = tx.people.actor(by.id, by.name)
            (kept,) = store.add_overrides(tx, roster, [wish], who, once)
            return self._shown(tx, kept)

        return await self._work.write(change, patience=PATIENCE)

    async def swap(
        self,
        roster: str,
        people: tuple[str, str],
        *,
        by: SlackUser,
        once: str,
        at: tuple[datetime | None, datetime | None] = (None, None),
    ) -> list[StandIn]:
        """Two people exchange their next turns, or the turns that run at the moments given."""

        def change(tx: Tx) -> list[StandIn]:
            if not tx.remember(once, None):
                return [self._shown(tx, each) for each in store.made_by_press(tx, once)]
            require(self._house, tx, Right.ROSTERS, by, None)
            rota = self._rota(tx, roster)
            if people[0] == people[1]:
                msg = "Name two different people to swap."
                raise UserError(msg)
            turns = [
                self._turn(tx, rota, slack_id, moment)
                for slack_id, moment in zip(people, at, strict=True)
            ]
            halves = roster_swap.exchange(*turns)
            who = tx.people.actor(by.id, by.name)
            kept = store.add_overrides(tx, roster, halves, who, once)
            return [self._shown(tx, each) for each in kept]

        return await self._work.write(change, patience=PATIENCE)

    async def remove(self, number: int, *, by: SlackUser, once: str) -> StandIn:
        """Take an override (a swap: both halves) back from now on; UserError when it is gone or over."""

        def change(tx: Tx) -> StandIn:
            first = tx.remember(once, None)
            if first:
                require(self._house, tx, Right.ROSTERS, by, None)
            kept = store.override(tx, number)
            if kept is None:
                msg = "There is no such override. /incident oncall overrides lists them."
                raise UserError(msg)
            if first:
                if kept.until <= tx.now:
                    raise UserError(IS_OVER)
                store.end_overrides(tx, kept, tx.people.actor(by.id, by.name))
            return self._shown(tx, kept)

        return await self._work.write(change, patience=PATIENCE)

    # --- parts -------------------------------------------------------------------------------------------------

    def _rota(self, tx: Tx, roster: str) -> Rota:
        found = rosters.rota(tx, self._house.catalog, roster)
        if found is None:
            msg = f"There is no roster {roster}. /incident oncall lists them."
            raise UserError(msg)
        return found

    def _turn(self, tx: Tx, rota: Rota, slack_id: str, moment: datetime | None) -> Shift:
        person = with_address(tx, slack_id, "swap")
        email, name = _address(person.email), rota.roster.name
        if moment is None:
            turn = roster_swap.next_turn(rota, email, tx.now)
            if turn is None:
                msg = f"{person.name} has no turn ahead in {name}, so there is nothing to swap."
                raise UserError(msg)
            return turn
        turn = roster_swap.turn_at(rota, email, moment, tx.now)
        if turn is None or turn.until <= tx.now:
            there = ", ".join(_names(tx, rota.on_duty(moment))) or "nobody"
            told = "that turn is over" if turn else f"{there} is"
            msg = f"{person.name} is not on call in {name} then ({told}). Choose another time."
            raise UserError(msg)
        return turn

    def _shown(self, tx: Tx, kept: KeptOverride) -> StandIn:
        return StandIn(
            id=kept.id,
            roster=kept.roster,
            person=_actor(tx, kept.person),
            instead=_actors(tx, self._instead(tx, kept)),
            since=kept.since,
            until=kept.until,
            swap=kept.swap,
            by=kept.by,
        )

    def _instead(self, tx: Tx, kept: KeptOverride) -> Iterable[str]:
        """Who would be on call without any override, while it is in force."""
        if kept.replaces is not None:
            return (kept.replaces,)
        roster = rosters.find(tx, self._house.catalog, kept.roster)
        if roster is None or kept.since >= kept.until:
            return ()
        plain = rosters.rota_of(tx, roster, plain=True)
        there = (p for s in plain.shifts(kept.since, kept.until) for p in s.people)
        return dict.fromkeys(p for p in there if p != kept.person)


def _now(tx: Tx, name: str, rota: Rota) -> RosterNow:
    duty = rota.current(tx.now)
    return RosterNow(
        name=name,
        people=_actors(tx, duty.people),
        until=duty.until,
        then=_actors(tx, rota.on_duty(duty.until)) if duty.until else (),
        problem=rosters.calendar_problem(tx, rota.roster) if rota.roster.ical else None,
    )


def _changes_something(rota: Rota, wish: Override, name: str) -> None:
    """UserError when everybody would be on call just as they are."""
    stretch = rota.shifts(wish.since, wish.until)
    if all(wish.apply(each.people) == each.people for each in stretch):
        where = rota.roster.name
        if wish.replaces is None:
            msg = f"{name} is on call in {where} all that time already, so nothing was changed."
        else:
            msg = f"Nobody in {where} would be replaced in that time, so nothing was changed."
        raise UserError(msg)


def _named(policy: EscalationPolicy | None) -> list[str]:
    levels = policy.levels if policy else ()
    targets = (target.partition(":") for level in levels for target in level.notify)
    return list(dict.fromkeys(name for kind, _, name in targets if kind == "roster"))


def _zone(tx: Tx, by: SlackUser) -> tzinfo:
    person = tx.people.by_slack(by.id)
    return zone_of(person.tz if person else "UTC")


def _address(email: str | None) -> str:
    return (email or "").lower()


def _actor(tx: Tx, email: str) -> Actor:
    found = tx.people.by_email(email)
    return found.actor if found else Actor(name=email, email=email)


def _actors(tx: Tx, emails: Iterable[str]) -> tuple[Actor, ...]:
    return tuple(_actor(tx, email) for email in emails)


def _names(tx: Tx, emails: Iterable[str]) -> list[str]:
    return [actor.name for actor in _actors(tx, emails)]
