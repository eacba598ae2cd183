"""Alerts: whether the presets map their own examples, which sources can reach us, and which take silences."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.doctor.findings import Report, listed
from bot.domain.alert_sources import PRESETS
from bot.errors import Reason
from bot.mapping.presets import wrong_examples

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding

#: A mark no silence carries: asking for it changes nothing.
NOBODYS = "[muster doctor]"
_ADDRESS = "Correct api_url of this source in muster.yml: the address of Alertmanager's own page."
MEND = {
    Reason.AUTH: "Write user and password into api_url of this source: http://user:${PASSWORD}@host:9093.",
    Reason.NOT_FOUND: _ADDRESS,
    Reason.INVALID: _ADDRESS,
    Reason.UNAVAILABLE: f"Start Alertmanager, or: {_ADDRESS}",
}


async def check(context: Context) -> list[Finding]:
    """The examples of every preset, every way in, every Alertmanager that is told of silences."""
    report = Report("Alerts")
    wrong = await asyncio.to_thread(wrong_examples)
    if wrong:
        report.fail("presets", "; ".join(wrong[:3]) + ".", "Please report this.")
    else:
        report.ok("presets", f"{len(PRESETS)} sources map their examples as they should.")
    alerts = context.catalog.alerts
    _nobody_to_page(report, context)
    for name, source in sorted(alerts.sources.items()):
        kind = source.auth.kind if source.auth else "nothing"
        how = f"preset {source.preset}" if source.preset else "fields of its own"
        report.ok(name, f"/webhooks/alerts/{name} opens with its {kind} secret ({how}).")
    for name, silences in sorted(context.silences.items()):
        what = f"{name}, silences"
        if await report.ask(what, silences.find(NOBODYS), MEND) is not None:
            report.ok(what, "Silence on a card silences in Alertmanager, too.")
    left = [name for name in PRESETS if name not in alerts.sources]
    if left and context.settings.http.alerts_token:
        report.ok("ALERTS_TOKEN", f"opens {', '.join(left)}.")
    elif left:
        text = f"not set: {', '.join(left)} refuse everybody."
        mend = "To open them: make one up (openssl rand -hex 32) and set it as ALERTS_TOKEN."
        report.skip("ALERTS_TOKEN", text, mend)
    return report.findings


def _nobody_to_page(report: Report, context: Context) -> None:
    """A page for alerts takes the policies of muster.yml, also where PagerDuty pages for incidents."""
    catalog = context.catalog
    wanted = [rule for rule in catalog.alerts.routing if rule.do == "page"]
    if not wanted or "default" in catalog.policies:
        return
    covered = [each for each in catalog.services.values() if each.escalation_policy]
    who = "of most services" if covered else "at all"
    lines = listed(f"line {rule.line}" for rule in wanted)
    report.warn(
        "routing",
        f"rules say page ({lines}), but no escalation policy covers alerts {who}, so nobody is paged for them.",
        "Add a policy named default to escalation_policies in muster.yml. To page through PagerDuty, say do: incident: "
        "its service does.",
    )
