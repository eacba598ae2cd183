"""Everything that can be wrong with an installation, and what the doctor must say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

from bot.doctor import Database
from bot.errors import Problem, ProviderError, Reason
from bot.ports import Channel, Member
from tests.unit.doctor.house import NOW, House

Spoil = Callable[[House], None]


@dataclass(frozen=True)
class Fault:
    """A finding's area, name and state; a part of its text and of its mend; how it is brought about."""

    area: str
    name: str
    state: str
    text: str
    mend: str
    spoil: Spoil

    def __str__(self) -> str:
        return f"{self.area}: {self.name}: {self.text}"


def refuses(reason: Reason, code: str = "") -> ProviderError:
    return ProviderError("vendor", reason, f"refused with {code or reason.value}", code=code)


def put(path: str, value: Any) -> Spoil:
    """Set an attribute of the house, by its dotted path."""
    where, _, name = path.rpartition(".")

    def spoil(house: House) -> None:
        setattr(attrgetter(where)(house) if where else house, name, value)

    return spoil


def entry(path: str, key: str, value: Any) -> Spoil:
    """Set an entry of a dictionary."""
    return lambda house: attrgetter(path)(house).update({key: value})


def drop(path: str, key: str) -> Spoil:
    """Remove an entry of a dictionary."""

    def spoil(house: House) -> None:
        del attrgetter(path)(house)[key]

    return spoil


def unscope(scope: str) -> Spoil:
    """Take one scope away from the bot token."""
    return lambda house: house.chat.who["scopes"].remove(scope)


def repository(**about: Any) -> Spoil:
    """Change what GitHub says of the default repository."""
    return lambda house: house.tickets.repositories["acme/incidents"].update(about)


def both(*spoils: Spoil) -> Spoil:
    """Several at once."""

    def spoil(house: House) -> None:
        for each in spoils:
            each(house)

    return spoil


