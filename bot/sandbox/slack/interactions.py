"""What people do that the app answers: commands, shortcuts, buttons, selects and modals.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from typing import Any

from bot.sandbox.slack import answers, entering, payloads, views
from bot.sandbox.slack.blocks import STATEFUL, elements, label_of, options_of
from bot.sandbox.slack.call import Installed
from bot.sandbox.slack.entering import Screen, address, screen, top_modal
from bot.sandbox.slack.fields import PersonError, complaint, find_element
from bot.sandbox.slack.model import Json, User, View
from bot.sandbox.slack.people import command_text, place, seen_message
from bot.sandbox.slack.socketmode import Delivery


def outcome(delivery: Delivery, **more: Any) -> Json:
    """The sandbox's answer about one delivery."""
    base: Json = {"ok": delivery.error is None, "envelope_id": delivery.envelope_id}
    if delivery.error is not None:
        return base | {"error": delivery.error} | more
    base["ack"] = delivery.ack
    if len(delivery.acks) > 1:
        base["acks"] = delivery.acks
    return base | more


class Interactions:
    """Sends what people do to the app and shows them what it answers."""

    def __init__(self, app: Installed) -> None:
        """Interact with an installed app."""
        self._app = app
        self._ws = app.ws

    async def command(self, user: User, channel_ref: str, typed: str, repeat: int) -> Json:
        """Type a slash command."""
        channel = place(self._ws, user, channel_ref)
        name, _, rest = typed.strip().partition(" ")
        known = self._ws.manifest.command(name)
        if known is None:
            raise PersonError(f"{name} is not a valid command")
        payload = payloads.slash_command(
            self._ws,
            user,
            channel,
            command=name,
            text=command_text(self._ws, rest.strip(), should_escape=known.should_escape),
            trigger_id=self._app.triggers.issue(user.id),
            url=self._app.response_urls.issue(channel, user.id),
        )
        delivery = await self._app.socket.deliver("slash_commands", payload, repeat=repeat)
        if delivery.error is not None:
            self._ws.notice(user.id, f'{name} failed with the error "{delivery.error}"')
        else:
            answers.command_answered(self._ws, user, channel, name, delivery.ack)
        return outcome(delivery)

    async def shortcut(self, user: User, wanted: str, body: Json, repeat: int) -> Json:
        """Use a global shortcut, or with ``channel`` and ``ts`` one on a message."""
        manifest = self._ws.manifest
        known = manifest.shortcut(wanted)
        if known is None and manifest.scopes is not None:
            raise PersonError(f"there is no shortcut {wanted!r}")
        callback_id = known.callback_id if known else wanted
        trigger = self._app.triggers.issue(user.id)
        if body.get("ts"):
            channel = place(self._ws, user, str(body.get("channel") or ""))
            message = seen_message(self._ws, user, channel, str(body["ts"]))
            payload = payloads.message_action(
                self._ws,
                user,
                channel,
                message,
                callback_id=callback_id,
                trigger_id=trigger,
                url=self._app.response_urls.issue(channel, user.id, message),
            )
        else:
            payload = payloads.shortcut(self._ws, user, callback_id, trigger)
        delivery = await self._app.socket.deliver("interactive", payload, repeat=repeat)
        if delivery.error is not None:
            self._ws.notice(user.id, f"That shortcut did not work ({delivery.error}).")
        return outcome(delivery)

    async def press(self, user: User, body: Json, repeat: int) -> Json:
        """Press a button or choose an entry."""
        on = screen(self._app, user, body)
        block, element = find_element(on.blocks, **address(body))
        if body.get("confirm") is False and "confirm" in element:
            return {"ok": True, "ack": None, "envelope_id": None, "cancelled": True}
        await entering.fill(self._app, on, body.get("values") or {})
        action = await self._action(on, block, element, body)
        payload = self._block_actions(on) | {"actions": [action]}
        delivery = await self._app.socket.deliver(
            "interactive", payload, repeat=repeat, accepts_response_payload=False
        )
        if delivery.error is not None:
            what = label_of(block, element) or "That"
            self._ws.notice(user.id, f"⚠ {what} did not work ({delivery.error}).")
        return outcome(delivery)

    def _block_actions(self, on: Screen) -> Json:
        trigger = self._app.triggers.issue(on.user.id)
        if isinstance(on.where, View):
            return payloads.view_block_actions(self._ws, on.user, on.where, trigger)
        channel, message = on.where
        return payloads.message_block_actions(
            self._ws,
            on.user,
            channel,
            message,
            trigger_id=trigger,
            url=self._app.response_urls.issue(channel, on.user.id, message),
        )

    async def _action(self, on: Screen, block: Json, element: Json, body: Json) -> Json:
        """The entry of ``actions``; a new value also goes into the state of the screen."""
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self._ws.new_ts(),
        }
        if element["type"] == "button":
            shown = ("text", "value", "style", "url")
            return action | {key: element[key] for key in shown if key in element}
        choose = body.get("choose")
        if element["type"] == "overflow" and choose is None:
            choose = body.get("label")
        value = await entering.entered(self._app, on, block, element, choose)
        if element["type"] in STATEFUL:
            on.hold(block, element, value)
        kept = {
            key: held
            for key, held in element.items()
            if key == "placeholder" or key.startswith("initial_")
        }
        return action | kept | value

    async def options(self, user: User, body: Json, repeat: int) -> Json:
        """Open a select, typing something into an external one."""
        on = screen(self._app, user, body)
        block, element = find_element(on.blocks, **address(body))
        if element["type"] not in entering.EXTERNAL:
            return {"ok": True, "ack": None, "envelope_id": None, "options": options_of(element)}
        delivery, options = await entering.suggest(
            self._app, on, block, element, str(body.get("value") or ""), repeat=repeat
        )
        return outcome(delivery, options=options)

    async def submit(self, user: User, values: Json, repeat: int) -> Json:
        """Fill in and submit the top modal."""
        view = top_modal(self._app, user)
        await entering.fill(self._app, Screen(user, view), values)
        if view.submit_disabled:
            raise PersonError("the submit button is disabled")
        view.errors = _client_errors(view)
        if view.errors:
            self._ws.feed.changed()
            return {"ok": False, "error": "client_validation", **self._seen(user, view.errors)}
        view.pending = True
        self._ws.feed.changed()
        payload = payloads.view_submission(
            self._ws,
            user,
            view,
            self._app.triggers.issue(user.id),
            self._response_urls(user, view),
        )
        delivery = await self._app.socket.deliver("interactive", payload, repeat=repeat)
        view.pending = False
        errors: dict[str, str] = {}
        if delivery.error is None:
            errors = answers.submission_answered(self._ws, view, delivery.ack)
        else:
            self._ws.notice(user.id, answers.TROUBLE)
        return outcome(delivery) | self._seen(user, errors)

    def _response_urls(self, user: User, view: View) -> list[Json]:
        """Addresses for the conversations chosen in selects that ask for one."""
        urls: list[Json] = []
        for block, element in elements(view.blocks):
            held = view.state.get(block["block_id"], {}).get(element["action_id"], {})
            chosen = held.get("selected_conversation") or held.get("selected_channel")
            if element.get("response_url_enabled") and chosen:
                channel = self._ws.channels[chosen]
                urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": chosen,
                        "response_url": self._app.response_urls.issue(channel, user.id),
                    }
                )
        return urls

    def _seen(self, user: User, errors: dict[str, str]) -> Json:
        stack = self._ws.modals.get(user.id)
        view = answers.shown_view(stack[-1]) if stack else None
        return {"view": view, "errors": errors}

    async def close(self, user: User, repeat: int) -> Json:
        """Cancel the top modal; the app hears of it when it asked to."""
        gone = views.close(self._ws, top_modal(self._app, user))
        answer: Json = {"ok": True, "ack": None, "envelope_id": None}
        for view in gone:
            if view.notify_on_close:
                payload = payloads.view_closed(
                    self._ws, user, view, is_cleared=view.clear_on_close or len(gone) > 1
                )
                delivery = await self._app.socket.deliver(
                    "interactive", payload, repeat=repeat, accepts_response_payload=False
                )
                answer = outcome(delivery)
        return answer


def _client_errors(view: View) -> dict[str, str]:
    """What Slack's client refuses to submit."""
    errors: dict[str, str] = {}
    for block, element in elements(view.blocks):
        if block["type"] != "input":
            continue
        wrong = complaint(block, element, view.state[block["block_id"]][element["action_id"]])
        if wrong:
            errors[block["block_id"]] = wrong
    return errors
