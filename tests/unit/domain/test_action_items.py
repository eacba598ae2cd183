"""Action items, and what GitHub's news make of them: the newest wins, nothing is told twice, nothing is echoed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import action_item, issue_news, plan
from bot.domain.incident import Actor, EntryKind, Origin, Status, TicketLink
from bot.domain.issue_news import IssueNews, Known, Pending, follow, of_incident, own_gone
from bot.errors import AlreadyDone, FieldError, UserError
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident, an_item

if TYPE_CHECKING:
    from bot.domain.action_item import ActionItem
    from bot.domain.incident import Incident

LINK = TicketLink(repo="acme/shop", number=7, url="https://github.test/acme/shop/issues/7")
FILED = an_item(ticket=LINK, ticket_at=NOW)


def news(action: str = "closed", seconds: int = 10, **changes: Any) -> IssueNews:
    state = {"closed": "closed", "reopened": "open"}.get(action, "open")
    made = IssueNews(
        repo="acme/shop", number=7, action=action, state=state, at=NOW + timedelta(seconds=seconds),
        title="Add an alert", sender="ben",
    )  # fmt: skip
    return replace(made, **changes)


def person(login: str) -> Actor:
    return replace(BEN_ACTOR, github="ben") if login == "ben" else Actor(name=login, github=login)


def after(item: ActionItem, *events: IssueNews, pending: Pending | None = None) -> Any:
    told = []
    for event in events:
        item, entries = follow(item, event, person, pending or Pending())
        told += [entry.kind for entry in entries]
    return item, told


# --- what people do ------------------------------------------------------------------------


def test_done_reopened_and_handed_over() -> None:
    done = action_item.complete(an_item(), BEN_ACTOR, NOW)
    assert not done.is_open
    with pytest.raises(AlreadyDone, match="Ben") as twice:
        action_item.complete(done, ANA_ACTOR, NOW)
    assert twice.value.slack_id == BEN_ACTOR.slack_id
    again = action_item.reopen(done)
    assert again.is_open
    assert again.done_by is None
    with pytest.raises(UserError, match="open already"):
        action_item.reopen(again)
    hers = action_item.hand_over(again, ANA_ACTOR)
    with pytest.raises(UserError, match="Ana's already"):
        action_item.hand_over(hers, ANA_ACTOR)
    with pytest.raises(UserError, match="no owner"):
        action_item.hand_over(action_item.hand_over(hers, None), None)


def test_withdrawn_only_while_nobody_worked_on_it() -> None:
    gone = action_item.withdraw(an_item(), NOW)
    assert gone is not None
    assert not gone.is_open
    for change in (
        lambda: action_item.complete(gone, BEN_ACTOR, NOW),
        lambda: action_item.reopen(gone),
    ):
        with pytest.raises(UserError, match="withdrawn"):
            change()
    begun = action_item.hand_over(an_item(), BEN_ACTOR)
    assert action_item.withdraw(begun, NOW) is None


def test_words_are_checked() -> None:
    assert action_item.checked_text("  x ") == "x"
    with pytest.raises(FieldError, match="what is to be done"):
        action_item.checked_text(" \n")
    with pytest.raises(FieldError, match="3,001"):
        action_item.checked_text("x" * 3001)


@given(st.text(max_size=500))
def test_titles_fit_on_one_line(text: str) -> None:
    title = action_item.title_of(text)
    assert len(title) <= action_item.TITLE_LIMIT
    assert "\n" not in title
    assert action_item.title_of(title) == title


def test_counted_without_the_withdrawn() -> None:
    items = [an_item(), an_item(done_at=NOW), an_item(withdrawn_at=NOW, done_at=NOW)]
    assert action_item.counted(items) == (1, 2)


# --- what GitHub tells ---------------------------------------------------------------------


def test_closed_and_reopened_is_told_once_each() -> None:
    item, told = after(FILED, news(), news(), news("reopened", 20), news("reopened", 20))
    assert told == [EntryKind.ACTION_DONE, EntryKind.ACTION_REOPENED]
    assert item.is_open
    done, _ = after(FILED, news())
    assert (done.done_at, done.done_by.slack_id) == (NOW + timedelta(seconds=10), "U0BEN")
    _, [entry] = follow(FILED, news(reason="not_planned"), person, Pending())
    assert (entry.target, entry.origin, entry.vendor_id) == (
        "not planned",
        Origin.GITHUB,
        "action:5",
    )


def test_our_own_change_is_no_news() -> None:
    done = action_item.complete(FILED, ANA_ACTOR, NOW)
    assert after(done, news())[1] == []
    reopened = replace(FILED, ticket_at=NOW + timedelta(seconds=30))  # closed and reopened here
    assert after(reopened, news())[1] == [], "the echo of our own closing"
    assert after(FILED, news(), pending=Pending(state=True))[1] == [], "ours is on its way"


def test_of_the_same_second_only_that_counts_which_it_is_about() -> None:
    assigned = replace(FILED, owner=BEN_ACTOR, assignee="ben")
    for action in ("opened", "labeled", "edited", "closed", "milestoned"):
        item, told = after(assigned, news(action, 0))
        assert item.owner == BEN_ACTOR, "made and assigned within one second"
        assert told == ([EntryKind.ACTION_DONE] if action == "closed" else [])
    item, told = after(assigned, news("unassigned", 0))
    assert (item.owner, told) == (None, [EntryKind.ACTION_OWNER])


def test_owners() -> None:
    item, told = after(FILED, news("assigned", assignees=("ben",)))
    assert (item.owner.slack_id, item.assignee) == ("U0BEN", "ben")
    assert told == [EntryKind.ACTION_OWNER]
    assert after(item, news("assigned", 20, assignees=("BEN", "eve")))[1] == []
    stranger, told = after(item, news("assigned", 30, assignees=("eve",)))
    assert (stranger.owner.name, told) == ("eve", [EntryKind.ACTION_OWNER])
    only_here = replace(FILED, owner=ANA_ACTOR)
    assert after(only_here, news("edited", 20))[0].owner == ANA_ACTOR, "GitHub never knew her"
    late = replace(FILED, owner=BEN_ACTOR)
    known, told = after(late, news("assigned", assignees=("ben",)))
    assert (known.assignee, known.owner, told) == ("ben", BEN_ACTOR, [])


def test_titles() -> None:
    item, told = after(FILED, news("edited", title="Other words"))
    assert (item.text, told) == ("Other words", [EntryKind.ACTION_CHANGED])
    assert after(item, news("edited", 20, title="Other words"))[1] == []
    long = replace(FILED, text="x " * 200)
    assert after(long, news("edited", title=action_item.title_of(long.text)))[1] == []


def test_gone_or_moved() -> None:
    item, told = after(FILED, news("deleted"))
    assert (item.ticket, item.is_open, told) == (None, True, [EntryKind.ACTION_CHANGED])
    there = TicketLink(repo="acme/new", number=3)
    item, told = after(FILED, news("transferred", moved=there))
    assert (item.ticket, item.issue, told) == (there, "acme/new#3", [EntryKind.ACTION_CHANGED])
    assert after(FILED, news("transferred"))[1] == []
    late = news("deleted", -60), news("unseen", -60)
    for one in late:
        item, told = after(FILED, one)
        assert (item.ticket, told) == (None, [EntryKind.ACTION_CHANGED]), "final, whenever it was"


EVENTS = st.builds(
    news,
    st.sampled_from(["closed", "reopened", "assigned", "unassigned", "edited", "labeled", "read"]),
    st.integers(1, 6),
)


@given(st.data())
def test_in_any_order_and_as_often_as_they_like_the_newest_wins(data: Any) -> None:
    """A history of snapshots, one a second, each shown any number of times in any order."""
    states = data.draw(st.lists(st.sampled_from(["open", "closed"]), min_size=1, max_size=6))
    people = data.draw(
        st.lists(st.sampled_from([(), ("ben",), ("eve",)]), min_size=len(states), max_size=len(states))
    )  # fmt: skip
    names = {("open", "closed"): "closed", ("closed", "open"): "reopened"}
    before = ["open", *states]
    history = [
        news(names.get((before[n], state), "labeled"), n + 1, state=state, assignees=people[n])
        for n, state in enumerate(states)
    ]
    shown = data.draw(st.lists(st.sampled_from(history), max_size=12))
    item, told = after(FILED, *shown, *data.draw(st.permutations(history)))
    assert item.is_open is (states[-1] == "open")
    assert (item.assignee or "") == (people[-1] or ("",))[0]
    again, more = after(item, *history)
    assert (again.is_open, more) == (item.is_open, []), "all of it once more is no news"
    done, reopened = told.count(EntryKind.ACTION_DONE), told.count(EntryKind.ACTION_REOPENED)
    assert done - reopened == (0 if item.is_open else 1)


# --- the incident's own issue --------------------------------------------------------------


def test_what_contradicts_the_incident_is_told_and_when_it_is_undone() -> None:
    known, told = of_incident(an_incident(), None, news(), ours=False)
    assert told == issue_news.CLOSED
    assert of_incident(an_incident(), known, news(), ours=False)[1] is None, "once"
    assert (
        of_incident(an_incident(), known, news("labeled", 20, state="open"), ours=False)[1] is None
    )
    _, undone = of_incident(an_incident(), known, news("reopened", 20), ours=False)
    assert undone == issue_news.OPEN
    assert of_incident(an_incident(), known, news("reopened", 20), ours=True)[1] is None
    resolved = an_incident(status=Status.RESOLVED)
    assert of_incident(resolved, None, news(), ours=False)[1] is None, "so it should be"
    assert of_incident(resolved, None, news("reopened"), ours=False)[1] == issue_news.OPEN
    assert of_incident(an_incident(), None, news(), ours=True)[1] == issue_news.CLOSED


def test_old_news_of_the_incidents_issue_is_none() -> None:
    known = Known("open", NOW + timedelta(seconds=60))
    assert of_incident(an_incident(), known, news(), ours=False) == (known, None)


def own(ticket: TicketLink | None = LINK) -> Incident:
    return an_incident(ticket=ticket)


def test_the_incidents_issue_was_deleted_moved_or_is_out_of_sight() -> None:
    there = TicketLink(repo="acme/new", number=3, url="https://github.test/acme/new/issues/3")
    found = own_gone(own(), news("transferred", moved=there), BEN_ACTOR)
    assert found is not None
    incident, told = found
    assert (incident.ticket, incident.places.lost_issue) == (there, None)
    assert (told.kind, told.target, told.actor) == (
        EntryKind.TICKET,
        "moved to acme/new#3",
        BEN_ACTOR,
    )
    words = []
    for action in ("deleted", "unseen"):
        found = own_gone(own(), news(action), None)
        assert found is not None
        incident, told = found
        assert (incident.ticket, incident.places.lost_issue) == (None, "acme/shop#7")
        words.append(told.target)
    assert words == ["deleted", "deleted, or moved to where I cannot see it"]
    assert own_gone(own(), news("transferred"), None) is None, "where to, nobody said"
    assert own_gone(own(None), news("deleted"), None) is None


def test_the_issue_after_a_deleted_one_is_another_one() -> None:
    found = own_gone(own(), news("deleted"), None)
    assert found is not None
    after_that = replace(found[0], ticket=TicketLink(repo="acme/shop"))
    assert plan.ticket_key(after_that) != plan.ticket_key(own())
    assert plan.open_ticket(after_that).key == plan.ticket_key(after_that)
