"""``conversations.canvases.create`` and ``canvases.edit``.

https://docs.slack.dev/surfaces/canvases, limits and errors as on the methods' pages. What the workspace's plan
refuses is set by ``POST /api/canvases``.
"""

import re
from typing import Any

from bot.sandbox.slack.call import Call, Method
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.model import Canvas, Json

_OPERATIONS = frozenset(
    {
        "insert_after",
        "insert_before",
        "insert_at_start",
        "insert_at_end",
        "replace",
        "delete",
        "rename",
    }
)


#: docs.slack.dev: "limited to 1 MiB (1,048,576 characters)".
MAX_MARKDOWN = 1_048_576
#: What only standalone canvases are refused for does not concern a channel's.
CREATE_REFUSALS = frozenset(
    {
        "canvas_creation_failed",
        "canvas_disabled_user_team",
        "canvas_tab_creation_failed",
        "channel_canvas_creation_failed",
        "free_team_canvas_tab_already_exists",
        "restricted_action",
        "team_tier_cannot_create_channel_canvases",
    }
)
EDIT_REFUSALS = frozenset(
    {"canvas_disabled_user_team", "canvas_editing_failed", "restricted_action"}
)
_LIST_IN_QUOTE = re.compile(r"^>\s*(?:[-*+]|\d+[.)])\s", re.MULTILINE)


def _allowed(call: Call, refusals: frozenset[str]) -> None:
    if call.ws.canvas_refusal in refusals:
        raise SlackError(call.ws.canvas_refusal)


def _acceptable(text: str, error: str) -> str:
    """Slack says in ``detail`` what it does not take."""
    if len(text) > MAX_MARKDOWN:
        raise SlackError(error, detail="'content' error: content is too long")
    found = _LIST_IN_QUOTE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        detail = f"'content' error: line {line}: Unsupported block type (List) within block quote"
        raise SlackError(error, detail=detail)
    return text


def _markdown(content: Any, pointer: str) -> str:
    well_formed = (
        isinstance(content, dict)
        and content.get("type") == "markdown"
        and isinstance(content.get("markdown"), str)
    )
    if not well_formed:
        raise invalid_arguments(f"must provide markdown content [json-pointer:{pointer}]")
    return str(content["markdown"])


def create(call: Call) -> Json:
    """Give a channel its canvas; there can be only one."""
    channel = call.own_channel(arg="channel_id")
    _allowed(call, CREATE_REFUSALS)
    if channel.canvas_id is not None:
        raise SlackError("channel_canvas_already_exists")
    canvas = Canvas(call.ws.new_id("F"), channel.id, call.args.text("title"))
    content = call.args.structure("document_content")
    if content is not None:
        text = _acceptable(_markdown(content, "/document_content"), "canvas_creation_failed")
        canvas.sections[call.ws.new_id("temp:C:")] = text
    call.ws.canvases[canvas.id] = canvas
    channel.canvas_id = canvas.id
    call.ws.feed.changed()
    return {"canvas_id": canvas.id}


def edit(call: Call) -> Json:
    """Make one change to a canvas."""
    canvas = call.ws.canvases.get(call.args.need("canvas_id"))
    if canvas is None:
        raise SlackError("canvas_not_found")
    _allowed(call, EDIT_REFUSALS)
    changes: Any = call.args.structure("changes")
    if not isinstance(changes, list) or len(changes) != 1 or not isinstance(changes[0], dict):
        raise invalid_arguments("must provide exactly one change [json-pointer:/changes]")
    _apply(call, canvas, changes[0])
    call.ws.feed.changed()
    return {}


def _apply(call: Call, canvas: Canvas, change: Json) -> None:
    operation, section = change.get("operation"), str(change.get("section_id") or "")
    if operation not in _OPERATIONS:
        raise invalid_arguments("unknown operation [json-pointer:/changes/0/operation]")
    needs_section = operation in ("insert_after", "insert_before", "delete")
    if (needs_section or section) and section not in canvas.sections:
        raise SlackError("section_not_found")
    if operation == "delete":
        del canvas.sections[section]
        return
    if operation == "rename":
        canvas.title = _markdown(change.get("title_content"), "/changes/0/title_content")
        return
    text = _markdown(change.get("document_content"), "/changes/0/document_content")
    _acceptable(text, "canvas_editing_failed")
    if operation == "replace":
        if section:
            canvas.sections[section] = text
        else:
            canvas.sections = {call.ws.new_id("temp:C:"): text}
        return
    items = list(canvas.sections.items())
    place = {"insert_at_start": 0, "insert_at_end": len(items)}.get(operation)
    if place is None:
        place = list(canvas.sections).index(section) + (operation == "insert_after")
    items.insert(place, (call.ws.new_id("temp:C:"), text))
    canvas.sections = dict(items)


METHODS = {
    "conversations.canvases.create": Method(create, 2, ("canvases:write",)),
    "canvases.edit": Method(edit, 3, ("canvases:write",)),
}
