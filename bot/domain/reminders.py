"""What an incident's people are reminded of, and when: a pure decision over the facts and the time.

A reminder is due some time after its condition began (nobody acknowledged, no commander ...). Activity holds it
back, but never beyond three times its wait: the busiest incident needs a commander most. A repeated one waits twice
as long each time, and without anything happening in between nobody is told more than ``MOST`` times. What can wait
for the morning falls into the working hours of whoever is addressed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.incident import Actor, Incident, Status, Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.catalog import Reminders


class Reminder(StrEnum):
    """What somebody can be reminded of, the most pressing first."""

    NO_ACKNOWLEDGE = "no_acknowledge"
    UPDATE = "update"
    NO_COMMANDER = "no_commander"
    NO_SEVERITY = "no_severity"
    STALE = "stale"
    POSTMORTEM = "postmortem_due"


#: How often at most, while nothing happens in between.
MOST: Final = dict.fromkeys(Reminder, 3) | {Reminder.NO_SEVERITY: 2}
#: What can wait for the morning (for low urgency everything can).
CAN_WAIT: Final = {Reminder.STALE, Reminder.POSTMORTEM}
#: Activity holds a reminder back, up to this many times its wait.
PATIENCE: Final = 3
#: The first repetition comes no later than this; a promise that was broken is asked for again sooner.
LONGEST_GAP: Final = timedelta(days=1)
BROKEN_PROMISE_GAP: Final = timedelta(minutes=15)
DOUBLINGS: Final = 6
#: Post-mortems are asked for this long, then nobody will write it any more.
POSTMORTEM_WINDOW: Final = timedelta(days=30)
MORNING, EVENING, WEEKEND = time(9), time(18), 5
SNOOZE, SNOOZE_LONG = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What was said of one kind: when last, how often in all, how often since something happened."""

    at: datetime
    count: int = 1
    quiet: int = 1


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the decision needs beside the incident. ``zone`` is that of whoever is addressed."""

    activity: datetime
    last_update: datetime | None = None
    update_every: timedelta | None = None
    sent: Mapping[Reminder, Sent] = field(default_factory=dict)
    snoozed_until: datetime | None = None
    zone: str = "UTC"
    wants_commander: bool = True
    has_postmortem: bool = False


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What is kept of an incident's reminders: what was said, the one message, the snooze."""

    sent: Mapping[Reminder, Sent] = field(default_factory=dict)
    shown: tuple[Reminder, ...] = ()
    channel: str | None = None
    ts: str | None = None
    closed: bool = False  # the message says that nothing is open any more
    snoozed_until: datetime | None = None
    snoozed_by: str = ""

    @classmethod
    def from_value(cls, value: dict[str, Any] | None) -> Memory:
        """As kept in the database."""
        if not value:
            return cls()
        until = value.get("snoozed_until")
        return cls(
            sent={
                Reminder(kind): Sent(at=datetime.fromisoformat(at), count=count, quiet=quiet)
                for kind, (at, count, quiet) in value["sent"].items()
            },
            shown=tuple(Reminder(kind) for kind in value["shown"]),
            channel=value.get("channel"),
            ts=value.get("ts"),
            closed=bool(value.get("closed")),
            snoozed_until=datetime.fromisoformat(until) if until else None,
            snoozed_by=value.get("snoozed_by") or "",
        )

    def as_value(self) -> dict[str, Any]:
        """To be kept in the database."""
        sent = {k.value: [s.at.isoformat(), s.count, s.quiet] for k, s in self.sent.items()}
        return {
            "sent": sent,
            "shown": [kind.value for kind in self.shown],
            "channel": self.channel,
            "ts": self.ts,
            "closed": self.closed,
            "snoozed_until": self.snoozed_until.isoformat() if self.snoozed_until else None,
            "snoozed_by": self.snoozed_by,
        }


