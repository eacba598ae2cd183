"""Alerts: whether the presets map their own examples, and which sources can reach us."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.doctor.findings import Report
from bot.domain.alert_sources import PRESETS
from bot.mapping.presets import wrong_examples

if TYPE_CHECKING:
    from bot.doctor.context import Context
    from bot.doctor.findings import Finding


async def check(context: Context) -> list[Finding]:
    """The examples of every preset, then every way in."""
    report = Report("Alerts")
    wrong = await asyncio.to_thread(wrong_examples)
    if wrong:
        report.fail("presets", "; ".join(wrong[:3]) + ".", "Please report this.")
    else:
        report.ok("presets", f"{len(PRESETS)} sources map their examples as they should.")
    alerts = context.catalog.alerts
    for name, source in sorted(alerts.sources.items()):
        kind = source.auth.kind if source.auth else "nothing"
        how = f"preset {source.preset}" if source.preset else "fields of its own"
        report.ok(name, f"/webhooks/alerts/{name} opens with its {kind} secret ({how}).")
    left = [name for name in PRESETS if name not in alerts.sources]
    if left and context.settings.http.alerts_token:
        report.ok("ALERTS_TOKEN", f"opens {', '.join(left)}.")
    elif left:
        text = f"not set: {', '.join(left)} refuse everybody."
        mend = "To open them: make one up (openssl rand -hex 32) and set it as ALERTS_TOKEN."
        report.skip("ALERTS_TOKEN", text, mend)
    return report.findings
