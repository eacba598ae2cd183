"""Slack's blocks for numbers, which slack_sdk has no classes for: ``data_table`` and ``data_visualization``.

Both are for messages only. https://docs.slack.dev/reference/block-kit/blocks/data-table-block and
https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import Block

from blocks import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLE_ROWS: Final = 100
TABLE_ROOM: Final = 3_000
CELL: Final = 80
LABEL: Final = 20
TITLE: Final = 50
SERIES: Final = 6
POINTS: Final = 20


class DataTable(Block):
    """A table the reader can sort and page; cells are text or numbers."""

    type = "data_table"

    def __init__(
        self, *, caption: str, head: Sequence[str], rows: Sequence[Sequence[str | int]]
    ) -> None:
        """At least one row, each as long as ``head``; rows that do not fit are left out."""
        super().__init__(type=self.type)
        shown: list[list[dict[str, Any]]] = [[_cell(word) for word in head]]
        room = TABLE_ROOM
        for row in rows[:TABLE_ROWS]:
            cells = [_cell(value) for value in row]
            room -= sum(len(cell["text"]) for cell in cells)
            if room < 0:
                break
            shown.append(cells)
        self._block = {
            "type": self.type,
            "caption": text.one_line(caption, 200),
            "rows": shown,
            "page_size": 10,
        }

    def to_dict(self) -> dict[str, Any]:
        """The block as Slack takes it."""
        return self._block


def distinct(names: Sequence[str]) -> list[str]:
    """Labels of at most 20 characters, no two the same: Slack refuses a chart otherwise."""
    found: list[str] = []
    for name in names:
        label = text.one_line(name, LABEL, empty="-")
        nth = 2
        while label in found:
            label = f"{text.one_line(name, LABEL - 4, empty='-')} {nth}"
            nth += 1
        found.append(label)
    return found


def _cell(value: str | int) -> dict[str, Any]:
    if isinstance(value, int):
        return {"type": "raw_number", "value": value, "text": f"{value:,}"}
    return {"type": "raw_text", "text": text.one_line(value, CELL, empty="-")}


class Bars(Block):
    """A bar chart: the same categories for every series."""

    type = "data_visualization"

    def __init__(
        self, *, title: str, categories: Sequence[str], series: Mapping[str, Sequence[int]]
    ) -> None:
        """One to 20 different categories, one to 6 series with a value for each category."""
        super().__init__(type=self.type)
        labels = distinct(categories[:POINTS])
        names = distinct(list(series)[:SERIES])
        self._block = {
            "type": self.type,
            "title": text.one_line(title, TITLE),
            "chart": {
                "type": "bar",
                "axis_config": {"categories": labels},
                "series": [
                    {
                        "name": name,
                        "data": [
                            {"label": label, "value": value}
                            for label, value in zip(labels, values, strict=False)
                        ],
                    }
                    for name, values in zip(names, series.values(), strict=False)
                ],
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """The block as Slack takes it."""
        return self._block


class Pie(Block):
    """A pie chart: up to six shares, the rest is the last one's."""

    type = "data_visualization"

    def __init__(self, *, title: str, shares: Sequence[tuple[str, int]]) -> None:
        """At least one share is above zero; those that are not are left out."""
        super().__init__(type=self.type)
        kept = [(name, value) for name, value in shares if value > 0]
        if len(kept) > SERIES:
            rest = sum(value for _, value in kept[SERIES - 1 :])
            kept = [*kept[: SERIES - 1], ("others", rest)]
        labels = distinct([name for name, _ in kept])
        self._block = {
            "type": self.type,
            "title": text.one_line(title, TITLE),
            "chart": {
                "type": "pie",
                "segments": [
                    {"label": label, "value": value}
                    for label, (_, value) in zip(labels, kept, strict=True)
                ],
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """The block as Slack takes it."""
        return self._block
