"""What is shipped beside the code names only settings and files that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.settings import NAMES, load, merged_environ

ROOT = Path(__file__).parents[3]
#: Names in Dockerfile and compose.yaml that are not ours.
FOREIGN = {"PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def yaml(name: str) -> Any:
    return YAML(typ="safe", pure=True).load(ROOT / name)


def test_env_example_has_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    named = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    assert sorted(named) == sorted(NAMES)


def test_env_example_shows_the_defaults() -> None:
    text = (ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.+)$", text, re.MULTILINE))
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    assert load({**tokens, **given}, env_file=None) == load(tokens, env_file=None)


def test_env_example_as_it_is_sets_nothing() -> None:
    assert merged_environ({}, ROOT / ".env.example") == {}


def dockerfile() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [(word, rest) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def test_the_dockerfile_copies_what_exists_and_sets_what_is_read() -> None:
    steps = dockerfile()
    copied = [rest.split()[:-1] for word, rest in steps if word == "COPY" and "--from" not in rest]
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []
    (environment,) = [rest for word, rest in steps if word == "ENV"]
    names = {pair.partition("=")[0] for pair in environment.split()}
    assert names - FOREIGN <= set(NAMES)
    assert "HTTP_HOST=0.0.0.0" in environment


def test_the_image_is_not_run_by_root_and_installs_only_hashed_packages() -> None:
    steps = dockerfile()
    assert ("USER", "muster") in steps
    installs = [rest for word, rest in steps if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("--require-hashes" in install for install in installs)
    assert any(word == "HEALTHCHECK" and "/healthz" in rest for word, rest in steps)
    assert ("VOLUME", "/data") in steps
    assert ("WORKDIR", "/data") in steps


def test_locks_are_taken_as_they_are_without_resolving_them_anew() -> None:
    """pip with hashes refuses to install once a package it knows with an extra has a newer release."""
    texts = [(ROOT / name).read_text() for name in ("Makefile", "Dockerfile")]
    for line in (line for text in texts for line in text.splitlines() if "pip install" in line):
        assert "--no-deps --require-hashes" in line


def test_compose_names_settings_that_are_read_and_volumes_that_are_declared() -> None:
    compose = yaml("compose.yaml")
    bot, postgres = compose["services"]["bot"], compose["services"]["postgres"]
    assert set(bot["environment"]) <= set(NAMES)
    assert postgres["profiles"] == ["postgres"]
    for service in (bot, postgres):
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in compose["volumes"]
    port = bot["environment"]["HTTP_PORT"]
    assert bot["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.parametrize(
    "hook", yaml(".pre-commit-config.yaml")["repos"][0]["hooks"], ids=lambda h: h["id"]
)
def test_hooks_run_commands_that_make_check_runs(hook: dict[str, Any]) -> None:
    tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
    assert f"$(BIN)/{tool}" in (ROOT / "Makefile").read_text()


def test_contributing_names_only_folders_and_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    planned = {"bot/decisions/NNNN-title.md", "tests/scenarios/", "tests/architecture/", ".venv"}
    named = set(re.findall(r"`((?:bot|blocks|handlers|tests|\.[a-z])[\w./-]*)`", text)) - planned
    assert len(named) > 15
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    targets = set(re.findall(r"`make ([a-z-]+)`", text))
    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_the_licence_is_mit_by_the_contributors() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert text.startswith("MIT License")
    assert "Muster contributors" in text
