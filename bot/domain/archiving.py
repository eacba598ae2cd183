"""When the channel of an incident that is over is archived: announced before, postponed by whatever happens. Pure.

The clock starts with the end of the incident and again with everything people do: what the timeline shows, what they
write in the channel, **Keep open**. The notice comes a day before, at half the time when that is shorter; and nothing
is archived that was not announced that long before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bot.domain.incident import Incident

NOTICE: Final = timedelta(days=1)
#: Channels of incidents that ended longer ago than this (beyond the configured time) are left as they are.
BACKLOG: Final = timedelta(days=30)
#: A step that was not carried out is asked for again after this long.
AGAIN: Final = timedelta(hours=1)


class Step(StrEnum):
    """What is to be done now."""

    WAIT = "wait"
    NOTICE = "notice"
    ARCHIVE = "archive"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is kept: until when people were active as far as we saw, who kept it open, the notice that stands.

    ``noticed_at`` is when the notice that counts was posted; ``ts`` names its message, ``asked_at`` is when somebody
    asked for archiving.
    """

    said_at: datetime | None = None
    kept_at: datetime | None = None
    kept_by: str = ""
    noticed_at: datetime | None = None
    channel: str | None = None
    ts: str | None = None
    asked_at: datetime | None = None

    @classmethod
    def from_value(cls, value: dict[str, Any] | None) -> Memory:
        """As kept in the database."""
        found = value or {}
        times = {name: datetime.fromisoformat(found[name]) for name in _TIMES if found.get(name)}
        return cls(
            **times,
            kept_by=found.get("kept_by") or "",
            channel=found.get("channel"),
            ts=found.get("ts"),
        )

    def as_value(self) -> dict[str, Any]:
        """To be kept in the database."""
        times = {name: at.isoformat() for name in _TIMES if (at := getattr(self, name))}
        return {**times, "kept_by": self.kept_by, "channel": self.channel, "ts": self.ts}


_TIMES: Final = ("said_at", "kept_at", "noticed_at", "asked_at")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When the notice is due and when the channel is archived, as things stand; ``since`` is what that counts from."""

    since: datetime
    notice_at: datetime
    archive_at: datetime


def concerns(incident: Incident, memory: Memory, after: timedelta | None) -> bool:
    """Whether its channel is to be archived at all: over, a channel of ours, not archived; people's own if asked."""
    places = incident.places
    if incident.is_open or places.channel is None or places.archived:
        return False
    if memory.asked_at is not None:
        return True
    return after is not None and places.adopts != places.channel


def schedule(
    incident: Incident, memory: Memory, after: timedelta | None, activity: datetime
) -> Schedule:
    """``activity`` is the last thing people did that we know of."""
    asked = memory.asked_at
    since = max(
        at
        for at in (activity, incident.resolved_at, memory.said_at, memory.kept_at)
        if at is not None
    )
    wait = after if after is not None else NOTICE
    lead = min(NOTICE, wait / 2)
    if asked is not None and asked >= since:
        since, wait, lead = asked, NOTICE, NOTICE
    archive_at = since + wait
    told = memory.noticed_at if memory.noticed_at and memory.noticed_at >= since else None
    if told is not None:  # never sooner after the notice than the notice said
        archive_at = max(archive_at, told + lead)
    return Schedule(since=since, notice_at=archive_at - lead, archive_at=archive_at)


def step(memory: Memory, plan: Schedule, now: datetime) -> Step:
    """What is due; a notice that something happened after does not count any more."""
    told = memory.noticed_at is not None and memory.noticed_at >= plan.since
    if not told:
        return Step.NOTICE if now >= plan.notice_at else Step.WAIT
    return Step.ARCHIVE if now >= plan.archive_at else Step.WAIT


def next_look(memory: Memory, plan: Schedule, now: datetime) -> datetime:
    """When something is due if nothing happens before."""
    match step(memory, plan, now):
        case Step.WAIT:
            told = memory.noticed_at is not None and memory.noticed_at >= plan.since
            return plan.archive_at if told else plan.notice_at
        case _:
            return now + AGAIN


def kept(memory: Memory, by: str, now: datetime) -> Memory:
    """Somebody pressed Keep open: the time begins again, and what was asked for is taken back."""
    return replace(memory, kept_at=now, kept_by=by, asked_at=None)
