"""Whether Slack would take these blocks: the limits of a whole message, modal or Home tab.

https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/views
"""

import json
from typing import Any

from bot.sandbox.slack.blockkit_blocks import block
from bot.sandbox.slack.blockkit_schema import (
    TYPE,
    Check,
    Report,
    array,
    boolean,
    one_of,
    plain,
    shape,
    string,
)
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Json

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_MARKDOWN = 12_000
MAX_VIEW_BYTES = 250_000
MAX_ATTACHMENTS = 100
#: At most so many blocks of a type in one message.
MAX_OF_TYPE = {"table": 1, "data_visualization": 2}

_VIEW_FIELDS: dict[str, Check] = {
    "callback_id": string(255, least=0),
    "private_metadata": string(3000, least=0),
    "external_id": string(255, least=0),
}
_VIEWS = {
    "modal": shape(
        {"type": TYPE, "title": plain(24), "blocks": array(block, MAX_BLOCKS["modal"])},
        {
            **_VIEW_FIELDS,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": shape(
        {"type": one_of("home"), "blocks": array(block, MAX_BLOCKS["home"], least=0)},
        _VIEW_FIELDS,
    ),
}
_MESSAGE_BLOCKS = array(block, MAX_BLOCKS["message"], least=0)


def check_message(text: str, blocks: Any, *, has_attachments: bool = False) -> list[Json]:
    """Check the blocks of a message.

    Args:
        text: the top-level text.
        blocks: what was given as ``blocks``; None counts as none.
        has_attachments: whether attachments give the message content.

    Returns:
        The blocks.

    Raises:
        SlackError: ``no_text``, or ``invalid_blocks`` with every reason.
    """
    if not blocks and not text.strip() and not has_attachments:
        raise SlackError("no_text")
    if blocks is None:
        return []
    report = Report("message")
    _MESSAGE_BLOCKS(report, blocks, "/blocks")
    if not report.errors:
        _check_whole(report, blocks, "/blocks")
    _refuse(report, "invalid_blocks")
    return list(blocks)


def check_attachments(attachments: Any) -> list[Json]:
    """Check the blocks inside attachments.

    https://docs.slack.dev/messaging/formatting-message-text#attachments

    Raises:
        SlackError: ``invalid_attachments``, ``too_many_attachments``.
    """
    if attachments is None:
        return []
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    report = Report("message")
    for index, attachment in enumerate(attachments):
        if "blocks" in attachment:
            _MESSAGE_BLOCKS(report, attachment["blocks"], f"/attachments/{index}/blocks")
    _refuse(report, "invalid_attachments")
    return [dict(attachment) for attachment in attachments]


def check_view(view: Any, kind: str) -> None:
    """Check a modal or Home tab.

    Raises:
        SlackError: ``view_too_large``, or ``invalid_arguments`` with every reason.
    """
    report = Report(kind)
    if isinstance(view, dict) and view.get("type") != kind:
        report.error(f"unsupported type: {view.get('type')}", "/view/type")
        _refuse(report, "invalid_arguments")
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    _VIEWS[kind](report, view, "/view")
    if not report.errors:
        _check_whole(report, view["blocks"], "/view/blocks")
        inputs = any(item["type"] == "input" for item in view["blocks"])
        if kind == "modal" and inputs and "submit" not in view:
            report.error("submit is required when an input block is within blocks", "/view")
    _refuse(report, "invalid_arguments")


def _check_whole(report: Report, blocks: list[Json], pointer: str) -> None:
    """What holds between blocks: unique ids and totals. The blocks themselves are in order."""
    seen: set[str] = set()
    _check_ids(report, blocks, pointer, seen)
    for kind, most in MAX_OF_TYPE.items():
        if sum(item["type"] == kind for item in blocks) > most:
            report.error(f"no more than {most} {kind} blocks allowed", pointer)
    markdown = sum(len(item["text"]) for item in blocks if item["type"] == "markdown")
    if markdown > MAX_MARKDOWN:
        report.error(f"markdown must be less than {MAX_MARKDOWN + 1} characters", pointer)
    if json.dumps(blocks).count('"focus_on_load": true') > 1:
        report.error("focus_on_load can be set on one element only", pointer)


def _check_ids(report: Report, blocks: list[Json], pointer: str, seen: set[str]) -> None:
    for index, item in enumerate(blocks):
        here = f"{pointer}/{index}"
        block_id = item.get("block_id")
        if block_id in seen:
            report.error(f"block_id `{block_id}` already exists", f"{here}/block_id")
        elif block_id is not None:
            seen.add(block_id)
        key = "actions" if item["type"] == "card" else "elements"
        held = [entry for entry in item.get(key, []) if isinstance(entry, dict)]
        ids = [entry["action_id"] for entry in held if "action_id" in entry]
        for action_id in {one for one in ids if ids.count(one) > 1}:
            report.error(f"action_id `{action_id}` already exists", f"{here}/{key}")
        if item["type"] == "container":
            _check_ids(report, item["child_blocks"], f"{here}/child_blocks", seen)
        elif item["type"] == "carousel":
            _check_ids(report, item["elements"], f"{here}/elements", seen)


def _refuse(report: Report, error: str) -> None:
    if not report.errors:
        return
    details: Json = {
        "response_metadata": {"messages": [f"[ERROR] {entry}" for entry in report.errors]}
    }
    if error == "invalid_blocks":
        details["errors"] = list(report.errors)
    raise SlackError(error, **details)
