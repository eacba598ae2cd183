"""The architecture is a test: layers, tables that must be complete, files that must stay small."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter import api as import_linter

from bot.domain.effects import EffectKind
from bot.store.runlog import STEPS
from bot.worker.runners import EFFECTS

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

#: Effects nobody reads about in the run log, with the reason.
NO_STEP = {
    EffectKind.REFRESH_ANNOUNCEMENT: "shows the state again; it is the card that would tell of it",
    EffectKind.REFRESH_CARD: "as above",
    EffectKind.POST_ENTRY: "repeats the timeline, which is shown beside the run log",
    EffectKind.SUMMARISE: "concerns many incidents",
    EffectKind.MIRROR_UPDATE: "repeats the timeline in the announcement's thread",
    EffectKind.TELL_SUBSCRIBER: "repeats the timeline to one person",
    EffectKind.REMIND: "asks for a step, is none",
    EffectKind.TELL: "an answer to one person",
    EffectKind.SHOW_ON_CALL: "an answer to one person",
    EffectKind.SHOW_OVERRIDES: "an answer to one person",
    EffectKind.OVERRIDE_SCHEDULE: "concerns no incident; whoever asked is told",
    EffectKind.REMOVE_OVERRIDE: "as above",
    EffectKind.OFFER_LINK: "a question to one person",
    EffectKind.VERIFY_LOGIN: "concerns no incident",
    EffectKind.LIST_UNREACHABLE: "concerns no incident",
    EffectKind.TELL_ADMINS: "concerns no incident",
    EffectKind.RUN_DRILL: "what it does is in the timeline",
    EffectKind.DRILL_NEWS: "is about the run log, not part of it",
    EffectKind.LOOK_AT_MESSAGE: "what it finds is in the timeline",
    EffectKind.CONFIRM_MESSAGE: "an answer on the message itself",
    EffectKind.ANSWER_MESSAGE: "an answer in the message's thread",
    EffectKind.WELCOME: "an answer to one person",
    EffectKind.PUBLISH_HOME: "concerns no incident",
    EffectKind.SEND_REPORT: "concerns no incident",
    EffectKind.READ_PAGE: "reads; what it finds is in the timeline",
    EffectKind.POLL_PAGER: "concerns no incident",
    EffectKind.SHOW_ACTION: "repeats the timeline in the item's message",
    EffectKind.POLL_ISSUES: "concerns no incident",
    EffectKind.LOOK_AT_ISSUE: "what it finds is in the timeline",
    EffectKind.READ_CALENDAR: "concerns no incident",
    EffectKind.POST_ALERTS: "concerns a group of alerts, which may have no incident",
    EffectKind.REFRESH_ALERTS: "as above",
    EffectKind.SUMMARISE_ALERTS: "concerns many groups of alerts",
    EffectKind.PAGE_ALERTS: "concerns a group of alerts without an incident",
    EffectKind.PAGE_STEP: "what it does is in the timeline",
    EffectKind.CORRECT_PAGE: "shows what became of a page, which is a step",
    EffectKind.SHOW_PAGE: "shows what became of the pages, which are steps",
    EffectKind.TELL_PAGE: "repeats the timeline, loudly",
    EffectKind.PING_DEADMAN: "concerns no incident",
    EffectKind.SILENCE_ALERTS: "concerns a group of alerts; its card says what became of it",
    EffectKind.LOOK_AT_SILENCED: "what it finds is on the group's card",
    EffectKind.END_ALERTS: "what it finds is in the timeline",
    EffectKind.APPLY_EVENT: "what it brings is in the timeline",
    EffectKind.MIRROR_MEMBERS: "reads who is in the channel",
    EffectKind.ASK_ACCESS: "a question; how it was answered is in the timeline",
    EffectKind.TELL_ACCESS: "an answer to one person",
    EffectKind.TELL_ROSTER: "concerns no incident",
    EffectKind.SYNC_GROUP: "concerns no incident",
}
#: Files longer than this need a reason.
LINES = 350
LONG_FILES = {
    "blocks/ids.py": "every name Slack tells us by, in one place, a line each",
    "bot/app.py": "the composition root: every part in one place, a line or two each",
    "bot/ports.py": "all Protocols of the house side by side; mostly docstrings",
    "bot/domain/plan.py": "the only place that names keys, lanes and ranks",
    "bot/domain/reconcile.py": "one comparison; its parts are of no use alone",
    "bot/services/incidents.py": "the use cases of the one noun, a few lines each",
    "bot/store/effects.py": "one table's whole life, one behaviour on two databases",
    "bot/store/tx.py": "what a use case can do in a transaction, one method a line or two",
    "bot/worker/loop.py": "claim, run, settle: one loop",
    "bot/store/tables.py": "the whole schema in one place, mostly columns",
    "bot/examination.py": "the doctor's questions, one function each",
}


def test_the_layers_hold() -> None:
    assert import_linter.read_configuration(str(ROOT / "pyproject.toml"))
    report = lint_imports()
    assert report.returncode == 0, report.stdout + report.stderr


def lint_imports() -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()",
         "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def test_every_vendor_is_independent_of_the_others() -> None:
    [contract] = [
        c for c in CONFIG["tool"]["importlinter"]["contracts"] if c["type"] == "independence"
    ]
    folder = ROOT / "bot" / "providers"
    vendors = {
        f"bot.providers.{path.stem}"
        for path in folder.iterdir()
        if path.name not in {"__init__.py", "__pycache__", "http.py"}
        and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert set(contract["modules"]) == vendors


@pytest.mark.parametrize("kind", list(EffectKind))
def test_every_effect_has_a_runner_and_a_name_if_people_see_it(kind: EffectKind) -> None:
    assert callable(EFFECTS[kind])
    assert (kind in STEPS) != (kind in NO_STEP), "either it is a step with a label, or say why not"
    assert STEPS.get(kind, "x").strip()


def test_no_runner_carries_out_two_kinds() -> None:
    runners = list(EFFECTS.values())
    assert len(set(runners)) == len(runners) == len(EffectKind)
    assert len(set(STEPS.values())) == len(STEPS), "two steps must not be told by the same name"


def lengths() -> dict[str, int]:
    files = [p for top in ("bot", "handlers", "blocks") for p in (ROOT / top).rglob("*.py")]
    return {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }


def test_a_file_stays_short_or_says_why_not() -> None:
    long = {name: n for name, n in lengths().items() if n > LINES}
    assert set(long) <= set(LONG_FILES), {n: long[n] for n in set(long) - set(LONG_FILES)}
    gone = {name for name in LONG_FILES if not (ROOT / name).exists()}
    assert not gone


def test_only_the_unit_of_work_commits() -> None:
    allowed = {"bot/store/work.py"}
    for path in (ROOT / "bot").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("bot/sandbox/") or name in allowed:
            continue
        assert ".commit()" not in path.read_text(encoding="utf-8"), name


def test_every_package_of_ours_is_importable_without_a_vendor() -> None:
    for top in ("bot", "handlers", "blocks"):
        for folder in [ROOT / top, *(ROOT / top).rglob("*")]:
            if folder.is_dir() and any(folder.glob("*.py")) and "versions" not in folder.parts:
                if "migrations" in folder.parts:
                    continue
                assert (folder / "__init__.py").exists(), folder
