"""On CI nothing may be skipped: what a test needs is installed there, or the run has failed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def _skipped(reporter: TerminalReporter | None) -> list[str]:
    """Why tests were skipped; those that play the vendors' examples may be where there are none."""
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = [str(report.longrepr) for report in reports]
    without_examples = not os.environ.get("MUSTER_CONTRACTS")
    return [r for r in reasons if not (without_examples and "contract" in r.lower())]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when something was skipped on CI."""
    if os.environ.get("CI", "").lower() not in {"1", "true"}:
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _skipped(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say why the run failed."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        for reason in _skipped(terminalreporter):
            terminalreporter.write_line(f"skipped, but on CI nothing may be: {reason}", red=True)
