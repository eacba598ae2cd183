"""Modals and Home tabs on people's screens.

https://docs.slack.dev/surfaces/modals
"""

import secrets

from bot.sandbox.slack.blockkit import check_view
from bot.sandbox.slack.blocks import initial_state, normalise
from bot.sandbox.slack.clock import Clock
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Json, View
from bot.sandbox.slack.workspace import Workspace

MAX_STACK = 3


class Triggers:
    """``trigger_id``s: good for one call within three seconds.

    https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Issue triggers that live for ``seconds``."""
        self._clock = clock
        self._seconds = seconds
        self._issued: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def issue(self, user: str) -> str:
        """A trigger for something ``user`` just did."""
        now = self._clock.monotonic()
        trigger = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._issued[trigger] = (user, now)
        return trigger

    def exchange(self, trigger: str) -> str:
        """Use a trigger.

        Returns:
            The user it belongs to.

        Raises:
            SlackError: ``invalid_trigger_id``, ``exchanged_trigger_id``, ``expired_trigger_id``.
        """
        if trigger not in self._issued:
            raise SlackError("invalid_trigger_id")
        if trigger in self._used:
            raise SlackError("exchanged_trigger_id")
        user, issued = self._issued[trigger]
        if self._clock.monotonic() - issued > self._seconds:
            raise SlackError("expired_trigger_id")
        self._used.add(trigger)
        return user


def _new_hash(ws: Workspace) -> str:
    return f"{ws.now()}.{secrets.token_hex(4)}"


def _fill(ws: Workspace, view: View, body: Json) -> View:
    """Put the app's JSON into a view; values a person entered stay where the ids stay."""
    view.blocks = normalise(body.get("blocks", []))
    view.state = initial_state(view.blocks, view.state)
    view.title = body.get("title")
    view.submit = body.get("submit")
    view.close = body.get("close")
    view.callback_id = body.get("callback_id") or ""
    view.private_metadata = body.get("private_metadata") or ""
    view.external_id = body.get("external_id") or ""
    view.notify_on_close = bool(body.get("notify_on_close"))
    view.clear_on_close = bool(body.get("clear_on_close"))
    view.submit_disabled = bool(body.get("submit_disabled"))
    view.hash = _new_hash(ws)
    view.errors = {}
    view.pending = False
    return view


def _new(ws: Workspace, user: str, body: Json) -> View:
    external = body.get("external_id")
    if external and ws.view_by_external_id(external) is not None:
        raise SlackError("duplicate_external_id")
    view = View(ws.new_id("V"), user, body["type"], [], "")
    view.root_view_id = view.id
    return _fill(ws, view, body)


def open_modal(ws: Workspace, user: str, body: Json) -> View:
    """Show a modal as the root of a new stack."""
    check_view(body, "modal")
    view = _new(ws, user, body)
    ws.modals[user] = [view]
    ws.feed.changed()
    return view


def push_modal(ws: Workspace, user: str, body: Json) -> View:
    """Lay a modal on top of the open ones.

    Raises:
        SlackError: ``push_limit_reached`` beyond three, ``not_found`` when nothing is open.
    """
    check_view(body, "modal")
    stack = ws.modals.get(user, [])
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= MAX_STACK:
        raise SlackError("push_limit_reached")
    view = _new(ws, user, body)
    view.root_view_id = stack[0].root_view_id
    view.previous_view_id = stack[-1].id
    stack.append(view)
    ws.feed.changed()
    return view


def update(ws: Workspace, view: View, body: Json, expected_hash: str = "") -> View:
    """Replace what an open view shows.

    Raises:
        SlackError: ``hash_conflict`` when the view changed since ``expected_hash``.
    """
    check_view(body, view.type)
    if expected_hash and expected_hash != view.hash:
        raise SlackError("hash_conflict")
    external = body.get("external_id")
    if external and ws.view_by_external_id(external) not in (None, view):
        raise SlackError("duplicate_external_id")
    _fill(ws, view, body)
    ws.feed.changed()
    return view


def publish(ws: Workspace, user: str, body: Json, expected_hash: str = "") -> View:
    """Replace a person's Home tab."""
    check_view(body, "home")
    if not ws.manifest.home_tab_enabled:
        raise SlackError("not_enabled")
    view = ws.homes.get(user)
    if view is not None:
        return update(ws, view, body, expected_hash)
    view = ws.homes[user] = _new(ws, user, body)
    ws.feed.changed()
    return view


def close(ws: Workspace, view: View) -> list[View]:
    """Take a modal off the screen; with ``clear_on_close`` everything under it goes too.

    Returns:
        The views that disappeared, top first.
    """
    stack = ws.modals.get(view.user, [])
    if view not in stack:
        return []
    keep = 0 if view.clear_on_close else stack.index(view)
    gone = stack[keep:][::-1]
    del stack[keep:]
    ws.feed.changed()
    return gone


def clear(ws: Workspace, user: str) -> list[View]:
    """Take all modals off a person's screen."""
    gone = ws.modals.pop(user, [])[::-1]
    ws.feed.changed()
    return gone
