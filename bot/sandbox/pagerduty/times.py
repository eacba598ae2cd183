"""Times as PagerDuty writes and reads them (ISO 8601)."""

from datetime import UTC, datetime
from typing import overload

from bot.sandbox.pagerduty import errors


@overload
def iso(at: datetime) -> str: ...
@overload
def iso(at: None) -> None: ...
def iso(at: datetime | None) -> str | None:
    """Seconds and `Z`, as the REST API answers."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_ms(at: datetime) -> str:
    """Milliseconds and `Z`, as `occurred_at` in webhooks."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def parse(text: str | None, name: str) -> datetime | None:
    """A query parameter; one without an offset is UTC (the account's time zone here)."""
    if not text:
        return None
    try:
        # A plus sign that was not escaped in the query arrives as a blank.
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise errors.invalid(f"{name} must be a valid ISO 8601 date") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
