"""Time and change: the two things everything in the sandbox shares."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


class Clock:
    """The machine's time. Tests replace it by a clock that stands still until it is moved."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only ever grow; measures ages (triggers, rate limits, tickets)."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Timing:
    """How long Slack waits; tests make it shorter.

    Attributes:
        ack_seconds: for the acknowledgement of an envelope.
        trigger_seconds: how long a ``trigger_id`` is good.
        retry_seconds: pauses before an unacknowledged event is sent again.
        ping_seconds: between pings on a Socket Mode connection.
        refresh_seconds: between ``refresh_requested`` and the end of the old connection.
    """

    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    retry_seconds: Sequence[float] = (0.0, 60.0, 300.0)
    ping_seconds: float = 10.0
    refresh_seconds: float = 10.0


class Feed:
    """Counts changes and wakes whoever waits for the next one."""

    def __init__(self) -> None:
        """Start at version 1."""
        self.version = 1
        self._waiting: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Something a person could see is different now."""
        self.version += 1
        for event in self._waiting:
            event.set()

    def subscribe(self) -> asyncio.Event:
        """An event that is set on every change; clear it before reading the state."""
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Stop setting ``event``."""
        self._waiting.discard(event)


class Problems:
    """Everything the bot did that the real service would refuse or punish."""

    def __init__(self, clock: Clock, limit: int = 5000) -> None:
        """Keep at most ``limit`` entries."""
        self._clock = clock
        self._limit = limit
        self._numbers = itertools.count(1)
        self.entries: list[dict[str, Any]] = []

    def add(self, kind: str, text: str, vendor: str = "slack") -> None:
        """Record one problem; the oldest are forgotten beyond the limit."""
        self.entries.append(
            {
                "n": next(self._numbers),
                "at": self._clock.now().isoformat(),
                "vendor": vendor,
                "kind": kind,
                "text": text,
            }
        )
        if len(self.entries) > self._limit:
            del self.entries[: len(self.entries) - self._limit]
