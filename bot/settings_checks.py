"""What types cannot say about settings: prefixes, pairs that belong together, addresses."""

from __future__ import annotations

import re
from difflib import get_close_matches
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from pydantic import SecretStr

    from bot.settings import Settings
    from bot.settings_parts import GitHub, Http, PagerDuty, Slack

#: A name in .env that starts like this is meant for us, so one we do not read is worth a warning.
PREFIXES = ("SLACK_", "PAGERDUTY_", "GITHUB_", "HTTP_", "LOG_")
DATABASES = {"sqlite", "postgresql", "postgres", "postgresql+psycopg"}
EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
#: Bearer tokens shorter than this can be guessed.
SHORT = 16


class Found:
    """What the checks collect."""

    def __init__(self, how: Mapping[str, str]) -> None:
        """Start empty; ``how`` says for each name where a person gets the value."""
        self.how = how
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, name: str, what: str, mend: str | None = None) -> None:
        """The bot cannot start with this."""
        self.problems.append(Problem(name, what, f"{self.how[name]}." if mend is None else mend))

    def warn(self, name: str, what: str, mend: str) -> None:
        """It works, but probably not as meant."""
        self.warnings.append(Problem(name, what, mend))


def check(
    settings: Settings, how: Mapping[str, str], *, given: AbstractSet[str], need_slack: bool
) -> Found:
    """Everything wrong or odd about ``settings``; ``given`` are the names that had a value."""
    found = Found(how)
    _slack(settings.slack, found, needed=need_slack)
    _pagerduty(settings.pagerduty, found, given)
    _github(settings.github, found, given)
    _http(settings.http, found)
    if (address := _plain(settings.watch.deadman_url)) and _host(address) is None:
        found.problem("DEADMAN_URL", "is not a web address.")  # it is a secret: never repeated
    if (
        settings.database_url.partition(":")[0] not in DATABASES
        or "://" not in settings.database_url
    ):
        # The address may hold a password: it is never repeated.
        found.problem("DATABASE_URL", "is not an address of SQLite or PostgreSQL.")
    return found


def near_misses(names: Iterable[str], known: Mapping[str, str]) -> list[Problem]:
    """Names in ``.env`` that look like ours and are not; everything else is left alone."""
    warnings = []
    for name in names:
        if name in known:
            continue
        near = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if near or name.startswith(PREFIXES):
            mend = f"Did you mean {near[0]}?" if near else "Remove it, unless muster.yml uses it."
            warnings.append(Problem(name, "in .env is not a setting of Muster.", mend))
    return warnings


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _slack(slack: Slack, found: Found, *, needed: bool) -> None:
    bot, app = _plain(slack.bot_token), _plain(slack.app_token)
    swapped = bot.startswith("xapp-") and app.startswith("xoxb-")
    if swapped:
        for name, kind in (
            ("SLACK_BOT_TOKEN", "app-level (xapp-)"),
            ("SLACK_APP_TOKEN", "bot (xoxb-)"),
        ):
            found.problem(
                name, f"holds the {kind} token; the two are swapped.", "Exchange the two values."
            )
    else:
        _token("SLACK_BOT_TOKEN", bot, "xoxb-", found, needed=needed)
        _token("SLACK_APP_TOKEN", app, "xapp-", found, needed=needed)
    _address("SLACK_API_URL", slack.api_url, found)


def _token(name: str, value: str, prefix: str, found: Found, *, needed: bool) -> None:
    kinds = {"xoxb-": "a bot token", "xapp-": "an app-level token", "xoxp-": "a user token"}
    kinds |= {"xoxe": "a token that expires (switch token rotation off)"}
    if not value:
        if needed:
            found.problem(name, "missing.")
    elif not value.startswith(prefix):
        kind = next((text for start, text in kinds.items() if value.startswith(start)), None)
        found.problem(
            name, f"is {kind}, not {kinds[prefix]}." if kind else f"does not start with {prefix}."
        )
    elif re.search(r"\s", value):
        found.problem(name, "contains a space or line break.")


def _pagerduty(pager: PagerDuty, found: Found, given: AbstractSet[str]) -> None:
    _address("PAGERDUTY_API_URL", pager.api_url, found)
    if pager.from_email and not EMAIL.fullmatch(pager.from_email):
        found.problem("PAGERDUTY_FROM_EMAIL", f"{pager.from_email!r} is not an e-mail address.")
    if pager.api_token and not pager.from_email:
        found.problem("PAGERDUTY_FROM_EMAIL", "missing; PAGERDUTY_API_TOKEN needs it.")
    if not pager.api_token:
        for name in ("PAGERDUTY_FROM_EMAIL", "PAGERDUTY_SERVICE_ID", "PAGERDUTY_WEBHOOK_SECRET"):
            if name in given:
                found.warn(
                    name,
                    "has no effect without PAGERDUTY_API_TOKEN.",
                    "Set the token or remove this.",
                )


def _github(github: GitHub, found: Found, given: AbstractSet[str]) -> None:
    _address("GITHUB_API_URL", github.api_url, found)
    repo = github.default_repo
    if repo and not REPOSITORY.fullmatch(repo):
        what = f"{repo!r} is not owner/name."
        if "/" not in repo and not github.owner:
            what = f"{repo!r} names no owner, and GITHUB_OWNER is not set."
        found.problem("GITHUB_DEFAULT_REPO", what)
    if github.owner and "/" in github.owner:
        found.problem("GITHUB_OWNER", f"{github.owner!r} is not an owner.")
    if not github.token:
        for name in ("GITHUB_OWNER", "GITHUB_DEFAULT_REPO"):
            if name in given:
                found.warn(
                    name, "has no effect without GITHUB_TOKEN.", "Set the token or remove this."
                )


def _http(http: Http, found: Found) -> None:
    if http.public_url:
        _public(http.public_url, found)
    if re.search(r"[\s/]", http.host):
        found.problem("HTTP_HOST", f"{http.host!r} is not an address.")
    for name, secret in (
        ("API_TOKEN", http.api_token),
        ("ALERTS_TOKEN", http.alerts_token),
        ("STATUSPAGE_WEBHOOK_TOKEN", http.statuspage_webhook_token),
    ):
        if secret and len(_plain(secret)) < SHORT:
            found.warn(name, f"is shorter than {SHORT} characters.", f"{found.how[name]}.")


def _host(url: str) -> str | None:
    """The host of a well-formed http or https address, else None."""
    try:
        parts = urlsplit(url)
        well = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return None
    return parts.hostname if well and not re.search(r"\s", url) else None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(name: str, url: str, found: Found) -> None:
    host = _host(url)
    if host is None:
        found.problem(name, "is not an address that starts with https://.")
    elif url.startswith("http:") and not _loopback(host):
        found.warn(name, "sends the token unencrypted (http).", "Use https.")


def _public(url: str, found: Found) -> None:
    host = _host(url)
    if host is None:
        found.problem("PUBLIC_URL", f"{url!r} is not an address that starts with https://.")
    elif url.startswith("http:") and not _loopback(host):
        found.problem("PUBLIC_URL", f"{url!r} is not https; PagerDuty refuses plain http.")
    elif "?" in url or "#" in url:
        found.problem(
            "PUBLIC_URL", f"{url!r} has a query; the paths of the webhooks are put behind it."
        )
