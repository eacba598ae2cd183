"""People: who is counted on and cannot be reached or mapped, as Muster last read Slack and PagerDuty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding

#: More are counted, not named.
SHOWN = 20
AT_SLACK = "Correct rosters, escalation_policies and owners in muster.yml (or the roster in Slack)."
AT_PAGERDUTY = (
    "/incident link @person in Slack, PagerDuty > People > Users > Add, or muster.yml: people: <e-mail>: "
    "{pagerduty: ...}."
)


async def check(context: Context) -> list[Finding]:
    """Everybody on rosters, policies and services; read from the database, no vendor is asked."""
    report = Report("People")
    found = await context.unreachable() if context.unreachable is not None else None
    if found is None:
        report.skip("people", "not looked at: the database is not migrated or not given.")
        return report.findings
    for each in found[:SHOWN]:
        report.warn(each.email, f"{each.why}.", AT_PAGERDUTY if each.no_account else AT_SLACK)
    if len(found) > SHOWN:
        report.warn("more", f"{len(found) - SHOWN} others cannot be reached either.", AT_SLACK)
    if not found:
        report.ok("people", "everybody on rosters, policies and services can be reached.")
    return report.findings
