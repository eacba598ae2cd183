"""What people type, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.commands import ALIASES, COMMANDS
from handlers.grammar import Words, nearest, number_first, person_first, split, word_first


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", Words("", "")),
        ("   ", Words("", "")),
        ("list", Words("list", "")),
        ("  LIST  all ", Words("list", "all")),
        ("note  two   words ", Words("note", "two   words")),
        ("note\nfirst\nsecond", Words("note", "first\nsecond")),
        ("note\tx", Words("note", "x")),
        ("note\u00a0x", Words("note", "x")),
        ("INC-12 ack", Words("ack", "INC-12")),
        ("inc12 note hello there", Words("note", "inc12 hello there")),
        ("#12 ack", Words("ack", "#12")),
        ("INC-12", Words("inc-12", "")),
        ("12 monkeys", Words("12", "monkeys")),
    ],
)
def test_the_verb_and_the_rest(typed: str, words: Words) -> None:
    assert split(typed) == words


@pytest.mark.parametrize(
    ("rest", "bare", "found"),
    [
        ("INC-12 note", False, (12, "note")),
        ("inc12", False, (12, "")),
        ("12 note", False, (None, "12 note")),
        ("12", True, (12, "")),
        ("#12 x", True, (12, "x")),
        ("#12 x", False, (None, "#12 x")),
        ("", True, (None, "")),
        ("INC-", True, (None, "INC-")),
        ("INC-12x", True, (None, "INC-12x")),
        ("INC-1234567890", True, (1234567890, "")),
        ("INC-7\nRolled back", False, (7, "Rolled back")),
    ],
)
def test_the_incident_that_is_meant(rest: str, bare: bool, found: tuple[int | None, str]) -> None:
    assert number_first(rest, bare=bare) == found


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("<@U0BEN|ben> please", ("U0BEN", "please")),
        ("<@W123>", ("W123", "")),
        ("@ben please", (None, "@ben please")),
        ("please <@U0BEN>", (None, "please <@U0BEN>")),
        ("<@u0ben>", (None, "<@u0ben>")),
        ("", (None, "")),
    ],
)
def test_the_person_that_is_meant(rest: str, found: tuple[str | None, str]) -> None:
    assert person_first(rest) == found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("lst", "list"), ("resolv", "resolve"), ("acknowlege", "acknowledge"), ("zzzz", None)],
)
def test_the_nearest_word(typed: str, meant: str | None) -> None:
    assert nearest(typed, [*COMMANDS, *ALIASES], whole=True) == meant


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_it_or_is_lost(typed: str) -> None:
    words = split(typed)
    assert words.verb == words.verb.casefold().strip()
    assert not any(c.isspace() for c in words.verb)
    first, rest = word_first(typed)
    assert "".join((first + rest).split()) == "".join(typed.split())
    number, more = number_first(typed, bare=True)
    assert number is None or 0 <= number < 10**18
    assert more == more.strip()
    nearest(words.verb, COMMANDS)


@given(
    st.integers(1, 999_999_999),
    st.sampled_from(["INC-{}", "inc{}", "Inc-{}"]),
    st.text("abc ", min_size=1, max_size=9),
)
def test_a_number_before_or_behind_the_verb_is_the_same(n: int, how: str, rest: str) -> None:
    name = how.format(n)
    before, behind = split(f"{name} note {rest}"), split(f"note {name} {rest}")
    assert before.verb == behind.verb == "note"
    assert number_first(before.rest) == number_first(behind.rest) == (n, rest.strip())


def test_every_alias_leads_somewhere_and_hides_nothing() -> None:
    assert set(ALIASES.values()) <= set(COMMANDS)
    assert not set(ALIASES) & set(COMMANDS)
    for name, command in COMMANDS.items():
        assert command.usage.split()[0] == name
        assert command.description
