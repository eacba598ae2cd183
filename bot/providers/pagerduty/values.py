"""Odd JSON into values: nothing here ever raises, whatever the vendor (or a stranger) sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.domain.incident import Actor, Status, Urgency

_EPOCH_MS_FROM = 100_000_000_000


def obj(value: Any) -> dict[str, Any]:
    """``value`` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, else nothing."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """``value`` as text a database takes: numbers as written, no NUL, no lone surrogates."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        written = str(value)
    except ValueError:  # an integer of more than 4,300 digits
        return ""
    return written.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def some(value: Any) -> str | None:
    """Like ``text``, but None when there is nothing."""
    return text(value).strip() or None


def number(value: Any) -> int | None:
    """A whole number, also when it came as text; None when it is none or too large to store."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        whole = int(value)
    except (ValueError, OverflowError):
        return None
    return whole if abs(whole) < 2**31 else None


def address(value: Any) -> str:
    """A web address, else nothing (so that nobody is handed a ``javascript:`` link)."""
    url = text(value).strip()
    return url if url.startswith(("https://", "http://")) else ""


def moment(value: Any) -> datetime | None:
    """A point in time as aware UTC: ISO 8601 in any form (UTC when naive), or epoch s/ms."""
    try:
        if isinstance(value, str):
            stamp = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
            aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            seconds = value / 1000 if value >= _EPOCH_MS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def iso(at: datetime) -> str:
    """A moment as PagerDuty reads it: whole seconds, UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def actor(value: Any) -> Actor | None:
    """Who a reference names; only people get an id, services are nobody to look up."""
    data = obj(value)
    name = some(data.get("name")) or some(data.get("summary"))
    found = some(data.get("id"))
    kind = text(data.get("type")) or "user_reference"
    person = found if kind.startswith("user") else None
    if name is None and found is None:
        return None
    return Actor(name=name or found or "", email=some(data.get("email")), pagerduty_id=person)


def status(value: Any, fallback: Status = Status.TRIGGERED) -> Status:
    """PagerDuty's status; anything else is ``fallback`` (an open page is never hidden)."""
    try:
        return Status(text(value).strip().lower())
    except ValueError:
        return fallback


def urgency(value: Any) -> Urgency:
    """PagerDuty's urgency; anything but ``low`` is high."""
    return Urgency.LOW if text(value).strip().lower() == "low" else Urgency.HIGH
