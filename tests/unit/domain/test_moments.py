"""Messages in the timeline: what counts now is what was added last and not removed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain import moments
from bot.domain.catalog import Reactions
from bot.domain.incident import Actor, Entry, EntryKind
from bot.domain.moments import Said

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANA, BEN = Actor(name="Ana", slack_id="UANA"), Actor(name="Ben", slack_id="UBEN")
SAID = Said(channel="C1", ts="1772366400.000100", text="It grew")
KEY = moments.message_key("C1", SAID.ts)


def entry(number: int, kind: EntryKind = EntryKind.MESSAGE) -> Entry:
    return replace(moments.added(SAID, kind, ANA, BEN, "https://x/"), id=number)


def gone(number: int, of: Entry) -> Entry:
    return replace(moments.removed(of, BEN, NOW), id=number)


def test_the_entry_has_the_messages_time_and_author() -> None:
    made = entry(1)
    assert made.at == datetime(2026, 3, 1, 12, 0, 0, 100, tzinfo=UTC)
    assert (made.actor, made.actor_target) == (ANA, BEN)
    assert made.vendor_id == KEY


def test_removed_and_added_again() -> None:
    first, again = entry(1), entry(3)
    assert moments.current([first], KEY) == {EntryKind.MESSAGE: first}
    assert moments.current([first, gone(2, first)], KEY) == {}
    both = [first, gone(2, first), again]
    assert moments.current(both, KEY) == {EntryKind.MESSAGE: again}
    assert moments.current(both, "slack:C1/2.2") == {}
    assert moments.visible(both) == [again]


def test_each_mark_is_an_entry_of_its_own() -> None:
    message, task = entry(1), entry(2, EntryKind.ACTION_ITEM)
    left = moments.current([message, task, gone(3, message)], KEY)
    assert left == {EntryKind.ACTION_ITEM: task}


def test_what_is_no_message_cannot_be_hidden() -> None:
    note = Entry(kind=EntryKind.ANNOTATED, at=NOW, id=7)
    assert moments.visible([note, gone(8, note)]) == [note]


@pytest.mark.parametrize(
    ("emoji", "mark"),
    [
        ("pushpin", "timeline"),
        ("pushpin::skin-tone-2", "timeline"),
        ("zap", "action_item"),
        ("fast_forward", "follow_up"),
        ("white_check_mark", None),
        ("eyes", None),
        ("", None),
    ],
)
def test_what_an_emoji_means(emoji: str, mark: str | None) -> None:
    assert Reactions().mark(emoji) == mark


def test_a_permalink_leads_into_the_thread() -> None:
    link = moments.permalink("https://acme.slack.com/", "C1", "2.000001", "1.000001")
    assert link == "https://acme.slack.com/archives/C1/p2000001?thread_ts=1.000001&cid=C1"
    assert moments.permalink("https://acme.slack.com/", "C1", "1.1", "1.1").endswith("/p11")
    assert moments.permalink("", "C1", "1.1") == ""


@pytest.mark.parametrize("words", ["", "x", "1", "1.", "1.1x", "1.1\n", "9" * 13 + ".1"])
def test_what_names_no_message(words: str) -> None:
    assert not moments.is_ts(words)
    assert moments.is_ts(SAID.ts)
