"""Blocks that show data: ``table``, ``data_table`` and ``data_visualization``.

https://docs.slack.dev/reference/block-kit/blocks/table-block
https://docs.slack.dev/reference/block-kit/blocks/data-table-block
https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from typing import Any

from bot.sandbox.slack.blockkit_elements import ID
from bot.sandbox.slack.blockkit_richtext import RICH_TEXT
from bot.sandbox.slack.blockkit_schema import (
    TYPE,
    Report,
    Rule,
    array,
    boolean,
    integer,
    number,
    one_of,
    shape,
    string,
    typed,
)
from bot.sandbox.slack.model import Json

MAX_CHARACTERS = 10_000
MAX_COLUMNS = 20

_RAW_TEXT = shape({"type": TYPE, "text": string(MAX_CHARACTERS)})
_RAW_NUMBER = shape({"type": TYPE, "value": number}, {"text": string(MAX_CHARACTERS)})
_TABLE_CELL = typed({"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER, "rich_text": RICH_TEXT})


def characters(value: Any) -> int:
    """How many characters of text a cell (or a list of cells) shows."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + characters(value.get("elements", []))


def _few_characters(report: Report, block: Json, pointer: str) -> None:
    if characters(block["rows"]) > MAX_CHARACTERS:
        report.error(f"must be less than {MAX_CHARACTERS + 1} characters", f"{pointer}/rows")


def _same_columns(report: Report, block: Json, pointer: str) -> None:
    if len({len(row) for row in block["rows"]}) > 1:
        report.error("all rows must have the same number of cells", f"{pointer}/rows")


def _plain_header(report: Report, block: Json, pointer: str) -> None:
    for index, cell in enumerate(block["rows"][0]):
        if cell["type"] == "rich_text":
            report.error("rich_text is not allowed in the header", f"{pointer}/rows/0/{index}")


TABLE = shape(
    {"type": TYPE, "rows": array(array(_TABLE_CELL, MAX_COLUMNS), 100)},
    {
        "block_id": ID,
        "column_settings": array(
            shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean}),
            MAX_COLUMNS,
        ),
    },
    _few_characters,
)

DATA_TABLE = shape(
    {
        "type": TYPE,
        "caption": string(3000),
        "rows": array(array(_TABLE_CELL, MAX_COLUMNS), 101, least=2),
    },
    {
        "block_id": ID,
        "page_size": integer(1, 100),
        "row_header_column_index": integer(0, MAX_COLUMNS - 1),
    },
    _same_columns,
    _plain_header,
    _few_characters,
)

_LABEL = string(20)
_POINT = shape({"label": _LABEL, "value": number})
_SERIES = array(shape({"name": _LABEL, "data": array(_POINT, 20)}), 6)
_AXIS = shape({"categories": array(_LABEL, 20)}, {"x_label": string(50), "y_label": string(50)})


def _positive_segments(report: Report, chart: Json, pointer: str) -> None:
    for index, segment in enumerate(chart["segments"]):
        if segment["value"] <= 0:
            report.error("must be greater than 0", f"{pointer}/segments/{index}/value")


def _unique_series(report: Report, chart: Json, pointer: str) -> None:
    names = [series["name"] for series in chart["series"]]
    if len(set(names)) != len(names):
        report.error("series names must be unique", f"{pointer}/series")


def _same_categories(report: Report, chart: Json, pointer: str) -> None:
    categories = chart["axis_config"]["categories"]
    for index, series in enumerate(chart["series"]):
        if [point["label"] for point in series["data"]] != categories:
            report.error(
                "labels must match axis_config.categories", f"{pointer}/series/{index}/data"
            )


_XY_RULES: tuple[Rule, ...] = (_unique_series, _same_categories)
_XY = shape({"type": TYPE, "series": _SERIES, "axis_config": _AXIS}, {}, *_XY_RULES)
_CHART = typed(
    {
        "pie": shape({"type": TYPE, "segments": array(_POINT, 6)}, {}, _positive_segments),
        "bar": _XY,
        "line": _XY,
        "area": _XY,
    }
)

DATA_VISUALIZATION = shape({"type": TYPE, "title": string(50), "chart": _CHART}, {"block_id": ID})
