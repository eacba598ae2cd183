"""Hand-overs: whether the user groups and channels of rosters are there, and what Slack refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.doctor.findings import Report
from bot.doctor.slack import BOT_MEND, find
from bot.domain.roster_duties import refusal
from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.doctor.context import Context
    from bot.doctor.findings import Finding
    from bot.domain.catalog import Roster


async def check(context: Context) -> list[Finding]:
    """Every roster that keeps a user group or announces somewhere."""
    report = Report("Hand-overs")
    kept: Sequence[tuple[Roster, str | None]] = [
        (r, None) for r in context.catalog.rosters.values()
    ]
    if context.handovers is not None:
        kept = await context.handovers()
    handles: Collection[str] | None = None
    if any(roster.user_group for roster, _ in kept):
        groups = await report.ask("user groups", context.chat.user_groups(), BOT_MEND)
        handles = None if groups is None else {group.handle for group in groups}
    for roster, refused in kept:
        if not roster.user_group and not roster.announce_in:
            continue
        fine = _group(roster, refused, handles, report)
        if await _room(context, roster, report) and fine:
            report.ok(roster.name, _summary(roster))
    return report.findings


def _group(
    roster: Roster, refused: str | None, handles: Collection[str] | None, report: Report
) -> bool:
    handle = roster.user_group
    if handle and handles is not None and handle not in handles:
        refused = "no_such_subteam"
    if not handle or not refused:
        return True
    report.warn(roster.name, *refusal(handle, refused))
    return False


async def _room(context: Context, roster: Roster, report: Report) -> bool:
    wanted = (roster.announce_in or "").lstrip("#")
    if not wanted:
        return True
    try:
        found = await find(context, wanted)
    except ProviderError as error:
        if error.reason is not Reason.NOT_FOUND:
            report.refused(roster.name, error, BOT_MEND)
            return False
        found = None
    if found is not None and not found.is_archived and (found.is_member or not found.is_private):
        return True
    mend = f"Type /invite @Muster in {wanted}, or name another channel as announce_in."
    what = "is archived" if found is not None and found.is_archived else "is not to be seen by me"
    report.warn(roster.name, f"announces in {wanted}, which {what}.", mend)
    return False


def _summary(roster: Roster) -> str:
    parts = [f"keeps @{roster.user_group}"] if roster.user_group else []
    parts += [f"announces in {roster.announce_in}"] if roster.announce_in else []
    return f"{' and '.join(parts)}."
