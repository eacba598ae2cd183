"""The rules of a page: it always knows what happens next, and it always comes to an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import escalation, page_invariant, page_plan
from bot.domain.catalog import EscalationPolicy, Level
from bot.domain.escalation import (
    ANSWER_WITHIN,
    LOOK_AGAIN,
    PROGRESS,
    Delivery,
    DeliveryState,
    Next,
    Page,
    PageState,
    Rung,
)
from bot.domain.hours import Hours
from bot.domain.incident import EntryKind, Status
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident

HOUR = timedelta(hours=1)
NEVER = Hours(days=("Wed",))  # NOW is a Sunday


def policy(*only: Hours | None, repeat: int = 0) -> EscalationPolicy:
    levels = tuple(Level(notify=("person:a@b.cc",), only=each) for each in only)
    return EscalationPolicy(name="p", levels=levels, repeat=repeat)


def a_page(**more: object) -> Page:
    plain = Page(id=7, incident=1, policy="p", started_at=NOW)
    return replace(escalation.opened(plain, NOW), **more)  # type: ignore[arg-type]


# --- hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "at", "there"),
    [
        (Hours(days=("Mon",), begin="09:00", end="17:00"), "2026-03-02T09:00+00:00", True),
        (Hours(days=("Mon",), begin="09:00", end="17:00"), "2026-03-02T17:00+00:00", False),
        (Hours(days=("Mon",), begin="09:00", end="17:00"), "2026-03-03T10:00+00:00", False),
        (Hours(begin="22:00", end="06:00"), "2026-03-02T23:30+00:00", True),
        (Hours(begin="22:00", end="06:00"), "2026-03-02T05:59+00:00", True),
        (Hours(begin="22:00", end="06:00"), "2026-03-02T12:00+00:00", False),
        # Friday's night belongs to Friday, also when it is Saturday already.
        (Hours(days=("Fri",), begin="22:00", end="06:00"), "2026-03-07T05:00+00:00", True),
        (Hours(days=("Fri",), begin="22:00", end="06:00"), "2026-03-06T05:00+00:00", False),
        (Hours(days=("Sat",)), "2026-03-07T00:00+00:00", True),
        (Hours(days=("Sat",)), "2026-03-08T00:00+00:00", False),
        # Nine in Berlin is eight UTC in winter and seven in summer.
        (Hours(begin="09:00", end="10:00", time_zone="Europe/Berlin"), "2026-03-28T08:30+00:00", True),
        (Hours(begin="09:00", end="10:00", time_zone="Europe/Berlin"), "2026-03-30T08:30+00:00", False),
        (Hours(begin="09:00", end="10:00", time_zone="Europe/Berlin"), "2026-03-30T07:30+00:00", True),
        (Hours(begin="09:00", end="10:00", time_zone="Pacific/Auckland"), "2026-04-03T20:30+00:00", True),
        (Hours(begin="09:00", end="10:00", time_zone="Pacific/Auckland"), "2026-04-05T21:30+00:00", True),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_clocks_there(hours: Hours, at: str, there: bool) -> None:
    assert hours.cover(datetime.fromisoformat(at)) is there


def test_hours_are_told_in_words() -> None:
    assert Hours(days=("Sat", "Sun")).words() == "Sat Sun UTC"
    assert Hours(begin="09:00", end="17:00").words() == "every day 09:00-17:00 UTC"


# --- where it goes next --------------------------------------------------------------------------


def walked(pol: EscalationPolicy | None, page: Page | None = None) -> list[Rung]:
    """Every rung until it is exhausted."""
    at, rungs = page or a_page(), []
    while (rung := escalation.rung_of(at, pol, NOW)) is not None:
        rungs.append(rung)
        at = escalation.passed(at, rung)
        assert len(rungs) < 1000, "it never ends"
    return rungs


def places(rungs: list[Rung]) -> list[tuple[int, int]]:
    return [(each.round, each.level) for each in rungs]


def test_a_policy_is_walked_as_often_as_it_repeats() -> None:
    assert places(walked(policy(None, None, repeat=1))) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_a_level_outside_its_hours_is_passed_over_and_named() -> None:
    rungs = walked(policy(NEVER, None, NEVER, None))
    assert places(rungs) == [(1, 2), (1, 4)]
    assert [each.skipped for each in rungs] == [(1,), (3,)]


def test_when_it_is_nobodys_hours_the_last_level_is_paged_once_a_round() -> None:
    rungs = walked(policy(NEVER, NEVER, repeat=1))
    assert places(rungs) == [(1, 2), (2, 2)]
    assert all(each.all_outside for each in rungs)


def test_a_person_comes_before_the_policy_and_is_not_paged_again_by_it() -> None:
    page = a_page(person=ANA_ACTOR)
    assert places(walked(policy(None, repeat=1), page)) == [(1, 0), (1, 1), (2, 1)]
    assert places(walked(None, page)) == [(1, 0)]
    assert walked(None) == []


def test_a_level_that_was_named_is_paged_whatever_its_hours() -> None:
    assert places(walked(policy(None, NEVER, None), a_page(level=2))) == [(1, 2), (1, 3)]
    assert places(walked(policy(None), a_page(level=9))) == [(1, 1)], "it is not there any more"


@given(
    only=st.lists(st.sampled_from([None, NEVER]), min_size=1, max_size=6),
    repeat=st.integers(0, 4),
)
def test_every_level_that_is_there_is_paged_once_a_round_in_order(
    only: list[Hours | None], repeat: int
) -> None:
    there = [n for n, each in enumerate(only, 1) if each is None] or [len(only)]
    expected = [(round_, n) for round_ in range(1, repeat + 2) for n in there]
    assert places(walked(policy(*only, repeat=repeat))) == expected


def test_how_long_a_level_has() -> None:
    waits = EscalationPolicy(name="p", levels=(Level(notify=(), wait=HOUR), Level(notify=())))
    assert escalation.wait_after(waits, 0) == HOUR
    assert escalation.wait_after(waits, 2) == timedelta(minutes=5)
    assert escalation.wait_after(None, 1) == ANSWER_WITHIN


# --- what must always be true --------------------------------------------------------------------

MOVES = st.sampled_from(
    ["notify", "pass", "again", "hurry", "exhaust", "close", "acknowledge", "confirm", "step"]
)


def moved(page: Page, move: str, now: datetime) -> Page:
    rung = Rung(round=max(page.round, page.base), level=page.level + 1)
    climbing = {
        "notify": lambda: escalation.notified(page, rung, HOUR, now),
        "pass": lambda: escalation.looked_again(escalation.passed(page, rung), now),
        "again": lambda: escalation.looked_again(page, now),
        "exhaust": lambda: escalation.exhausted(page, "nobody answered", now),
    }
    if move in climbing:
        return climbing[move]() if page.state is PageState.OPEN else page
    due = {Next.ASK: escalation.asked, Next.EXPIRE: escalation.expired}
    simple = {
        "step": lambda: due[page.next](page, now) if page.next in due else page,
        "hurry": lambda: escalation.hurried(page, now),
        "close": lambda: escalation.closed(page, "over", now),
        "acknowledge": lambda: escalation.acknowledged(page, ANA_ACTOR, now),
        "confirm": lambda: escalation.confirmed(page, now),
    }
    return simple[move]()


@given(
    moves=st.lists(st.tuples(MOVES, st.integers(0, 7200)), max_size=40),
    expires=st.one_of(st.none(), st.integers(1, 7200)),
)
def test_whatever_is_done_to_a_page_it_is_never_broken(
    moves: list[tuple[str, int]], expires: int | None
) -> None:
    page = a_page(expires_after=timedelta(seconds=expires) if expires else None)
    now = NOW
    for move, seconds in moves:
        now += timedelta(seconds=seconds)
        before, page = page, moved(page, move, now)
        assert page_invariant.broken(page) is None, (move, page)
        if page != before:
            assert page.step > before.step or page.state is before.state
        if before.state is PageState.CLOSED:
            assert page == before, "what is closed stays closed"
        if page.next_at is not None and page != before:
            assert page.next_at >= min(now, before.next_at or now)


def test_what_is_broken_is_named_and_mended() -> None:
    broken = [
        a_page(next=None, next_at=None),
        a_page(next=Next.ASK),
        a_page(state=PageState.ACKNOWLEDGED, expires_after=HOUR, next=None),
        a_page(state=PageState.ACKNOWLEDGED, expires_after=HOUR, next=None, asked_at=NOW),
        a_page(state=PageState.ACKNOWLEDGED),
        a_page(state=PageState.EXHAUSTED),
        a_page(state=PageState.CLOSED),
    ]
    for page in broken:
        assert page_invariant.broken(page)
        assert page_invariant.broken(page_invariant.mended(page, NOW)) is None


def test_an_acknowledgement_is_asked_about_before_it_expires() -> None:
    page = escalation.acknowledged(a_page(expires_after=2 * HOUR), ANA_ACTOR, NOW)
    assert (page.next, page.next_at) == (Next.ASK, NOW + timedelta(minutes=105))
    assert escalation.confirmed(page, NOW + timedelta(seconds=30)) == page, "one piece of activity"
    later = escalation.confirmed(page, NOW + HOUR)
    assert later.next_at == NOW + timedelta(minutes=165)
    asked = escalation.asked(page, NOW + timedelta(minutes=105))
    assert (asked.next, asked.next_at) == (Next.EXPIRE, NOW + 2 * HOUR)
    answered = escalation.confirmed(asked, NOW + timedelta(minutes=106))
    assert (answered.next, answered.asked_at) == (Next.ASK, None)
    again = escalation.expired(asked, NOW + 2 * HOUR)
    assert (again.state, again.base, again.next_at) == (PageState.OPEN, 1, NOW + 2 * HOUR)
    short = escalation.acknowledged(a_page(expires_after=timedelta(minutes=4)), ANA_ACTOR, NOW)
    assert short.next_at == NOW + timedelta(minutes=3)
    good = escalation.acknowledged(a_page(), ANA_ACTOR, NOW)
    assert (good.next, good.expires_at) == (None, None)
    assert escalation.confirmed(good, NOW + HOUR) == good


def test_an_exhausted_page_can_be_acknowledged_a_closed_one_not() -> None:
    over = escalation.exhausted(a_page(), "nobody answered", NOW)
    assert escalation.acknowledged(over, ANA_ACTOR, NOW).state is PageState.ACKNOWLEDGED
    shut = escalation.closed(over, "resolved", NOW)
    assert escalation.acknowledged(shut, ANA_ACTOR, NOW) == shut
    assert escalation.looked_again(a_page(), NOW).next_at == NOW + LOOK_AGAIN


# --- deliveries ----------------------------------------------------------------------------------


def a_delivery(**more: object) -> Delivery:
    plain = Delivery(id=3, page=7, round=1, level=1, recipient="U0ANA", name="Ana", planned_at=NOW)
    return replace(plain, **more)  # type: ignore[arg-type]


@given(st.lists(st.sampled_from(list(DeliveryState)), max_size=12))
def test_a_delivery_only_goes_forward(states: list[DeliveryState]) -> None:
    delivery = a_delivery()
    for state in states:
        before, delivery = delivery, escalation.progressed(delivery, state, NOW, "why")
        if before.state in PROGRESS and delivery.state in PROGRESS:
            assert PROGRESS.index(delivery.state) >= PROGRESS.index(before.state)
        if before.sent_at:
            assert delivery.sent_at == before.sent_at


def test_a_delivery_that_failed_can_be_answered_but_not_sent() -> None:
    failed = escalation.progressed(a_delivery(), DeliveryState.FAILED, NOW, "user_disabled")
    assert (failed.reason, failed.failed_at, failed.heard) == ("user_disabled", NOW, False)
    assert escalation.progressed(failed, DeliveryState.SENT, NOW) == failed
    sent = escalation.progressed(a_delivery(), DeliveryState.SENT, NOW)
    assert escalation.progressed(sent, DeliveryState.FAILED, NOW, "late") == sent
    assert escalation.progressed(failed, DeliveryState.ACKNOWLEDGED, NOW).acknowledged_at == NOW


# --- effects -------------------------------------------------------------------------------------


def test_each_step_has_a_lane_of_its_own() -> None:
    page = a_page()
    [first] = page_plan.step(page)
    [second] = page_plan.step(escalation.hurried(page, NOW))
    assert first.lane != second.lane, (
        "one that is far away must not hold back one that is wanted now"
    )
    assert page_plan.step(escalation.closed(page, "over", NOW)) == ()
    [again] = page_plan.step(page, again="/audit")
    assert again.key != first.key


def test_ways_are_carried_by_their_own_providers() -> None:
    page = a_page()
    slack = page_plan.deliver(page, a_delivery())
    beyond = page_plan.deliver(page, a_delivery(way="apprise:1"))
    assert (slack.kind.provider, beyond.kind.provider) == ("slack", "apprise")
    assert slack.key == "page/7/1/1/U0ANA/slack"
    assert slack.lane != beyond.lane


def test_an_expired_acknowledgement_takes_the_status_back() -> None:
    page = escalation.acknowledged(a_page(expires_after=HOUR), BEN_ACTOR, NOW)
    owned = an_incident(status=Status.ACKNOWLEDGED, owners=(BEN_ACTOR,), acknowledged_by=BEN_ACTOR)
    taken = page_plan.taken_back(owned, page, NOW + HOUR)
    assert (taken.incident.status, taken.incident.acknowledged_by) == (Status.TRIGGERED, None)
    assert taken.incident.owners == (BEN_ACTOR,)
    [entry] = taken.entries
    assert entry.kind is EntryKind.UNACKNOWLEDGED
    assert "Ben acknowledged, and there was no sign of them since 12:00 UTC" in entry.text
