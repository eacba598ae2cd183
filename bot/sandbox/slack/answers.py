"""What the app's acknowledgements do to a person's screen.

https://docs.slack.dev/surfaces/modals#updating_response
"""

from typing import Any

from bot.sandbox.slack import views
from bot.sandbox.slack.blockkit_elements import OPTION, OPTION_GROUP
from bot.sandbox.slack.blockkit_schema import Report, array, either, shape
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json, User, View
from bot.sandbox.slack.response_urls import post_answer
from bot.sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"

_SUGGESTIONS = shape(
    {},
    {"options": array(OPTION, 100, least=0), "option_groups": array(OPTION_GROUP, 100, least=0)},
    either("options", "option_groups"),
)


def _refused(ws: Workspace, user: str, what: str, refusal: SlackError, notice: str) -> None:
    """The app answered something Slack does not accept: it is told nothing, the person is."""
    messages = refusal.extra.get("response_metadata", {}).get("messages", [])
    ws.problems.add("bad_ack", ": ".join([what, refusal.error, *messages]))
    ws.notice(user, notice)


def command_answered(
    ws: Workspace, user: User, channel: Channel, command: str, ack: Json | None
) -> None:
    """Show the answer to a slash command, to its author unless it is ``in_channel``."""
    if not ack:
        return
    try:
        post_answer(ws, channel, user.id, ack)
    except SlackError as refusal:
        notice = f'{command} failed with the error "invalid_command_response"'
        _refused(ws, user.id, f"answer to {command}", refusal, notice)


def submission_answered(ws: Workspace, view: View, ack: Json | None) -> dict[str, str]:
    """Do what the answer to a submission says; no answer closes the modal.

    Returns:
        The errors shown beside the fields.
    """
    try:
        return _respond(ws, view, ack or {})
    except SlackError as refusal:
        _refused(ws, view.user, "answer to view_submission", refusal, TROUBLE)
    return {}


def _respond(ws: Workspace, view: View, ack: Json) -> dict[str, str]:
    action = ack.get("response_action")
    if action == "errors":
        return _show_errors(ws, view, ack.get("errors"))
    if action == "update":
        views.update(ws, view, ack.get("view") or {})
    elif action == "push":
        views.push_modal(ws, view.user, ack.get("view") or {})
    elif action == "clear":
        views.clear(ws, view.user)
    elif ack:
        raise SlackError("invalid_response_action")
    else:
        views.close(ws, view)
    return {}


def _show_errors(ws: Workspace, view: View, errors: Any) -> dict[str, str]:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    well_formed = (
        isinstance(errors, dict)
        and bool(errors)
        and set(errors) <= inputs
        and all(isinstance(text, str) and text for text in errors.values())
    )
    if not well_formed:
        raise SlackError("invalid_response_errors")
    view.errors = dict(errors)
    ws.feed.changed()
    return view.errors


def checked_options(ws: Workspace, ack: Json) -> list[Json]:
    """The options an app suggested, groups flattened; none when Slack would refuse them."""
    report = Report("message")
    _SUGGESTIONS(report, ack, "")
    if report.errors:
        ws.problems.add("bad_ack", f"options: {'; '.join(report.errors)}")
        return []
    if "options" in ack:
        return list(ack["options"])
    return [option for group in ack["option_groups"] for option in group["options"]]


def shown_view(view: View) -> Json:
    """A modal as the sandbox's page shows it."""
    return {
        "id": view.id,
        "title": _text(view.title),
        "submit": _text(view.submit),
        "close": _text(view.close),
        "submit_disabled": view.submit_disabled,
        "callback_id": view.callback_id,
        "blocks": view.blocks,
        "state": view.state,
        "errors": view.errors,
        "pending": view.pending,
        "hash": view.hash,
    }


def _text(value: Json | None) -> str | None:
    return None if value is None else str(value["text"])
