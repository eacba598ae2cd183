"""Action items: what is to be done because of an incident, by whom, and whether it is done. Pure.

An item is one line of text with an owner. Its GitHub issue (if there is a repository for it) follows it, and it
follows the issue: what is closed there is done here. A message somebody marked is an item too; taking the mark away
withdraws it, unless somebody has begun to work on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.incident import Actor, Entry, EntryKind, Origin, TicketLink
from bot.errors import AlreadyDone, FieldError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TEXT_LIMIT: Final = 3000
#: GitHub takes 256; the whole text stands in the body.
TITLE_LIMIT: Final = 200
LABELS: Final = ("action-item", "incident")


@dataclass(frozen=True, kw_only=True)
class ActionItem:
    """One action item. ``ticket`` is the GitHub issue it has or will have; without a number it is not open yet."""

    id: int
    incident: int
    text: str
    owner: Actor | None = None
    created_at: datetime
    created_by: Actor | None = None
    done_at: datetime | None = None
    done_by: Actor | None = None
    ticket: TicketLink | None = None
    origin: Origin = Origin.SLACK
    withdrawn_at: datetime | None = None
    message: str | None = None  # which message it is (``moments.message_key``)
    said_by: Actor | None = None  # who wrote that message
    link: str = ""  # that message's permalink
    assignee: str | None = None  # the login GitHub shows as assigned, as far as we know
    ticket_at: datetime | None = None  # newest GitHub time this state rests on
    touched: bool = False  # somebody has changed it since it was made
    channel: str | None = None  # where its one message is
    ts: str | None = None
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_at is None and self.withdrawn_at is None

    @property
    def key(self) -> str:
        """How the timeline's entries name it."""
        return f"action:{self.id}"

    @property
    def issue(self) -> str:
        """``acme/shop#12``, empty until the issue is open."""
        ticket = self.ticket
        return f"{ticket.repo}#{ticket.number}" if ticket and ticket.number else ""


def counted(items: Sequence[ActionItem]) -> tuple[int, int]:
    """How many are done, and how many there are; withdrawn ones do not count."""
    real = [item for item in items if item.withdrawn_at is None]
    return sum(item.done_at is not None for item in real), len(real)


def checked_text(text: str) -> str:
    """What is to be done, as typed; FieldError when there is nothing or too much of it."""
    words = text.strip()
    field = "action"
    if not words:
        raise FieldError(field, "Say what is to be done: /incident action <text> [@owner].")
    if len(words) > TEXT_LIMIT:
        told = f"That text has {len(words):,} characters; {TEXT_LIMIT:,} is the most."
        raise FieldError(field, told)
    return words


def title_of(text: str) -> str:
    """The issue's title: the text on one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LIMIT else f"{line[: TITLE_LIMIT - 1].rstrip()}…"


def entry(
    item: ActionItem,
    kind: EntryKind,
    who: Actor | None,
    at: datetime,
    *,
    origin: Origin = Origin.SLACK,
    target: str = "",
) -> Entry:
    """What the timeline tells of an item: its text, its owner where that is the news, where it was done."""
    with_owner = kind in {EntryKind.ACTION_ITEM, EntryKind.ACTION_OWNER}
    return Entry(
        kind=kind,
        at=at,
        actor=who,
        actor_target=item.owner if with_owner else None,
        origin=origin,
        target=target,
        text=item.text,
        vendor_id=item.key,
    )


def complete(item: ActionItem, who: Actor | None, now: datetime) -> ActionItem:
    """It is done; AlreadyDone says who did it."""
    _present(item)
    if item.done_at is not None:
        by = item.done_by
        msg = f"That action item is done already: {by.name if by else 'somebody'} did it"
        raise AlreadyDone(
            msg,
            who=by.name if by else "somebody",
            slack_id=by.slack_id if by else None,
            at=item.done_at,
        )
    return replace(item, done_at=now, done_by=who, touched=True)


def reopen(item: ActionItem) -> ActionItem:
    """It is to be done again; UserError when it is open."""
    _present(item)
    if item.done_at is None:
        msg = "That action item is open already."
        raise UserError(msg)
    return replace(item, done_at=None, done_by=None, touched=True)


def hand_over(item: ActionItem, to: Actor | None) -> ActionItem:
    """Somebody else's, or nobody's; UserError when it is theirs already."""
    _present(item)
    same = item.owner is None if to is None else item.owner is not None and item.owner.is_same(to)
    if same:
        msg = f"That action item is {to.name}'s already." if to else "It has no owner already."
        raise UserError(msg)
    return replace(item, owner=to, touched=True)


def withdraw(item: ActionItem, now: datetime) -> ActionItem | None:
    """The mark was taken away again; None when somebody has begun to work on it, so it stays."""
    if item.touched or item.withdrawn_at is not None:
        return None
    return replace(item, withdrawn_at=now)


def _present(item: ActionItem) -> None:
    if item.withdrawn_at is not None:
        msg = "That action item was withdrawn. Mark the message again, or add a new one: /incident action <text>."
        raise UserError(msg)
