"""What ``muster.yml`` says, as values: severities, roles, services, people, policies, routing. Defaults included."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.alert_sources import Alerts
from bot.domain.identities import Domains

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.hours import Hours
    from bot.domain.quiet import QuietHours


@dataclass(frozen=True, kw_only=True)
class Severity:
    """One severity; the first configured is the worst. ``urgency`` is that of its pages: low ones can wait."""

    name: str
    emoji: str = ":large_yellow_circle:"
    description: str = ""
    pagerduty_priority: str | None = None
    update_every: timedelta | None = None
    urgency: str = "high"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role people take in an incident, with the briefing they are sent."""

    name: str
    briefing: str = ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service: ``id`` is its key in muster.yml; ``owners`` are e-mails or ``group:<handle>``."""

    id: str
    title: str
    repo: str | None = None
    private_repo: str | None = None
    owners: tuple[str, ...] = ()
    pagerduty_service: str | None = None
    escalation_policy: str | None = None
    depends_on: tuple[str, ...] = ()
    runbook: str | None = None
    slack_group: str | None = None
    statuspage_components: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Address:
    """An Apprise address (a secret) and which pages go there: those of some urgency, or those still open after a while.

    Without conditions every page goes there at once.
    """

    url: str = field(repr=False)
    urgency: tuple[str, ...] = ()
    after: timedelta = timedelta()

    @property
    def scheme(self) -> str:
        """What kind of address it is; all that may be shown of it."""
        return self.url.partition("://")[0].casefold()

    def takes(self, urgency: str) -> bool:
        """Whether pages of that urgency go there."""
        return not self.urgency or urgency in self.urgency


@dataclass(frozen=True, kw_only=True)
class Person:
    """What e-mail addresses alone do not tell about somebody."""

    email: str
    pagerduty: str | None = None
    github: str | None = None
    skills: tuple[str, ...] = ()
    notify: tuple[Address, ...] = ()
    quiet_hours: QuietHours | None = None
    time_zone: str | None = None  # else the one Slack knows


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a native escalation policy: whom to notify (``person:``, ``roster:``, ``group:``, ``channel:``)."""

    notify: tuple[str, ...]
    wait: timedelta = timedelta(minutes=5)
    only: Hours | None = None  # outside these hours it is passed over


