"""The kinds of text in muster.yml: durations, addresses, references, jq; bad ones are reported."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.config_file.reader import nearest
from bot.domain.catalog import DEFAULT_ROUTING
from bot.mapping.programs import compile_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.config_file.reader import Reader, Value

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(r"(?:\d{1,6}[smhdw])+")
APPRISE = re.compile(r"[A-Za-z0-9+]+://\S+")
EMAIL = re.compile(r"[^@\s:<>]+@[^@\s<>]+\.[^@\s<>.]+")
HANDLE = re.compile(r"#?[^\s#@:]{1,80}")
REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
HANDOVER = re.compile(rf"(?:({'|'.join(DAYS)}) )?([01]\d|2[0-3]):[0-5]\d")
_CRON = r"(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/\d+)?"
CRON_FIELD = re.compile(rf"{_CRON}(,{_CRON})*")
CRON_FIELDS = 5


def duration(value: Value | None) -> timedelta | None:
    """``30m``, ``1h30m``, ``7d``."""
    if value is None or (text := value.text()) is None:
        return None
    parts = re.findall(r"(\d+)([smhdw])", text) if DURATION.fullmatch(text) else []
    span = sum((timedelta(**{UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    if not span:
        value.problem(f"is {value.raw!r}.", "Write a duration like 30s, 5m, 1h, 1h30m or 7d.")
        return None
    return span


def email(value: Value | None) -> str | None:
    """An e-mail address, in lower case: that is how people are compared."""
    return _matching(value, EMAIL, "Write an e-mail address.", fold=True)


def repository(value: Value | None, owner: str | None) -> str | None:
    """``owner/name``; a bare name belongs to ``owner`` (GITHUB_OWNER)."""
    if value is None or (text := value.text()) is None:
        return None
    full = f"{owner}/{text}" if owner and "/" not in text else text
    if REPOSITORY.fullmatch(full):
        return full
    value.problem(f"is {value.raw!r}.", "Write owner/name, or name together with GITHUB_OWNER.")
    return None


def address(value: Value | None, schemes: Collection[str] = ("https", "http")) -> str | None:
    """A web address; what is shown of a wrong one is only what stands in the file."""
    if value is None or (text := value.text()) is None:
        return None
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and bool(parts.netloc) and not re.search(r"\s", text)
    except ValueError:
        good = False
    if good:
        return text
    value.problem(
        f"is {value.raw!r}.", f"Write an address that starts with {next(iter(schemes))}://."
    )
    return None


def apprise(value: Value | None) -> str | None:
    """An Apprise address: any scheme (mailto, msteams, ...)."""
    return _matching(value, APPRISE, "Write an Apprise URL.")


def handle(value: Value | None) -> str | None:
    """A channel or user group, with or without # or @ in front."""
    if value is None or (text := value.text()) is None:
        return None
    name = text.lstrip("#@")
    if HANDLE.fullmatch(name):
        return name
    value.problem(f"is {value.raw!r}.", "Write a name without spaces.")
    return None


def program(value: Value | None) -> str | None:
    """A jq expression; ``check_programs`` compiles all of them at the end."""
    if value is None or (text := value.text()) is None:
        return None
    value.reader.programs.append((value, text))
    return text


def check_programs(reader: Reader) -> None:
    """Report every expression that does not compile."""
    shipped = {rule.when for rule in DEFAULT_ROUTING}
    problems = compile_problems(text for _, text in reader.programs if text not in shipped)
    for value, text in reader.programs:
        if text in problems:
            # jq repeats parts of the program, which may by now hold a secret from the environment.
            known = text == value.raw
            reason = problems[text] if known else "with ${NAME} replaced it does not compile"
            value.problem(
                f"is not a usable jq expression: {reason}.", "Try it at the command line with jq."
            )


def time_zone(value: Value | None) -> str | None:
    """A name of the time zone database."""
    if value is None or (text := value.text()) is None:
        return None
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(text, available_timezones())
        mend = hint if hint.startswith("Did") else "Write a name like Europe/Berlin."
        value.problem(f"is {value.raw!r}, which is no time zone.", mend)
        return None
    return text


def handover(value: Value | None, rotate: str) -> str | None:
    """``09:00``; a weekly rotation names the day as well."""
    text = _matching(value, HANDOVER, 'Write "09:00" or "Mon 09:00".')
    if value and text and rotate == "weekly" and " " not in text:
        value.problem(
            f"is {value.raw!r}, without a day.", 'Weekly rotations need one: "Mon 09:00".'
        )
        return None
    return text


def clock(value: Value | None) -> str | None:
    """A time of day."""
    return _matching(value, CLOCK, 'Write a time of day like "09:00".')


def moment(value: Value | None) -> str | None:
    """A date, or a date and time, as written."""
    if value is None or (text := value.text()) is None:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        value.problem(f"is {value.raw!r}.", "Write a date like 2026-01-05 or 2026-01-05T09:00.")
        return None
    return text


def cron(value: Value | None) -> str | None:
    """Five fields: minute, hour, day, month, weekday."""
    if value is None or (text := value.text()) is None:
        return None
    fields = text.split()
    if len(fields) != CRON_FIELDS or not all(CRON_FIELD.fullmatch(field) for field in fields):
        value.problem(f"is {value.raw!r}.", 'Write five fields like "0 10 1 * *".')
        return None
    if why := _never(text):
        mend = 'Write minute, hour, day of the month, month and weekday, like "0 10 1 * *".'
        value.problem(f"is {value.raw!r}: {why}.", mend)
        return None
    return text


def _never(expression: str) -> str:
    """Why those five fields never come due; empty when they do."""
    from bot.worker.cron import trigger  # noqa: PLC0415 - APScheduler, for those who use it

    try:
        found = trigger(expression, "UTC")
    except ValueError as error:
        return str(error).rstrip(".")
    start = datetime(2024, 1, 1, tzinfo=UTC)  # the year has a 29th of February
    return "" if found.get_next_fire_time(None, start) else "no such day ever comes"


def reference(value: Value, kinds: Mapping[str, Collection[str] | None]) -> str | None:
    """``kind:name``; names are checked where the file itself knows them all (else None)."""
    if (text := value.text()) is None:
        return None
    kind, _, name = text.partition(":")
    if kind not in kinds or not name:
        forms = ", ".join(f"{each}:..." for each in kinds)
        value.problem(f"is {value.raw!r}.", f"It can be: {forms}.")
        return None
    known = kinds[kind]
    if known is not None and name not in known:
        value.problem(f"names the unknown {kind} {name!r}.", nearest(name, known))
        return None
    if kind == "person" and not EMAIL.fullmatch(name):
        value.problem(f"is {value.raw!r}.", "Write person: and an e-mail address.")
        return None
    return f"person:{name.casefold()}" if kind == "person" else f"{kind}:{name.lstrip('#@')}"


def _matching(
    value: Value | None, pattern: re.Pattern[str], mend: str, *, fold: bool = False
) -> str | None:
    if value is None or (text := value.text()) is None:
        return None
    if pattern.fullmatch(text):
        return text.casefold() if fold else text
    value.problem(f"is {value.raw!r}.", mend)
    return None
