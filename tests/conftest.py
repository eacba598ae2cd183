"""What fails a whole run: a skipped test on CI, and something people can do that no scenario does.

What must not fail one is chance and a machine that is busy: generated examples are the same in every run and are not
timed. New ones are looked for with ``pytest --hypothesis-profile=hunting``.
"""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

UNTIMED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", **UNTIMED, derandomize=True, database=None, print_blob=True)
settings.register_profile("hunting", **UNTIMED, derandomize=False, max_examples=2_000)
settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """What stays for the whole run is not looked through again and again: that holds up whatever runs meanwhile."""
    gc.collect()
    gc.freeze()


def _skipped(reporter: TerminalReporter | None) -> list[str]:
    """Why tests were skipped; those that play the vendors' examples may be where there are none."""
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = [str(report.longrepr) for report in reports]
    without_examples = not os.environ.get("MUSTER_CONTRACTS")
    return [r for r in reasons if not (without_examples and "contract" in r.lower())]


def _never_exercised() -> set[str]:
    """What all the scenarios together did not set off; they kept it for us (tests/exercised.py)."""
    kept = Path(tempfile.gettempdir()) / f"muster-exercised-{os.getpid()}"
    if "PYTEST_XDIST_WORKER" in os.environ or not kept.exists():
        return set()
    from tests import exercised

    return exercised.missing(*exercised.whole())


MISSING = pytest.StashKey[set[str]]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a scenario is missing, and on CI when something was skipped."""
    session.config.stash[MISSING] = missing = _never_exercised()
    if missing and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if os.environ.get("CI", "").lower() not in {"1", "true"}:
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _skipped(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say why the run failed."""
    for entry in sorted(terminalreporter.config.stash.get(MISSING, set())):
        terminalreporter.write_line(f"no scenario sets this off: {entry}", red=True)
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        for reason in _skipped(terminalreporter):
            terminalreporter.write_line(f"skipped, but on CI nothing may be: {reason}", red=True)
