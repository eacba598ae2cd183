"""Deliveries come twice, late and in any order; the alert ends up as its sender left it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert_state import CALM, FLAP_CHANGES, LATE, News, Stored, settle
from bot.domain.alerts import Alert, AlertStatus

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(
    status: AlertStatus = AlertStatus.FIRING,
    *,
    start: float | None = None,
    end: float | None = None,
    update: float | None = None,
    **more: Any,
) -> Alert:
    """A delivery; times in minutes after nine."""

    def at(minutes: float | None) -> datetime | None:
        return None if minutes is None else T0 + minutes * MINUTE

    values = {"severity": "warning", "labels": {"service": "s"}, **more}
    return Alert(
        source="a", external_id="1", title="Disk", status=status,
        started_at=at(start), ended_at=at(end), updated_at=at(update), **values,
    )  # fmt: skip


def over(**times: Any) -> Alert:
    return told(AlertStatus.RESOLVED, **times)


def after(*deliveries: Alert, every: timedelta = timedelta(seconds=1), begin: float = 10) -> Any:
    """The news of each delivery, and the alert after all of them."""
    known, news, now = None, [], T0 + begin * MINUTE
    for each in deliveries:
        what, known = settle(known, each, now)
        news.append(what)
        now += every
    assert isinstance(known, Stored)
    return news, known


def test_firing_again_updates_and_never_multiplies() -> None:
    news, known = after(told(start=0), told(start=0), told(start=0, severity="critical"))
    assert news == [News.NEW, News.DUPLICATE, News.CHANGED]
    assert (known.deliveries, known.duplicates, known.fires) == (3, 1, 1)
    assert known.alert.severity == "critical"
    assert known.since == T0


def test_an_end_closes_it_with_its_end_time_and_forgets_nothing() -> None:
    news, known = after(told(start=0, description="full"), over(start=0, end=5, severity=None))
    assert news == [News.NEW, News.ENDED]
    assert known.alert.ended_at == T0 + 5 * MINUTE
    assert (known.alert.severity, known.alert.description) == ("warning", "full")
    news, known = after(told(), over())
    assert (news[-1], known.alert.ended_at) == (News.ENDED, None)


def test_a_second_start_is_the_same_alert_again() -> None:
    news, known = after(told(start=0), over(start=0, end=5), told(start=8), over(start=8, end=9))
    assert news == [News.NEW, News.ENDED, News.AGAIN, News.ENDED]
    assert known.fires == 2
    assert known.since == T0 + 8 * MINUTE


def test_a_start_that_was_overtaken_by_its_end_changes_nothing() -> None:
    news, known = after(over(start=0, end=5), told(start=0))
    assert news == [News.PAST, News.LATE]
    assert not known.is_open
    news, known = after(told(start=0), over(start=0, end=5), told(start=0))
    assert news[-1] is News.LATE
    assert not known.is_open


def test_the_end_of_an_earlier_time_does_not_close_the_present_one() -> None:
    news, known = after(told(start=0), told(start=8), over(start=0, end=5))
    assert news == [News.NEW, News.CHANGED, News.LATE]
    assert known.is_open
    assert known.since == T0
    news, known = after(told(start=0), over(start=0, end=5), told(start=8), over(start=0, end=5))
    assert news[-1] is News.LATE
    assert known.is_open


def test_an_alert_its_sender_gave_up_and_took_up_again_is_not_missed() -> None:
    news, known = after(told(start=0), over(start=0, end=5), told(start=0), every=LATE * 2)
    assert news[-1] is News.AGAIN
    assert known.is_open


def test_a_start_moved_back_by_the_sender_still_ends() -> None:
    news, known = after(told(start=3), told(start=1, severity="high"), over(start=1, end=6))
    assert news == [News.NEW, News.CHANGED, News.ENDED]
    assert not known.is_open


def test_without_any_times_the_order_of_arrival_counts() -> None:
    news, known = after(told(), over(), told(), told(), over())
    assert news == [News.NEW, News.ENDED, News.AGAIN, News.DUPLICATE, News.ENDED]
    assert known.fires == 2


def test_the_time_of_the_news_puts_deliveries_in_order() -> None:
    first, second = told(update=1), told(update=2, severity="critical")
    third = over(update=3)
    news, known = after(first, third, second)
    assert news == [News.NEW, News.ENDED, News.LATE]
    assert known.alert.severity == "warning"
    news, known = after(first, third, told(update=4))
    assert news[-1] is News.AGAIN


def test_a_newer_time_alone_is_no_news() -> None:
    news, known = after(told(update=1), told(update=2))
    assert news == [News.NEW, News.DUPLICATE]
    assert known.alert.updated_at == T0 + 2 * MINUTE


def test_flapping_is_held_until_it_is_calm() -> None:
    deliveries = [told(start=n) if n % 2 == 0 else over(start=n - 1, end=n) for n in range(6)]
    _, known = after(*deliveries, every=MINUTE)
    now = T0 + 15 * MINUTE
    assert not known.is_open
    assert known.is_flapping(now)
    assert known.counts_as_open(now)
    calm = known.calm_at()
    assert calm == now + CALM
    assert not known.counts_as_open(calm)
    _, slow = after(*deliveries, every=20 * MINUTE)
    assert slow.calm_at() is None


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 600))
def test_the_memory_of_changes_is_bounded(states: list[bool], seconds: int) -> None:
    deliveries = [told() if each else over() for each in [True, *states]]
    news, known = after(*deliveries, every=timedelta(seconds=seconds))
    assert len(known.flips) <= 2 * FLAP_CHANGES
    assert known.is_open is deliveries[-1].is_open
    assert known.deliveries == len(news)
    assert known.fires == sum(each in {News.NEW, News.AGAIN} for each in news)


EPISODES = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.integers(0, 3), min_size=0, max_size=6),
        st.booleans(),
        st.randoms(use_true_random=False),
    )
)


@given(EPISODES)
def test_with_times_of_news_any_order_gives_the_last_state(drawn: Any) -> None:
    count, repeated, ends, random = drawn
    deliveries = []
    for n in range(count):
        deliveries.append(told(update=n * 10, start=n * 10, severity=f"s{n}"))
        if ends or n < count - 1:
            deliveries.append(
                over(update=n * 10 + 5, start=n * 10, end=n * 10 + 5, severity=f"s{n}")
            )
    last = deliveries[-1]
    shuffled = [*deliveries, *(deliveries[i % len(deliveries)] for i in repeated)]
    random.shuffle(shuffled)
    _, known = after(*shuffled)
    assert known.alert.status is last.status
    assert known.alert.ended_at == last.ended_at
    assert known.alert.severity == last.severity


@given(st.permutations(range(5)), st.integers(0, 4))
def test_one_time_open_without_times_of_news_ends_in_any_order(
    order: list[int], repeats: int
) -> None:
    fire = [told(start=0, description=f"{n} left") for n in range(3)]
    deliveries = [*fire, over(start=0, end=5), over(start=0, end=5)]
    shuffled = [deliveries[n] for n in order] + fire[:repeats]
    _, known = after(*shuffled)
    assert known.alert.status is AlertStatus.RESOLVED
    assert known.alert.ended_at == T0 + 5 * MINUTE


@given(st.permutations(range(4)))
def test_two_times_open_without_times_of_news_end_as_the_sender_left_it(order: list[int]) -> None:
    deliveries = [told(start=0), over(start=0, end=5), told(start=8), over(start=8, end=9)]
    _, known = after(*(deliveries[n] for n in order))
    assert known.alert.status is AlertStatus.RESOLVED
    assert known.alert.ended_at == T0 + 9 * MINUTE
    _, known = after(*(deliveries[n] for n in order if n != 3))
    assert known.is_open


@given(st.permutations(range(2)), st.integers(0, 3))
def test_late_deliveries_of_the_first_time_leave_the_second_alone(
    order: list[int], repeats: int
) -> None:
    first = [told(start=0), over(start=0, end=5)]
    late = [first[n] for n in order] * (1 + repeats)
    _, known = after(told(start=0), over(start=0, end=5), told(start=8), *late)
    assert known.is_open
    _, known = after(
        told(start=0), over(start=0, end=5), told(start=8), over(start=8, end=9), *late
    )
    assert known.alert.ended_at == T0 + 9 * MINUTE


@given(st.sampled_from([told(start=0), told(), over(start=0, end=5), over()]))
def test_the_same_delivery_again_at_once_says_nothing_new(delivery: Alert) -> None:
    _, known = after(delivery)
    news, again = settle(known, delivery, known.seen_at)
    assert news is News.DUPLICATE
    assert replace(again, deliveries=1, duplicates=0) == known
