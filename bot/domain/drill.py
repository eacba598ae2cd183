"""Fire drills: a test incident that runs by itself, and what it does next. Pure.

A drill is an incident like any other, marked as such: it goes through the same use cases and effects. Beside it stands
what only a drill has: whether people are paged, who takes part, when it ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Drills
    from bot.domain.drill_report import Report
    from bot.domain.incident import Actor, Entry, Incident

PREFIX: Final = "[DRILL]"
#: The only label of its GitHub issue: whoever counts bugs and incidents there does not count it.
TICKET_LABEL: Final = "drill"
CHANNEL_NAME: Final = "drill-{number}-{slug}"
UPDATE: Final = "This is a drill: nothing is broken. I post this to see that status updates arrive."
OVER: Final = "The drill's time was over."
#: What people do in a drill that makes it go on at once.
WATCHED: Final = {
    EntryKind.ACKNOWLEDGED,
    EntryKind.RESOLVED,
    EntryKind.REOPENED,  # at the pager
    EntryKind.STATUS_UPDATE,
}
#: Its report waits this long after the end for steps that are not done.
GRACE: Final = timedelta(minutes=5)
#: How soon it looks again whether they are.
AGAIN: Final = timedelta(seconds=2)


def titled(title: str) -> str:
    """The title with the mark in front; one that has it keeps it."""
    return title if title.startswith(PREFIX) else f"{PREFIX} {title}"


def untitled(title: str) -> str:
    """The title without the mark."""
    return title.removeprefix(PREFIX).strip()


@dataclass(frozen=True, kw_only=True)
class Drill:
    """What only a drill has. ``pages``: whoever a real incident pages; else ``by`` alone.

    ``people`` (Slack ids) were asked to take part; ``scheduled_for`` is None for one that somebody started.
    """

    incident: int
    started_at: datetime
    by: Actor | None = None
    pages: bool = False
    people: tuple[str, ...] = ()
    scheduled_for: datetime | None = None
    report: Report | None = None
    reported_at: datetime | None = None

    @property
    def invited(self) -> tuple[str, ...]:
        """Whoever started it, and whom they asked to take part (Slack ids)."""
        starter = (self.by.slack_id,) if self.by and self.by.slack_id else ()
        return tuple(dict.fromkeys((*starter, *self.people)))


# --- what it does next ---------------------------------------------------------------------------------------------


class Act(StrEnum):
    """What a drill does of its own accord."""

    WAIT = "wait"
    ACKNOWLEDGE = "acknowledge"
    UPDATE = "update"
    RESOLVE = "resolve"
    POSTMORTEM = "postmortem"
    REPORT = "report"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far it is: what people or the drill itself did already, and whether every step is settled."""

    updated: bool = False
    drafted: bool = False
    settled: bool = False
    reported: bool = False


@dataclass(frozen=True, kw_only=True)
class Next:
    """What to do now, and when to look again (None: not before something happens, or never)."""

    act: Act
    again: datetime | None = None


def next_act(
    incident: Incident, started: datetime, standing: Standing, rules: Drills, now: datetime
) -> Next:
    """People come first: what they do, the drill does not do; what they leave, it does when the time has come."""
    if incident.is_open:
        return _going_on(incident, started, standing, rules, now)
    if standing.reported:
        return Next(act=Act.WAIT)
    if not standing.updated:
        return Next(act=Act.UPDATE)
    if not standing.drafted:
        return Next(act=Act.POSTMORTEM)
    over = incident.resolved_at or now
    if standing.settled or now >= over + GRACE:
        return Next(act=Act.REPORT)
    # Twice as long as it has waited so far, so that a drill leaves few looks behind.
    return Next(act=Act.WAIT, again=min(now + max(AGAIN, now - over), over + GRACE))


def _going_on(
    incident: Incident, started: datetime, standing: Standing, rules: Drills, now: datetime
) -> Next:
    ends, acknowledges = started + rules.end_after, started + rules.acknowledge_after
    if now >= ends:
        return Next(act=Act.RESOLVE)
    if incident.acknowledged_at is None and now >= acknowledges:
        return Next(act=Act.ACKNOWLEDGE)
    if incident.acknowledged_at is not None and not standing.updated:
        return Next(act=Act.UPDATE)
    waits = incident.acknowledged_at is None and acknowledges < ends
    return Next(act=Act.WAIT, again=acknowledges if waits else ends)


def look(number: int, why: str, due: datetime | None = None) -> Effect:
    """Have the drill go on; the key is made of the reason, so that no replica does it twice.

    Each has a lane of its own: what happens now does not wait for a time that is set.
    """
    key = f"INC-{number}/drill/{why}"
    return Effect(
        kind=EffectKind.RUN_DRILL,
        key=key,
        lane=key,
        incident=number,
        rank=Rank.FOLLOW,
        due=due,
    )


def heard(incident: Incident, entry: Entry) -> tuple[Effect, ...]:
    """Something happened in a drill that it waits for."""
    if not incident.drill or entry.kind not in WATCHED:
        return ()
    return (look(incident.number, f"entry/{entry.id}"),)


def tell(key: str, *, number: int | None = None, text: str = "") -> Effect:
    """Into the drill channel: the report of a drill, or a sentence."""
    return Effect(
        kind=EffectKind.DRILL_NEWS,
        key=f"drill/{key}",
        lane="drill/news",
        payload={"drill": number, "text": text},
        rank=Rank.ANSWER,
    )
