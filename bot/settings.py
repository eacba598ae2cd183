"""Settings from the environment or ``.env``: read once, checked as a whole, all problems at once.

The environment wins over ``.env``; an empty value means unset, so ``GITHUB_TOKEN=`` in the
environment switches off what ``.env`` switches on. Secrets are ``SecretStr`` and never appear in a
problem, a warning or ``redacted()``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from bot.errors import Problem, SettingsError
from bot.settings_checks import check, near_misses
from bot.settings_parts import GitHub, Http, Log, PagerDuty, Part, Slack, Watch, env

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_settings import PydanticBaseSettingsSource

__all__ = [
    "NAMES",
    "GitHub",
    "Http",
    "Log",
    "PagerDuty",
    "Settings",
    "Slack",
    "Watch",
    "load",
    "merged_environ",
]

ENV_FILE = Path(".env")


class Settings(BaseSettings):
    """Everything the environment says; build it with ``load``."""

    model_config = SettingsConfigDict(
        frozen=True, populate_by_name=True, hide_input_in_errors=True, extra="ignore"
    )

    slack: Slack = Slack()
    pagerduty: PagerDuty = PagerDuty()
    github: GitHub = GitHub()
    http: Http = Http()
    watch: Watch = Watch()
    log: Log = Log()
    # A PostgreSQL address carries a password, so it is kept out of repr() and redacted() masks it.
    database_url: str = Field(
        default="sqlite:///muster.db",
        validation_alias="DATABASE_URL",
        description="sqlite:///muster.db or postgresql://user:password@host/name",
        repr=False,
    )
    config_file: Path = env(
        "CONFIG_FILE", "The path of a file like muster.example.yml", Path("muster.yml")
    )
    #: What is odd without being wrong; the log and ``muster doctor`` show it.
    warnings: tuple[Problem, ...] = Field(default=(), exclude=True, repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what ``load`` hands over: it reads both itself, so that tests can inject them."""
        return (init_settings,)

    def redacted(self) -> dict[str, str]:
        """Every setting by its name, secrets only as ``set`` or ``unset``: safe to log."""
        return {name: _shown(getattr(owner, field)) for name, owner, field in self._each()}

    def secrets(self) -> tuple[str, ...]:
        """The very values that must never be logged, for the log's redactor."""
        values: list[object] = []
        for _, owner, field in self._each():
            value = getattr(owner, field)
            values += value if isinstance(value, tuple) else [value]
        found = [each.get_secret_value() for each in values if isinstance(each, SecretStr)]
        password = re.search(r"://[^/@\s]*?:([^/@\s]+)@", self.database_url)
        return tuple(secret for secret in (*found, password[1] if password else "") if secret)

    def _each(self) -> Iterator[tuple[str, BaseModel, str]]:
        for part in (self, *(getattr(self, name) for name in _PARTS)):
            for field, info in type(part).model_fields.items():
                if isinstance(info.validation_alias, str):
                    yield info.validation_alias, part, field


_PARTS: dict[str, type[Part]] = {
    "slack": Slack,
    "pagerduty": PagerDuty,
    "github": GitHub,
    "http": Http,
    "watch": Watch,
    "log": Log,
}


def _names(model: type[BaseModel]) -> dict[str, str]:
    """The names one model reads, with how to get a value for each."""
    fields = model.model_fields.values()
    return {
        f.validation_alias: f.description or ""
        for f in fields
        if isinstance(f.validation_alias, str)
    }


#: Every name we read, with how to get a value for it.
NAMES: dict[str, str] = {
    name: how for part in _PARTS.values() for name, how in _names(part).items()
} | _names(Settings)


def _shown(value: object) -> str:
    if (
        value is None
        or value == ()
        or (isinstance(value, SecretStr) and not value.get_secret_value())
    ):
        return "unset"
    if isinstance(value, SecretStr | tuple):
        return "set"
    return re.sub(r"(://)[^/@\s]*@", r"\1***@", str(value))


def merged_environ(
    environ: Mapping[str, str] | None = None, env_file: Path | None = ENV_FILE
) -> dict[str, str]:
    """The environment laid over ``.env`` without what is empty; the source of ${NAME}."""
    merged = {**_dotenv(env_file), **(os.environ if environ is None else environ)}
    return {name: value.strip() for name, value in merged.items() if value.strip()}


def _dotenv(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    source = DotEnvSettingsSource(
        Settings, env_file=path, env_file_encoding="utf-8", case_sensitive=True
    )
    return {name: value or "" for name, value in source.env_vars.items()}


def load(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path | None = ENV_FILE,
    need_slack: bool = True,
) -> Settings:
    """Read and check everything; raises ``SettingsError`` with every problem at once.

    Commands that never talk to Slack (``migrate``, ``backup``, ...) pass ``need_slack=False``.
    """
    values = merged_environ(environ, env_file)
    problems: list[Problem] = []
    try:
        settings = Settings.model_validate(_by_part(values))
    except ValidationError as error:
        problems = [
            _explained(each["loc"], each["type"], values)
            for each in error.errors(include_input=False)
        ]
        wrong = {problem.where for problem in problems}
        # The other checks run on what is left, so that one bad port does not hide a missing token.
        settings = Settings.model_validate(
            _by_part({n: v for n, v in values.items() if n not in wrong})
        )
    found = check(settings, NAMES, given=values.keys(), need_slack=need_slack)
    problems += found.problems
    if problems:
        order = list(NAMES)
        raise SettingsError(sorted(problems, key=lambda problem: order.index(problem.where)))
    odd = (*found.warnings, *near_misses(_dotenv(env_file), NAMES))
    return settings.model_copy(update={"warnings": odd})


def _by_part(values: Mapping[str, str]) -> dict[str, Any]:
    """The flat names of the environment as the tree the model has."""
    owner, repo = values.get("GITHUB_OWNER"), values.get("GITHUB_DEFAULT_REPO")
    if owner and repo and "/" not in repo:
        values = {**values, "GITHUB_DEFAULT_REPO": f"{owner}/{repo}"}
    tree: dict[str, Any] = {
        part: {name: values[name] for name in _names(model) if name in values}
        for part, model in _PARTS.items()
    }
    return tree | {name: values[name] for name in _names(Settings) if name in values}


def _explained(loc: tuple[int | str, ...], kind: str, values: Mapping[str, str]) -> Problem:
    name = next(str(part) for part in loc if part in NAMES)
    what = (
        "is not a whole number"
        if kind.startswith("int")
        else "is not one of the values it can have"
    )
    if kind in {"less_than_equal", "greater_than_equal"}:
        what = "is out of range"
    return Problem(name, f"{values[name]!r} {what}.", f"{NAMES[name]}.")
