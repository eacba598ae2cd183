"""Accounts elsewhere: asking for one that is missing, and what became of linking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, BlockId, LinkButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.incident import Incident
    from bot.errors import NeedsAccount
    from bot.ports import Message

#: So much of what somebody wrote goes along in a button; longer words are to be sent again.
WRITTEN: Final = 1200
#: People of a longer list that are named.
SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Somebody who cannot be reached: the address, the rest of the sentence, and whom a form could mend it for."""

    email: str
    why: str
    slack_id: str | None = None


def button(value: LinkButton | None = None, *, about: str | None = None) -> ButtonElement:
    """**Link account**."""
    return kit.button("Link account", ActionId.LINK_ACCOUNT, value or LinkButton(), about=about)


def offer(incident: Incident, change: str) -> Message:
    """What was pressed is done in our name; with their account it would carry theirs."""
    words = (
        "You have no PagerDuty account that I know of, so I act there in my own name and note that it was you. "
        "Link yours, and what you do carries your name."
    )
    target = LinkButton(number=incident.number, change=change)
    line = f"👤 {incident.name}: {words}"
    return kit.message(line, [kit.section(line), kit.actions([button(target)], BlockId.ACTIONS)])


def refused(error: NeedsAccount) -> Message:
    """It needs an account: the sentence, and the button that links one and then does it."""
    words = f"⚠️ {text.inline(str(error), 1000)}"
    fits = text.size(error.written) <= WRITTEN
    target = LinkButton(
        number=error.number,
        verb=error.verb if fits else "",
        text=error.written if fits else "",
    )
    blocks: list[Block] = [kit.section(words)]
    if not fits:
        blocks.append(
            kit.context("What you wrote is too long to be kept: please send it again then.")
        )
    blocks.append(kit.actions([button(target)], BlockId.ACTIONS))
    return kit.message(words, blocks)


def linked(lines: Sequence[str]) -> Message:
    """What became of it, sentence by sentence (plain text)."""
    shown = [text.inline(line, 600) for line in lines] or ["Nothing was changed."]
    return kit.message(" ".join(shown), kit.paragraphs(shown))


def unreachable(found: Sequence[Missing]) -> Message:
    """Once a week for the admins: who is counted on and cannot be reached, each with what mends it."""
    start = (
        f"📇 *{text.plural(len(found), 'person', 'people')} on rosters, policies and services cannot be reached or "
        "mapped.* Somebody should look before they are needed."
    )
    blocks: list[Block] = [kit.section(start)]
    for each in found[:SHOWN]:
        line = f"*{text.inline(each.email, 120)}* {text.inline(each.why, 300)}."
        value = LinkButton(user=each.slack_id) if each.slack_id else None
        accessory = button(value, about=each.email) if value else None
        blocks.append(kit.section(line, accessory=accessory))
    if len(found) > SHOWN:
        blocks.append(kit.context(f"{len(found) - SHOWN:,} more: `/incident doctor` lists them."))
    blocks.append(
        kit.context(
            "Whoever is not in Slack, a guest or deactivated: correct rosters, policies and owners in muster.yml. "
            "A missing PagerDuty account: add them there (People, Users), or link the right one."
        )
    )
    named = ", ".join(text.inline(each.email, 80) for each in found[:SHOWN])
    return kit.message(f"{start} {named}", blocks)
