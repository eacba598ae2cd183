"""The blocks, with their limits and the surfaces they exist on.

https://docs.slack.dev/reference/block-kit/blocks
"""

from bot.sandbox.slack.blockkit_data import DATA_TABLE, DATA_VISUALIZATION, TABLE
from bot.sandbox.slack.blockkit_elements import (
    ACCESSORIES,
    ACTION_ELEMENTS,
    ID,
    IMAGE,
    INPUT_ELEMENTS,
    SLACK_FILE,
    URL,
)
from bot.sandbox.slack.blockkit_richtext import ALL_ELEMENTS, RICH_TEXT
from bot.sandbox.slack.blockkit_schema import (
    TYPE,
    Check,
    Report,
    Rule,
    array,
    at_least_one,
    boolean,
    either,
    one_of,
    plain,
    shape,
    string,
    text,
    typed,
)
from bot.sandbox.slack.model import Json

EVERYWHERE = frozenset({"message", "modal", "home"})

#: https://docs.slack.dev/blocks.json ("available-in-surfaces"); what is missing is everywhere.
SURFACES: dict[str, frozenset[str]] = {
    "alert": frozenset({"modal"}),
    "carousel": frozenset({"message", "home"}),
    "container": frozenset({"message"}),
    "data_table": frozenset({"message"}),
    "data_visualization": frozenset({"message"}),
    "markdown": frozenset({"message"}),
    "table": frozenset({"message"}),
}


def _block(
    required: dict[str, Check], optional: dict[str, Check] | None = None, *rules: Rule
) -> Check:
    return shape({"type": TYPE, **required}, {"block_id": ID, **(optional or {})}, *rules)


def _collapsed_needs_collapsible(report: Report, block: Json, pointer: str) -> None:
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        report.error("default_collapsed requires is_collapsible", pointer)


_CARD = _block(
    {},
    {
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "actions": array(typed(ALL_ELEMENTS, ("button",)), 5),
    },
    at_least_one("hero_image", "title", "actions", "body"),
)

_BASIC: dict[str, Check] = {
    "section": _block(
        {},
        {
            "text": text(3000),
            "fields": array(text(2000), 10),
            "accessory": typed(ALL_ELEMENTS, ACCESSORIES),
            "expand": boolean,
        },
        at_least_one("text", "fields"),
    ),
    "header": _block({"text": plain(150)}),
    "divider": _block({}),
    "context": _block(
        {
            "elements": array(
                typed({"image": IMAGE, "plain_text": text(3000), "mrkdwn": text(3000)}), 10
            )
        }
    ),
    "actions": _block({"elements": array(typed(ALL_ELEMENTS, ACTION_ELEMENTS), 25)}),
    "image": _block(
        {"alt_text": string(2000)},
        {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
        either("image_url", "slack_file"),
    ),
    "input": _block(
        {"label": plain(2000), "element": typed(ALL_ELEMENTS, INPUT_ELEMENTS)},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "table": TABLE,
}

BLOCKS: dict[str, Check] = {
    **_BASIC,
    "alert": _block(
        {"text": text(200)},
        {"level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _CARD,
    "carousel": _block({"elements": array(typed({"card": _CARD}), 10)}),
    "container": _block(
        {"child_blocks": array(typed(_BASIC), 10)},
        {
            "title": plain(150),
            "rich_text_title": RICH_TEXT,
            "subtitle": text(150),
            "icon": IMAGE,
            "width": one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        at_least_one("title", "rich_text_title"),
        _collapsed_needs_collapsible,
    ),
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "markdown": _block({"text": string(12_000)}),
}

_TYPED_BLOCK = typed(BLOCKS)


def block(report: Report, value: object, pointer: str) -> None:
    """Check one block on the report's surface."""
    kind = value.get("type") if isinstance(value, dict) else None
    allowed = SURFACES.get(kind, EVERYWHERE) if isinstance(kind, str) else EVERYWHERE
    if report.surface not in allowed:
        report.error(f"unsupported type: {kind}", f"{pointer}/type")
        return
    _TYPED_BLOCK(report, value, pointer)
