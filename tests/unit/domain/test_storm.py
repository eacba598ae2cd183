"""The storm's memory and its one summary."""

from __future__ import annotations

from datetime import timedelta

from bot.domain import storm
from bot.domain.effects import EffectKind, Rank
from tests.unit.store.house import NOW


def test_a_storm_is_remembered_as_it_was() -> None:
    state = storm.begun(NOW).joined(3).joined(7).posted("C1", "1.2")
    assert storm.Storm.from_value(state.as_value()) == state
    assert (state.listed, state.channel, state.ts) == ((3, 7), "C1", "1.2")
    assert storm.Storm.from_value(None) == storm.Storm() == storm.Storm.from_value({})


def test_the_wait_is_that_of_the_slower_queue() -> None:
    state = storm.begun(NOW)
    assert state.seconds == 0
    assert state.with_waiting(10, 0).seconds == 10 * storm.ANNOUNCEMENT_SECONDS
    assert state.with_waiting(1, 19).seconds == 62
    assert storm.Storm.from_value(state.with_waiting(9, 9).as_value()).waiting == 0


def test_the_first_summary_is_urgent_and_edits_follow() -> None:
    state = storm.begun(NOW)
    first = storm.summarise(state)
    assert (first.kind, first.rank) == (EffectKind.SUMMARISE, Rank.ANNOUNCE_HIGH)
    assert (first.merge, first.lane, first.due) == ("storm", "storm", None)
    posted = state.posted("C1", "1.2").joined(1)
    edit = storm.summarise(posted, due=NOW + timedelta(seconds=15))
    assert edit.rank == Rank.CARD
    assert edit.due == NOW + timedelta(seconds=15)
    keys = {first.key, edit.key, storm.summarise(posted).key}
    assert len(keys) == 3


def test_two_storms_never_share_a_key() -> None:
    later = storm.begun(NOW + timedelta(seconds=1))
    assert storm.summarise(storm.begun(NOW)).key != storm.summarise(later).key


def test_who_joins_is_told_at_once_only_while_nothing_was_said() -> None:
    state = storm.begun(NOW).joined(1)
    assert storm.joined_by_one(state, NOW).due is None
    later = storm.joined_by_one(state.posted("C1", "1.2"), NOW)
    assert later.due == NOW + timedelta(seconds=storm.EVERY)
    assert later.merge == storm.joined_by_one(state, NOW).merge, "waiting edits are one"
