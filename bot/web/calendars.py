"""``GET /calendars/<roster>.ics?token=...``: a roster as a calendar to subscribe to (RFC 5545)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from icalendar import Calendar
    from starlette.requests import Request

    from bot.domain.roster_views import ShiftView
    from bot.services.standing_in import StandingIn
    from bot.services.subscribing import CalendarLinks

#: What a subscriber sees: the last weeks, and far enough ahead to plan with.
BACK, AHEAD = timedelta(days=31), timedelta(days=183)
REFRESH: Final = timedelta(hours=1)


class RosterCalendars:
    """Rosters for calendar programs, which can send no header: the address itself holds the token."""

    def __init__(self, standing_in: StandingIn, links: CalendarLinks) -> None:
        """``links`` knows which token opens which roster."""
        self._standing_in = standing_in
        self._links = links

    def routes(self) -> list[Route]:
        """The one route; a roster's name may hold anything."""
        return [Route("/calendars/{name:path}.ics", self.get)]

    async def get(self, request: Request) -> Response:
        """401 without the roster's own token; nobody learns which rosters there are."""
        name = str(request.path_params["name"])
        if not self._links.fits(name, request.query_params.get("token", "")):
            return PlainTextResponse("The token does not open this calendar.", status_code=401)
        now = await self._standing_in.clock_now()
        shifts = await self._standing_in.shifts(name, now - BACK, now + AHEAD)
        if shifts is None:
            return PlainTextResponse("There is no such roster any more.", status_code=404)
        body = calendar(name, shifts, now).to_ical()
        headers = {"Cache-Control": "private, max-age=300"}
        return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def calendar(roster: str, shifts: Sequence[ShiftView], now: datetime) -> Calendar:
    """An entry for each shift of somebody, which keeps its identity as long as it begins at the same time.

    The first one began before the stretch that is shown and would change every time: it is left out, unless it is all
    there is: somebody is always on call.
    """
    from icalendar import Calendar, Event, vCalAddress  # noqa: PLC0415 - only when one is asked for

    made = Calendar()
    made.add("prodid", "-//Muster//On call//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"On call: {roster}")
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    mark = hashlib.sha256(roster.encode()).hexdigest()[:16]
    for shift in shifts[1:] or shifts:
        if not shift.people:
            continue
        event = Event()
        event.add("uid", f"{mark}-{int(shift.since.timestamp())}@muster")
        event.add("dtstamp", now)
        event.add("dtstart", shift.since)
        event.add("dtend", shift.until)
        event.add("summary", f"On call: {', '.join(person.name for person in shift.people)}")
        event.add("transp", "TRANSPARENT")
        for person in shift.people:
            if person.email:
                address = vCalAddress(f"mailto:{person.email}")
                address.params["CN"] = person.name.replace('"', "'")
                event.add("attendee", address)
        made.add_component(event)
    return made