FAULTS = [
    Fault(
        "Slack",
        "bot token",
        "fail",
        "invalid_auth",
        "SLACK_BOT_TOKEN",
        put("chat.who", refuses(Reason.AUTH, "invalid_auth")),
    ),
    Fault(
        "Slack",
        "bot token",
        "fail",
        "unavailable",
        "network",
        put("chat.who", refuses(Reason.UNAVAILABLE)),
    ),
    Fault(
        "Slack",
        "app token",
        "fail",
        "not_allowed",
        "SLACK_APP_TOKEN",
        put("socket", refuses(Reason.AUTH, "not_allowed")),
    ),
    Fault(
        "Slack",
        "clock",
        "warn",
        "60 seconds ahead",
        "timedatectl",
        put("socket", NOW - timedelta(seconds=60)),
    ),
    Fault(
        "Slack",
        "clock",
        "fail",
        "599 seconds behind",
        "timedatectl",
        put("socket", NOW - timedelta(seconds=-599)),
    ),
    Fault("Slack", "scopes", "fail", "missing: pins:write", "App Manifest", unscope("pins:write")),
    Fault("Slack", "scopes", "fail", "missing: groups:write", "Reinstall", unscope("groups:write")),
    Fault(
        "Slack",
        "private channels",
        "fail",
        "cannot be opened",
        "groups:write",
        unscope("groups:write"),
    ),
    Fault(
        "Slack",
        "announcement channel",
        "fail",
        "cannot see",
        "/invite @Muster in #incidents",
        both(
            drop("chat.channels", "incidents"),
            put("chat.created", refuses(Reason.CONFLICT, "name_taken")),
        ),
    ),
    Fault(
        "Slack",
        "announcement channel",
        "fail",
        "cannot be created (restricted_action)",
        "Channel Management",
        both(
            drop("chat.channels", "incidents"),
            put("chat.created", refuses(Reason.INVALID, "restricted_action")),
        ),
    ),
    Fault(
        "Slack",
        "announcement channel",
        "fail",
        "is archived",
        "Unarchive",
        entry("chat.channels", "incidents", Channel(id="C1", name="incidents", is_archived=True)),
    ),
    Fault(
        "Slack",
        "announcement channel",
        "fail",
        "private and I am not in it",
        "/invite",
        entry("chat.channels", "incidents", Channel(id="C1", name="incidents", is_private=True)),
    ),
    Fault(
        "Slack",
        "announcement channel",
        "fail",
        "no channel C0123ABCD",
        "SLACK_INCIDENTS_CHANNEL",
        both(
            entry("environ", "SLACK_INCIDENTS_CHANNEL", "C0123ABCD"),
            entry("chat.channels", "C0123ABCD", refuses(Reason.NOT_FOUND, "channel_not_found")),
        ),
    ),
    Fault(
        "Slack",
        "admin channel",
        "fail",
        "#ops is not there",
        "SLACK_ADMIN_CHANNEL",
        drop("chat.channels", "ops"),
    ),
    Fault(
        "Slack",
        "admin channel",
        "warn",
        "not in #ops",
        "/invite",
        entry("chat.channels", "ops", Channel(id="C2", name="ops")),
    ),
    Fault(
        "Slack",
        "e-mail addresses",
        "fail",
        "none can be read",
        "Email display",
        put("chat.people", [Member(id="U1", name="a")]),
    ),
    Fault(
        "Slack",
        "e-mail addresses",
        "warn",
        "not looked at",
        "again",
        put("chat.people", refuses(Reason.RATE_LIMITED)),
    ),
    Fault(
        "PagerDuty",
        "token",
        "fail",
        "auth",
        "api.eu.pagerduty.com",
        put("pager.may", refuses(Reason.AUTH)),
    ),
    Fault(
        "PagerDuty",
        "kind of key",
        "warn",
        "one person's token",
        "account key",
        put("pager.account", False),
    ),
    Fault(
        "PagerDuty",
        "plan",
        "warn",
        "no urgencies",
        "Billing",
        put("pager.may", ("coordinated_responding",)),
    ),
    Fault(
        "PagerDuty",
        "From address",
        "fail",
        "no user bot@example.com",
        "PAGERDUTY_FROM_EMAIL",
        drop("pager.accounts", "bot@example.com"),
    ),
    Fault(
        "PagerDuty",
        "default service",
        "fail",
        "no service PDEFAULT",
        "PAGERDUTY_SERVICE_ID",
        drop("pager.services_there", "PDEFAULT"),
    ),
    Fault(
        "PagerDuty",
        "default service",
        "warn",
        "page nobody",
        "PAGERDUTY_SERVICE_ID",
        drop("environ", "PAGERDUTY_SERVICE_ID"),
    ),
    Fault(
        "PagerDuty",
        "services",
        "fail",
        "checkout names PCHECKO",
        "pagerduty_service",
        drop("pager.services_there", "PCHECKO"),
    ),
    Fault(
        "PagerDuty",
        "priorities",
        "warn",
        "not there: P4",
        "pagerduty_priority",
        put("pager.names", ("P1", "P2", "P3")),
    ),
    Fault(
        "PagerDuty", "priorities", "warn", "has none", "Incident Priority", put("pager.names", ())
    ),
    Fault(
        "PagerDuty",
        "people",
        "warn",
        "alice@example.com have no account",
        "muster.yml",
        drop("pager.accounts", "alice@example.com"),
    ),
    Fault(
        "GitHub", "token", "fail", "auth", "GITHUB_TOKEN", put("tickets.name", refuses(Reason.AUTH))
    ),
    Fault(
        "GitHub",
        "default repository",
        "warn",
        "no issue",
        "GITHUB_DEFAULT_REPO",
        drop("environ", "GITHUB_DEFAULT_REPO"),
    ),
    Fault(
        "GitHub",
        "acme/checkout",
        "fail",
        "not_found",
        "services.checkout",
        entry("tickets.repositories", "acme/checkout", refuses(Reason.NOT_FOUND)),
    ),
    Fault(
        "GitHub",
        "acme/incidents",
        "fail",
        "archived",
        "GITHUB_DEFAULT_REPO",
        repository(archived=True),
    ),
    Fault(
        "GitHub",
        "acme/incidents",
        "fail",
        "switched off",
        "tick Issues",
        repository(has_issues=False),
    ),
    Fault(
        "GitHub",
        "acme/incidents",
        "warn",
        "labels",
        "Write role",
        repository(permissions={"push": False}),
    ),
    Fault(
        "Database",
        "writing",
        "fail",
        "disk full",
        "DATABASE_URL",
        put("data", Database(writable=False, revision=None, head="2", problem="disk full")),
    ),
    Fault(
        "Database",
        "schema",
        "warn",
        "at 0001",
        "muster migrate",
        put("data", Database(writable=True, revision="0001", head="0002")),
    ),
    Fault(
        "Database",
        "schema",
        "warn",
        "empty",
        "muster migrate",
        put("data", Database(writable=True, revision=None, head="0002")),
    ),
    Fault(
        "Database",
        "schema",
        "fail",
        "newer than this program",
        "newer Muster",
        put("data", Database(writable=True, revision="0003", head="0002")),
    ),
    Fault(
        "Database",
        "check",
        "fail",
        "itself broke (ZeroDivisionError)",
        "report",
        put("data", ZeroDivisionError()),
    ),
    Fault(
        "Web", "PUBLIC_URL", "warn", "no answer", "HTTP_HOST:HTTP_PORT", put("reached", "no answer")
    ),
    Fault("Web", "/api", "skip", "API_TOKEN is not set", "openssl", drop("environ", "API_TOKEN")),
    Fault(
        "Settings",
        "API_TOKEN",
        "warn",
        "shorter",
        "openssl",
        entry("environ", "API_TOKEN", "short"),
    ),
    Fault(
        "Settings",
        "routing",
        "warn",
        "muster.yml:7: rule failed",
        "Correct",
        entry(
            "given", "router_problems", [Problem("muster.yml:7", "rule failed", "Correct its jq.")]
        ),
    ),
]
