"""Settings: what is read, what is refused, and that nothing secret is ever shown."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings import NAMES, load, merged_environ

if TYPE_CHECKING:
    from pathlib import Path

    from bot.errors import Problem
    from bot.settings import Settings

SLACK = {"SLACK_BOT_TOKEN": "xoxb-bot-token", "SLACK_APP_TOKEN": "xapp-app-token"}


def read(**given_names: str) -> Settings:
    return load({**SLACK, **given_names}, env_file=None)


def problems(**given_names: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        read(**given_names)
    return {problem.where: f"{problem.what} {problem.mend}" for problem in caught.value.problems}


def test_slack_alone_is_enough_and_the_rest_has_the_documented_defaults() -> None:
    settings = read()
    assert settings.slack.bot_token.get_secret_value() == "xoxb-bot-token"
    assert settings.slack.app_token.get_secret_value() == "xapp-app-token"
    assert settings.slack.api_url == "https://slack.com/api/"
    assert settings.slack.incidents_channel == "incidents"
    assert settings.slack.admin_channel is None
    assert settings.slack.rate_budget == "slack"
    assert settings.pagerduty.api_token is None
    assert settings.pagerduty.api_url == "https://api.pagerduty.com"
    assert settings.pagerduty.webhook_secrets == ()
    assert settings.pagerduty.poll_seconds == 60
    assert settings.github.token is None
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.database_url == "sqlite:///muster.db"
    assert str(settings.config_file) == "muster.yml"
    assert (settings.log.level, settings.log.format) == ("INFO", "console")
    assert settings.warnings == ()


def test_a_missing_token_says_where_it_is_found() -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, env_file=None)
    bot, app = str(caught.value).splitlines()
    assert bot.startswith("SLACK_BOT_TOKEN: missing. Slack app > OAuth & Permissions > Bot User")
    assert bot.endswith("OAuth Token (xoxb-…).")
    assert app.startswith("SLACK_APP_TOKEN: missing. Slack app > Basic Information > App-Level")
    assert app.endswith("Tokens > Generate, scope connections:write (xapp-…).")


def test_commands_that_need_no_slack_start_without_its_tokens() -> None:
    settings = load({}, env_file=None, need_slack=False)
    assert settings.redacted()["SLACK_BOT_TOKEN"] == "unset"


def test_every_problem_is_told_at_once() -> None:
    found = problems(
        SLACK_APP_TOKEN="",
        PAGERDUTY_API_TOKEN="u+secret",
        PAGERDUTY_POLL_SECONDS="often",
        HTTP_PORT="70000",
        LOG_FORMAT="xml",
        PUBLIC_URL="http://muster.example.com",
        DATABASE_URL="mysql://root:hunter2@db/x",
    )
    assert set(found) == {
        "SLACK_APP_TOKEN",
        "PAGERDUTY_FROM_EMAIL",
        "PAGERDUTY_POLL_SECONDS",
        "HTTP_PORT",
        "LOG_FORMAT",
        "PUBLIC_URL",
        "DATABASE_URL",
    }
    assert "hunter2" not in str(found)
    assert "u+secret" not in str(found)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-1", "is a user token, not a bot token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1", "switch token rotation off"),
        ("SLACK_BOT_TOKEN", "nonsense", "does not start with xoxb-"),
        ("SLACK_APP_TOKEN", "xapp-1 2", "contains a space"),
        ("SLACK_API_URL", "slack.com/api", "is not an address"),
        ("SLACK_RATE_BUDGET", "none", "slack, or off"),
        ("PAGERDUTY_FROM_EMAIL", "alice", "is not an e-mail address"),
        ("PAGERDUTY_POLL_SECONDS", "-1", "is out of range"),
        ("PAGERDUTY_API_URL", "https://[::1", "is not an address"),
        ("GITHUB_DEFAULT_REPO", "checkout", "GITHUB_OWNER is not set"),
        ("GITHUB_DEFAULT_REPO", "a/b/c", "is not owner/name"),
        ("GITHUB_OWNER", "acme/checkout", "is not an owner"),
        ("HTTP_HOST", "http://0.0.0.0", "is not an address"),
        ("PUBLIC_URL", "muster.example.com", "https://"),
        ("PUBLIC_URL", "https://x.example.com/?a=b", "has a query"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO"),
        ("DATABASE_URL", "muster.db", "is not an address of SQLite or PostgreSQL"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(name: str, value: str, says: str) -> None:
    assert says in problems(**{name: value})[name]


def test_swapped_slack_tokens_are_recognised_as_such() -> None:
    found = problems(SLACK_BOT_TOKEN="xapp-1", SLACK_APP_TOKEN="xoxb-1")
    assert list(found) == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert all("swapped" in text and "Exchange" in text for text in found.values())


def test_values_are_put_into_the_form_the_bot_uses() -> None:
    settings = read(
        SLACK_INCIDENTS_CHANNEL="#ops",
        SLACK_API_URL="http://127.0.0.1:8400/slack/api",
        PAGERDUTY_API_TOKEN="key",
        PAGERDUTY_FROM_EMAIL="bot@example.com",
        PAGERDUTY_WEBHOOK_SECRET=" new, old ,",
        GITHUB_TOKEN="t",
        GITHUB_OWNER="acme",
        GITHUB_DEFAULT_REPO="incidents",
        PUBLIC_URL="https://muster.example.com/",
        LOG_LEVEL="debug",
        LOG_FORMAT="JSON",
        DATABASE_URL="postgresql://u:p@db/muster",
    )
    assert settings.slack.incidents_channel == "ops"
    assert settings.slack.api_url == "http://127.0.0.1:8400/slack/api/"
    secrets = [secret.get_secret_value() for secret in settings.pagerduty.webhook_secrets]
    assert secrets == ["new", "old"]
    assert settings.github.default_repo == "acme/incidents"
    assert settings.http.public_url == "https://muster.example.com"
    assert (settings.log.level, settings.log.format) == ("DEBUG", "json")
    assert settings.warnings == ()


def test_the_environment_wins_over_dotenv_and_can_switch_it_off(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("GITHUB_TOKEN=from-file\nSLACK_ADMIN_CHANNEL=admins\nGITHUB_OWNER='acme'\n")
    settings = load({**SLACK, "GITHUB_OWNER": "other", "GITHUB_TOKEN": ""}, env_file=file)
    assert settings.github.token is None
    assert settings.github.owner == "other"
    assert settings.slack.admin_channel == "admins"
    assert "GITHUB_TOKEN" not in merged_environ({"GITHUB_TOKEN": " "}, file)


def test_only_near_misses_of_our_names_in_dotenv_are_warned_about(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "PAGERDUTY_TOKEN=a\nSLACK_BOT_TOKENS=b\nPUBLIC_URI=c\nALERTMANAGER_TOKEN=d\nPATH_TO=e\n"
    )
    settings = load(
        {**SLACK, "SLACK_SIGNING_SECRET": "in the environment, not ours"}, env_file=file
    )
    told = {warning.where: warning.mend for warning in settings.warnings}
    assert told["SLACK_BOT_TOKENS"] == "Did you mean SLACK_BOT_TOKEN?"
    assert told["PUBLIC_URI"] == "Did you mean PUBLIC_URL?"
    assert set(told) == {"PAGERDUTY_TOKEN", "SLACK_BOT_TOKENS", "PUBLIC_URI"}


def test_what_works_but_is_odd_is_a_warning() -> None:
    settings = read(
        SLACK_API_URL="http://slack.example.com/",
        PAGERDUTY_WEBHOOK_SECRET="s",
        GITHUB_DEFAULT_REPO="a/b",
        API_TOKEN="short",
    )
    assert {warning.where for warning in settings.warnings} == {
        "SLACK_API_URL",
        "PAGERDUTY_WEBHOOK_SECRET",
        "GITHUB_DEFAULT_REPO",
        "API_TOKEN",
    }
    assert "short." not in str([warning.what for warning in settings.warnings])


SECRET_NAMES = sorted(name for name in NAMES if name.endswith(("TOKEN", "SECRET")))


@examples(deadline=None)
@given(st.text(string.ascii_letters + string.digits, min_size=8, max_size=40))
def test_no_secret_shows_in_any_view(random: str) -> None:
    secret = f"s3cr3t{random}"
    prefixes = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
    names = {name: prefixes.get(name, "") + secret for name in SECRET_NAMES}
    settings = load(
        {
            **names,
            "PAGERDUTY_FROM_EMAIL": "a@example.com",
            "DATABASE_URL": f"postgresql://muster:{secret}@db/muster",
        },
        env_file=None,
    )
    for view in (repr(settings), str(settings), str(settings.redacted()), str(settings.warnings)):
        assert secret not in view
    assert {each[-len(secret) :] for each in settings.secrets()} == {secret}
    assert len(settings.secrets()) == len(SECRET_NAMES) + 1


@examples(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(NAMES)), st.text(max_size=30)))
def test_any_environment_gives_settings_or_a_list_of_problems(environ: dict[str, str]) -> None:
    found: tuple[Problem, ...] = ()
    try:
        load(environ, env_file=None)
    except SettingsError as error:
        found = error.problems
    assert all(problem.where in NAMES and problem.mend for problem in found)
