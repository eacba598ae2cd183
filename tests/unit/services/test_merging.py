"""Merging as a use case: both rows are locked in one order, a repeated press meets its first result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import UserError
from bot.services.merging import Merging
from bot.store import followers
from bot.store.tx import Tx
from tests.unit.store.house import ANA, BEN, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.incident import Incident
    from tests.unit.store.house import Home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A house of one's own."""
    built = build_home(tmp_path)
    yield built
    built.work.close()


@pytest.mark.parametrize(("gone", "kept"), [(1, 2), (2, 1)])
async def test_the_lower_number_is_locked_first(
    home: Home, monkeypatch: pytest.MonkeyPatch, gone: int, kept: int
) -> None:
    for title in ("One", "Other"):
        await home.declare(title)
    locked: list[int] = []
    real = Tx.incident

    def watched(tx: Tx, number: int, *, lock: bool = True) -> Incident:
        locked.extend([number] if lock else [])
        return real(tx, number, lock=lock)

    monkeypatch.setattr(Tx, "incident", watched)
    await Merging(home.house).merge(gone, kept, by=ANA, once="press")
    assert locked == [1, 2]


async def test_the_same_press_twice_merges_once(home: Home) -> None:
    for title in ("One", "Other"):
        await home.declare(title)
    merging = Merging(home.house)
    for _ in range(2):
        assert (await merging.merge(2, 1, by=ANA, once="press")).number == 1
    assert (await home.incident(2)).merged_into == 1
    with pytest.raises(UserError, match="merged into INC-1 already"):
        await merging.merge(2, 1, by=ANA, once="another")
    mine = await home.incidents.listed(mine=ANA.id)
    assert [each.number for each in mine.incidents] == [1]


async def test_whoever_follows_one_follows_the_other(home: Home) -> None:
    for title in ("One", "Other"):
        await home.declare(title)
    for number, user in ((1, ANA), (2, ANA), (1, BEN)):
        await home.updates.toggle(number, by=user, once=home.press())
    await Merging(home.house).merge(1, 2, by=ANA, once="press")
    found = await home.work.read(lambda tx: followers.followers(tx, 2))
    assert sorted(found) == [ANA.id, BEN.id]
