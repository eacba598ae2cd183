"""What GitHub tells of an issue (by webhook or when asked), and what that means for us. Pure.

Both ways lead here, in any order and as often as they like: what is older than the state we rest on is not news,
and what is so already is not told again. That is also why our own changes are not echoed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.action_item import ActionItem, entry, title_of
from bot.domain.incident import Entry, EntryKind, Origin, TicketLink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.domain.incident import Actor, Incident

CLOSED: Final = "closed"
OPEN: Final = "open"
READ: Final = "read"
DELETED: Final = "deleted"
MOVED: Final = "transferred"
#: Deleted, or moved to where our token sees nothing: GitHub answers both with 404.
UNSEEN: Final = "unseen"
#: The issue is not where we knew it, and never will be again: numbers are not given twice.
GONE: Final = frozenset({DELETED, MOVED, UNSEEN})


@dataclass(frozen=True, kw_only=True)
class IssueNews:
    """An issue as GitHub showed it at ``at``. ``action`` is the webhook's, ``read`` when we asked ourselves.

    When we asked for one issue that is not there any more it is ``deleted``, ``transferred`` or ``unseen``.
    """

    repo: str
    number: int
    action: str
    state: str
    at: datetime
    title: str = ""
    reason: str = ""
    assignees: tuple[str, ...] = ()
    sender: str = ""  # the login of whoever did it, empty when GitHub does not say
    moved: TicketLink | None = None  # where it was transferred to


@dataclass(frozen=True)
class Pending:
    """Which of our own changes have not reached GitHub yet; they will win."""

    state: bool = False
    owner: bool = False


def follow(
    item: ActionItem,
    news: IssueNews,
    person: Callable[[str], Actor],
    pending: Pending,
) -> tuple[ActionItem, tuple[Entry, ...]]:
    """The item after the news, and what the timeline says of it; the same item when it says nothing."""
    who = person(news.sender) if news.sender else None
    if news.action in GONE:  # whenever that was: it is final
        return _gone(item, news, who)
    if item.ticket_at is not None and news.at < item.ticket_at:
        return item, ()
    after, told = replace(item, ticket_at=news.at), list[Entry]()
    newer = item.ticket_at is None or news.at > item.ticket_at
    for step in _STEPS if newer or news.action == READ else _NAMED.get(news.action, ()):
        after, entries = step(after, news, who, person, pending)
        told += entries
    return (after, tuple(told)) if told or after != item else (item, ())


_Step = tuple[ActionItem, list[Entry]]


def _gone(
    item: ActionItem, news: IssueNews, who: Actor | None
) -> tuple[ActionItem, tuple[Entry, ...]]:
    """The issue is somewhere else, or nowhere any more; the item lives on in Slack."""
    if news.action == MOVED and news.moved is None:
        return item, ()  # the next look finds out where it is
    moved = replace(item, ticket=news.moved, ticket_at=news.at if news.moved else None)
    if news.moved is None:
        moved = replace(moved, assignee=None)
    words = f"the issue {item.issue} was {_whereabouts(news)}"
    told = _told(moved, EntryKind.ACTION_CHANGED, who, news, words)
    return moved, (told,)


def _whereabouts(news: IssueNews) -> str:
    """What became of an issue that is gone: ``moved to acme/shop#12``."""
    if news.moved is not None:
        return f"moved to {news.moved.repo}#{news.moved.number}"
    unseen = ", or moved to where I cannot see it" if news.action == UNSEEN else ""
    return f"deleted{unseen}"


def _told(
    item: ActionItem, kind: EntryKind, who: Actor | None, news: IssueNews, words: str = ""
) -> Entry:
    return entry(item, kind, who, news.at, origin=Origin.GITHUB, target=words)


def _title(item: ActionItem, news: IssueNews, who: Actor | None, *_: object) -> _Step:
    title = news.title.strip()
    if not title or title in {title_of(item.text), item.text}:
        return item, []
    after = replace(item, text=title, touched=True)
    words = f"was: {title_of(item.text)}"
    return after, [_told(after, EntryKind.ACTION_CHANGED, who, news, words)]


def _owner(
    item: ActionItem,
    news: IssueNews,
    who: Actor | None,
    person: Callable[[str], Actor],
    pending: Pending,
) -> _Step:
    logins = {login.casefold(): login for login in news.assignees}
    if pending.owner or (item.assignee or "").casefold() in logins:
        return item, []
    if not logins and item.assignee is None:
        return item, []  # it never was assigned there: an owner only Slack knows stays
    login = next(iter(logins.values()), None)
    owner = person(login) if login else None
    after = replace(item, assignee=login, owner=owner, touched=True)
    if owner is not None and item.owner is not None and owner.is_same(item.owner):
        return replace(item, assignee=login), []
    return after, [_told(after, EntryKind.ACTION_OWNER, who, news)]


def _state(
    item: ActionItem,
    news: IssueNews,
    who: Actor | None,
    _: object,
    pending: Pending,
) -> _Step:
    if pending.state or (news.state == OPEN) is item.is_open:
        return item, []
    if news.state == CLOSED:
        after = replace(item, done_at=news.at, done_by=who, touched=True)
        words = "not planned" if news.reason == "not_planned" else ""
        kind = EntryKind.ACTION_DONE
    else:
        after = replace(item, done_at=None, done_by=None, withdrawn_at=None, touched=True)
        kind, words = EntryKind.ACTION_REOPENED, ""
    return after, [_told(after, kind, who, news, words)]


_STEPS = (_title, _owner, _state)
#: GitHub's times are whole seconds. Of what was shown within the same second only that counts which it is about.
_NAMED: Mapping[str, tuple[Callable[..., _Step], ...]] = {
    "edited": (_title,),
    "assigned": (_owner,),
    "unassigned": (_owner,),
    "closed": (_state,),
    "reopened": (_state,),
}


# --- the incident's own issue ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """The incident's issue as we last knew it: open or closed, and when GitHub said so."""

    state: str
    at: datetime | None = None


def own_gone(
    incident: Incident, news: IssueNews, who: Actor | None
) -> tuple[Incident, Entry] | None:
    """The incident after its own issue was moved (its link follows) or deleted, and what is told of it.

    None when the news does not say where it is. A deleted one is remembered: a new issue is another one.
    """
    link = incident.ticket
    if link is None or (news.action == MOVED and news.moved is None):
        return None
    told = Entry(
        kind=EntryKind.TICKET,
        at=news.at,
        actor=who,
        origin=Origin.GITHUB,
        target=_whereabouts(news),
    )
    places = incident.places
    if news.moved is None:
        places = replace(places, lost_issue=f"{link.repo}#{link.number}")
    return replace(incident, ticket=news.moved, places=places), told


def of_incident(
    incident: Incident, known: Known | None, news: IssueNews, *, ours: bool
) -> tuple[Known | None, str | None]:
    """What to remember of the incident's own issue, and what to tell the channel: ``closed``, ``open`` or nothing.

    It is told when it contradicts the incident, and when such a contradiction is undone. ``ours`` says that the
    sender is the account we act as; what contradicts the incident is told all the same, since a person may lend us
    their account.
    """
    if news.action not in {"closed", "reopened", READ}:
        return known, None
    expected = OPEN if incident.is_open else CLOSED
    before = known or Known(expected)
    if before.at is not None and news.at < before.at:
        return known, None
    now_known = Known(news.state, news.at)
    if news.state == before.state or (ours and news.state == expected):
        return now_known, None
    return now_known, news.state
