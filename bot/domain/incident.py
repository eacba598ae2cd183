"""What an incident is: values only, standard library only. The rules are in ``lifecycle``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Status(StrEnum):
    """Where the incident stands at the pager (PagerDuty's three)."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Phase(StrEnum):
    """Where the people stand with it."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class Urgency(StrEnum):
    """PagerDuty's urgency; high opens a channel, low is announced only."""

    HIGH = "high"
    LOW = "low"


class Origin(StrEnum):
    """Which of the ways in an incident (or a change of it) came by."""

    SLACK = "slack"
    API = "api"
    PAGERDUTY = "pagerduty"
    GITHUB = "github"
    ALERT = "alert"
    MUSTER = "muster"


class PagerKind(StrEnum):
    """Who pages for this incident: exactly one (PRODUCT.md, "Precisely")."""

    PAGERDUTY = "pagerduty"
    NATIVE = "native"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody (or something) that acts or is assigned. At least ``name`` is known."""

    name: str
    slack_id: str | None = None
    email: str | None = None
    pagerduty_id: str | None = None
    github: str | None = None

    def is_same(self, other: Actor | None) -> bool:
        """Whether both are surely the same person (any shared identity, else the same name without any)."""
        if other is None:
            return False
        pairs = (
            (self.slack_id, other.slack_id),
            (self.pagerduty_id, other.pagerduty_id),
            (self.email and self.email.lower(), other.email and other.email.lower()),
        )
        known = [(a, b) for a, b in pairs if a and b]
        if known:
            return any(a == b for a, b in known)
        return self.name == other.name


MUSTER = Actor(name="Muster")


@dataclass(frozen=True, kw_only=True)
class PagerLink:
    """The incident at the pager: vendor's id, number and address (empty until it is open there)."""

    kind: PagerKind = PagerKind.NOBODY
    id: str | None = None
    number: int | None = None
    url: str | None = None
    service_id: str | None = None
    policy_id: str | None = None
    policy_name: str | None = None
    level: int = 1
    only: str | None = None  # a user at the pager: assigned to them, nobody else is paged


@dataclass(frozen=True, kw_only=True)
class TicketLink:
    """The GitHub issue: ``repo`` is ``owner/name``; number and url are empty until it exists."""

    repo: str
    number: int | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the incident lives in Slack; ids are Slack's, ``ts`` name messages."""

    announcement_channel: str | None = None
    announcement_ts: str | None = None
    announcement_url: str | None = None
    channel: str | None = None
    channel_name: str | None = None
    card_ts: str | None = None
    in_thread: bool = (
        False  # Slack refused a channel: the incident runs in the announcement's thread
    )
    previous_channel: str | None = None
    topic: str | None = None
    adopts: str | None = None  # the channel people chose for it, instead of one of its own
    archived: bool = False  # by hand; whatever is done next goes on in a new channel
    opened_from: str | None = None  # permalink of the message it was opened from
    merged_channel: str | None = None  # of the incident it was merged into
    merged_url: str | None = None  # its announcement
    private_since: str | None = None  # ISO 8601; None: it was declared so
    listed: bool = False  # told in the storm's summary instead of an announcement of its own
    postmortem_url: str | None = (
        None  # the pull request, else the canvas or message it was put into
    )
    lost_issue: str | None = None  # ``acme/shop#12``, its own issue that was deleted on GitHub


@dataclass(frozen=True, kw_only=True)
class Affected:
    """A service an incident concerns: its id in muster.yml (or the vendor's name), and its title."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident, INC-``number``. All times are aware UTC."""

    number: int
    title: str
    status: Status = Status.TRIGGERED
    phase: Phase = Phase.INVESTIGATING
    last_event: str = "triggered"
    severity: str | None = None
    urgency: Urgency = Urgency.HIGH
    priority: str | None = None
    service: str | None = None  # the service's id in muster.yml, or the vendor's name for it
    service_title: str | None = None
    more_services: tuple[Affected, ...] = ()  # beside the primary one above
    description: str = ""
    private: bool = False
    drill: bool = False  # a test (``bot.domain.drill``)
    origin: Origin = Origin.SLACK
    reporter: Actor | None = None
    owners: tuple[Actor, ...] = ()
    roles: dict[str, Actor] = field(default_factory=dict)
    opens_channel: bool = True
    pager: PagerLink = field(default_factory=PagerLink)
    ticket: TicketLink | None = None
    places: Places = field(default_factory=Places)
    started_at: datetime
    created_at: datetime
    updated_at: datetime
    detected_at: datetime | None = None  # corrected by people; else it is when it reached us
    acknowledged_at: datetime | None = None
    acknowledged_by: Actor | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: Actor | None = None
    resolution: str = ""
    status_changed_at: datetime | None = None
    status_changed_by: Actor | None = None
    vendor_at: datetime | None = None  # newest vendor time the state rests on
    merged_into: int | None = None
    next_update_at: datetime | None = None  # promised with the last status update
    version: int = 0

    @property
    def name(self) -> str:
        """``INC-n``, the name people use."""
        return f"INC-{self.number}"

    @property
    def services(self) -> tuple[Affected, ...]:
        """Every service it concerns, the primary one first."""
        if self.service is None:
            return self.more_services
        primary = Affected(id=self.service, title=self.service_title or self.service)
        return (primary, *self.more_services)

    @property
    def owner(self) -> Actor | None:
        """The first assignee, the one the card names."""
        return self.owners[0] if self.owners else None

    @property
    def commander(self) -> Actor | None:
        """Whoever holds the commander role."""
        return self.roles.get("commander")

    def involves(self, slack_id: str) -> bool:
        """Whether somebody has a part in it: reported it, owns it, holds a role."""
        actors = (self.reporter, *self.owners, *self.roles.values())
        return any(a is not None and a.slack_id == slack_id for a in actors)

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return self.status is not Status.RESOLVED


class EntryKind(StrEnum):
    """What a timeline entry tells. The first seven are PagerDuty's last events."""

    TRIGGERED = "triggered"
    ANNOTATED = "annotated"
    ACKNOWLEDGED = "acknowledged"
    REASSIGNED = "reassigned"
    ESCALATED = "escalated"
    REOPENED = "reopened"
    RESOLVED = "resolved"
    UNACKNOWLEDGED = "unacknowledged"
    DELEGATED = "delegated"
    PRIORITY = "priority_updated"
    URGENCY = "urgency_updated"
    SEVERITY = "severity_changed"
    PHASE = "phase_changed"
    TITLE = "title_changed"
    SUMMARY = "summary_changed"
    SERVICE = "service_changed"
    SERVICE_ADDED = "service_added"
    SERVICE_REMOVED = "service_removed"
    ROLE = "role_assigned"
    RESPONDER_ADDED = "responder_added"
    RESPONDER_REPLIED = "responder_replied"
    STATUS_UPDATE = "status_update"
    MESSAGE = "message"
    ACTION_ITEM = "action_item"
    ACTION_DONE = "action_item_done"
    ACTION_REOPENED = "action_item_reopened"
    ACTION_OWNER = "action_item_assigned"
    ACTION_CHANGED = "action_item_changed"
    TICKET = "ticket"  # somebody closed or reopened the incident's own issue on GitHub
    FOLLOW_UP = "follow_up"
    REMOVED = "removed"  # hides an earlier entry about a message; that one stays in the evidence
    MERGED = "merged"
    AUDIT = "audit"  # who did what to their own things; kept as evidence, not shown in the timeline
    TIME = "time_changed"  # one of the five times was corrected
    POSTMORTEM = "postmortem"
    ALERTS = "alerts"  # a group of alerts: attached, all over, firing again
    ALERT = "alert"  # a single one of them
    CHANNEL = "channel"
    PAGER = "pager"
    MADE_PRIVATE = "made_private"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the timeline, append-only.

    ``at`` is when it happened (vendor's time where a vendor told it), ``target`` whom or what it concerns,
    ``text`` what people wrote (plain text). ``vendor_at`` is None for what was done here and is not yet known
    to have reached the pager; ``vendor_id`` the vendor's own id for it (a note's, a log entry's).
    """

    kind: EntryKind
    at: datetime
    actor: Actor | None = None
    origin: Origin = Origin.MUSTER
    target: str = ""
    text: str = ""
    id: int | None = None
    incident: int = 0
    vendor_at: datetime | None = None
    vendor_id: str | None = None
    actor_target: Actor | None = None