@dataclass(frozen=True, kw_only=True)
class Due:
    """One reminder: ``of`` is when it is due by its rule, ``at`` when it may be said."""

    kind: Reminder
    of: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A condition that holds: since when, after what wait it is told first, how soon again."""

    since: datetime
    wait: timedelta
    gap: timedelta
    patient: bool = True  # activity holds it back


def upcoming(incident: Incident, facts: Facts, rules: Reminders, now: datetime) -> tuple[Due, ...]:
    """Every reminder that is due or will be if nothing happens until then, the soonest first."""
    found = []
    for kind, condition in _conditions(incident, facts, rules).items():
        at = _at(kind, condition, facts)
        if at is not None:
            said_at = _postponed(incident, kind, at, facts, now)
            found.append(Due(kind=kind, of=at, at=said_at))
    return tuple(sorted(found, key=lambda due: (due.at, list(Reminder).index(due.kind))))


def due_now(incident: Incident, facts: Facts, rules: Reminders, now: datetime) -> tuple[Due, ...]:
    """Those that are to be said now."""
    return tuple(due for due in upcoming(incident, facts, rules, now) if due.at <= now)


def next_look(incident: Incident, facts: Facts, rules: Reminders, now: datetime) -> datetime | None:
    """When something becomes due if nothing happens before; None when nothing will."""
    return min(
        (due.at for due in upcoming(incident, facts, rules, now) if due.at > now), default=None
    )


def holding(incident: Incident, facts: Facts, rules: Reminders) -> tuple[Reminder, ...]:
    """Conditions that hold and were told of: what the one message in the channel shows."""
    conditions = _conditions(incident, facts, rules)
    return tuple(
        kind
        for kind in Reminder
        if kind in conditions and _sent(kind, conditions[kind], facts) is not None
    )


def told(facts: Facts, kind: Reminder, since: datetime | None, now: datetime) -> Sent:
    """The record once a reminder of that kind went out; ``since`` is when its condition began."""
    before = facts.sent.get(kind)
    if before is None or (since is not None and before.at < since):
        return Sent(at=now)
    quiet = before.quiet + 1 if facts.activity <= before.at else 1
    return Sent(at=now, count=before.count + 1, quiet=quiet)


def began(incident: Incident, facts: Facts, rules: Reminders, kind: Reminder) -> datetime | None:
    """Since when a condition holds, None when it does not."""
    condition = _conditions(incident, facts, rules).get(kind)
    return condition.since if condition else None


def addressee(incident: Incident, kind: Reminder) -> Actor | None:
    """Who can do something about it; None means whoever is on call."""
    if kind is Reminder.UPDATE:
        order = (incident.roles.get("communications"), incident.commander, incident.owner)
    else:
        order = (incident.commander, incident.owner, None)
    if kind is Reminder.POSTMORTEM:
        order = (incident.commander, incident.owner, incident.resolved_by)
    return next((actor for actor in order if actor is not None and actor.slack_id), None)


def snooze_for(kinds: tuple[Reminder, ...]) -> timedelta:
    """How long Snooze silences: an hour, a day when nothing pressing is shown."""
    return SNOOZE_LONG if kinds and all(kind in CAN_WAIT for kind in kinds) else SNOOZE


def _conditions(incident: Incident, facts: Facts, rules: Reminders) -> dict[Reminder, _Open]:
    """What holds now; an incident nobody works on in Slack, and one merged away, has nothing."""
    if not incident.opens_channel or incident.merged_into is not None:
        return {}
    if not incident.is_open:
        return _afterwards(incident, facts, rules)
    found: dict[Reminder, _Open] = {}
    created = incident.created_at
    if rules.no_acknowledge and incident.status is Status.TRIGGERED:
        since = max(created, incident.status_changed_at or created)
        found[Reminder.NO_ACKNOWLEDGE] = _open(since, rules.no_acknowledge)
    if rules.no_commander and facts.wants_commander and incident.commander is None:
        found[Reminder.NO_COMMANDER] = _open(created, rules.no_commander)
    if rules.no_severity and incident.severity is None:
        found[Reminder.NO_SEVERITY] = _open(created, rules.no_severity)
    if (update := _update(incident, facts)) is not None:
        found[Reminder.UPDATE] = update
    if rules.stale:
        found[Reminder.STALE] = _open(facts.activity, rules.stale)
    return found


def _open(since: datetime, wait: timedelta) -> _Open:
    return _Open(since=since, wait=wait, gap=min(wait, LONGEST_GAP))


def _update(incident: Incident, facts: Facts) -> _Open | None:
    """A promise counts before the severity's rule; neither is held back by activity."""
    if incident.next_update_at is not None:
        at, none = incident.next_update_at, timedelta()
        return _Open(since=at, wait=none, gap=BROKEN_PROMISE_GAP, patient=False)
    if facts.update_every is None:
        return None
    since = max(facts.last_update or incident.created_at, incident.created_at)
    gap = min(facts.update_every, LONGEST_GAP)
    return _Open(since=since, wait=facts.update_every, gap=gap, patient=False)


def _afterwards(incident: Incident, facts: Facts, rules: Reminders) -> dict[Reminder, _Open]:
    if rules.postmortem_due is None or facts.has_postmortem or incident.resolved_at is None:
        return {}
    return {Reminder.POSTMORTEM: _open(incident.resolved_at, rules.postmortem_due)}


def _sent(kind: Reminder, condition: _Open, facts: Facts) -> Sent | None:
    """What was said of this condition; of one that ended and began anew nothing was."""
    sent = facts.sent.get(kind)
    return sent if sent is not None and sent.at >= condition.since else None


def _at(kind: Reminder, condition: _Open, facts: Facts) -> datetime | None:
    sent = _sent(kind, condition, facts)
    if sent is None:
        start, wait = condition.since, condition.wait
    else:
        quiet = sent.quiet if facts.activity <= sent.at else 0
        if quiet >= MOST[kind]:
            return None
        start, wait = sent.at, condition.gap * 2 ** min(sent.count - 1, DOUBLINGS)
    if not condition.patient:
        return start + wait
    return min(max(start, facts.activity) + wait, start + PATIENCE * wait)


def _postponed(
    incident: Incident, kind: Reminder, at: datetime, facts: Facts, now: datetime
) -> datetime:
    """After a snooze, and in working hours where it is not urgent."""
    if facts.snoozed_until is not None:
        at = max(at, facts.snoozed_until)
    if kind in CAN_WAIT or incident.urgency is Urgency.LOW:
        return working_time(max(at, now), facts.zone)
    return at


def working_time(at: datetime, zone: str) -> datetime:
    """That moment if it is in working hours there (Mon to Fri, 9 to 18), else the next morning of work."""
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = at.astimezone(ZoneInfo("UTC"))
    day = local.date()
    if local.time() >= EVENING:
        day += timedelta(days=1)
    while day.weekday() >= WEEKEND:
        day += timedelta(days=1)
    if day == local.date() and local.time() >= MORNING:
        return at
    return datetime.combine(day, MORNING, tzinfo=local.tzinfo).astimezone(at.tzinfo)
