"""Calendars by their address: iCalendar (https://www.rfc-editor.org/rfc/rfc5545), read and taken apart."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from bot.domain.calendar_people import CalendarEntry
from bot.domain.roster import moment
from bot.errors import ProviderError, Reason
from bot.providers.http import reason_for_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from bot.providers.http import Observe

#: A calendar of a roster is some hundred kilobytes; what is larger is something else.
LARGEST: Final = 5_000_000
#: So many entries in the time asked for: a turn every hour for a year and more.
MOST: Final = 10_000
REDIRECTS: Final = 3
_STEP = timedelta(days=31)
_TOO_OFTEN = re.compile(rb"FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)
_ROOMS: Final = {"ROOM", "RESOURCE"}
_DAY = timedelta(days=1)


class Calendars:
    """``Calendars``: one request per reading, nothing is tried again. An address is a secret: no error names it."""

    def __init__(self, timeout: float = 8.0, observe: Observe | None = None) -> None:
        """Nothing is asked yet."""
        self._timeout = timeout
        self._observe = observe
        self._client: httpx.AsyncClient | None = None

    async def read(
        self, address: str, since: datetime, until: datetime, zone: str
    ) -> list[CalendarEntry]:
        """The entries between the two moments; ``zone`` is that of entries which name none (whole days)."""
        started, outcome = time.monotonic(), "ok"
        try:
            body = await self._get(re.sub("^webcal:", "https:", address))
            return await asyncio.to_thread(entries, body, since, until, zone)
        except ProviderError as error:
            outcome = error.reason.value
            raise
        finally:
            if self._observe:
                self._observe("GET calendar", outcome, time.monotonic() - started)

    async def _get(self, address: str) -> bytes:
        import httpx  # noqa: PLC0415 - only a house with such a roster pays for it

        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._timeout,
                trust_env=False,
                follow_redirects=True,
                max_redirects=REDIRECTS,
                headers={"Accept": "text/calendar, */*;q=0.1"},
            )
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("GET", address) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    reason = reason_for_status(answer.status_code, write=False)
                    raise _error(reason, f"it answered {answer.status_code}")
                return await _limited(answer)
        except (TimeoutError, httpx.TimeoutException):
            detail = f"no answer within {self._timeout:g} seconds"
            raise _error(Reason.UNAVAILABLE, detail) from None
        except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):
            raise _error(Reason.INVALID, "its address cannot be used") from None
        except httpx.HTTPError as error:
            detail = f"it cannot be reached ({type(error).__name__})"
            raise _error(Reason.UNAVAILABLE, detail) from None

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _error(reason: Reason, detail: str) -> ProviderError:
    return ProviderError("calendar", reason, detail)


async def _limited(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise _error(Reason.INVALID, f"it is larger than {LARGEST // 1_000_000} MB")
    return bytes(body)


def entries(body: bytes, since: datetime, until: datetime, zone: str) -> list[CalendarEntry]:
    """What stands in a calendar between two moments, recurrences resolved; ProviderError when it is none."""
    import icalendar  # noqa: PLC0415
    import recurring_ical_events  # noqa: PLC0415

    if _TOO_OFTEN.search(body):
        raise _error(Reason.INVALID, "it has an entry that repeats every minute or second")
    found: dict[tuple[Any, ...], CalendarEntry] = {}
    try:
        calendar = icalendar.Calendar.from_ical(body)
        parts = calendar.subcomponents  # an entry without a beginning would cost all the others
        calendar.subcomponents = [p for p in parts if p.name != "VEVENT" or "DTSTART" in p]
        query = recurring_ical_events.of(calendar, skip_bad_series=True)
        for event in _events(query, since, until):
            if (one := _entry(event, ZoneInfo(zone))) is not None:
                found.setdefault((one.since, one.until, one.summary, one.attendees), one)
            if len(found) > MOST:
                break
    except Exception as error:  # noqa: BLE001 - whatever a broken calendar makes the parser raise
        detail = f"it is no calendar I can read ({type(error).__name__})"
        raise _error(Reason.INVALID, detail) from None
    if len(found) > MOST:
        raise _error(Reason.INVALID, f"it has more than {MOST:,} entries")
    return sorted(found.values(), key=lambda each: (each.since, each.until, each.summary))


def _events(query: Any, since: datetime, until: datetime) -> Iterator[Any]:
    """In short steps, so that one with too many entries is given up early; some come twice."""
    while since < until:
        end = min(since + _STEP, until)
        yield from query.between(since, end)
        since = end


def _entry(event: Any, zone: ZoneInfo) -> CalendarEntry | None:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    since, until = _at(event.start, zone), _at(event.end, zone)
    if until <= since:
        return None
    return CalendarEntry(
        since=since,
        until=until,
        attendees=tuple(_attendees(event.get("ATTENDEE"))),
        organizer=_email(event.get("ORGANIZER")),
        summary=" ".join(str(event.get("SUMMARY", "")).split()),
    )


def _at(value: date | datetime, zone: ZoneInfo) -> datetime:
    """A whole day begins at midnight of the roster's zone, and so does a time without one."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - its zone comes next
    return moment(value, zone) if value.tzinfo is None else value.astimezone(UTC)


def _attendees(value: Any) -> Iterator[str]:
    """Whoever takes part: no rooms, and nobody who declined."""
    for each in value if isinstance(value, list) else [value] if value is not None else []:
        facts = getattr(each, "params", {})
        declined = str(facts.get("PARTSTAT", "")).upper() == "DECLINED"
        room = str(facts.get("CUTYPE", "")).upper() in _ROOMS
        email = _email(each)
        if email and not declined and not room:
            yield email


def _email(value: Any) -> str | None:
    """``mailto:`` of a calendar address; some write the address alone."""
    text = re.sub("^mailto:", "", str(value or "").strip(), flags=re.IGNORECASE)
    return text.lower() if "@" in text and not re.search(r"\s", text) else None
