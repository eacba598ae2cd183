"""The report: how the last days went, as a table, charts and words that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.data import Bars, DataTable, Pie
from bot.domain.report import bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block

    from bot.domain.report import Group, Statistics
    from bot.ports import Message

NO_SEVERITY = "no severity"
NO_SERVICE = "no service"
#: So many services are told in words.
TOLD = 8


def report_message(found: Statistics) -> Message:
    """The whole report, with charts (messages only)."""
    heading = f"Incidents, the last {text.plural(found.days, 'day')}"
    lines = words(found)
    blocks: list[Block] = [kit.header(heading), kit.facts(lines[:4])]
    if found.total.count:
        blocks.append(_table("By severity", "Severity", found.severities, NO_SEVERITY))
        blocks += _charts(found)
    blocks += kit.paragraphs(_told("By service", found.services, NO_SERVICE))
    blocks.append(kit.context(f"{text.date(found.since)} to {text.date(found.until)}"))
    return kit.message("\n".join([f"*{heading}*", *lines]), blocks)


def short_message(found: Statistics) -> Message:
    """The same in words alone, for answers at once."""
    heading = f"*The last {text.plural(found.days, 'day')}*"
    told = [
        *_told("By severity", found.severities, NO_SEVERITY),
        *_told("By service", found.services, NO_SERVICE),
    ]
    sent = "The charts are in your direct messages with me."
    lines = words(found)
    blocks = [kit.section(heading), kit.facts(lines[:4]), *kit.paragraphs(told), kit.context(sent)]
    return kit.message("\n".join([heading, *lines, sent]), blocks)


def report_text(found: Statistics) -> str:
    """The numbers as a plain table, for terminals."""
    head = ("", "Declared", "Still open", "To acknowledge", "To resolve")
    groups = [("All", found.total)]
    groups += [(group.label or NO_SEVERITY, group) for group in found.severities]
    groups += [(group.label or NO_SERVICE, group) for group in found.services]
    rows = [head, *((text.one_line(name, 40), *_cells(group)) for name, group in groups)]
    widths = [max(len(str(row[n])) for row in rows) for n in range(len(head))]
    lines = [
        f"Incidents, the last {text.plural(found.days, 'day')} (mean times)",
        *(
            "  ".join(
                f"{cell!s:<{width}}" for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in rows
        ),
    ]
    return "\n".join(lines)


def words(found: Statistics) -> list[str]:
    """The numbers of all incidents, one fact a line."""
    total = found.total
    return [
        f"*Declared:* {total.count:,}",
        f"*Still open:* {total.open:,}",
        f"*Mean time to acknowledge:* {_mean(total.seconds_to_acknowledge, 'none yet')}",
        f"*Mean time to resolve:* {_mean(total.seconds_to_resolve, 'none yet')}",
    ]


def group_lines(groups: Sequence[Group], nameless: str, most: int) -> list[str]:
    """``SEV1: 3, acknowledged in 2 min, resolved in 1 h`` for each group."""
    lines = [
        f"{text.inline(group.label, 60, empty=nameless)}: {group.count:,}, "
        f"{_within('acknowledged', group.seconds_to_acknowledge)}, "
        f"{_within('resolved', group.seconds_to_resolve)}"
        for group in groups[:most]
    ]
    hidden = len(groups) - len(lines)
    return [*lines, f"{hidden:,} more"] if hidden else lines


def _told(title: str, groups: Sequence[Group], nameless: str) -> list[str]:
    return [f"*{title}*", *group_lines(groups, nameless, TOLD)] if groups else []


def _within(done: str, seconds: float | None) -> str:
    return f"none {done} yet" if seconds is None else f"{done} in {text.duration(seconds)}"


def _mean(seconds: float | None, nothing: str = "-") -> str:
    return nothing if seconds is None else text.duration(seconds)


def _cells(group: Group) -> tuple[int, int, str, str]:
    means = (_mean(group.seconds_to_acknowledge), _mean(group.seconds_to_resolve))
    return (group.count, group.open, *means)


def _table(title: str, head: str, groups: Sequence[Group], nameless: str) -> Block:
    rows = [(group.label or nameless, *_cells(group)) for group in groups]
    columns = (head, "Declared", "Still open", "Mean time to acknowledge", "Mean time to resolve")
    return DataTable(caption=title, head=columns, rows=rows)


def _charts(found: Statistics) -> list[Block]:
    points = bars(found)
    severities = [group.label for group in found.severities]
    series = {
        name or NO_SEVERITY: [point.counts.get(name, 0) for point in points] for name in severities
    }
    days = [f"{point.first:%b} {point.first.day}" for point in points]
    charts: list[Block] = [Bars(title="Declared", categories=days, series=series)]
    if len(found.services) > 1:
        shares = [(group.label or NO_SERVICE, group.count) for group in found.services]
        charts.append(Pie(title="By service", shares=shares))
    return charts
