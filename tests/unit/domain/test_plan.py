"""Which effects follow from what; keys, merges and lanes are what makes them exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain import plan, plan_identity
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import (
    Actor,
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Places,
    TicketLink,
    Urgency,
)
from bot.domain.lifecycle import EscalationTarget
from tests.unit.store.house import NOW, an_incident

if TYPE_CHECKING:
    from collections.abc import Iterable

ANA = Actor(name="Ana", slack_id="U0ANA", email="ana@example.com")
BEN = Actor(name="Ben", slack_id="U0BEN")
PAGERDUTY = PagerLink(kind=PagerKind.PAGERDUTY, service_id="S1")
NATIVE = PagerLink(kind=PagerKind.NATIVE, policy_name="default")
TICKET = TicketLink(repo="acme/x", number=4, url="https://github.com/acme/x/4")
ROOM = Places(channel="C1", card_ts="1.2", announcement_url="https://x/p1")


def kinds(effects: Iterable[Effect]) -> list[EffectKind]:
    return [e.kind for e in effects]


def everywhere(**changes: object) -> Incident:
    plain = an_incident(
        pager=replace(PAGERDUTY, id="P1", url="https://pd/P1"), ticket=TICKET, places=ROOM
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


# --- starting -------------------------------------------------------------------------------------


def test_a_start_announces_opens_a_channel_pages_and_files_an_issue() -> None:
    effects = plan.start(an_incident(pager=PAGERDUTY, ticket=TicketLink(repo="acme/x")))
    assert kinds(effects) == [
        EffectKind.ANNOUNCE,
        EffectKind.CREATE_CHANNEL,
        EffectKind.OPEN_PAGE,
        EffectKind.PAGE_NATIVE,
        EffectKind.OPEN_TICKET,
    ]
    assert len({e.lane for e in effects}) == 5, "nothing waits for another"
    net = effects[3]
    assert net.due == NOW + timedelta(minutes=2)
    assert net.payload == {"level": 1, "why": "pagerduty_unavailable"}
    assert all(e.due is None for e in effects if e is not net)


def test_low_urgency_is_announced_and_nothing_else() -> None:
    low = an_incident(
        urgency=Urgency.LOW, opens_channel=False, pager=PAGERDUTY, ticket=TicketLink(repo="a/b")
    )
    [announcement] = plan.start(low)
    assert announcement.rank == Rank.ANNOUNCE_LOW


def test_what_came_from_the_pager_is_not_opened_there() -> None:
    effects = plan.start(an_incident(pager=replace(PAGERDUTY, id="P1")))
    assert kinds(effects) == [EffectKind.ANNOUNCE, EffectKind.CREATE_CHANNEL]


def test_the_native_pager_pages_at_once() -> None:
    effects = plan.start(an_incident(pager=NATIVE))
    assert kinds(effects)[-1] is EffectKind.PAGE_NATIVE
    assert effects[-1].due is None
    assert effects[-1].rank == Rank.PAGE


@pytest.mark.parametrize("how", [{"private": True}, {"places": Places(listed=True)}])
def test_private_and_listed_incidents_are_not_announced(how: dict[str, object]) -> None:
    effects = plan.start(replace(an_incident(), **how))  # type: ignore[arg-type]
    assert kinds(effects) == [EffectKind.CREATE_CHANNEL]


def test_a_second_channel_has_a_key_of_its_own() -> None:
    first = plan.open_channel(an_incident())[0]
    second = plan.open_channel(an_incident(places=Places(previous_channel="C1")))[0]
    assert first.key != second.key
    assert first.lane == second.lane


# --- later ----------------------------------------------------------------------------------------


def test_when_the_channel_is_there_everything_else_follows() -> None:
    effects = plan.channel_ready(everywhere(places=Places(channel="C1")))
    assert kinds(effects) == [
        EffectKind.POST_CARD,
        EffectKind.INVITE,
        EffectKind.SET_PURPOSE,
        EffectKind.SET_TOPIC,
        EffectKind.ADD_BOOKMARK,
        EffectKind.ADD_BOOKMARK,
        EffectKind.REFRESH_ANNOUNCEMENT,
        EffectKind.REFRESH_TICKET,
        EffectKind.NOTE_PAGE,
    ]
    again = plan.channel_ready(everywhere(places=Places(channel="C2")))
    steps = {e.key for e in effects if e.merge is None}
    assert not steps & {e.key for e in again}, "a successor channel gets everything anew"


def test_each_link_is_bookmarked_once_it_is_known() -> None:
    assert plan.bookmarks(everywhere(places=Places())) == ()
    links = [e.payload["link"] for e in plan.bookmarks(everywhere())]
    assert links == ["pager", "ticket", "announcement"]
    early = plan.bookmarks(an_incident(places=Places(channel="C1")))
    assert early == ()
    assert plan.bookmarks(everywhere()) == plan.bookmarks(everywhere(version=9))


@pytest.mark.parametrize(
    ("incident", "told"),
    [
        (everywhere(), True),
        (everywhere(places=Places()), False),
        (everywhere(pager=NATIVE), False),
        (everywhere(pager=PAGERDUTY), False),
    ],
)
def test_the_pager_is_told_the_channel_when_both_exist(incident: Incident, told: bool) -> None:
    assert bool(plan.channel_note(incident)) is told


def test_the_issue_is_written_again_only_once_it_exists() -> None:
    assert plan.refresh_ticket(an_incident()) == ()
    assert plan.refresh_ticket(an_incident(ticket=TicketLink(repo="a/b"))) == ()
    [effect] = plan.refresh_ticket(everywhere())
    assert effect.merge == "INC-1/ticket/body"


def test_waiting_refreshes_are_one_and_every_version_is_another() -> None:
    one, other = plan.refresh(everywhere(version=1)), plan.refresh(everywhere(version=2))
    assert [e.merge for e in one] == [e.merge for e in other]
    assert not {e.key for e in one} & {e.key for e in other}
    assert kinds(plan.refresh(everywhere(private=True))) == [EffectKind.REFRESH_CARD]
    announced = an_incident(opens_channel=False)
    assert kinds(plan.refresh(announced)) == [EffectKind.REFRESH_ANNOUNCEMENT]
    assert plan.refresh(everywhere(), card=False, announcement=False) == ()


def test_a_refresh_waits_behind_the_message_it_edits() -> None:
    announce = plan.announce(an_incident())[0]
    card = plan.channel_ready(everywhere())[0]
    lanes = [e.lane for e in plan.refresh(everywhere())]
    assert lanes == [announce.lane, card.lane]


# --- changes --------------------------------------------------------------------------------------


def test_a_change_goes_to_the_pager_in_the_persons_name() -> None:
    effects = plan.changed(everywhere(version=4), "resolve", ANA, text="Rolled back")
    assert kinds(effects) == [
        EffectKind.REFRESH_ANNOUNCEMENT,
        EffectKind.REFRESH_CARD,
        EffectKind.SET_TOPIC,
        EffectKind.CHANGE_PAGE,
        EffectKind.CHANGE_TICKET,
    ]
    change = effects[3]
    assert change.key == "INC-1/page/resolve@4"
    assert change.payload["by"] == {
        "name": "Ana",
        "slack_id": "U0ANA",
        "email": "ana@example.com",
    }
    assert change.payload["text"] == "Rolled back"
    assert effects[4].payload == {"verb": "resolve"}


def test_a_hand_over_tells_whom_it_was_handed_to() -> None:
    effects = plan.changed(everywhere(), "reassign", ANA, to=BEN, text="yours")
    direct = next(e for e in effects if e.kind is EffectKind.SEND_DIRECT)
    assert direct.payload["user"] == "U0BEN"
    assert direct.payload["by"]["name"] == "Ana"
    assert direct.rank == Rank.PAGE
    assert EffectKind.INVITE in kinds(effects)
    assert EffectKind.INVITE not in kinds(
        plan.changed(everywhere(places=Places()), "reassign", ANA, to=BEN)
    )
    nobody = plan.changed(everywhere(), "reassign", ANA, to=Actor(name="Eve"))
    assert EffectKind.SEND_DIRECT not in kinds(nobody)


@pytest.mark.parametrize(
    ("target", "payload"),
    [
        (EscalationTarget(level=2), {"level": 2, "policy_id": None, "person": None}),
        (EscalationTarget(policy_id="PX"), {"level": None, "policy_id": "PX", "person": None}),
        (
            EscalationTarget(person=BEN),
            {"level": None, "policy_id": None, "person": {"name": "Ben", "slack_id": "U0BEN"}},
        ),
    ],
)
def test_an_escalation_says_where(target: EscalationTarget, payload: dict[str, object]) -> None:
    effects = plan.changed(everywhere(), "escalate", ANA, target=target)
    [change] = [e for e in effects if e.kind is EffectKind.CHANGE_PAGE]
    assert {k: change.payload[k] for k in payload} == payload


def test_the_native_pager_escalates_and_starts_again() -> None:
    native = everywhere(pager=NATIVE)
    up = plan.changed(native, "escalate", ANA, target=EscalationTarget(level=2))
    [page] = [e for e in up if e.kind is EffectKind.PAGE_NATIVE]
    assert page.payload == {"level": 2, "why": "escalated", "by": plan.actor_data(ANA)}
    again = plan.changed(native, "reopen", ANA)
    [page] = [e for e in again if e.kind is EffectKind.PAGE_NATIVE]
    assert page.payload == {"level": 1, "why": "reopened"}
    person = plan.changed(native, "escalate", ANA, target=EscalationTarget(person=BEN))
    [page] = [e for e in person if e.kind is EffectKind.PAGE_NATIVE]
    assert page.payload["person"] == plan.actor_data(BEN)
    assert page.payload["aside"], "whoever owns it still does"
    handed = plan.changed(native, "reassign", ANA, to=BEN, text="yours")
    [page] = [e for e in handed if e.kind is EffectKind.PAGE_NATIVE]
    assert "aside" not in page.payload
    assert (page.payload["person"], page.payload["text"]) == (plan.actor_data(BEN), "yours")
    own = plan.changed(native, "reassign", ANA, to=ANA)
    assert EffectKind.PAGE_NATIVE not in kinds(own), "whoever takes it over needs no page"
    policy = plan.changed(native, "escalate", ANA, target=EscalationTarget(policy_name="web"))
    [page] = [e for e in policy if e.kind is EffectKind.PAGE_NATIVE]
    assert page.payload["policy"] == "web"
    nobody = everywhere(pager=PagerLink())
    assert EffectKind.PAGE_NATIVE not in kinds(plan.changed(nobody, "reopen", ANA))


def test_a_page_of_the_same_level_later_is_another_page() -> None:
    assert plan.NO_WISH.data() == {}
    first = plan.page_natively(everywhere(status_changed_at=NOW), level=1, why="reopened")
    later = everywhere(status_changed_at=NOW + timedelta(seconds=1))
    assert first.key != plan.page_natively(later, level=1, why="reopened").key


def test_a_note_goes_to_the_pager_that_takes_notes() -> None:
    noted = plan.noted(everywhere(version=3), "DNS", ANA)
    assert noted[-1].payload == {
        "text": "note",
        "note": "DNS",
        "by": plan.actor_data(ANA),
    }
    assert EffectKind.NOTE_PAGE not in kinds(plan.noted(everywhere(pager=NATIVE), "DNS", ANA))


def test_an_edited_severity_becomes_the_pagers_priority() -> None:
    edited = kinds(plan.edited(everywhere(), EntryKind.SEVERITY, ANA))
    assert EffectKind.CHANGE_PAGE in edited
    assert EffectKind.REFRESH_TICKET in edited
    assert EffectKind.CHANGE_PAGE not in kinds(plan.edited(everywhere(), EntryKind.TITLE, ANA))
    native = plan.edited(everywhere(pager=NATIVE), EntryKind.SEVERITY, ANA)
    assert EffectKind.CHANGE_PAGE not in kinds(native)


# --- the timeline elsewhere -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "incident", "expected"),
    [
        (EntryKind.ACKNOWLEDGED, everywhere(), [EffectKind.POST_ENTRY, EffectKind.COMMENT_TICKET]),
        (EntryKind.TITLE, everywhere(), [EffectKind.POST_ENTRY]),
        (EntryKind.TRIGGERED, everywhere(), []),
        (EntryKind.ACKNOWLEDGED, everywhere(places=Places()), [EffectKind.COMMENT_TICKET]),
        (EntryKind.ANNOTATED, everywhere(ticket=None),
         [EffectKind.POST_ENTRY]),
        (EntryKind.RESOLVED, everywhere(ticket=None, places=Places(in_thread=True)),
         [EffectKind.POST_ENTRY]),
        (EntryKind.RESOLVED, everywhere(opens_channel=False, places=Places()), []),
    ],
)  # fmt: skip
def test_where_an_entry_shows(
    kind: EntryKind, incident: Incident, expected: list[EffectKind]
) -> None:
    entry = Entry(kind=kind, at=NOW, id=8, origin=Origin.SLACK)
    effects = plan.entry_effects(incident, entry)
    assert kinds(effects) == expected
    assert all(e.payload["entry"] == 8 for e in effects)
    assert plan.entry_effects(incident, entry) == effects, "the same entry is told once"


def test_somebody_without_an_account_is_asked_for_it_where_they_act() -> None:
    first = plan_identity.offer_link(everywhere(), ANA, "change", NOW)
    assert first.payload == {"channel": "C1", "user": "U0ANA", "change": "change"}
    announced = everywhere(places=Places(announcement_channel="C9"))
    assert plan_identity.offer_link(announced, ANA, "x", NOW).payload["channel"] == "C9"
    nowhere = everywhere(places=Places())
    assert plan_identity.offer_link(nowhere, ANA, "x", NOW).payload["channel"] is None


def test_small_plans() -> None:
    assert plan.invite(everywhere(), "U1", "press/1")[0].payload == {"users": ["U1"]}
    home = plan.publish_home("U1", NOW)
    assert (home.merge, home.payload, home.incident) == ("home/U1", {"user": "U1"}, None)
    read = plan.read_page("P1", why="e1", due=NOW)
    assert (read.merge, read.lane, read.due) == ("read/P1", "page/P1", NOW)
    assert plan.read_page("P1", why="e2").key != read.key
    acted = plan.bot_acted(everywhere(), ANA, "resolve", 77)
    assert acted.payload == {"text": "acted", "verb": "resolve", "who": "Ana"}
    assert plan.bot_acted(everywhere(), ANA, "resolve", 78).key != acted.key


@pytest.mark.parametrize(
    "actor", [None, ANA, BEN, Actor(name="", slack_id="U1"), Actor(name="X", github="x")]
)
def test_an_actor_survives_json(actor: Actor | None) -> None:
    assert plan.actor_from(plan.actor_data(actor)) == actor


def test_the_kind_names_its_provider() -> None:
    beside = {"alertmanager", "apprise", "calendar", "deadman", "muster"}
    assert {k.provider for k in EffectKind} == {"slack", "pagerduty", "github"} | beside
