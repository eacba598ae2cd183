"""How people write the parts of a roster in Slack, and how they are shown again. Pure.

What is read here is what ``muster.yml`` takes as well; a ``ValueError`` is a sentence for whoever typed.
"""

from __future__ import annotations

import re
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from collections.abc import Mapping

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DASHES: Final = str.maketrans("\u2013\u2014\u2212", "---")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.](\d\d))?")
_SPAN: Final = re.compile(r"(?<![a-z])(\d[\d:.]*)\s*(?:-|to|until)\s*(\d[\d:.]*)(?![a-z])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART: Final = re.compile(
    r"(\d{1,4})\s*(m(?=in(?:ute)?s?\b)|h(?=(?:ou)?rs?\b)|d(?=ays?\b)|w(?=eeks?\b)|[mhdw](?![a-z]))[a-z]*"
)
_SHORTEST: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=366)
_WORDS: Final = {"day": "daily", "every day": "daily", "week": "weekly", "every week": "weekly"}
NAME: Final = re.compile(r"[^\s:#@]+")
NAME_LIMIT: Final = 60
_DAY_HOURS, _HOUR_MINUTES = 24, 60
#: From so many days in a row on a range is written.
_RANGE: Final = 3


def name(typed: str) -> str:
    """A roster's name: one word, as it is typed in commands."""
    words = typed.strip()
    if not NAME.fullmatch(words) or len(words) > NAME_LIMIT:
        msg = f"A name is one word of at most {NAME_LIMIT} characters, for example primary."
        raise ValueError(msg)
    return words


@cache
def _zones() -> dict[str, str]:
    return {zone.casefold(): zone for zone in sorted(available_timezones())}


def time_zone(typed: str) -> str:
    """``Europe/Berlin``, whatever the case; a city alone where it is the only one of that name."""
    zones = _zones()
    wanted = typed.strip().replace(" ", "_").casefold()
    if wanted in zones:
        return zones[wanted]
    cities = {zone for folded, zone in zones.items() if folded.rpartition("/")[2] == wanted}
    regions = [z for z in cities if z.partition("/")[0] not in {"posix", "right", "SystemV"}]
    if len(regions) == 1:
        return regions[0]
    near = regions or [zones[each] for each in get_close_matches(wanted, zones, n=3, cutoff=0.6)]
    hint = f" Did you mean {', '.join(near[:3])}?" if near else " Write a name like Europe/Berlin."
    msg = f"I know no time zone {typed.strip()[:60]}.{hint}"
    raise ValueError(msg)


def group(typed: str) -> str:
    """The handle of a user group, with or without ``@``; empty for none."""
    handle = typed.strip().lstrip("@").casefold()
    if handle and not re.fullmatch(r"[^\s#@:]{1,80}", handle):
        msg = "A user group is one word, for example oncall."
        raise ValueError(msg)
    return handle


def rotation(typed: str) -> str:
    """``daily``, ``weekly``, or a length like ``12h`` or ``10d``."""
    words = " ".join(typed.casefold().split())
    words = _WORDS.get(words, words)
    if words in {"daily", "weekly"}:
        return words
    compact = words.removeprefix("every ").replace(" and ", " ")
    parts = _PART.findall(compact)
    if not parts or _PART.sub("", compact).strip():
        msg = "Write weekly, daily, or a length like 12h, 10d or 2w."
        raise ValueError(msg)
    length = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    if not _SHORTEST <= length <= _LONGEST:
        msg = "A turn lasts at least one hour and at most a year."
        raise ValueError(msg)
    return "".join(f"{int(n)}{unit}" for n, unit in parts if int(n))


def clock(typed: str, *, end: bool = False) -> str:
    """``09:00``; ``9``, ``9:00`` and ``9.30`` are taken as well. ``end``: also ``24:00``."""
    found = _CLOCK.fullmatch(typed.strip())
    hours, minutes = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    midnight = end and hours == _DAY_HOURS and minutes == 0
    if not midnight and not (hours < _DAY_HOURS and minutes < _HOUR_MINUTES):
        msg = f"{typed.strip()[:20] or 'Nothing'} is no time of day. Write it like 09:00."
        raise ValueError(msg)
    return f"{hours:02d}:{minutes:02d}"


def handover(typed: str, rotate: str) -> str:
    """``Mon 09:00``; a weekly rotation needs the day, a daily one has none."""
    *days, time = typed.replace(",", " ").split() or [""]
    if len(days) > 1:
        msg = 'Write it like "Mon 09:00".'
        raise ValueError(msg)
    at = clock(time)
    if rotate == "daily":
        return at
    if not days:
        if rotate == "weekly":
            msg = f'A weekly rotation needs a day: "Mon {at}".'
            raise ValueError(msg)
        return at
    return f"{_day(days[0])} {at}"


def _day(word: str) -> str:
    folded = word.strip(".").casefold()
    for day, full in zip(DAYS, _NAMES, strict=True):
        if len(folded) > 2 and full.startswith(folded):  # noqa: PLR2004 - "Tu" and "Th" would do, "T" not
            return day
    msg = f"{word[:20]} is no day. Write Mon, Tue, Wed, Thu, Fri, Sat or Sun."
    raise ValueError(msg)


def hours(typed: str) -> dict[str, object] | None:
    """``Sat, Sun 09:00-21:00``, ``Mon-Fri``, ``22:00-06:00``: when a layer applies; nothing typed is always."""
    words = typed.translate(_DASHES).casefold().strip()
    if not words or words == "always":
        return None
    read: dict[str, object] = {}
    spans = _SPAN.findall(words)
    if len(spans) > 1:
        msg = "One span of time only, like 09:00-17:00. Add a layer for another one."
        raise ValueError(msg)
    if days := _days(_SPAN.sub(" ", words)):
        read["days"] = days
    if spans:
        read["from"], read["to"] = clock(spans[0][0]), clock(spans[0][1], end=True)
    return read or None


def _days(words: str) -> tuple[str, ...]:
    chosen: set[str] = set()
    for part in re.sub(r"\s*-\s*", "-", words).replace(",", " ").split():
        if part in {"and", "from", "on"}:
            continue
        first, _, last = part.partition("-")
        if not last:
            chosen.add(_day(first))
            continue
        begin, end = DAYS.index(_day(first)), DAYS.index(_day(last))
        chosen |= {DAYS[(begin + n) % 7] for n in range((end - begin) % 7 + 1)}
    return tuple(day for day in DAYS if day in chosen)


def hours_text(only: Mapping[str, object] | None) -> str:
    """As ``hours`` reads it; empty when a layer always applies."""
    if not only:
        return ""
    named = only.get("days")
    days = [str(day) for day in named] if isinstance(named, (list, tuple)) else []
    parts = [", ".join(_runs(days))] if days else []
    if only.get("from") or only.get("to"):
        parts.append(f"{only.get('from') or '00:00'}-{only.get('to') or '24:00'}")
    return " ".join(parts)


def _runs(days: list[str]) -> list[str]:
    """``Mon-Fri`` for days in a row."""
    runs: list[list[str]] = []
    for day in DAYS:
        if day not in days:
            continue
        if runs and DAYS.index(runs[-1][-1]) + 1 == DAYS.index(day):
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        part for run in runs for part in ([f"{run[0]}-{run[-1]}"] if len(run) >= _RANGE else run)
    ]
