"""What a PagerDuty account holds, named as PagerDuty names it.

https://developer.pagerduty.com/docs/api-concepts/
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Json = dict[str, Any]
Status = Literal["triggered", "acknowledged", "resolved"]
Origin = Literal["api", "web", "integration"]
WEEK = timedelta(days=7)


@dataclass(eq=False)
class User:
    """A person with a login. An inactive one was removed and cannot act any more."""

    id: str
    name: str
    email: str
    time_zone: str
    role: str = "user"
    active: bool = True
    slack_id: str = ""


@dataclass(eq=False)
class Team:
    """A group of users."""

    id: str
    name: str


@dataclass(eq=False)
class Priority:
    """One of P1..P5, most severe first."""

    id: str
    name: str
    description: str
    color: str


@dataclass(eq=False)
class Shift:
    """A stretch of time somebody is on call for a schedule."""

    start: datetime
    end: datetime
    user: User


@dataclass(eq=False)
class Override:
    """Somebody takes a schedule over for a time."""

    id: str
    start: datetime
    end: datetime
    user: User


@dataclass(eq=False)
class Schedule:
    """A weekly rotation, and the overrides on top of it in the order they were made: the last one counts."""

    id: str
    name: str
    time_zone: str
    users: list[User]
    start: datetime
    overrides: list[Override] = field(default_factory=list)

    def shift(self, turn: int) -> Shift:
        """The shift of one turn of the rotation."""
        begins = self.start + turn * WEEK
        return Shift(begins, begins + WEEK, self.users[turn % len(self.users)])

    def shifts(self, since: datetime, until: datetime) -> list[Shift]:
        """Shifts that overlap a period; an empty rotation has those of its overrides only."""
        first = (since - self.start) // WEEK
        last = (until - self.start) // WEEK
        found = [self.shift(turn) for turn in range(first, last + 1)] if self.users else []
        for one in self.overrides:
            around = [Shift(s.start, min(s.end, one.start), s.user) for s in found]
            around += [Shift(max(s.start, one.end), s.end, s.user) for s in found]
            found = [s for s in around if s.start < s.end] + [Shift(one.start, one.end, one.user)]
        wanted = [s for s in found if s.start <= until and s.end > since]
        return sorted(wanted, key=lambda s: s.start)


@dataclass(eq=False)
class Rule:
    """One level of an escalation policy."""

    id: str
    delay_minutes: int
    targets: list[User | Schedule]

    def on_call(self, now: datetime) -> list[User]:
        """Who this level would notify now."""
        found: list[User] = []
        for target in self.targets:
            users = (
                [target]
                if isinstance(target, User)
                else [shift.user for shift in target.shifts(now, now)]
            )
            found += [user for user in users if user.active and user not in found]
        return found


@dataclass(eq=False)
class Policy:
    """An escalation policy."""

    id: str
    name: str
    rules: list[Rule]
    team: Team


@dataclass(eq=False)
class Service:
    """Something that can break."""

    id: str
    name: str
    description: str
    policy: Policy
    team: Team
    created_at: datetime
    status: str = "active"


Agent = User | Service | None
"""Who did something: a person, an integration (through its service), or a timeout."""


@dataclass(eq=False)
class Stamp:
    """A user and a time: an assignment or an acknowledgement."""

    at: datetime
    user: User


@dataclass(eq=False)
class LogEntry:
    """One line of an incident's history."""

    id: str
    type: str
    at: datetime
    incident: "Incident"
    agent: Agent
    summary: str
    channel: Json
    note: str | None = None
    extra: Json = field(default_factory=dict)


@dataclass(eq=False)
class Note:
    """A note on an incident."""

    id: str
    user: User | None
    content: str
    at: datetime
    updated_at: datetime
    service: Service | None = None


@dataclass(eq=False)
class Alert:
    """A signal of a monitoring system that belongs to an incident."""

    id: str
    summary: str
    key: str
    severity: str
    details: Json
    service: Service
    incident: "Incident"
    created_at: datetime
    status: Literal["triggered", "resolved"] = "triggered"


@dataclass(eq=False)
class Responder:
    """A person asked to help, and what they said."""

    user: User
    requester: User | None
    message: str
    requested_at: datetime
    updated_at: datetime
    state: Literal["pending", "accepted", "declined"] = "pending"
    policy: Policy | None = None


@dataclass(eq=False)
class ResponderRequest:
    """One request for help with its targets."""

    requester: User | None
    message: str
    at: datetime
    targets: list[tuple[User | Policy, list[Responder]]]


@dataclass(eq=False)
class StatusUpdate:
    """A message to stakeholders."""

    id: str
    message: str
    sender: User | None
    at: datetime
    subject: str | None = None
    html_message: str | None = None


@dataclass(eq=False)
class Incident:
    """An incident with everything that hangs on it."""

    id: str
    number: int
    title: str
    service: Service
    policy: Policy
    created_at: datetime
    updated_at: datetime
    changed_at: datetime
    changed_by: Agent
    urgency: str = "high"
    status: Status = "triggered"
    key: str | None = None
    priority: Priority | None = None
    origin: Origin = "api"
    body: str | None = None
    type_name: str = "incident_default"
    bridge: Json | None = None
    level: int = 1
    direct: bool = False
    assignments: list[Stamp] = field(default_factory=list)
    acknowledgements: list[Stamp] = field(default_factory=list)
    resolved_at: datetime | None = None
    reopened_at: datetime | None = None
    snoozed_until: datetime | None = None
    merged_into: "Incident | None" = None
    log: list[LogEntry] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    requests: list[ResponderRequest] = field(default_factory=list)
    status_updates: list[StatusUpdate] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether anybody still has to do something about it."""
        return self.status != "resolved"

    @property
    def mergeable(self) -> bool:
        """Only incidents with alerts or made by hand in the web app can be merged."""
        return bool(self.alerts) or self.origin == "web"


@dataclass(eq=False)
class Subscription:
    """A V3 webhook subscription."""

    id: str
    delivery_id: str
    url: str
    secret: str
    description: str
    events: list[str]
    filter: Json
    headers: list[Json] = field(default_factory=list)
    active: bool = True
    disabled_until: datetime | None = None
    dropped_in_a_row: int = 0
