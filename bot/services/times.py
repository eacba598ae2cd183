"""The use case of the five times: people correct them, in their own time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import times

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.domain.times import Moment
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents


class Times:
    """What happened stays in the timeline; what counts is on the incident."""

    def __init__(self, house: House, incidents: Incidents) -> None:
        """Given the shared parts, and how an incident is changed."""
        self._work = house.work
        self._incidents = incidents

    async def correct(
        self, number: int, changes: Mapping[Moment, datetime | None], *, by: SlackUser, once: str
    ) -> Incident:
        """Set some of the five; FieldError names the one that cannot be, UserError says that nothing changed."""
        return await self._incidents.change(
            number, by, once, lambda tx, i, who: times.correct(i, changes, who, tx.now)
        )

    async def correct_typed(
        self, number: int, moment: Moment, words: str, *, by: SlackUser, once: str
    ) -> Incident:
        """One of the five as it was typed, in the person's own time zone (UTC when Slack told none)."""
        person = await self._work.read(lambda tx: tx.people.by_slack(by.id))
        at = times.parse(words, person.tz if person else "UTC", self._work.clock.now())
        return await self.correct(number, {moment: at}, by=by, once=once)
