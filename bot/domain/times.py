"""The five times of an incident, and how people correct them. Pure; everything is aware UTC.

A correction changes the incident and is an entry of its own: who changed which time, from what to what. An order
that makes no sense is said, not refused: the person knows what happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain import plan
from bot.domain.incident import Entry, EntryKind, Origin, Status
from bot.domain.lifecycle import Decision
from bot.errors import FieldError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Actor, Incident


class Moment(StrEnum):
    """The five, in the order they happen."""

    STARTED = "started"
    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


#: What each means, for forms and answers.
MEANINGS: Final = {
    Moment.STARTED: "when it began to hurt",
    Moment.DETECTED: "when we knew of it",
    Moment.ACKNOWLEDGED: "when somebody took it",
    Moment.MITIGATED: "when it stopped hurting",
    Moment.RESOLVED: "when it was over",
}
#: These have a value of their own to go back to, or none: ``none`` takes a correction away.
CLEARABLE: Final = frozenset({Moment.DETECTED, Moment.MITIGATED})
#: A correction further back than this is a typing mistake.
FURTHEST: Final = timedelta(days=366)
NOTHING: Final = frozenset({"none", "unknown", "clear", "-"})
_COLUMNS: Final = {moment: f"{moment.value}_at" for moment in Moment}
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_STAMP: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def value(incident: Incident, moment: Moment) -> datetime | None:
    """The time as it counts: corrected where somebody did, detected when it reached us."""
    found: datetime | None = getattr(incident, _COLUMNS[moment])
    return incident.created_at if found is None and moment is Moment.DETECTED else found


def values(incident: Incident) -> dict[Moment, datetime | None]:
    """All five."""
    return {moment: value(incident, moment) for moment in Moment}


@dataclass(frozen=True, kw_only=True)
class Span:
    """From one of the five to another, as people count them."""

    label: str
    start: Moment
    end: Moment


SPANS: Final = (
    Span(label="to detect", start=Moment.STARTED, end=Moment.DETECTED),
    Span(label="to acknowledge", start=Moment.DETECTED, end=Moment.ACKNOWLEDGED),
    Span(label="to mitigate", start=Moment.DETECTED, end=Moment.MITIGATED),
    Span(label="to resolve", start=Moment.DETECTED, end=Moment.RESOLVED),
    Span(label="in all", start=Moment.STARTED, end=Moment.RESOLVED),
)


def spans(incident: Incident) -> list[tuple[str, timedelta]]:
    """Label and length of every span both of whose times are known and in order."""
    known = values(incident)
    found = []
    for span in SPANS:
        start, end = known[span.start], known[span.end]
        if start is not None and end is not None and end >= start:
            found.append((span.label, end - start))
    return found


def named(word: str) -> Moment:
    """The time somebody means; FieldError lists the five."""
    wanted = word.strip().casefold()
    for moment in Moment:
        if wanted and moment.value.startswith(wanted) and len(wanted) >= 3:  # noqa: PLR2004
            return moment
    names = ", ".join(Moment)
    text = f"There is no time called {word}. Choose one of {names}: /incident times detected 14:05."
    raise FieldError("times", text)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name, else UTC."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def parse(words: str, zone: str, now: datetime) -> datetime | None:
    """``14:05`` (the last such moment), ``2026-11-26 14:05``, with ``Z`` or an offset; None for ``none``.

    Without an offset it is the person's own time. FieldError says what can be written.
    """
    typed = " ".join(words.split())
    if typed.casefold() in NOTHING:
        return None
    own = zone_of(zone)
    try:
        clock, stamp = _CLOCK.fullmatch(typed), _STAMP.fullmatch(typed)
        if clock:
            return _today(clock, own, now)
        if stamp:
            return _at(stamp, own)
    except (ValueError, OverflowError):
        pass
    text = (
        f"I cannot read {typed or 'an empty time'}. Write 14:05 (today, your time), 2026-11-26 14:05, "
        "or 2026-11-26T14:05Z."
    )
    raise FieldError("times", text)


def _today(clock: re.Match[str], zone: ZoneInfo, now: datetime) -> datetime:
    hour, minute, second = (int(part or 0) for part in clock.groups())
    local = now.astimezone(zone)
    at = _real(local.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0), zone)
    if at > now:  # at one in the morning 23:50 is yesterday's
        day = local.date() - timedelta(days=1)
        at = _real(datetime.combine(day, at.astimezone(zone).time(), tzinfo=zone), zone)
    return at


def _at(stamp: re.Match[str], zone: ZoneInfo) -> datetime:
    day, clock, offset = stamp.groups()
    hours, _, rest = clock.partition(":")
    local = datetime.fromisoformat(f"{day}T{int(hours):02d}:{rest}")
    if offset is None:
        return _real(local.replace(tzinfo=zone), zone)
    if offset.upper() in {"Z", "UTC"}:
        return local.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{local.isoformat()}{offset}").astimezone(UTC)


def _real(local: datetime, zone: ZoneInfo) -> datetime:
    """As UTC; a time the clocks jumped over does not exist."""
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        text = f"{local:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks were put forward. Write it as UTC."
        raise FieldError("times", text)
    return at


def correct(
    incident: Incident, changes: Mapping[Moment, datetime | None], by: Actor, now: datetime
) -> Decision:
    """Set some of the five; what is the same to the minute is no change. UserError when nothing would change."""
    changed = {m: at for m, at in changes.items() if not _is(incident, m, at)}
    if not changed:
        raise UserError(f"{incident.name} has these times already, so nothing was changed.")
    entries = []
    for moment in (m for m in Moment if m in changed):
        at = changed[moment]
        _check(incident, moment, at, now)
        was = value(incident, moment)
        text = f"{said(at)} (was {said(was)})"
        entries.append(
            Entry(
                kind=EntryKind.TIME, at=now, actor=by, origin=Origin.SLACK,
                target=moment.value, text=text,
            )
        )  # fmt: skip
    columns = {_COLUMNS[moment]: at for moment, at in changed.items()}
    after = replace(incident, updated_at=now, **columns)  # type: ignore[arg-type]
    effects = (*plan.refresh(after), *plan.refresh_ticket(after))
    return Decision(incident=after, entries=tuple(entries), effects=effects)


def _is(incident: Incident, moment: Moment, wished: datetime | None) -> bool:
    """Whether it is so already. Slack's form knows minutes only: given back unchanged, seconds are not lost."""
    if wished is None:
        return getattr(incident, _COLUMNS[moment]) is None
    now = value(incident, moment)
    if now is None or wished.second or wished.microsecond:
        return now == wished
    return now.replace(second=0, microsecond=0) == wished


