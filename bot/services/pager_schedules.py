"""Schedules at PagerDuty as people name them: who stands in there, and who is on call there at a moment.

Names are mirrored, so nobody waits for PagerDuty to be understood; what is asked or changed there is an effect, and its
answer comes privately. Overrides of rosters are ``bot.services.standing_in``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain import plan_people, when
from bot.domain.permissions import Right
from bot.domain.times import zone_of
from bot.errors import UserError
from bot.services.people import SCHEDULES
from bot.services.permissions import require
from bot.services.standing_in import IS_OVER
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor
    from bot.domain.plan_people import Question
    from bot.domain.roster_views import StandIn
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx

#: Of so many schedules PagerDuty is asked in one look; each is two requests.
ASKED_AT_ONCE: Final = 20


class PagerSchedules:
    """What can be asked of PagerDuty's schedules; without PagerDuty there are none."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    async def names(self) -> dict[str, str]:
        """Ids by name, as mirrored. Of two with one name the second has its id behind it."""
        if not self._house.options.pagerduty:
            return {}
        known = await self._work.read(lambda tx: tx.value(SCHEDULES)) or {}
        found: dict[str, str] = {}
        for own, name in sorted(known.items(), key=lambda pair: (str(pair[1]).casefold(), pair[0])):
            found[f"{name} ({own})" if name in found else str(name)] = own
        return found

    async def named(self, words: str) -> tuple[str, str] | None:
        """Id and name of the schedule that is meant, by name or id."""
        wanted = " ".join(words.split()).casefold()
        for name, own in (await self.names()).items():
            if wanted and wanted in {name.casefold(), own.casefold()}:
                return own, name
        return None

    async def typed(self, words: str, by: SlackUser) -> when.Span:
        """From when until when, as somebody typed it on their own clock."""

        def zone(tx: Tx) -> str:
            person = tx.people.by_slack(by.id)
            return person.tz if person else "UTC"

        return when.span(words, zone_of(await self._work.read(zone)), self._work.clock.now())

    async def override(
        self,
        schedule: tuple[str, str],
        slack_id: str,
        span: when.Span,
        *,
        by: SlackUser,
        once: str,
        channel: str | None,
    ) -> Actor:
        """Have PagerDuty told that somebody stands in (at once, when a start is over); whoever asked is told."""

        def change(tx: Tx) -> Actor:
            person = _with_account(tx, slack_id)
            if not tx.remember(once, None):
                return person
            require(self._house, tx, Right.ROSTERS, by, None)
            times = when.checked(span, tx.now)
            who = tx.people.actor(by.id, by.name)
            effect = plan_people.override_schedule(
                schedule, person, (times.since, times.until), who, channel=channel, once=once
            )
            tx.emit([effect])
            return person

        return await self._work.write(change, patience=PATIENCE)

    async def ask_overrides(
        self,
        schedule: tuple[str, str] | None,
        *,
        by: SlackUser,
        once: str,
        channel: str | None,
    ) -> bool:
        """Have PagerDuty asked who stands in in a schedule (None: in all, as far as a look goes), and ``by`` told.

        False when no schedule of PagerDuty's is known.
        """
        known = [schedule] if schedule else [(own, n) for n, own in (await self.names()).items()]
        if not known:
            return False
        asked, hidden = known[:ASKED_AT_ONCE], len(known[ASKED_AT_ONCE:])

        def change(tx: Tx) -> None:
            if tx.remember(once, None):
                effect = plan_people.ask_overrides(
                    asked, hidden, by.id, channel=channel, once=once, now=tx.now
                )
                tx.emit([effect])

        await self._work.write(change, patience=PATIENCE)
        return True

    async def remove_override(
        self, one: StandIn, *, by: SlackUser, once: str, channel: str | None
    ) -> str:
        """Have PagerDuty told to take an override back, and ``by`` what came of it; the name of its schedule.

        UserError when it is over.
        """
        place = one.at_pager
        assert place is not None  # noqa: S101 - it was shown with a button of its own

        def change(tx: Tx) -> str:
            known = tx.value(SCHEDULES) or {}
            name = str(known.get(place.schedule, place.schedule))
            if not tx.remember(once, None):
                return name
            require(self._house, tx, Right.ROSTERS, by, None)
            if one.until <= tx.now:
                raise UserError(IS_OVER)
            member = tx.people.by_pagerduty(place.user)
            there = plan_people.override_schedule(
                (place.schedule, name),
                member.actor if member else one.person,
                (one.since, one.until),
                tx.people.actor(by.id, by.name),
                channel=channel,
                once=once,
            )
            effect = plan_people.remove_override(there, place.id, once)
            tx.emit([effect])
            return name

        return await self._work.write(change, patience=PATIENCE)

    async def ask_at(self, question: Question, moment: datetime, *, once: str) -> None:
        """Have PagerDuty asked who is on call at a moment, and whoever asked told."""
        asked = replace(question, at=moment.isoformat())

        def change(tx: Tx) -> None:
            if tx.remember(once, None):
                tx.emit([plan_people.ask_on_call(asked, once, tx.now)])

        await self._work.write(change, patience=PATIENCE)


def _with_account(tx: Tx, slack_id: str) -> Actor:
    person = tx.people.by_slack(slack_id)
    if person is None or person.deleted or person.is_bot:
        msg = "That person cannot be on call: they are not an active member of this workspace."
        raise UserError(msg)
    if not person.pagerduty_id:
        msg = (
            f"{person.name} has no PagerDuty account, so PagerDuty cannot put them on call. "
            "Choose somebody else, or add them in PagerDuty."
        )
        raise UserError(msg)
    return person.actor
