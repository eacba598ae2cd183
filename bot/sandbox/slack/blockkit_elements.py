"""Block elements and composition objects, with their limits.

https://docs.slack.dev/reference/block-kit/block-elements
https://docs.slack.dev/reference/block-kit/composition-objects
"""

import re
from collections.abc import Mapping

from bot.sandbox.slack.blockkit_schema import (
    TYPE,
    Check,
    Report,
    Rule,
    array,
    boolean,
    either,
    integer,
    one_of,
    pattern,
    plain,
    shape,
    string,
    text,
)
from bot.sandbox.slack.model import Json

ID = string(255)
URL = string(3000)

CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def _option(label: Check, *, url: bool = False) -> Check:
    optional: dict[str, Check] = {"description": plain(75)}
    if url:
        optional["url"] = URL
    return shape({"text": label, "value": string(150)}, optional)


OPTION = _option(plain(75))
#: Checkboxes and radio buttons may format their labels.
RICH_OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
OPTION_GROUP = shape({"label": plain(75), "options": array(OPTION, 100)})

SLACK_FILE = shape({}, {"id": ID, "url": URL}, either("id", "url"))
IMAGE = shape(
    {"type": TYPE, "alt_text": string(2000)},
    {"image_url": URL, "slack_file": SLACK_FILE},
    either("image_url", "slack_file"),
)

DATE = pattern(re.compile(r"\d{4}-\d\d-\d\d").fullmatch, "a date as YYYY-MM-DD")
TIME = pattern(re.compile(r"([01]\d|2[0-3]):[0-5]\d").fullmatch, "a time as HH:mm")
DECIMAL = pattern(re.compile(r"-?\d+(\.\d+)?").fullmatch, "a number in text form")

_COMMON: dict[str, Check] = {"action_id": ID, "focus_on_load": boolean}
_MENU = _COMMON | {"placeholder": plain(150), "confirm": CONFIRM}
_MANY = _MENU | {"max_selected_items": integer(1, 100)}
_DISPATCH = shape(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)}
)
TYPED_FIELDS = _COMMON | {"placeholder": plain(150), "dispatch_action_config": _DISPATCH}
_FILTER = shape(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def _flat(element: Json) -> list[Json]:
    options = list(element.get("options", []))
    for group in element.get("option_groups", []):
        options += group["options"]
    return options


def _known_initial(report: Report, element: Json, pointer: str) -> None:
    """Initial options must be among the options, letter by letter."""
    keys = {(option["text"]["text"], option["value"]) for option in _flat(element)}
    chosen = list(element.get("initial_options", []))
    chosen += [element["initial_option"]] if "initial_option" in element else []
    if any((option["text"]["text"], option["value"]) not in keys for option in chosen):
        name = "initial_options" if "initial_options" in element else "initial_option"
        report.error(f"{name} must be one of the options", pointer)


def _unique_values(report: Report, element: Json, pointer: str) -> None:
    values = [option["value"] for option in _flat(element)]
    if len(set(values)) != len(values):
        report.error("option values must be unique", pointer)


def _lengths(report: Report, element: Json, pointer: str) -> None:
    if element.get("min_length", 0) > element.get("max_length", 3000):
        report.error("min_length must not be greater than max_length", pointer)


def _element(
    optional: Mapping[str, Check], *rules: Rule, required: Mapping[str, Check] | None = None
) -> Check:
    return shape({"type": TYPE, **(required or {})}, optional, *rules)


def _typed_input(**optional: Check) -> Check:
    return _element(TYPED_FIELDS | {"initial_value": string(3000)} | optional)


_STATIC = {"options": array(OPTION, 100), "option_groups": array(OPTION_GROUP, 100)}
_STATIC_RULES = (either("options", "option_groups"), _known_initial, _unique_values)
_IDS = array(ID, 100)

ELEMENTS: dict[str, Check] = {
    "button": _element(
        {
            "action_id": ID,
            "url": URL,
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
        required={"text": plain(75)},
    ),
    "image": IMAGE,
    "overflow": _element(
        {"action_id": ID, "confirm": CONFIRM},
        _unique_values,
        required={"options": array(_option(plain(75), url=True), 5)},
    ),
    "static_select": _element(_MENU | _STATIC | {"initial_option": OPTION}, *_STATIC_RULES),
    "multi_static_select": _element(
        _MANY | _STATIC | {"initial_options": array(OPTION, 100)}, *_STATIC_RULES
    ),
    "external_select": _element(
        _MENU | {"initial_option": OPTION, "min_query_length": integer(0, 1000)}
    ),
    "multi_external_select": _element(
        _MANY | {"initial_options": array(OPTION, 100), "min_query_length": integer(0, 1000)}
    ),
    "users_select": _element(_MENU | {"initial_user": ID}),
    "multi_users_select": _element(_MANY | {"initial_users": _IDS}),
    "conversations_select": _element(
        _MENU
        | {
            "initial_conversation": ID,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": _FILTER,
        }
    ),
    "multi_conversations_select": _element(
        _MANY
        | {
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": _FILTER,
        }
    ),
    "channels_select": _element(_MENU | {"initial_channel": ID, "response_url_enabled": boolean}),
    "multi_channels_select": _element(_MANY | {"initial_channels": _IDS}),
    "checkboxes": _element(
        _COMMON | {"confirm": CONFIRM, "initial_options": array(RICH_OPTION, 10)},
        _known_initial,
        _unique_values,
        required={"options": array(RICH_OPTION, 10)},
    ),
    "radio_buttons": _element(
        _COMMON | {"confirm": CONFIRM, "initial_option": RICH_OPTION},
        _known_initial,
        _unique_values,
        required={"options": array(RICH_OPTION, 10)},
    ),
    "datepicker": _element(_MENU | {"initial_date": DATE}),
    "timepicker": _element(_MENU | {"initial_time": TIME, "timezone": string(100)}),
    "datetimepicker": _element(
        _COMMON | {"confirm": CONFIRM, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}
    ),
    "plain_text_input": _element(
        TYPED_FIELDS
        | {
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _lengths,
    ),
    "email_text_input": _typed_input(),
    "url_text_input": _typed_input(),
    "number_input": _element(
        TYPED_FIELDS | {"initial_value": DECIMAL, "min_value": DECIMAL, "max_value": DECIMAL},
        required={"is_decimal_allowed": boolean},
    ),
}

SELECTS = (
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
MULTI_SELECTS = tuple(f"multi_{name}" for name in SELECTS)
_CHOICES = ("checkboxes", "radio_buttons", "datepicker", "timepicker")

ACTION_ELEMENTS = (
    "button",
    "overflow",
    "datetimepicker",
    "rich_text_input",
    *_CHOICES,
    *SELECTS,
    *MULTI_SELECTS,
)
ACCESSORIES = ("button", "overflow", "image", *_CHOICES, *SELECTS, *MULTI_SELECTS)
INPUT_ELEMENTS = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "datetimepicker",
    *_CHOICES,
    *SELECTS,
    *MULTI_SELECTS,
)
