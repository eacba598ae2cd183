"""What a handler adds to the log entry of the call it is answering, without knowing the log."""

from contextvars import ContextVar
from typing import Any

_entry: ContextVar[dict[str, Any] | None] = ContextVar("call_log_entry", default=None)


def begin(entry: dict[str, Any]) -> None:
    """Everything noted from here on, in this task, belongs to ``entry``."""
    _entry.set(entry)


def note(**fields: str) -> None:
    """Add ``key`` (what the call is about) or ``error`` (the vendor's error code)."""
    entry = _entry.get()
    if entry is not None:
        entry.update(fields)
