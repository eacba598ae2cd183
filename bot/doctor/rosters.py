"""Rosters: calendars that cannot be read, entries nobody can be found for, names that mean two rosters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding

_MEND = (
    "Correct the roster's ical address or the calendar. People are found by an attendee's address, or by an "
    "address or a member's full name in the title."
)


async def check(context: Context) -> list[Finding]:
    """One line for each roster."""
    report = Report("Rosters")
    found = await context.rosters() if context.rosters else None
    if found is None:
        report.skip("rosters", "not looked at: the database is not ready.", "")
        return report.findings
    if not found:
        report.skip("rosters", "none.", "Write one under rosters: in muster.yml, or go without.")
    for name, problem in found:
        if problem is None:
            report.ok(name, "can be asked who is on call.")
        else:
            report.warn(name, f"{problem}.", _MEND)
    return report.findings
