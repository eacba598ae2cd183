"""``views.*``.

https://docs.slack.dev/reference/methods#views
"""

from typing import Any

from bot.sandbox.slack import views, wire
from bot.sandbox.slack.call import Call, Method
from bot.sandbox.slack.errors import SlackError, invalid_arguments
from bot.sandbox.slack.model import Json, View


def _body(call: Call) -> Json:
    body: Any = call.args.structure("view")
    if not isinstance(body, dict):
        raise invalid_arguments("missing required field: view [json-pointer:/view]")
    return body


def _trigger(call: Call) -> str:
    """Use the trigger; ``interactivity_pointer`` is the same thing in workflows."""
    return call.app.triggers.exchange(call.args.need("trigger_id"))


def _answer(call: Call, view: View) -> Json:
    return {"view": wire.view_object(call.ws, view)}


def views_open(call: Call) -> Json:
    """Open a modal in answer to what a person just did."""
    body = _body(call)
    return _answer(call, views.open_modal(call.ws, _trigger(call), body))


def views_push(call: Call) -> Json:
    """Lay a modal on top of the one the person is in."""
    body = _body(call)
    return _answer(call, views.push_modal(call.ws, _trigger(call), body))


def views_update(call: Call) -> Json:
    """Change an open view; ``not_found`` once it is closed."""
    body, args, ws = _body(call), call.args, call.ws
    ref = args.text("view_id")
    view = ws.view(ref) if ref else ws.view_by_external_id(args.need("external_id"))
    if view is None:
        raise SlackError("not_found")
    return _answer(call, views.update(ws, view, body, args.text("hash")))


def views_publish(call: Call) -> Json:
    """Set a person's Home tab."""
    user = call.ws.users.get(call.args.need("user_id"))
    if user is None:
        raise SlackError("user_not_found")
    view = views.publish(call.ws, user.id, _body(call), call.args.text("hash"))
    return _answer(call, view)


METHODS = {
    "views.open": Method(views_open, 4),
    "views.push": Method(views_push, 4),
    "views.update": Method(views_update, 4),
    "views.publish": Method(views_publish, 4),
}
