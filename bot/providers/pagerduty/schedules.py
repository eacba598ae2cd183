"""Schedules and overrides at PagerDuty.

https://developer.pagerduty.com/api-reference/ (Schedules). None of these calls takes a From header: PagerDuty
records the key, not a person. People are named without their e-mail address there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bot.errors import Reason
from bot.ports_pager import Override, Shift
from bot.providers.pagerduty import parse
from bot.providers.pagerduty.calls import Calls
from bot.providers.pagerduty.values import iso, obj, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.ports_pager import Schedule

_ONE = "/schedules/{id}"
_CREATED = 201


class Schedules(Calls):
    """The part of ``Pager`` that concerns schedules."""

    async def schedules(self) -> Sequence[Schedule]:
        """All of them, by name."""
        found = [parse.schedule(one) for one in await self._list("/schedules", "schedules")]
        return sorted(found, key=lambda one: (one.name.casefold(), one.id))

    async def shifts(self, schedule_id: str, since: datetime, until: datetime) -> Sequence[Shift]:
        """The final schedule from ``since`` to ``until``, gaps included as shifts of nobody."""
        self._check(since, until)
        found = await self._object(
            "GET", _ONE, "schedule", params=_period(since, until), ids={"id": schedule_id}
        )
        rendered = obj(found.get("final_schedule")).get("rendered_schedule_entries")
        if not isinstance(rendered, list):
            raise self._http.error(Reason.UNAVAILABLE, "answered without a rendered schedule")
        entries = [entry for one in objects(rendered) if (entry := parse.shift(one)) is not None]
        return seamless(entries, since, until)

    async def overrides(
        self, schedule_id: str, since: datetime, until: datetime
    ) -> Sequence[Override]:
        """The overrides that touch the period, the earliest first; those that are over have no id.

        PagerDuty tells ids of those only that can still be changed, and only when it is asked for these alone, so it
        is asked twice.
        """
        self._check(since, until)
        whole = [*_period(since, until), ("overflow", "true")]
        everything, editable = await asyncio.gather(
            self._overrides(schedule_id, whole),
            self._overrides(schedule_id, [*whole, ("editable", "true")]),
        )
        known = {_span(one): one for one in everything}
        known |= {_span(one): one for one in editable if one.id}
        return sorted(known.values(), key=lambda one: (one.since, one.until, one.user.id))

    async def override(
        self, schedule_id: str, user_id: str, since: datetime, until: datetime, *, by: str
    ) -> Override:
        """Let somebody take over; INVALID with PagerDuty's reason when it refuses this one."""
        del by
        self._check(since, until)
        user = {"id": user_id, "type": "user_reference"}
        wish = {"start": iso(since), "end": iso(until), "user": user}
        answer = await self._http.request(
            "POST", f"{_ONE}/overrides", json={"overrides": [wish]}, ids={"id": schedule_id}
        )
        made = objects(answer)
        if not made:
            raise self._http.error(Reason.UNKNOWN_OUTCOME, "answered without the override")
        return self._made(made[0])

    async def remove_override(self, schedule_id: str, override_id: str, *, by: str) -> None:
        """Take one back; PagerDuty ends one that is under way now. NOT_FOUND when there is none of that id."""
        del by
        ids = {"id": schedule_id, "override_id": override_id}
        await self._http.request("DELETE", f"{_ONE}/overrides/{{override_id}}", ids=ids)

    async def _overrides(self, schedule_id: str, params: Any) -> list[Override]:
        found = await self._http.request(
            "GET", f"{_ONE}/overrides", expect="overrides", params=params, ids={"id": schedule_id}
        )
        return [known for one in objects(found) if (known := parse.override(one)) is not None]

    def _made(self, result: dict[str, Any]) -> Override:
        """PagerDuty answers 201 to the whole and tells of each override whether it was made."""
        if result.get("status", _CREATED) != _CREATED:
            errors = result.get("errors")
            told = " ".join(text(one) for one in errors) if isinstance(errors, list) else ""
            raise self._invalid(told or "PagerDuty refused the override", text(result["status"]))
        made = parse.override(obj(result.get("override")))
        if made is None:
            raise self._http.error(Reason.UNKNOWN_OUTCOME, "answered with an override of no time")
        return made

    def _check(self, since: datetime, until: datetime) -> None:
        if since >= until:
            raise self._invalid("the period has to end after its start")


def seamless(entries: Iterable[Shift], since: datetime, until: datetime) -> list[Shift]:
    """Entries cut to the period, neighbours of the same people made one, and nobody where there was a hole."""
    found: list[Shift] = []
    at = since
    for entry in sorted(entries, key=lambda one: one.since):
        start, end = max(entry.since, at), min(entry.until, until)
        if start >= end:
            continue
        if start > at:
            _append(found, Shift(since=at, until=start))
        _append(found, Shift(since=start, until=end, users=entry.users))
        at = end
    if at < until:
        _append(found, Shift(since=at, until=until))
    return found


def _append(found: list[Shift], one: Shift) -> None:
    if found and _ids(found[-1]) == _ids(one):
        found[-1] = Shift(since=found[-1].since, until=one.until, users=found[-1].users)
    else:
        found.append(one)


def _ids(one: Shift) -> list[str]:
    return [user.id for user in one.users]


def _span(one: Override) -> tuple[datetime, datetime, str]:
    return one.since, one.until, one.user.id


def _period(since: datetime, until: datetime) -> list[tuple[str, str]]:
    return [("since", iso(since)), ("until", iso(until))]
