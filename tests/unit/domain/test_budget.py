"""Slack is never asked more often than it allows, and nobody overtakes without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.budget import (
    LIMITS,
    METHODS,
    PER_CHANNEL,
    PER_KEY,
    REQUESTS,
    TIER_2,
    Budget,
    Candidate,
    Limit,
    channel_budget,
    choose,
    limit_of,
    limits_on,
)
from bot.domain.effects import EffectKind

if TYPE_CHECKING:
    from collections.abc import Sequence

T0 = 1_800_000_000.0


def created(*ids: int) -> list[Candidate]:
    return [Candidate(i, EffectKind.CREATE_CHANNEL, None) for i in ids]


def test_everything_that_fits_goes_at_once_and_in_order() -> None:
    choice = choose(created(5, 3, 9), {}, T0)
    assert choice.ids == (5, 3, 9)
    assert choice.exhausted == frozenset()
    assert choice.free_at is None


def test_what_does_not_fit_waits_until_the_window_opens() -> None:
    budgets: dict[str, Budget] = {}
    many = created(*range(30))
    first = choose(many, budgets, T0)
    assert first.ids == tuple(range(TIER_2.calls))
    assert first.exhausted == {"conversations.create"}
    assert first.free_at == T0 + TIER_2.seconds
    early = choose(many[19:], budgets, T0 + TIER_2.seconds - 0.001)
    assert early.ids == ()
    assert early.free_at == pytest.approx(first.free_at)
    assert len(choose(many[19:], budgets, first.free_at).ids) == 11


def test_an_announcement_needs_its_method_and_its_channel() -> None:
    both = [
        Candidate(1, EffectKind.ANNOUNCE, "post:announcements"),
        Candidate(2, EffectKind.ANNOUNCE, "post:announcements"),
        Candidate(3, EffectKind.POST_CARD, "post:INC-3"),
    ]
    budgets: dict[str, Budget] = {}
    choice = choose(both, budgets, T0)
    assert choice.ids == (1, 3), "another channel does not wait for this one"
    assert choice.exhausted == {"post:announcements"}
    assert choice.free_at == T0 + PER_CHANNEL.seconds
    assert len(budgets["chat.postMessage"].stamps) == 2, "who does not go takes nothing"


def test_an_effect_without_a_limit_always_goes() -> None:
    free = [Candidate(n, EffectKind.APPLY_EVENT, None) for n in range(500)]
    assert choose(free, {}, T0).ids == tuple(range(500))


def requests(choice: Sequence[int], candidates: Sequence[Candidate]) -> int:
    return sum(c.calls for c in candidates if c.id in choice)


def test_pagerduty_is_never_asked_more_often_than_a_key_may() -> None:
    documented = 960  # requests a minute and key
    kinds = [
        EffectKind.READ_PAGE,
        EffectKind.CHANGE_PAGE,
        EffectKind.POLL_PAGER,
        EffectKind.OPEN_PAGE,
    ]
    many = [Candidate(n, kinds[n % 4], None) for n in range(4000)]
    assert requests(choose(many, {}, T0).ids, many) <= PER_KEY.calls < documented


def test_reading_pages_counts_every_request_and_leaves_room_for_what_people_do_there() -> None:
    reads = [Candidate(n, EffectKind.READ_PAGE, None) for n in range(2000)]
    acts = [Candidate(5000 + n, EffectKind.CHANGE_PAGE, None) for n in range(50)]
    poll = [Candidate(9000, EffectKind.POLL_PAGER, None)]
    ids = choose([*reads, *acts, *poll], {}, T0).ids
    assert len([n for n in ids if n < 5000]) == LIMITS["pagerduty.read"].calls // 3
    assert len([n for n in ids if 5000 <= n < 9000]) == 50
    assert 9000 in ids, "however much is to be read, polling goes on"


def test_however_many_cards_change_the_summary_of_a_storm_has_room() -> None:
    cards = [Candidate(n, EffectKind.REFRESH_ANNOUNCEMENT, None) for n in range(200)]
    summary = [Candidate(1000, EffectKind.SUMMARISE, None)]
    budgets: dict[str, Budget] = {}
    assert len(choose(cards, budgets, T0).ids) == LIMITS["chat.update.cards"].calls
    for n in range(4):  # four edits a minute
        assert choose([*cards, *summary], budgets, T0 + 15 * n).ids == (1000,)


def test_who_needs_several_calls_waits_until_all_of_them_are_free() -> None:
    budget = Budget("pagerduty", [])
    budget.take(T0, PER_KEY.calls - 3)
    budget.take(T0 + 10, 1)
    assert budget.free_at(T0 + 20, 2) == T0 + 20
    assert budget.free_at(T0 + 20, 3) == T0 + PER_KEY.seconds
    budget.take(T0 + 20, 2)
    assert budget.free_at(T0 + 21) == T0 + PER_KEY.seconds


def test_looking_again_is_worth_it_when_the_least_that_waits_may_go() -> None:
    budget = Budget("pagerduty", [])
    budget.take(T0, 4)
    budget.take(T0 + 10, PER_KEY.calls - 4)
    kinds = (EffectKind.CHANGE_PAGE, EffectKind.POLL_PAGER)
    waiting = [Candidate(n, kind, None) for n, kind in enumerate(kinds)]
    choice = choose(waiting, {"pagerduty": budget}, T0 + 20)
    assert (choice.ids, choice.free_at) == ((), T0 + PER_KEY.seconds)


@pytest.mark.parametrize("kind", [kind for kind in EffectKind if kind.provider == "pagerduty"])
def test_whatever_asks_pagerduty_draws_on_the_key(kind: EffectKind) -> None:
    assert limits_on(kind)[0] == "pagerduty"
    assert 1 <= REQUESTS[kind] <= PER_KEY.calls - LIMITS["pagerduty.read"].calls


def test_a_429_closes_the_budget_until_then() -> None:
    budgets = {"conversations.create": Budget("conversations.create", [], T0 + 30)}
    choice = choose(created(1), budgets, T0)
    assert (choice.ids, choice.free_at) == ((), T0 + 30)
    assert choose(created(1), budgets, T0 + 30).ids == (1,)


def test_the_first_budget_to_open_is_the_time_to_look_again() -> None:
    budgets = {
        "conversations.create": Budget("conversations.create", [], T0 + 30),
        "pins.add": Budget("pins.add", [], T0 + 5),
    }
    waiting = [*created(1), Candidate(2, EffectKind.PIN_CARD, None)]
    choice = choose(waiting, budgets, T0)
    assert choice.free_at == T0 + 5
    assert choice.exhausted == {"conversations.create", "pins.add"}


@pytest.mark.parametrize(
    ("kind", "incident", "lane", "name"),
    [
        (EffectKind.ANNOUNCE, 3, "x", "post:announcements"),
        (EffectKind.TELL_ADMINS, None, "x", "post:admins"),
        (EffectKind.SEND_DIRECT, 3, "INC-3/direct/U1", "post:INC-3/direct/U1"),
        (EffectKind.POST_CARD, 3, "x", "post:INC-3"),
        (EffectKind.POST_ENTRY, 3, "x", "post:INC-3"),
        (EffectKind.MIRROR_UPDATE, 3, "x", "post:announcements"),
        (EffectKind.TELL_SUBSCRIBER, 3, "INC-3/subscriber/U1", "post:INC-3/subscriber/U1"),
        (EffectKind.REMIND, 3, "x", "post:INC-3"),
        (EffectKind.REFRESH_CARD, 3, "x", None),
        (EffectKind.OPEN_PAGE, 3, "x", None),
    ],
)
def test_which_channel_an_effect_posts_to(
    kind: EffectKind, incident: int | None, lane: str, name: str | None
) -> None:
    assert channel_budget(kind, incident, lane) == name


def test_only_slack_is_budgeted_and_every_method_has_a_limit() -> None:
    assert {kind.provider for kind in METHODS} <= {
        "slack",
        "muster",
        "pagerduty",
        "github",
        "apprise",
    }
    slack = {kind for kind in EffectKind if kind.provider == "slack"}
    assert slack <= set(METHODS), "every call to Slack is counted"
    assert limit_of("post:INC-1") == PER_CHANNEL
    assert limit_of("pins.add") == LIMITS["pins.add"]


def most_in_any_window(stamps: Sequence[float], limit: Limit) -> int:
    return max(
        (sum(1 for other in stamps if at <= other < at + limit.seconds) for at in stamps),
        default=0,
    )


kinds = st.sampled_from(
    [
        EffectKind.CREATE_CHANNEL,
        EffectKind.ANNOUNCE,
        EffectKind.POST_CARD,
        EffectKind.OPEN_PAGE,
        EffectKind.READ_PAGE,
        EffectKind.POLL_PAGER,
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    looks=st.lists(
        st.tuples(
            st.floats(0, 25, allow_nan=False), st.lists(kinds, max_size=25), st.integers(1, 3)
        ),
        max_size=12,
    )
)
def test_no_window_ever_holds_more_than_the_limit(
    looks: list[tuple[float, list[EffectKind], int]],
) -> None:
    budgets: dict[str, Budget] = {}
    calls: dict[str, list[float]] = {}
    now, number = T0, 0
    for pause, wanted, incident in looks:
        now += pause
        queue = []
        for kind in wanted:
            number += 1
            queue.append(Candidate(number, kind, channel_budget(kind, incident, "x")))
        choice = choose(queue, budgets, now)
        by_id = {c.id: c for c in queue}
        assert list(choice.ids) == sorted(choice.ids), "the order is kept"
        for one in choice.ids:
            for name in by_id[one].budgets:
                calls.setdefault(name, []).extend([now] * by_id[one].calls)
        left = [c for c in queue if c.id not in choice.ids]
        assert all(set(c.budgets) & choice.exhausted for c in left), "nobody waits for nothing"
        if choice.free_at is not None:
            assert choice.free_at > now
            needed = {n: max(c.calls for c in left if n in c.budgets) for n in choice.exhausted}
            free = [budgets[n].free_at(now, calls) for n, calls in needed.items()]
            assert choice.free_at <= min(free)
    for name, stamps in calls.items():
        assert most_in_any_window(stamps, limit_of(name)) <= limit_of(name).calls


@settings(max_examples=40, deadline=None)
@given(pauses=st.lists(st.floats(0, 10, allow_nan=False), min_size=1, max_size=60))
def test_going_exactly_when_told_is_never_too_early(pauses: list[float]) -> None:
    budget = Budget("pins.add", [])
    now, stamps = T0, []
    for pause in pauses:
        now = budget.free_at(now + pause)
        budget.take(now)
        stamps.append(now)
    # sums of floats may differ in the last digit
    limit = Limit(LIMITS["pins.add"].calls, LIMITS["pins.add"].seconds - 1e-6)
    assert most_in_any_window(stamps, limit) <= limit.calls
