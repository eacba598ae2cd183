"""What happens on GitHub shows in Slack: issues of action items, and the incident's own issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain import action_plan, issue_news, plan
from bot.domain.incident import Entry, EntryKind, Origin
from bot.domain.issue_news import IssueNews, Known, Pending
from bot.domain.lifecycle import Decision
from bot.services.action_items import IDENTITY, ActionItems, record
from bot.store import action_items as kept

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident
    from bot.services.base import House
    from bot.store.tx import Tx

#: Items done longer ago are not asked for any more; their webhooks still count.
RECENT = timedelta(days=14)
#: How far the first look at a repository reaches back.
FIRST_LOOK = timedelta(days=1)


class IssueFollowing:
    """Webhooks and our own looks lead here; what is known already is not told again."""

    def __init__(self, house: House, actions: ActionItems) -> None:
        """Given the shared parts, and the use cases of action items."""
        self._house = house
        self._actions = actions
        repos = [house.repo_of(service) for service in house.catalog.services.values()]
        repos += [service.private_repo for service in house.catalog.services.values()]
        default = house.ticket_for(None, None, private=False)
        self._repos = {repo for repo in (*repos, default.repo if default else None) if repo}

    def _spellings(self, repo: str) -> set[str]:
        """GitHub does not mind the case of a repository's name; the database does."""
        wanted = repo.casefold()
        return {repo, repo.lower(), *(each for each in self._repos if each.casefold() == wanted)}

    def apply(self, news: IssueNews, began: datetime | None = None) -> Callable[[Tx], str]:
        """What an event does, to be run in the transaction that settles it; returns what became of it.

        ``began``: when we asked ourselves. What we changed there since may not be in the answer, whose times are
        whole seconds.
        """

        def run(tx: Tx) -> str:
            repos = self._spellings(news.repo)
            item = kept.by_ticket(tx, repos, news.number)
            if item is not None:
                done = self._item(tx, tx.incident(item.incident), item.id, news, began)
            else:
                incident = kept.incident_of_ticket(tx, repos, news.number)
                if incident is None:
                    return "ignored"
                done = self._own(tx, tx.incident(incident.number), news, began)
            self._went_on(tx, news)
            return done

        return run

    def _went_on(self, tx: Tx, news: IssueNews) -> None:
        """An issue we looked for is somewhere else: how it stands there counts as well."""
        link = news.moved
        if news.action == issue_news.MOVED and link and link.number and not news.sender:
            there = replace(
                news, repo=link.repo, number=link.number, action=issue_news.READ, moved=None
            )
            self.apply(there)(tx)

    def _item(
        self, tx: Tx, incident: Incident, number: int, news: IssueNews, began: datetime | None
    ) -> str:
        item = kept.one(tx, number)  # read again: its incident is locked now
        pending = Pending(
            state=kept.change_pending(tx, incident, item, "state", began),
            owner=kept.change_pending(tx, incident, item, "owner", began),
        )
        person = lambda login: self._actions.person(tx, login)  # noqa: E731
        after, entries = issue_news.follow(item, news, person, pending)
        if after == item:
            return "ignored"
        stored: ActionItem = kept.save(tx, after)
        if not entries:
            return "ignored"
        record(tx, incident, stored, entries)
        return "applied"

    def _own(self, tx: Tx, incident: Incident, news: IssueNews, began: datetime | None) -> str:
        if news.action in issue_news.GONE:
            return self._own_gone(tx, incident, news)
        if kept.ticket_change_pending(tx, incident.number, began):
            return "ignored"  # what was done here will win
        known = known_state(tx, incident.number)
        login = str((tx.value(IDENTITY) or {}).get("login") or "").casefold()
        ours = bool(login) and news.sender.casefold() == login
        now_known, told = issue_news.of_incident(incident, known, news, ours=ours)
        if now_known is not None and now_known != known:
            remember_state(tx, incident.number, now_known.state, now_known.at)
        if told is None:
            return "ignored"
        entry = Entry(
            kind=EntryKind.TICKET,
            at=news.at,
            actor=self._actions.person(tx, news.sender) if news.sender else None,
            origin=Origin.GITHUB,
            target="closed" if told == issue_news.CLOSED else "reopened",
        )
        tx.record(Decision(incident=incident, entries=(entry,)))
        return "applied"

    def _own_gone(self, tx: Tx, incident: Incident, news: IssueNews) -> str:
        who = self._actions.person(tx, news.sender) if news.sender else None
        found = issue_news.own_gone(incident, news, who)
        if found is None:
            return "ignored"
        after, entry = found
        if after.ticket is None:
            tx.set_value(_state(incident.number), {})
        after = replace(after, updated_at=tx.now)
        effects = (*plan.refresh(after), *plan.refresh_ticket(after))
        tx.record(Decision(incident=after, entries=(entry,), effects=effects))
        return "applied"

    # --- asking ourselves --------------------------------------------------------------------------------------

    async def watched(self) -> list[str]:
        """Repositories worth asking."""
        work = self._house.work
        return await work.read(lambda tx: kept.watched(tx, tx.now - RECENT))

    async def since(self, repo: str) -> datetime:
        """From when on a repository's issues have not been looked at."""

        def look(tx: Tx) -> datetime:
            told = (tx.value(_cursor(repo)) or {}).get("since")
            return datetime.fromisoformat(told) if told else tx.now - FIRST_LOOK

        return await self._house.work.read(look)

    def looked(
        self, tx: Tx, repo: str, found: Sequence[IssueNews], until: datetime | None, began: datetime
    ) -> None:
        """Apply what a look that ``began`` then showed, oldest change first, and remember how far it got."""
        for news in found:
            self.apply(news, began)(tx)
        if until is not None:
            tx.set_value(_cursor(repo), {"since": until.isoformat()})

    def look_on(self, tx: Tx, repo: str, seen: Collection[int], poll: str, looks: int) -> None:
        """Have the next ``looks`` watched issues of a repository looked at, but those just ``seen``."""
        numbers = kept.watched_numbers(tx, self._spellings(repo), tx.now - RECENT)
        last = (tx.value(_turn(repo)) or {}).get("number", 0)
        later = [n for n in numbers if n > last] + [n for n in numbers if n <= last]
        turn = [number for number in later if number not in seen][:looks]
        if turn:
            tx.set_value(_turn(repo), {"number": turn[-1]})
            tx.emit([action_plan.look_at_issue(repo, number, poll) for number in turn])


def _turn(repo: str) -> str:
    return f"github.turn:{repo}"


def _state(number: int) -> str:
    return f"ticket-state:{number}"


def _cursor(repo: str) -> str:
    return f"github.looked:{repo}"


def known_state(tx: Tx, number: int) -> Known | None:
    """How we last knew the incident's own issue."""
    value = tx.value(_state(number))
    if not value:
        return None
    at = value.get("at")
    return Known(str(value.get("state")), datetime.fromisoformat(at) if at else None)


def remember_state(tx: Tx, number: int, state: str, at: datetime | None) -> None:
    """The incident's own issue is open or closed; we did that, or GitHub said so."""
    value = {"state": state, "at": at.isoformat() if at else None}
    tx.set_value(_state(number), value)
