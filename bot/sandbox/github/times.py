"""Times as GitHub writes and reads them."""

from datetime import UTC, datetime
from typing import overload

from bot.sandbox.github import errors


@overload
def iso(at: datetime) -> str: ...
@overload
def iso(at: None) -> None: ...
def iso(at: datetime | None) -> str | None:
    """`2026-01-02T03:04:05Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str | None, name: str) -> datetime | None:
    """A query parameter."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise errors.validation("Search", name, "invalid") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