def _check(incident: Incident, moment: Moment, at: datetime | None, now: datetime) -> None:
    field = moment.value
    if at is None:
        if moment not in CLEARABLE:
            raise FieldError(field, f"An incident always has a time it was {field}. Write one.")
        return
    if at > now:
        raise FieldError(field, f"{said(at)} is in the future. Write when it happened.")
    if at < incident.created_at - FURTHEST:
        text = f"{said(at)} is more than a year before it was declared. Is the year right?"
        raise FieldError(field, text)
    if moment is Moment.RESOLVED and incident.is_open:
        text = f"{incident.name} is not resolved. Resolve it first, then correct when that was."
        raise FieldError(field, text)
    if moment is Moment.ACKNOWLEDGED and incident.status is Status.TRIGGERED:
        text = f"Nobody has acknowledged {incident.name} yet. Acknowledge it first, then correct when that was."
        raise FieldError(field, text)


def warnings(incident: Incident) -> list[str]:
    """What in the order of the five makes no sense, each as a sentence."""
    known = [(m, at) for m, at in values(incident).items() if at is not None]
    return [
        f"{later.value.capitalize()} is before {earlier.value}."
        for (earlier, first), (later, second) in pairwise(known)
        if second < first
    ]


def said(at: datetime | None) -> str:
    """``2026-11-26 14:05 UTC``; seconds where there are some."""
    if at is None:
        return "not known"
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC" if utc.second else f"{utc:%Y-%m-%d %H:%M} UTC"
