"""The account: every object by its id, and how they are looked up."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.sandbox.pagerduty import errors
from bot.sandbox.pagerduty.model import (
    Incident,
    LogEntry,
    Policy,
    Priority,
    Schedule,
    Service,
    Subscription,
    Team,
    User,
)

ABILITIES = (
    "teams",
    "read_only_users",
    "service_support_hours",
    "urgencies",
    "coordinated_responding",
    "event_rules",
    "advanced_permissions",
)


class Account:
    """Everything one PagerDuty account knows."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Start empty; `seed.fill` puts people and services in."""
        self.clock = clock
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.priorities: dict[str, Priority] = {}
        self.schedules: dict[str, Schedule] = {}
        self.policies: dict[str, Policy] = {}
        self.services: dict[str, Service] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.incidents: dict[str, Incident] = {}
        self.numbers: dict[int, Incident] = {}
        self.keys: dict[str, list[Incident]] = {}
        self.log: list[LogEntry] = []
        self.abilities = list(ABILITIES)

    def now(self) -> datetime:
        """The time, by the sandbox's clock."""
        return self.clock()

    def active_users(self) -> list[User]:
        """Users who have a login."""
        return [user for user in self.users.values() if user.active]

    def user_by_email(self, email: str) -> User | None:
        """The active user with exactly this address; addresses ignore case."""
        wanted = email.strip().casefold()
        return next((u for u in self.active_users() if u.email.casefold() == wanted), None)

    def user_by_any(self, text: str) -> User | None:
        """A user by id, e-mail (or its first half), name or Slack id: what people type."""
        found = self.users.get(text) or self.user_by_email(text)
        if found is None:
            names = (text.casefold(), text.lstrip("@").casefold())
            for user in self.active_users():
                own = {user.name.casefold(), user.email.casefold().partition("@")[0]}
                if user.slack_id == text or own & set(names):
                    return user
        return found if found is not None and found.active else None

    def incident(self, wanted: str | int) -> Incident:
        """An incident by id or number."""
        found = self.incidents.get(str(wanted))
        if found is None and str(wanted).isdigit():
            found = self.numbers.get(int(wanted))
        if found is None:
            raise errors.incident_not_found()
        return found

    def add(self, incident: Incident) -> None:
        """File a new incident."""
        self.incidents[incident.id] = incident
        self.numbers[incident.number] = incident
        for key in {incident.key, *(alert.key for alert in incident.alerts)} - {None}:
            self.keys.setdefault(str(key), []).append(incident)

    def next_number(self) -> int:
        """Incident numbers count up from one over the whole account."""
        return len(self.incidents) + 1

    def open_with_key(self, service: Service, key: str) -> Incident | None:
        """The open incident of a service that has this key, or an alert with it."""
        known = reversed(self.keys.get(key, ()))
        return next((i for i in known if i.open and i.service is service), None)

    def on_call(self, policy: Policy, level: int) -> list[User]:
        """Who a level of a policy would notify now."""
        return policy.rules[level - 1].on_call(self.now())

    def first_level(self, policy: Policy) -> int:
        """The first level that leads to somebody: empty ones are passed over."""
        for level in range(1, len(policy.rules) + 1):
            if self.on_call(policy, level):
                return level
        raise errors.nobody_on_call()

    def in_period(
        self, since: datetime | None, until: datetime | None, statuses: Iterable[str] = ()
    ) -> list[Incident]:
        """Incidents created in a period; without one, in the last month."""
        wanted = set(statuses)
        return [
            incident
            for incident in self.incidents.values()
            if (since is None or incident.created_at >= since)
            and (until is None or incident.created_at < until)
            and (not wanted or incident.status in wanted)
        ]

    def month_ago(self) -> datetime:
        """Where the default window of GET /incidents begins."""
        return self.now() - timedelta(days=30)


def has_key(incident: Incident, key: str) -> bool:
    """An incident with alerts has no key of its own: its alerts' keys count."""
    return incident.key == key or any(alert.key == key for alert in incident.alerts)
