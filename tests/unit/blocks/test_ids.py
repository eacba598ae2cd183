"""Ids are stable for ever, and old or foreign values are refused kindly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.ids import (
    ActionId,
    BlockId,
    CallbackId,
    DeclareButton,
    DeclareOrigin,
    IncidentButton,
    ShortcutId,
    StepButton,
)
from bot.errors import UserError


def test_ids_are_unique_across_their_kind() -> None:
    for kind in (ActionId, BlockId, CallbackId, ShortcutId):
        assert all(len(each.value) <= 255 for each in kind)
    assert ActionId.ACKNOWLEDGE.value == "incident.acknowledge"
    assert all("." in each.value for each in (*ActionId, *BlockId, *ShortcutId))


@given(st.integers(1, 2**62), st.integers(1, 2**62), st.text(max_size=50), st.none() | st.text())
def test_values_round_trip(number: int, effect: int, title: str, severity: str | None) -> None:
    for value in (
        IncidentButton(number),
        StepButton(effect_id=effect, number=number),
        DeclareButton(title=title, severity=severity),
        DeclareOrigin(channel=severity),
    ):
        assert type(value).decode(value.encode()) == value


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "",
        "12",
        "null",
        "[]",
        "{",
        '{"v":2,"number":12}',
        '{"v":1}',
        '{"v":1,"number":"12"}',
        '{"v":1,"number":true}',
        '{"v":1,"number":0}',
        '{"v":1,"number":1.5}',
        '{"v":1,"number":null}',
        '{"v":1,"number":12,"more":1}',
        '{"v":1,"number":' + "9" * 30 + "}",
        '{"v":1,"number":' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
)
def test_garbage_is_from_an_older_version(garbage: str | None) -> None:
    with pytest.raises(UserError, match="This button is from an older version"):
        IncidentButton.decode(garbage)
