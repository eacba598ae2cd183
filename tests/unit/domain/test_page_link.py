"""The signed link of a page: only what we signed, for whom we signed it, for as long as we said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.page_link import Claim, derived, read, token, valid

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
KEY = derived("xapp-secret")
numbers = st.integers(0, 2**31 - 1)


def made(**changes: object) -> str:
    parts: dict[str, object] = {"page": 7, "delivery": 12, "person": "U1", "until": NOW}
    return token(KEY, **{**parts, **changes})  # type: ignore[arg-type]


def claim(text: str) -> Claim:
    found = read(text)
    assert found is not None
    return found


def test_a_token_says_which_delivery_and_until_when_and_is_valid_for_its_page_and_person() -> None:
    found = claim(made())
    assert (found.delivery, found.until) == (12, NOW)
    assert valid(KEY, found, page=7, person="U1")
    assert not found.expired(NOW - timedelta(seconds=1))
    assert found.expired(NOW)


@pytest.mark.parametrize(
    ("key", "page", "person"),
    [
        (derived("another"), 7, "U1"),
        (KEY, 8, "U1"),
        (KEY, 7, "U2"),
        (KEY, 7, "U1 "),
        (b"", 7, "U1"),
    ],
)
def test_it_is_not_valid_for_anything_else(key: bytes, page: int, person: str) -> None:
    assert not valid(key, claim(made()), page=page, person=person)


def test_the_key_is_not_the_secret() -> None:
    assert b"xapp" not in KEY
    assert derived("xapp-secret2") != KEY
    assert len(KEY) == 32


def test_the_parts_do_not_run_into_each_other() -> None:
    one = claim(token(KEY, page=1, delivery=23, person="U", until=NOW))
    assert not valid(KEY, one, page=12, person="U")


@given(numbers, numbers, st.text(max_size=20), st.integers(0, 2**33))
def test_whatever_is_signed_is_read_again(page: int, delivery: int, person: str, at: int) -> None:
    until = datetime.fromtimestamp(at, UTC)
    text = token(KEY, page=page, delivery=delivery, person=person, until=until)
    assert text.isascii()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    found = claim(text)
    assert (found.delivery, found.until) == (delivery, until)
    assert valid(KEY, found, page=page, person=person)


@given(st.integers(0, 42), st.sampled_from("ABCxyz019-_"))
def test_another_character_anywhere_makes_it_void(place: int, character: str) -> None:
    text = made()
    changed = text[:place] + character + text[place + 1 :]
    found = read(changed)
    assert changed == text or found is None or not valid(KEY, found, page=7, person="U1")


@given(st.text(max_size=60) | st.binary(min_size=32, max_size=32).map(lambda b: b.hex()))
def test_anything_else_is_no_token_of_ours(text: str) -> None:
    found = read(text)
    assert found is None or not valid(KEY, found, page=7, person="U1")


@pytest.mark.parametrize("text", ["", "A" * 42, "A" * 44, made() + "=", "_" * 43, "é" * 43])
def test_what_has_not_its_shape_is_not_even_read(text: str) -> None:
    assert read(text) is None
