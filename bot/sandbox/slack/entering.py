"""Where people press and type, and what the fields hold afterwards."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack import answers, payloads
from bot.sandbox.slack.blocks import STATEFUL, all_blocks, elements, label_of
from bot.sandbox.slack.call import Installed
from bot.sandbox.slack.fields import PersonError, find_element, value_of
from bot.sandbox.slack.model import Channel, Json, Message, User, View
from bot.sandbox.slack.people import place, seen_message
from bot.sandbox.slack.socketmode import Delivery

EXTERNAL = ("external_select", "multi_external_select")


@dataclass(frozen=True, slots=True)
class Screen:
    """What a person has before them: a view, or a message in a channel."""

    user: User
    where: View | tuple[Channel, Message]

    @property
    def blocks(self) -> list[Json]:
        """The blocks there."""
        return self.where.blocks if isinstance(self.where, View) else all_blocks(self.where[1])

    @property
    def state(self) -> Json:
        """``state.values``, to read and to write."""
        return self.where.state if isinstance(self.where, View) else self.where[1].state

    def held(self, block: Json, element: Json) -> Json:
        """The value an element holds now, empty when it never held one."""
        value: Json = self.state.get(block["block_id"], {}).get(element["action_id"], {})
        return value

    def hold(self, block: Json, element: Json, value: Json) -> None:
        """Give an element a value."""
        self.state.setdefault(block["block_id"], {})[element["action_id"]] = value


def address(body: Json) -> dict[str, str]:
    """How a request names an element.

    Raises:
        PersonError: it does not.
    """
    names = ("action_id", "block_id", "label")
    found = {name: str(body[name]) for name in names if body.get(name)}
    if not found:
        raise PersonError("say what to press: label, action_id or block_id")
    return found


def top_modal(app: Installed, user: User) -> View:
    """The modal a person is in."""
    stack = app.ws.modals.get(user.id)
    if not stack:
        raise PersonError(f"{user.name} has no modal open")
    return stack[-1]


def screen(app: Installed, user: User, body: Json) -> Screen:
    """Where a person presses: a message, their top modal or their Home tab."""
    where = body.get("where", "message")
    if where == "view":
        return Screen(user, top_modal(app, user))
    if where == "home":
        home = app.ws.homes.get(user.id)
        if home is None:
            raise PersonError(f"{user.name} has no Home tab yet")
        return Screen(user, home)
    channel = place(app.ws, user, str(body.get("channel") or ""))
    if body.get("ts"):
        message = seen_message(app.ws, user, channel, str(body["ts"]))
        return Screen(user, (channel, message))
    return _latest_with(user, channel, address(body))


def _latest_with(user: User, channel: Channel, wanted: dict[str, str]) -> Screen:
    """The newest message of a channel that has the element."""
    mine = (one for one in channel.ephemerals.values() if one.ephemeral_to == user.id)
    everything = sorted([*channel.messages.values(), *mine], key=lambda one: one.ts)
    for message in reversed(everything):
        try:
            find_element(all_blocks(message), **wanted)
        except PersonError:
            continue
        return Screen(user, (channel, message))
    raise PersonError(f"no message in #{channel.name} has {wanted}")


async def fill(app: Installed, on: Screen, values: Json) -> None:
    """Enter values, named by label, block_id or action_id; null empties a field.

    Raises:
        PersonError: there is no such field, or no such option.
    """
    for name, wanted in values.items():
        for block, element in _named(on.blocks, name, wanted):
            own = wanted[element["action_id"]] if _by_action(wanted) else wanted
            on.hold(block, element, await entered(app, on, block, element, own))


def _by_action(wanted: Any) -> bool:
    """A block with several elements takes ``{action_id: value}``."""
    return isinstance(wanted, dict) and wanted.get("type") != "rich_text"


def _names(block: Json, element: Json) -> tuple[str, str, str, str]:
    """What a field may be called, the best name first."""
    label = label_of(block, element)
    return label, block["block_id"], element["action_id"], label.casefold()


def _named(blocks: list[Json], name: str, wanted: Any) -> list[tuple[Json, Json]]:
    """The elements a value is for; the first one, unless the value names them by action_id."""
    pairs = [pair for pair in elements(blocks) if pair[1]["type"] in STATEFUL]
    for rank, exact in enumerate((name, name, name, name.casefold())):
        found = [pair for pair in pairs if _names(*pair)[rank] == exact]
        if found and _by_action(wanted):
            return [pair for pair in found if pair[1]["action_id"] in wanted]
        if found:
            return found[:1]
    labels = [label_of(*pair) or pair[1]["action_id"] for pair in pairs]
    raise PersonError(f"there is no field {name!r} here, only {labels}")


async def entered(app: Installed, on: Screen, block: Json, element: Json, wanted: Any) -> Json:
    """The typed value; for external selects the app is asked for the options first."""
    offered: list[Json] = []
    if element["type"] in EXTERNAL and wanted not in (None, "", []):
        held = on.held(block, element)
        offered = [*(held.get("selected_options") or [])]
        offered += [held["selected_option"]] if held.get("selected_option") else []
        for one in wanted if isinstance(wanted, list) else [wanted]:
            # Somebody who knows the value rather than the text looks at everything on offer.
            for typed in (str(one), ""):
                if not _among(one, offered):
                    offered += (await suggest(app, on, block, element, typed))[1]
    return value_of(app.ws, element, wanted, offered)


def _among(wanted: Any, options: list[Json]) -> bool:
    return any(wanted in (option["value"], option["text"]["text"]) for option in options)


async def suggest(
    app: Installed, on: Screen, block: Json, element: Json, typed: str, *, repeat: int = 0
) -> tuple[Delivery, list[Json]]:
    """Ask the app for the options of an external select."""
    payload = payloads.block_suggestion(
        app.ws,
        on.user,
        on.where,
        action_id=element["action_id"],
        block_id=block["block_id"],
        value=typed,
    )
    delivery = await app.socket.deliver("interactive", payload, repeat=repeat)
    if delivery.error is not None:
        return delivery, []
    return delivery, answers.checked_options(app.ws, delivery.ack or {})
