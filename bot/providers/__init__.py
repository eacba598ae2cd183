"""The vendors Muster talks to, each behind Protocols of ``bot.ports``.

A new one is a file (or package) here, a line in ``PROVIDERS``, a stand-in and a contract test. None of them
are the native pager (no address, no key: it is built from what the house has), calendars (their addresses are the
rosters') and the dead man's switch (one address, which is its key).
Vendors never import each other. Building one calls nobody: the bot starts while vendors are down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from bot.domain.alert_silence import sources_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from bot.domain.alert_sources import Alerts
    from bot.domain.catalog import Catalog
    from bot.providers.alertmanager import Alertmanager
    from bot.providers.calendar import Calendars
    from bot.providers.deadman import DeadManSwitch
    from bot.providers.github import GitHubTickets
    from bot.providers.http import Observe
    from bot.providers.native import Native
    from bot.providers.native.desk import Desk
    from bot.providers.pagerduty import PagerDuty
    from bot.providers.slack import SlackChat
    from bot.store.work import Work


def build_slack(
    token: str,
    base_url: str = "https://slack.com/api/",
    timeout: float = 5.0,
    observe: Observe | None = None,
) -> SlackChat:
    """``Chat`` over Slack's Web API."""
    from bot.providers.slack import SlackChat  # noqa: PLC0415 - a vendor that is off costs nothing

    return SlackChat(token, base_url, timeout, observe)


def build_pagerduty(
    token: str,
    base_url: str = "https://api.pagerduty.com",
    timeout: float = 5.0,
    observe: Observe | None = None,
) -> PagerDuty:
    """``Pager`` over PagerDuty's REST API v2."""
    from bot.providers.pagerduty import PagerDuty  # noqa: PLC0415

    return PagerDuty(token, base_url, timeout, observe)


def build_native(work: Work, catalog: Catalog, desk: Desk) -> Native:
    """``Paging``, ``OnCalls`` and ``Schedules`` over Muster's own database and use cases: no vendor, so no key."""
    from bot.providers.native import Native  # noqa: PLC0415 - loaded like the others

    return Native(work, catalog, desk)


def build_github(
    token: str,
    base_url: str = "https://api.github.com",
    timeout: float = 5.0,
    observe: Observe | None = None,
) -> GitHubTickets:
    """``Tickets`` over GitHub's REST API."""
    from bot.providers.github import GitHubTickets  # noqa: PLC0415

    return GitHubTickets(token, base_url, timeout, observe)


def build_alertmanager(
    credentials: str,
    base_url: str,
    timeout: float = 5.0,
    observe: Observe | None = None,
) -> Alertmanager:
    """``Silences`` over Alertmanager's API v2; ``credentials`` (user:password) for a proxy before it, or empty."""
    from bot.providers.alertmanager import Alertmanager  # noqa: PLC0415

    return Alertmanager(credentials, base_url, timeout, observe)


def build_silences(alerts: Alerts, observe: Observe | None = None) -> dict[str, Alertmanager]:
    """By name the sources of ``muster.yml`` that can be told to keep still."""
    built = {}
    for name in sources_of(alerts, alerts.sources):
        parts = urlsplit(alerts.sources[name].api_url or "")
        user, _, place = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=place))
        built[name] = build_alertmanager(unquote(user), url, observe=observe)
    return built


def build_calendars(timeout: float = 8.0, observe: Observe | None = None) -> Calendars:
    """``Calendars`` over HTTP: their addresses stand in the rosters."""
    from bot.providers.calendar import Calendars  # noqa: PLC0415

    return Calendars(timeout, observe)


def build_deadman(url: SecretStr | None) -> DeadManSwitch | None:
    """``DeadMan``, if somebody listens."""
    from bot.providers.deadman import DeadManSwitch  # noqa: PLC0415

    return DeadManSwitch(url.get_secret_value()) if url else None


@dataclass(frozen=True)
class Provider:
    """One line of the table: what it can do, its vendor's page, how it is built."""

    port: str
    docs_url: str
    build: Callable[..., Any]


PROVIDERS: dict[str, Provider] = {
    "slack": Provider("Chat", "https://docs.slack.dev/reference/methods", build_slack),
    "pagerduty": Provider(
        "Pager", "https://developer.pagerduty.com/api-reference/", build_pagerduty
    ),
    "alertmanager": Provider(
        "Silences", "https://prometheus.io/docs/alerting/latest/alerts_api/", build_alertmanager
    ),
    "github": Provider("Tickets", "https://docs.github.com/rest/issues", build_github),
}
