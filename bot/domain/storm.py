"""A storm: more announcements than Slack takes. One edited summary says what waits and lists the low-urgency ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from datetime import datetime

VALUE = "storm"
#: Under this and its beginning, a storm that is over.
PAST = "storm:"
#: How many of the listed incidents the summary names; the rest are counted.
SHOWN = 60
#: Seconds between two edits of the summary.
EVERY = 15
#: Seconds one announcement takes at Slack's pace for one channel, and one channel creation at 19 a minute.
ANNOUNCEMENT_SECONDS = 1.1
CHANNEL_SECONDS = 62 / 19
#: More waiting announcements than this is a storm.
THRESHOLD = 10


@dataclass(frozen=True, kw_only=True)
class Storm:
    """One storm: when it began, which incidents are listed instead of announced, and where the summary is."""

    began: str = ""
    listed: tuple[int, ...] = ()
    channel: str | None = None
    ts: str | None = None
    waiting: int = 0
    channels: int = 0

    @classmethod
    def from_value(cls, value: dict[str, Any] | None) -> Storm:
        """As remembered in the database."""
        if not value:
            return cls()
        return cls(
            began=value["began"],
            listed=tuple(value["listed"]),
            channel=value.get("channel"),
            ts=value.get("ts"),
        )

    def as_value(self) -> dict[str, Any]:
        """To be remembered in the database."""
        return {
            "began": self.began,
            "listed": list(self.listed),
            "channel": self.channel,
            "ts": self.ts,
        }

    def with_waiting(self, announcements: int, channels: int) -> Storm:
        """The same storm with what waits now."""
        return replace(self, waiting=announcements, channels=channels)

    def posted(self, channel: str, ts: str) -> Storm:
        """The summary is there."""
        return replace(self, channel=channel, ts=ts)

    def joined(self, number: int) -> Storm:
        """One more incident is listed."""
        return replace(self, listed=(*self.listed, number))

    @property
    def seconds(self) -> float:
        """About how long the last of those waiting will wait."""
        return max(self.waiting * ANNOUNCEMENT_SECONDS, self.channels * CHANNEL_SECONDS)


def begun(now: datetime) -> Storm:
    """A new storm."""
    return Storm(began=now.isoformat())


def joined_by_one(storm: Storm, now: datetime) -> Effect:
    """One more incident is part of the storm: told at once when nothing was said yet, else with the next edit."""
    return summarise(storm, due=now + timedelta(seconds=EVERY) if storm.ts else None)


def summarise(storm: Storm, *, due: datetime | None = None, of: str = VALUE) -> Effect:
    """Post or edit the summary (``of``: the name the storm is remembered under); waiting edits are one."""
    stamp = due.isoformat() if due else f"{len(storm.listed)}"
    return Effect(
        kind=EffectKind.SUMMARISE,
        key=f"storm/{storm.began}/{stamp}",
        lane="storm",
        merge=of,
        payload={"of": of},
        rank=Rank.ANNOUNCE_HIGH if storm.ts is None else Rank.CARD,
        due=due,
    )
