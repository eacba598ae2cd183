"""Blocks on a screen: generated ids, the elements in them and the values they hold.

https://docs.slack.dev/reference/views#view-state
"""

import secrets
import string
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.model import Json, Message

_ALPHABET = string.ascii_letters + string.digits

#: Elements whose value Slack keeps in ``state.values``, with the keys of that value and the
#: ``initial_*`` field each starts from.
STATEFUL: dict[str, tuple[tuple[str, str], ...]] = {
    "plain_text_input": (("value", "initial_value"),),
    "email_text_input": (("value", "initial_value"),),
    "url_text_input": (("value", "initial_value"),),
    "number_input": (("value", "initial_value"),),
    "rich_text_input": (("rich_text_value", "initial_value"),),
    "static_select": (("selected_option", "initial_option"),),
    "external_select": (("selected_option", "initial_option"),),
    "radio_buttons": (("selected_option", "initial_option"),),
    "users_select": (("selected_user", "initial_user"),),
    "conversations_select": (("selected_conversation", "initial_conversation"),),
    "channels_select": (("selected_channel", "initial_channel"),),
    "multi_static_select": (("selected_options", "initial_options"),),
    "multi_external_select": (("selected_options", "initial_options"),),
    "checkboxes": (("selected_options", "initial_options"),),
    "multi_users_select": (("selected_users", "initial_users"),),
    "multi_conversations_select": (("selected_conversations", "initial_conversations"),),
    "multi_channels_select": (("selected_channels", "initial_channels"),),
    "datepicker": (("selected_date", "initial_date"),),
    "timepicker": (("selected_time", "initial_time"),),
    "datetimepicker": (("selected_date_time", "initial_date_time"),),
}

_INTERACTIVE = {*STATEFUL, "button", "overflow"}


def _random_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def normalise(blocks: list[Json]) -> list[Json]:
    """Blocks as Slack stores them: ids generated, defaults of text objects filled in."""
    stored: list[Json] = [_normalised(block) for block in blocks]
    for block in _with_children(stored):
        block.setdefault("block_id", _random_id())
        for element in _elements_of(block):
            if element.get("type") in _INTERACTIVE:
                element.setdefault("action_id", _random_id())
    return stored


def _normalised(value: Any) -> Any:
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _normalised(item) for key, item in value.items()}
    if copy.get("type") == "plain_text":
        copy.setdefault("emoji", True)
    elif copy.get("type") == "mrkdwn":
        copy.setdefault("verbatim", False)
    return copy


def _with_children(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        if block.get("type") == "container":
            yield from _with_children(block.get("child_blocks", []))
        elif block.get("type") == "carousel":
            yield from _with_children(block.get("elements", []))


def _elements_of(block: Json) -> list[Json]:
    kind = block.get("type")
    if kind == "actions":
        return list(block.get("elements", []))
    if kind == "section":
        return [block["accessory"]] if "accessory" in block else []
    if kind == "input":
        return [block["element"]]
    if kind == "card":
        return list(block.get("actions", []))
    return []


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it is in, also inside containers."""
    for block in _with_children(blocks):
        for element in _elements_of(block):
            if element.get("type") in _INTERACTIVE:
                yield block, element


def initial_state(blocks: list[Json], previous: Json | None = None) -> Json:
    """``state.values`` of fresh blocks.

    Args:
        blocks: normalised blocks.
        previous: values held before an update; they stay where block_id and action_id stay.
    """
    state: Json = {}
    for block, element in elements(blocks):
        if element["type"] not in STATEFUL:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        held = (previous or {}).get(block_id, {}).get(action_id)
        if held is None or held["type"] != element["type"]:
            held = empty_value(element)
        state.setdefault(block_id, {})[action_id] = held
    return state


def empty_value(element: Json) -> Json:
    """The value of an untouched element: its ``initial_*``, or null (an empty list if many)."""
    value: Json = {"type": element["type"]}
    for key, initial in STATEFUL[element["type"]]:
        default: list[str] | None = [] if key.endswith("s") else None
        value[key] = element.get(initial, default)
    return value


def all_blocks(message: Message) -> list[Json]:
    """The blocks of a message and of its attachments."""
    inside = (block for item in message.attachments for block in item.get("blocks", []))
    return [*message.blocks, *inside]


def label_of(block: Json, element: Json) -> str:
    """The text a person reads beside or on an element."""
    if block.get("type") == "input":
        return str(block["label"]["text"])
    for key in ("text", "placeholder"):
        if isinstance(element.get(key), dict):
            return str(element[key]["text"])
    return ""


def options_of(element: Json) -> list[Json]:
    """The options of a select, overflow, checkboxes or radio buttons, groups flattened."""
    found = list(element.get("options", []))
    for group in element.get("option_groups", []):
        found += group["options"]
    return found
