"""Moments as people type them: ``Friday 9:00``, ``tomorrow 18:00``, ``in 3h``, ``2026-12-24 09:00``. Pure.

Everything is on the clock of the person who types; an offset (``+01:00``, ``Z``) says otherwise. A day needs a time of
day: "until Friday" means its morning to some and its evening to others, so it is asked for instead of guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.roster import moment
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import tzinfo

HOW: Final = (
    "Write for example Friday 9:00, tomorrow 18:00, 18:00, in 3h, or 2026-12-24 09:00 (your time; "
    "with Z it is UTC)."
)
#: Further away is a slip of the finger.
FURTHEST: Final = timedelta(days=366 * 2)

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_SHORTEST: Final = 3  # letters that name a day or a month
_UNITS: Final = {
    "m": "minutes", "min": "minutes", "mins": "minutes", "minute": "minutes", "minutes": "minutes",
    "h": "hours", "hr": "hours", "hrs": "hours", "hour": "hours", "hours": "hours",
    "d": "days", "day": "days", "days": "days", "w": "weeks", "week": "weeks", "weeks": "weeks",
}  # fmt: skip
_LENGTH = re.compile(r"(\d{1,4})\s*([a-z]+)")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2}))?\s*(am|pm)?|(\d{1,2})\s*(am|pm)")
_OFFSET = re.compile(r"(?:\s*)(z|utc|[+-]\d{2}:?\d{2})$")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:t|\s+|$)(.*)")
_WORDS = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_RELATIVE = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
_STARTS = re.compile(r"(?:^|\s)(from|starting|until|till|to|for)\s", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Span:
    """From one moment to another."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class _Said:
    """What was typed, and against what it is read."""

    words: str
    zone: tzinfo
    now: datetime
    after: datetime  # what a time of day alone comes next after
    past: bool

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def wrong(self) -> UserError:
        return UserError(f"I cannot read the time {self.words!r}. {HOW}")


def parse(
    words: str,
    zone: tzinfo,
    now: datetime,
    *,
    past: bool = False,
    after: datetime | None = None,
) -> datetime:
    """The moment somebody means, as UTC; UserError says what can be written.

    A time of day or a day of the week alone is the next one after ``now`` (or ``after``); with ``past`` the last one.
    """
    typed = " ".join(words.replace(",", " ").casefold().split())
    said = _Said(words.strip(), zone, now, after or now, past)
    if not typed:
        raise UserError(f"There is no time. {HOW}")
    try:
        at = _parse(typed, said)
        if abs(at - now) > FURTHEST:
            msg = f"{words.strip()} is more than two years away. Is the year right?"
            raise UserError(msg)
    except (ValueError, OverflowError):
        raise said.wrong() from None
    return at


def _parse(typed: str, said: _Said) -> datetime:
    if typed == "now":
        return said.now
    if typed.startswith("in "):
        return later(said.now, length(typed[3:]), said.zone)
    offset = _OFFSET.search(typed)
    if offset and re.search(r"\d[:.]\d{2}", typed[: offset.start()]):
        said = replace(said, zone=_fixed(offset.group(1)))
        typed = typed[: offset.start()]
    day, rest = _day(typed, said)
    clock = _clock(rest.removeprefix("at ").strip())
    if day is not None and not rest:
        msg = f"{said.words} is a whole day. Add the time, as in {said.words} 9:00."
        raise UserError(msg)
    if clock is None:
        raise said.wrong()
    if isinstance(day, date):
        return _real(datetime.combine(day, clock), said)
    return _nearest(clock, said, day)


def _fixed(offset: str) -> tzinfo:
    if offset in {"z", "utc"}:
        return UTC
    return datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo or UTC


def _day(typed: str, said: _Said) -> tuple[date | int | None, str]:
    """The day that comes first (a date, or the number of a weekday), and what follows it."""
    iso = _ISO.fullmatch(typed)
    if iso:
        year, month, day, rest = iso.groups()
        return date(int(year), int(month), int(day)), rest.strip()
    first, _, rest = typed.removeprefix("on ").partition(" ")
    if first in _RELATIVE:
        return said.today + timedelta(days=_RELATIVE[first]), rest
    if first in {"next", "last", "this"} and rest:
        return _worded(first, rest, said)
    weekday = _named(first, _DAYS)
    if weekday is not None:
        return weekday, rest
    return _written(typed, said)


def _worded(word: str, rest: str, said: _Said) -> tuple[date, str]:
    """``next Friday``, ``last Friday``: after today and before it."""
    first, _, more = rest.partition(" ")
    weekday = _named(first, _DAYS)
    if weekday is None:
        raise said.wrong()
    ahead = (weekday - said.today.weekday()) % 7
    if word == "next":
        ahead = ahead or 7
    elif word == "last":
        ahead = ahead - 7
    return said.today + timedelta(days=ahead), more


