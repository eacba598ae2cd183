"""What people enter into elements: finding the element by what is visible, and its typed value.

https://docs.slack.dev/reference/block-kit/block-elements
"""

import re
from datetime import datetime
from typing import Any

from bot.sandbox.slack.blocks import STATEFUL, elements, empty_value, label_of, options_of
from bot.sandbox.slack.model import Json
from bot.sandbox.slack.text import rich_text
from bot.sandbox.slack.workspace import Workspace

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class PersonError(Exception):
    """A person cannot do that: nothing like it is on the screen."""


def find_element(
    blocks: list[Json], *, action_id: str = "", block_id: str = "", label: str = ""
) -> tuple[Json, Json]:
    """The element a person means.

    Args:
        blocks: what is on the screen.
        action_id: its id, if known.
        block_id: the block it is in, if known.
        label: the visible text: of a button, a placeholder, an input's label, or of an entry of
            an overflow menu.

    Raises:
        PersonError: none or several fit.
    """
    found = [
        (block, element)
        for block, element in elements(blocks)
        if (not action_id or element["action_id"] == action_id)
        and (not block_id or block["block_id"] == block_id)
        and (not label or _has_label(block, element, label))
    ]
    wanted = label or action_id or block_id
    if not found:
        there = sorted({label_of(*pair) or pair[1]["action_id"] for pair in elements(blocks)})
        raise PersonError(f"there is no {wanted!r} here, only {there}")
    if len(found) > 1 and not (action_id or block_id):
        raise PersonError(f"there are {len(found)} of {wanted!r} here; say action_id or block_id")
    return found[0]


def _has_label(block: Json, element: Json, label: str) -> bool:
    if label_of(block, element) == label:
        return True
    return element["type"] == "overflow" and any(
        option["text"]["text"] == label for option in element["options"]
    )


def _option(element: Json, wanted: Any, extra: list[Json]) -> Json:
    options = [*options_of(element), *extra]
    for option in options:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    for option in options:
        if str(wanted).casefold() == option["text"]["text"].casefold():
            return option
    names = [option["text"]["text"] for option in options]
    raise PersonError(f"{wanted!r} is not one of the options {names}")


def _options(element: Json, wanted: Any, extra: list[Json]) -> list[Json]:
    if wanted is True:
        return options_of(element)
    if wanted in (None, False, ""):
        return []
    many = wanted if isinstance(wanted, list) else [wanted]
    return [_option(element, one, extra) for one in many]


def _user_id(ws: Workspace, wanted: Any) -> str:
    user = ws.user(str(wanted))
    if user is None:
        raise PersonError(f"nobody here is called {wanted!r}")
    return user.id


def _channel_id(ws: Workspace, wanted: Any) -> str:
    channel = ws.channel(str(wanted))
    if channel is None:
        raise PersonError(f"there is no channel {wanted!r}")
    return channel.id


def _list(wanted: Any) -> list[Any]:
    if wanted in (None, ""):
        return []
    return wanted if isinstance(wanted, list) else [wanted]


def _timestamp(wanted: Any) -> int:
    """Unix seconds of a datetime picker, given as such or as ISO 8601."""
    text = str(wanted)
    return int(text) if text.isdigit() else int(datetime.fromisoformat(text).timestamp())


def value_of(ws: Workspace, element: Json, wanted: Any, extra: list[Json] | None = None) -> Json:
    """The value an element holds after a person entered ``wanted``.

    Args:
        ws: the workspace, for names of people and channels.
        element: the element.
        wanted: what was entered or chosen; null empties the element.
        extra: options an external select loaded.
    """
    kind, more = element["type"], extra or []
    if kind == "overflow":
        return {"type": kind, "selected_option": _option(element, wanted, more)}
    key = STATEFUL[kind][0][0]
    value = empty_value({"type": kind})
    if key == "selected_options":
        value[key] = _options(element, wanted, more)
    elif key in ("selected_users", "selected_conversations", "selected_channels"):
        resolve = _user_id if key == "selected_users" else _channel_id
        value[key] = [resolve(ws, one) for one in _list(wanted)]
    elif wanted not in (None, ""):
        value[key] = _single(ws, element, key, wanted, more)
    return value


def _single(ws: Workspace, element: Json, key: str, wanted: Any, extra: list[Json]) -> Any:
    if key == "selected_option":
        return _option(element, wanted, extra)
    if key == "selected_user":
        return _user_id(ws, wanted)
    if key in ("selected_conversation", "selected_channel"):
        return _channel_id(ws, wanted)
    if key == "selected_date_time":
        return _timestamp(wanted)
    if key == "rich_text_value":
        return wanted if isinstance(wanted, dict) else rich_text(str(wanted), "rich")
    return str(wanted)


def held_option(value: Json) -> bool:
    """Whether an element holds anything."""
    return any(held for key, held in value.items() if key != "type")


def complaint(block: Json, element: Json, value: Json) -> str | None:
    """What Slack's client says before it submits, None when the value is fine."""
    if not held_option(value):
        return None if block.get("optional") else "Please complete this required field."
    text = str(value.get("value") or "")
    kind = element["type"]
    if kind == "plain_text_input":
        if len(text) < element.get("min_length", 0):
            return f"Please enter at least {element['min_length']} characters."
        if len(text) > element.get("max_length", 3000):
            return f"Please enter at most {element.get('max_length', 3000)} characters."
    if kind == "email_text_input" and not _EMAIL.fullmatch(text):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not _URL.fullmatch(text):
        return "Please enter a valid URL."
    return _number_complaint(element, text) if kind == "number_input" else None


def _number_complaint(element: Json, text: str) -> str | None:
    if not _NUMBER.fullmatch(text) or ("." in text and not element["is_decimal_allowed"]):
        return "Please enter a valid number."
    if "min_value" in element and float(text) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(text) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
