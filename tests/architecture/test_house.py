"""The house: who may import whom, and that no table lacks a line."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks.forms import panel
from blocks.ids import ActionId, CallbackId, ShortcutId
from bot.domain.budget import METHODS
from bot.domain.effects import EffectKind
from bot.store.queries import STEPS
from bot.worker.runners import EFFECTS
from handlers.actions import ACTIONS
from handlers.panel import CLOSED_ACTIONS, OPEN_ACTIONS
from handlers.shortcuts import SHORTCUTS
from handlers.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[2]
CODE = ("bot", "handlers", "blocks")

#: Ids whose buttons and forms are built but shown by nothing yet; the issue that shows them adds the handler.
LATER_ACTIONS = {
    ActionId.POSTMORTEM,
    ActionId.SUBSCRIBE,
    ActionId.POST_UPDATE,
    ActionId.ASSIGN_ROLES,
    ActionId.SERVICES,
    ActionId.PAGE_SOMEONE,
    ActionId.MERGE,
    ActionId.MAKE_PRIVATE,
}
LATER_FORMS = {
    CallbackId.CHANGE_TITLE,
    CallbackId.CHANGE_SUMMARY,
    CallbackId.ASSIGN_ROLE,
    CallbackId.POST_UPDATE,
}
#: Views that have nothing to submit.
READ_ONLY = {CallbackId.PANEL, CallbackId.TIMELINE, CallbackId.LOADING, CallbackId.MESSAGE, CallbackId.HOME}
LATER_SHORTCUTS = {ShortcutId.OPEN_INCIDENT, ShortcutId.ADD_TO_TIMELINE}

#: Files past 350 lines, each with its reason.
LONG_FILES = {
    "bot/ports.py": "one Protocol per capability, mostly docstrings; splitting would hide what a provider owes",
    "bot/domain/plan.py": "the only place that names keys, lanes and ranks, so that no two agree by accident",
    "bot/store/effects.py": "one table's whole life, read top to bottom",
    "bot/store/tx.py": "what a use case can do in a transaction, one short method each",
    "bot/services/incidents.py": "one short method per use case of an incident",
}


def test_imports_keep_the_house() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=TOP, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_vendors_are_all_under_the_independence_contract() -> None:
    config = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    [independent] = [c["modules"] for c in contracts if c["type"] == "independence"]
    folder = TOP / "bot" / "providers"
    vendors = {p.stem for p in folder.iterdir() if p.stem not in {"__init__", "http", "__pycache__"}}
    assert set(independent) == {f"bot.providers.{name}" for name in vendors}


def test_every_effect_has_one_runner() -> None:
    assert set(EFFECTS) == set(EffectKind)


def test_every_step_of_an_incident_has_a_label() -> None:
    repeats = {EffectKind.REFRESH_ANNOUNCEMENT, EffectKind.REFRESH_CARD, EffectKind.POST_ENTRY}
    elsewhere = {
        EffectKind.SUMMARISE,
        EffectKind.TELL,
        EffectKind.TELL_ADMINS,
        EffectKind.PUBLISH_HOME,
        EffectKind.READ_PAGE,
        EffectKind.POLL_PAGER,
        EffectKind.APPLY_EVENT,
    }
    assert set(STEPS) == set(EffectKind) - repeats - elsewhere


def test_every_slack_effect_has_a_budget() -> None:
    assert {k for k in EffectKind if k.provider == "slack"} <= set(METHODS)


def test_every_button_has_a_handler_and_every_handler_a_button() -> None:
    assert set(ACTIONS) == set(ActionId) - LATER_ACTIONS
    assert not LATER_ACTIONS & {*OPEN_ACTIONS, *CLOSED_ACTIONS}
    assert {*OPEN_ACTIONS, *CLOSED_ACTIONS} <= set(panel.LABELS)


def test_every_form_has_a_handler() -> None:
    assert set(VIEWS) == set(CallbackId) - LATER_FORMS - READ_ONLY


def test_every_shortcut_has_a_handler() -> None:
    assert set(SHORTCUTS) == set(ShortcutId) - LATER_SHORTCUTS


def _files() -> Iterator[Path]:
    for folder in CODE:
        yield from (p for p in (TOP / folder).rglob("*.py") if "migrations" not in p.parts)


def test_no_file_grows_long_without_a_reason() -> None:
    lengths = {str(p.relative_to(TOP)): len(p.read_text(encoding="utf-8").splitlines()) for p in _files()}
    long = {name for name, length in lengths.items() if length > 350}
    assert long - set(LONG_FILES) == set()
    assert set(LONG_FILES) <= set(lengths)


@pytest.mark.parametrize("word", ["TODO", "FIXME", "HACK"])
def test_nothing_is_left_undone(word: str) -> None:
    assert [str(p) for p in _files() if word in p.read_text(encoding="utf-8")] == []


def test_decisions_say_how_they_are_checked() -> None:
    decisions = sorted((TOP / "bot" / "decisions").glob("[0-9]*.md"))
    assert decisions
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Checks.**"):
            assert part in text, f"{path.name} lacks {part}"