def _written(typed: str, said: _Said) -> tuple[date | None, str]:
    """``24 December 9:00``, ``Dec 24 2026 9:00``; without a year the next one (or last one)."""
    found = re.match(r"(\d{1,2})\.? ([a-z]{3,})|([a-z]{3,}) (\d{1,2})(?![\d:.])", typed)
    month = _named(found[2] or found[3], _MONTHS) if found else None
    if not found or month is None:
        return None, typed
    day, rest = int(found[1] or found[4]), typed[found.end() :].strip()
    year = re.match(r"(\d{4})\b", rest)
    if year:
        return date(int(year[1]), month + 1, day), rest[year.end() :].strip()
    this = said.today.year
    for candidate in (this - 1, this, this + 1)[:: -1 if said.past else 1]:
        at = date(candidate, month + 1, day)
        if at <= said.today if said.past else at >= said.today:
            return at, rest
    raise said.wrong()


def _named(word: str, names: tuple[str, ...]) -> int | None:
    word = word.rstrip(".")
    if len(word) < _SHORTEST:
        return None
    return next((n for n, name in enumerate(names) if name.startswith(word)), None)


def _clock(words: str) -> time | None:
    if words in _WORDS:
        return _WORDS[words]
    found = _CLOCK.fullmatch(words)
    if not found:
        return None
    hour, minute, second, half, short, short_half = found.groups()
    hours = int(hour or short)
    if half := half or short_half:
        if not 1 <= hours <= 12:  # noqa: PLR2004 - the hours of half a day
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    return time(hours, int(minute or 0), int(second or 0))


def _nearest(clock: time, said: _Said, weekday: int | None) -> datetime:
    """The next such time of day (on that day of the week), or the last one."""
    step = -1 if said.past else 1
    today = said.after.astimezone(said.zone).date()
    for days in range(9):
        day = today + timedelta(days=step * days)
        if weekday is not None and day.weekday() != weekday:
            continue
        at = _real(datetime.combine(day, clock), said)
        if at <= said.after if said.past else at > said.after:
            return at
    raise said.wrong()


def _real(local: datetime, said: _Said) -> datetime:
    """As UTC; twice, the first one. A time the clocks jump over does not exist."""
    at = moment(local, said.zone)
    if at.astimezone(said.zone).replace(tzinfo=None, fold=0) != local:
        msg = f"{local:%Y-%m-%d %H:%M} does not exist in {said.zone}: the clocks are put forward. Write another time."
        raise UserError(msg)
    return at


def length(words: str) -> timedelta:
    """``4h``, ``1h30m``, ``2 days``, ``1 week and 2 days``; UserError when it is none."""
    typed = " ".join(words.casefold().replace(",", " ").replace(" and ", " ").split())
    total = timedelta()
    position = 0
    while position < len(typed):
        found = _LENGTH.match(typed, position)
        if not found or found[2] not in _UNITS:
            break
        total += timedelta(**{_UNITS[found[2]]: int(found[1])})
        position = found.end()
        while position < len(typed) and typed[position] == " ":
            position += 1
    if not typed or position < len(typed) or not total:
        msg = f"I cannot read {words.strip() or 'nothing'!r} as a length. Write for example 4h, 90m, 1h30m or 2 days."
        raise UserError(msg)
    return total


def later(at: datetime, span: timedelta, zone: tzinfo) -> datetime:
    """``span`` later: whole days on the clock (the same time of day), the rest as it passes."""
    if not span.days:
        return at + span
    local = at.astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(days=span.days)
    return moment(local, zone) + timedelta(seconds=span.seconds)


def split(words: str) -> tuple[str, str]:
    """What stands before the first word of a span (``until``, ``from``, ``for``), and the span."""
    found = _STARTS.search(f"{words} ")
    if not found:
        return words.strip(), ""
    return words[: found.start()].strip(), words[found.start() :].strip()


def span(words: str, zone: tzinfo, now: datetime) -> Span:
    """``until Y``, ``from X until Y``, ``from X for 4h``, ``for 4h``; it ends later than it begins and than now."""
    parts: dict[str, str] = {}
    rest = words
    while rest:
        word, _, more = rest.partition(" ")
        head, rest = split(more)
        name = {"starting": "from", "till": "until", "to": "until"}.get(word.casefold(), word.casefold())  # fmt: skip
        if name in parts or not head:
            msg = f"I cannot read {words.strip()!r}. {_SPANS}"
            raise UserError(msg)
        parts[name] = head
    if "until" in parts and "for" in parts:
        msg = f"Say either until when or for how long, not both. {_SPANS}"
        raise UserError(msg)
    since = parse(parts["from"], zone, now) if "from" in parts else now
    if "until" in parts:
        until = parse(parts["until"], zone, now, after=since)
    elif "for" in parts:
        until = later(since, length(parts["for"]), zone)
    else:
        msg = f"Say until when, or for how long. {_SPANS}"
        raise UserError(msg)
    return checked(Span(since=since, until=until), now)


_SPANS: Final = (
    "Write for example until Friday 9:00, from tomorrow 9:00 until Friday 18:00, or for 4h."
)


def checked(span_: Span, now: datetime) -> Span:
    """The same, when it makes sense: it ends after it begins, and is not over. What has begun begins now."""
    if span_.until <= span_.since:
        msg = "It ends before it begins. Correct one of the two times."
        raise UserError(msg)
    if span_.until <= now:
        msg = "That is over already. Choose an end that lies ahead."
        raise UserError(msg)
    return Span(since=max(span_.since, now), until=span_.until)
