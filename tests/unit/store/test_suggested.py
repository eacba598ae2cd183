"""Which incidents are offered for what somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import Status
from bot.store import queries
from tests.unit.store.house import ANA_ACTOR, NOW, an_incident, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.work import Work

ANA = "U0ANA"
DONE: dict[str, Any] = {"status": Status.RESOLVED, "resolved_at": NOW}


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


async def add(work: Work, *incidents: dict[str, Any]) -> None:
    for changes in incidents:
        await work.write(lambda tx, c=changes: tx.add(an_incident(**c)))


async def offered(work: Work, words: str, to: str = ANA, limit: int = 20) -> list[int]:
    found = await work.read(lambda tx: queries.suggested(tx, words, to, limit=limit))
    return [incident.number for incident in found]


async def test_open_ones_come_first_each_newest_first(work: Work) -> None:
    await add(work, {}, DONE, {"title": "Search"}, DONE, {})
    assert await offered(work, "") == [5, 3, 1, 4, 2]
    assert await offered(work, "CHECKOUT") == [5, 1, 4, 2]
    assert await offered(work, "", limit=2) == [5, 3]
    assert await offered(work, "100%") == []


@pytest.mark.parametrize("words", ["2", "INC-2", "inc2", "#2"])
async def test_the_one_of_that_number_comes_before_everything(work: Work, words: str) -> None:
    await add(work, {"title": "2 shops"}, DONE, {"title": "shop 2"})
    assert (await offered(work, words))[0] == 2
    assert await offered(work, "2") == [2, 3, 1]


async def test_private_ones_are_offered_to_those_who_have_a_part_in_them(work: Work) -> None:
    hers = {"private": True, "owners": (ANA_ACTOR,)}
    await add(work, {"private": True}, hers, {**hers, **DONE}, {"private": True, **DONE})
    assert await offered(work, "") == [2, 3]
    assert await offered(work, "INC-2") == [2]
    assert await offered(work, "INC-1") == []
    assert await offered(work, "", to="U0BEN") == []


async def test_long_ago_is_found_by_its_number(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LOOKED_BACK", 2)
    await add(work, {}, {}, DONE, {}, DONE, {})
    assert await offered(work, "checkout") == [6, 4, 5]
    assert await offered(work, "INC-1") == [1]
    assert await offered(work, "INC-3") == [3]
