"""The settings of each provider, as values; ``bot.settings`` reads and checks them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr


def env(name: str, how: str, default: Any = None) -> Any:
    """A field read from the variable ``name``; ``how`` says where a person gets the value."""
    return Field(default=default, validation_alias=name, description=how)


def _secrets(value: object) -> object:
    """Split ``new,old``: two secrets are valid while one is being rotated out."""
    if not isinstance(value, str):
        return value
    return tuple(SecretStr(part.strip()) for part in value.split(",") if part.strip())


def _directory(url: str) -> str:
    """Slack's clients put method names directly behind the address."""
    return f"{url.rstrip('/')}/"


def _bare(url: str | None) -> str | None:
    """Ours put paths that start with a slash behind it."""
    return url.rstrip("/") if url else url


def _handle(name: str) -> str:
    """A channel without the # people write before its name."""
    return name.removeprefix("#")


class Part(BaseModel):
    """One provider's share of the settings; handed to whoever needs it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)


class Slack(Part):
    """The workspace."""

    bot_token: SecretStr = env(
        "SLACK_BOT_TOKEN",
        "Slack app > OAuth & Permissions > Bot User OAuth Token (xoxb-…)",
        SecretStr(""),
    )
    app_token: SecretStr = env(
        "SLACK_APP_TOKEN",
        "Slack app > Basic Information > App-Level Tokens > Generate, "
        "scope connections:write (xapp-…)",
        SecretStr(""),
    )
    api_url: Annotated[str, AfterValidator(_directory)] = env(
        "SLACK_API_URL", "Only for tests and the sandbox", "https://slack.com/api/"
    )
    incidents_channel: Annotated[str, AfterValidator(_handle)] = env(
        "SLACK_INCIDENTS_CHANNEL", "Id or name of a channel", "incidents"
    )
    admin_channel: Annotated[str, AfterValidator(_handle)] | None = env(
        "SLACK_ADMIN_CHANNEL", "Id or name of a channel"
    )
    rate_budget: Annotated[Literal["slack", "off"], BeforeValidator(str.lower)] = env(
        "SLACK_RATE_BUDGET", "slack, or off for a server without limits", "slack"
    )


class PagerDuty(Part):
    """The pager; off without a token."""

    api_token: SecretStr | None = env(
        "PAGERDUTY_API_TOKEN", "PagerDuty > Integrations > API Access Keys > Create New API Key"
    )
    api_url: Annotated[str, AfterValidator(_bare)] = env(
        "PAGERDUTY_API_URL",
        "https://api.pagerduty.com, EU https://api.eu.pagerduty.com",
        "https://api.pagerduty.com",
    )
    from_email: str | None = env(
        "PAGERDUTY_FROM_EMAIL",
        "The login e-mail of a PagerDuty user; what nobody else did is done in their name",
    )
    service_id: str | None = env(
        "PAGERDUTY_SERVICE_ID",
        "PagerDuty > Services > your service: the last part of its address (PXXXXXX)",
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_secrets)] = env(
        "PAGERDUTY_WEBHOOK_SECRET",
        "muster doctor --fix creates the webhook and prints this line",
        (),
    )
    poll_seconds: Annotated[int, Field(ge=0, le=86400)] = env(
        "PAGERDUTY_POLL_SECONDS", "A number of seconds, 0 = off", 60
    )


class GitHub(Part):
    """Issues; off without a token."""

    token: SecretStr | None = env(
        "GITHUB_TOKEN",
        "GitHub > Settings > Developer settings > Fine-grained tokens, with Issues: read and write "
        "(Contents and Pull requests too, for post-mortems)",
    )
    api_url: Annotated[str, AfterValidator(_bare)] = env(
        "GITHUB_API_URL",
        "https://api.github.com, or https://HOST/api/v3 for Enterprise",
        "https://api.github.com",
    )
    owner: str | None = env("GITHUB_OWNER", "The organisation or user the repositories belong to")
    default_repo: str | None = env(
        "GITHUB_DEFAULT_REPO", "owner/name, or name together with GITHUB_OWNER"
    )
    webhook_secret: SecretStr | None = env(
        "GITHUB_WEBHOOK_SECRET",
        "The Secret you typed at GitHub > repository > Settings > Webhooks, or what muster doctor --fix printed",
    )

    @property
    def webhook_secrets(self) -> list[str]:
        """What webhooks may be signed with; nothing refuses everybody."""
        return [self.webhook_secret.get_secret_value()] if self.webhook_secret else []


class Http(Part):
    """Our own web server."""

    host: str = env("HTTP_HOST", "The address to listen on", "127.0.0.1")
    port: Annotated[int, Field(ge=0, le=65535)] = env("HTTP_PORT", "A port, 0 to 65535", 8080)
    public_url: Annotated[str | None, AfterValidator(_bare)] = env(
        "PUBLIC_URL",
        "The https address this bot is reached under (for webhooks, roster calendars, acknowledging without Slack)",
    )
    api_token: SecretStr | None = env("API_TOKEN", "Make one up: openssl rand -hex 32")
    alerts_token: SecretStr | None = env("ALERTS_TOKEN", "Make one up: openssl rand -hex 32")
    statuspage_webhook_token: SecretStr | None = env(
        "STATUSPAGE_WEBHOOK_TOKEN",
        "Make one up (openssl rand -hex 32) and put it into the webhook's address",
    )


class Watch(Part):
    """Who hears when we fall silent."""

    deadman_url: SecretStr | None = env(
        "DEADMAN_URL",
        "The ping address of a check at a dead man's switch (Healthchecks, Dead Man's Snitch, Alertmanager's own)",
    )


class Log(Part):
    """What is written to the log, and how."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
    ] = env("LOG_LEVEL", "DEBUG, INFO, WARNING, ERROR or CRITICAL", "INFO")
    format: Annotated[Literal["console", "json"], BeforeValidator(str.lower)] = env(
        "LOG_FORMAT", "console or json", "console"
    )
