"""Who may see a private incident, what is undone when one becomes private, and being let in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import access, plan, privacy
from bot.domain.access import AccessState, Request
from bot.domain.effects import EffectKind
from bot.domain.incident import (
    EntryKind,
    Incident,
    PagerKind,
    PagerLink,
    Places,
    TicketLink,
)
from bot.domain.permissions import Right, Who, named
from bot.domain.privacy import Membership, may_see
from bot.errors import AlreadyDone, UserError
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident

K = EffectKind
RUNNING = Places(
    announcement_channel="C0", announcement_ts="1.1", announcement_url="https://x/p1",
    channel="C1", channel_name="incident-1-down", card_ts="2.2", topic="t",
)  # fmt: skip


def running(**changes: object) -> Incident:
    facts: dict[str, object] = {
        "places": RUNNING,
        "pager": PagerLink(kind=PagerKind.PAGERDUTY, id="P1"),
        "ticket": TicketLink(repo="acme/web", number=4, url="https://x/4"),
        "reporter": ANA_ACTOR,
    }
    return an_incident(**{**facts, **changes})


def made(incident: Incident, **more: object) -> privacy.Decision:
    return privacy.make_private(incident, ANA_ACTOR, NOW, **{"ticket": None, **more})  # type: ignore[arg-type]


# --- who sees it ---------------------------------------------------------------------------------


@given(st.none() | st.booleans(), st.booleans(), st.booleans())
def test_a_public_one_is_seen_by_everybody_a_private_one_by_its_members(
    inside: bool | None, read: bool, part: bool
) -> None:
    known = Membership(inside=inside, read=read)
    one = an_incident(reporter=ANA_ACTOR if part else None)
    assert may_see(one, "U0ANA", known)
    secret = replace(one, private=True)
    seen = may_see(secret, "U0ANA", known)
    if inside is not None:
        assert seen is inside, "a part in it is no reason once the channel says otherwise"
    else:
        assert seen is (part and not read)


def test_only_a_rule_that_names_somebody_lets_them_see_without_being_in_it() -> None:
    rules = {"private": ("everyone", "group:security", "role:commander", "person:a@x.example")}
    assert not named(Right.PRIVATE, {}, Who())
    assert not named(Right.PRIVATE, rules, Who())
    assert named(Right.PRIVATE, rules, Who(groups=["security"]))
    assert named(Right.PRIVATE, rules, Who(email="A@x.example"))
    assert named(Right.PRIVATE, rules, Who(roles=["commander"], guest=True))
    assert not named(Right.PRIVATE, rules, Who(groups=["security"], stranger=True))


# --- becoming private ----------------------------------------------------------------------------


def test_everything_that_tells_of_it_is_undone_and_a_channel_is_made() -> None:
    decision = made(running())
    after, kinds = decision.incident, [e.kind for e in decision.effects]
    assert kinds == [
        K.CREATE_CHANNEL, K.INVITE, K.VEIL_CARD, K.LEAVE_CHANNEL, K.REMOVE_ANNOUNCEMENT,
        K.WITHDRAW_TICKET, K.CHANGE_PAGE,
    ]  # fmt: skip
    assert (after.private, after.ticket, after.places.channel) == (True, None, None)
    assert after.places.previous_channel == "C1"
    assert after.places.announcement_ts == "1.1", "needed until it is deleted"
    making, joining, _, archiving, *_ = decision.effects
    assert joining.after == making.key
    assert joining.payload["from_channel"] == "C1"
    assert archiving.after == joining.key, "nobody is left behind"
    assert [e.kind for e in decision.entries] == [EntryKind.MADE_PRIVATE]
    assert plan.refresh(after, card=False) == (), "no announcement any more"


def test_keys_are_not_those_of_the_public_life() -> None:
    before, decision = running(), made(running(), ticket=TicketLink(repo="acme/secret"))
    public = {e.key for e in plan.start(replace(before, pager=PagerLink(), ticket=before.ticket))}
    assert not public & {e.key for e in decision.effects}
    [opening] = [e for e in decision.effects if e.kind is K.OPEN_TICKET]
    assert opening.key == plan.ticket_key(decision.incident) != plan.ticket_key(before)
    assert plan.ticket_key(an_incident(private=True)) == plan.ticket_key(an_incident()), (
        "declared private: as it always was"
    )


def test_a_channel_that_was_lent_is_left_as_it_is() -> None:
    decision = made(running(places=replace(RUNNING, adopts="C1")))
    kinds = [e.kind for e in decision.effects]
    assert K.LEAVE_CHANNEL not in kinds
    [card] = [e for e in decision.effects if e.kind is K.VEIL_CARD]
    assert card.payload["lent"]
    [joining] = [e for e in decision.effects if e.kind is K.INVITE]
    assert (joining.payload["from_channel"], joining.payload["users"]) == (None, ["U0ANA"])


@pytest.mark.parametrize(
    "places", [Places(), Places(in_thread=True, announcement_channel="C0", announcement_ts="1.1")]
)
def test_without_a_channel_there_is_none_to_leave(places: Places) -> None:
    decision = made(running(places=places, opens_channel=False, ticket=None, pager=PagerLink()))
    kinds = [e.kind for e in decision.effects]
    assert kinds == [K.CREATE_CHANNEL, K.INVITE, K.REMOVE_ANNOUNCEMENT]
    assert decision.incident.opens_channel
    assert not decision.incident.places.in_thread


def test_twice_is_refused_in_words() -> None:
    with pytest.raises(UserError, match="INC-1 is private already"):
        made(running(private=True))


def test_an_issue_on_its_way_is_looked_for_in_both_repositories() -> None:
    before = running(ticket=TicketLink(repo="acme/guessed"))
    [withdraw] = [
        e
        for e in made(before, fallback_repo="acme/incidents").effects
        if e.kind is K.WITHDRAW_TICKET
    ]
    assert withdraw.payload == {
        "repos": ["acme/guessed", "acme/incidents"], "number": None, "marker": "INC-1/ticket/open",
    }  # fmt: skip


def test_a_channel_made_private_by_hand_stays_the_incidents() -> None:
    decision = privacy.converted(running(), BEN_ACTOR, NOW, ticket=None)
    kinds = [e.kind for e in decision.effects]
    assert decision.incident.places.channel == "C1"
    assert decision.incident.private
    assert {
        K.MIRROR_MEMBERS,
        K.REFRESH_CARD,
        K.REMOVE_ANNOUNCEMENT,
        K.WITHDRAW_TICKET,
        K.CHANGE_PAGE,
    } == set(kinds)
    assert "Whoever is in the channel can read all of it" in decision.entries[0].text


def test_what_stays_readable_is_said_plainly() -> None:
    words = "\n".join(privacy.remains(running(), converted=False))
    for part in (
        "#incident-1-down",
        "archived",
        "acme/web#4",
        "PagerDuty",
        "announcement's thread",
        "sent already",
    ):
        assert part in words
    bare = privacy.remains(an_incident(), converted=False)
    assert len(bare) == 2
    lent = "\n".join(
        privacy.remains(running(places=replace(RUNNING, adopts="C1")), converted=False)
    )
    assert "stays open for its members" in lent


# --- being let in --------------------------------------------------------------------------------

SECRET = an_incident(private=True, places=Places(channel="C1"))


def test_asking_is_once_until_somebody_was_let_in() -> None:
    first = access.ask(None, SECRET, "U0BEN", NOW)
    assert first
    assert access.ask(first, SECRET, "U0BEN", NOW) is None
    declined = access.answer(first, let_in=False, by=ANA_ACTOR, now=NOW)
    assert access.ask(declined, SECRET, "U0BEN", NOW + timedelta(days=9)) is None
    let_in = access.answer(first, let_in=True, by=ANA_ACTOR, now=NOW)
    again = access.ask(let_in, SECRET, "U0BEN", NOW)
    assert again
    assert (again.times, again.state, again.key) == (2, AccessState.ASKED, "INC-1/access/U0BEN/2")


def test_the_second_answer_hears_who_gave_the_first() -> None:
    request = Request(incident=1, slack_id="U0BEN", asked_at=NOW)
    done = access.answer(request, let_in=False, by=ANA_ACTOR, now=NOW)
    with pytest.raises(AlreadyDone, match="declined by Ana"):
        access.answer(done, let_in=True, by=BEN_ACTOR, now=NOW)


@pytest.mark.parametrize("let_in", [True, False])
def test_whoever_asked_hears_it_after_the_invitation(let_in: bool) -> None:
    request = Request(incident=1, slack_id="U0BEN", asked_at=NOW)
    done = access.answer(request, let_in=let_in, by=ANA_ACTOR, now=NOW)
    effects = access.answered(SECRET, done)
    kinds = [e.kind for e in effects]
    assert kinds == [K.ASK_ACCESS, *([K.INVITE] if let_in else []), K.TELL_ACCESS]
    assert effects[-1].after == (effects[1].key if let_in else None)
    assert len({e.key for e in (*effects, access.show(request))}) == len(effects) + 1