@dataclass(frozen=True, kw_only=True)
class EscalationPolicy:
    """A native escalation policy."""

    name: str
    levels: tuple[Level, ...]
    repeat: int = 0
    acknowledge_expires: timedelta | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A routing rule: jq condition, and what to do when it is true."""

    when: str
    do: str
    severity: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Reminders:
    """After how long people are reminded; None switches a kind off. Updates follow the severity and the promise."""

    no_acknowledge: timedelta | None = timedelta(minutes=5)
    no_commander: timedelta | None = timedelta(minutes=10)
    no_severity: timedelta | None = timedelta(minutes=15)
    stale: timedelta | None = timedelta(days=7)
    postmortem_due: timedelta | None = None
    archive_channel_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Notification:
    """An Apprise address (a secret) and what it is told; no events or severities means all of them."""

    url: str = field(repr=False)
    events: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RosterLayer:
    """Who takes turns in a roster, and when (dates and times are in the roster's zone)."""

    people: tuple[str, ...]
    rotate: str = "weekly"
    handover: str = "Mon 09:00"
    start: str = ""
    only: Mapping[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class Roster:
    """A native on-call roster as configured; who is on call is computed in ``bot.domain.roster``.

    ``line`` is where it stands in muster.yml; 0 when it was made in Slack.
    """

    name: str
    time_zone: str = "UTC"
    layers: tuple[RosterLayer, ...] = ()
    overrides: tuple[Mapping[str, object], ...] = ()
    user_group: str | None = None
    announce_in: str | None = None
    ical: str | None = field(default=None, repr=False)  # its address may hold a secret
    line: int = field(default=0, compare=False)


DEFAULT_SEVERITIES = (
    Severity(
        name="SEV1",
        emoji=":red_circle:",
        description="Customers cannot work",
        pagerduty_priority="P1",
    ),
    Severity(
        name="SEV2",
        emoji=":large_orange_circle:",
        description="Many customers hurt",
        pagerduty_priority="P2",
    ),
    Severity(
        name="SEV3",
        emoji=":large_yellow_circle:",
        description="Some customers hurt",
        pagerduty_priority="P3",
    ),
    Severity(
        name="SEV4",
        emoji=":white_circle:",
        description="Nobody outside notices",
        pagerduty_priority="P4",
    ),
)
DEFAULT_ROLES = (
    Role(name="commander", briefing="You decide and delegate. Do not debug."),
    Role(name="communications", briefing="You write the updates."),
    Role(name="scribe", briefing="You keep the timeline."),
)
DEFAULT_ROUTING = (Rule(when='.urgency == "high"', do="channel"), Rule(when="true", do="announce"))


@dataclass(frozen=True, kw_only=True)
class Reactions:
    """Which emoji on a message of an incident's channel puts it into the timeline, and as what."""

    timeline: str = "pushpin"
    action_item: str = "zap"
    follow_up: str = "fast_forward"
    confirm: str = "white_check_mark"

    def mark(self, emoji: str) -> str | None:
        """What an emoji means: ``timeline``, ``action_item``, ``follow_up`` or nothing (any skin tone)."""
        name = emoji.partition("::")[0]
        marks = ("timeline", "action_item", "follow_up")
        return next((mark for mark in marks if getattr(self, mark) == name), None)


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The report of the week, posted by itself: ``weekly`` is ``Mon 09:00`` in UTC, ``channel`` a name."""

    weekly: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class Drills:
    """Fire drills: ``schedule`` is a cron expression in ``time_zone``, None for drills that people start only.

    ``channel`` is where drills are announced; ``service`` and ``page`` are those of the scheduled ones.
    """

    channel: str = "fire-drill"
    schedule: str | None = None
    time_zone: str = "UTC"
    service: str | None = None
    page: bool = False
    acknowledge_after: timedelta = timedelta(minutes=10)
    end_after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All of ``muster.yml`` that the rules need, with defaults for what it leaves out."""

    severities: tuple[Severity, ...] = DEFAULT_SEVERITIES
    roles: tuple[Role, ...] = DEFAULT_ROLES
    channel_name: str = "incident-{number}-{slug}"
    pagerduty_routing: tuple[Rule, ...] = DEFAULT_ROUTING
    services: Mapping[str, Service] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    domains: Domains = field(default_factory=Domains)
    policies: Mapping[str, EscalationPolicy] = field(default_factory=dict)
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reactions: Reactions = field(default_factory=Reactions)
    reminders: Reminders = field(default_factory=Reminders)
    digest: Digest | None = None
    drills: Drills = field(default_factory=Drills)
    notifications: tuple[Notification, ...] = ()
    alerts: Alerts = field(default_factory=Alerts)

    def severity(self, name: str) -> Severity | None:
        """The severity of that name, whatever the case (``sev2``, ``2``)."""
        wanted = name.strip().casefold()
        for severity in self.severities:
            if wanted in {severity.name.casefold(), severity.name.casefold().removeprefix("sev")}:
                return severity
        return None

    def severity_of_priority(self, priority: str | None) -> str | None:
        """The severity mapped from a PagerDuty priority (P5 and others without a mapping: none)."""
        if not priority:
            return None
        return next(
            (
                s.name
                for s in self.severities
                if (s.pagerduty_priority or "").casefold() == priority.casefold()
            ),
            None,
        )

    def service(self, name: str) -> Service | None:
        """The service with that id, title or PagerDuty id, whatever the case."""
        wanted = name.strip().casefold()
        for service in self.services.values():
            if wanted in {service.id.casefold(), service.title.casefold()}:
                return service
        return next(
            (s for s in self.services.values() if s.pagerduty_service == name.strip()), None
        )

    def upstream(self, service: Service) -> list[Service]:
        """What it depends on, as far as it is configured."""
        found = (self.service(name) for name in service.depends_on)
        return [each for each in found if each is not None and each != service]

    def downstream(self, service: Service) -> list[Service]:
        """What depends on it."""
        return [each for each in self.services.values() if service in self.upstream(each)]

    def related(self, service: str | None) -> tuple[str, ...]:
        """The service itself, what it depends on, and what depends on it; empty without a known service."""
        own = self.services.get(service or "")
        if own is None:
            return (service,) if service else ()
        near = (own, *self.upstream(own), *self.downstream(own))
        return tuple(dict.fromkeys(each.id for each in near))

    def policy_for(self, service: Service | None) -> EscalationPolicy | None:
        """The native policy of a service, else ``default``, else None."""
        if service and service.escalation_policy and service.escalation_policy in self.policies:
            return self.policies[service.escalation_policy]
        return self.policies.get("default")
