"""Action items as people see them: the one message each has in the channel, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, BlockId, IncidentButton, ItemButton
from bot.domain.action_item import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import ButtonElement

    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident
    from bot.ports import Message

LISTED: Final = 30


def state_line(item: ActionItem) -> str:
    """``@bob · acme/shop#12``, or who did it and when."""
    parts = []
    if item.withdrawn_at is not None:
        parts.append("withdrawn")
    elif item.done_at is not None:
        who = text.mention(item.done_by, nobody="")
        parts.append(f"done{f' by {who}' if who else ''} {text.date(item.done_at)}")
    else:
        parts.append("to do")
    parts.append(f"owner: {text.mention(item.owner, nobody='nobody yet')}")
    if item.issue and item.ticket:
        parts.append(text.link(item.ticket.url, item.issue))
    if text.safe_url(item.link):
        said = f" by {text.mention(item.said_by)}" if item.said_by else ""
        parts.append(f"{text.link(item.link, 'message')}{said}")
    return " · ".join(parts)


def headline(item: ActionItem, limit: int = 1000) -> str:
    """What is to be done, struck out when it is not any more."""
    words = text.inline(item.text, limit, empty="(no text)")
    if item.withdrawn_at is not None:
        return f"🚫 ~{words}~"
    return f"{'☑️' if item.done_at else '⚡'} {words}"


def buttons(item: ActionItem) -> list[ButtonElement]:
    """What can be done with it: **Mark done** or **Reopen item**, **Change owner**."""
    if item.withdrawn_at is not None:
        return []
    target, about = ItemButton(number=item.incident, item=item.id), text.one_line(item.text, 40)
    if item.done_at is not None:
        return [kit.button("Reopen item", ActionId.ACTION_REOPEN, target, about=about)]
    return [
        kit.button("Mark done", ActionId.ACTION_DONE, target, about=about),
        kit.button("Change owner", ActionId.ACTION_OWNER, target, about=about),
    ]


def item_message(incident: Incident, item: ActionItem) -> Message:
    """Its one message in the incident's channel, edited as it changes."""
    blocks = [kit.section(f"{headline(item)}\n{state_line(item)}")]
    offered = buttons(item)
    shown = [*blocks, kit.actions(offered, BlockId.ACTIONS)] if offered else blocks
    if incident.private:
        return kit.message(f"🔒 Action item of private incident {incident.name}", shown)
    words = f"{incident.name} action item: {headline(item, 300)} · {state_line(item)}"
    return kit.message(words, shown)


def list_message(incident: Incident, items: Sequence[ActionItem]) -> Message:
    """``/incident actions``: all of them with their state, and a button to the form that changes them."""
    done, every = counted(items)
    title = f"Action items of {incident.name}: {done:,} of {every:,} done"
    if not every:
        title = f"{incident.name} has no action items yet"
    lines = [f"{headline(item, 300)}\n{state_line(item)}" for item in in_order(items)]
    kept, hidden = kit.fit(lines[:LISTED], kit.MESSAGE_ROOM - 1000)
    hidden += len(lines) - len(lines[:LISTED])
    more = [kit.context(f"{hidden:,} more: see their issues on GitHub")] if hidden else []
    target = IncidentButton(number=incident.number)
    change = kit.button("Add or change", ActionId.ADD_ACTION_ITEM, target, about=incident.name)
    blocks = [kit.section(f"*{title}*"), *kit.paragraphs(kept), *more]
    spoken = title if incident.private else "\n".join([title, *kept])
    return kit.message(spoken, [*blocks, kit.actions([change], BlockId.ACTIONS)])


def in_order(items: Sequence[ActionItem]) -> list[ActionItem]:
    """What is to be done first, then what is done; without what was withdrawn."""
    real = [item for item in items if item.withdrawn_at is None]
    return sorted(real, key=lambda item: (item.done_at is not None, item.id))
