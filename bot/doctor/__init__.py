"""``muster doctor``: every step of the installation, looked at, with the click or setting that mends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.doctor import alerts, github, house, pagerduty, paging, rosters, slack
from bot.doctor.context import Context, Database
from bot.doctor.findings import Finding, exit_code, render

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Context", "Database", "Finding", "diagnose", "exit_code", "render"]

#: In the order they are shown: an installer mends from the top.
AREAS: dict[str, Callable[[Context], Awaitable[list[Finding]]]] = {
    "Settings": house.check_settings,
    "Database": house.check_database,
    "Slack": slack.check,
    "PagerDuty": pagerduty.check,
    "GitHub": github.check,
    "Paging": paging.check,
    "Web": house.check_web,
    "Alerts": alerts.check,
    "Rosters": rosters.check,
}
#: A vendor that does not answer must not keep the doctor for ever.
SECONDS = 60.0


async def diagnose(context: Context) -> list[Finding]:
    """All areas at once; one that breaks is a finding itself and stops no other."""
    found = await asyncio.gather(*(_area(name, check, context) for name, check in AREAS.items()))
    return [finding for findings in found for finding in findings]


async def _area(
    name: str, check: Callable[[Context], Awaitable[list[Finding]]], context: Context
) -> list[Finding]:
    try:
        async with asyncio.timeout(SECONDS):
            return await check(context)
    except TimeoutError:
        text, mend = f"no answer within {SECONDS:.0f} seconds.", "Run the doctor again."
    except Exception as error:  # noqa: BLE001 - the doctor is for when things are broken
        text, mend = f"the check itself broke ({type(error).__name__}).", "Please report this."
    return [Finding(area=name, name="check", state="fail", text=text, mend=mend)]
