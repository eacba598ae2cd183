"""Who is in the channels of private incidents: events in any order, readings, and lists for one person."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import Places
from bot.domain.storm import Storm
from bot.store import members, queries
from bot.store import privacy as kept
from tests.unit.store.house import ANA, ANA_ACTOR, BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx

ROOM = "C7"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = build_home(tmp_path)
    await home.declare("Secret", private=True)
    await home.declare("Public")
    await home.change(1, places=Places(channel=ROOM))
    yield home
    home.work.close()


async def sees(home: Home, user: str, number: int = 1) -> bool:
    return await home.work.read(lambda tx: members.sees(tx, tx.incident(number, lock=False), user))


async def heard(home: Home, user: str, present: bool, seconds: float) -> None:
    at = NOW + timedelta(seconds=seconds)
    await home.work.write(lambda tx: members.heard(tx, ROOM, user, present=present, at=at))


async def read(home: Home, *users: str, began: Any = NOW) -> None:
    def change(tx: Tx) -> None:
        members.were_read(tx, tx.incident(1), ROOM, users, began)

    await home.work.write(change)


async def listed(home: Home, viewer: str | None, **how: Any) -> list[int]:
    page = await home.incidents.listed(viewer=viewer, **how)
    assert page.total == len(page.incidents)
    return [each.number for each in page.incidents]


async def test_a_part_in_it_counts_until_the_members_are_known(home: Home) -> None:
    assert await sees(home, ANA.id)
    assert not await sees(home, BEN.id)
    await read(home, BEN.id)
    assert not await sees(home, ANA.id), "she declared it, and is not in its channel"
    assert await sees(home, BEN.id)
    await heard(home, ANA.id, True, 1)
    assert await sees(home, ANA.id)


async def test_a_late_delivery_lets_nobody_in_again(home: Home) -> None:
    await read(home, BEN.id)
    await heard(home, BEN.id, False, 10)
    await heard(home, BEN.id, True, 5)
    assert not await sees(home, BEN.id)
    await heard(home, BEN.id, True, 11)
    assert await sees(home, BEN.id)


async def test_in_whatever_order_events_come_the_newest_counts(home: Home) -> None:
    told = [(True, 1), (False, 2), (True, 3), (False, 4)]
    for n, order in enumerate(permutations(told)):
        user = f"U{n}"
        for present, at in order:
            await heard(home, user, present, at)
        assert not await sees(home, user), order


async def test_what_was_heard_while_reading_is_newer_than_the_reading(home: Home) -> None:
    began = home.clock.now()
    home.clock.advance(5)
    await heard(home, BEN.id, False, 4)
    await read(home, BEN.id, ANA.id, began=began)
    assert not await sees(home, BEN.id), "he left while the list was on its way"
    home.clock.advance(600)
    await read(home, BEN.id, ANA.id, began=home.clock.now())
    assert await sees(home, BEN.id), "the next reading finds him again"


async def test_whoever_is_expected_is_in_it_until_a_reading_says_otherwise(home: Home) -> None:
    await home.work.write(lambda tx: members.expect(tx, tx.incident(1), [BEN.id, BEN.id, ""]))
    assert await sees(home, BEN.id)
    await read(home, ANA.id)
    assert not await sees(home, BEN.id)
    await home.work.write(lambda tx: members.expect(tx, tx.incident(1), [BEN.id]))
    assert not await sees(home, BEN.id), "who left is not brought back by being written to"
    await home.work.write(lambda tx: members.expect_again(tx, tx.incident(1), BEN.id))
    assert await sees(home, BEN.id)


async def test_before_there_is_a_channel_people_stand_under_its_name(home: Home) -> None:
    await home.change(1, places=Places())
    await home.work.write(lambda tx: members.expect(tx, tx.incident(1), [BEN.id]))
    assert await sees(home, BEN.id)
    assert await listed(home, BEN.id) == [2, 1]
    await home.change(1, places=Places(channel=ROOM))
    assert await sees(home, BEN.id), "as long as its members were not read"
    assert await home.work.read(lambda tx: members.expected(tx, tx.incident(1, lock=False))) == [
        BEN.id
    ]
    await read(home, ANA.id)
    assert not await sees(home, BEN.id)


async def test_a_channel_we_were_taken_out_of_has_nobody_in_it(home: Home) -> None:
    await read(home, ANA.id, BEN.id)
    await home.work.write(lambda tx: members.forget(tx, ROOM))
    assert not await sees(home, ANA.id)
    assert not await sees(home, BEN.id)


async def test_lists_hold_it_for_its_members_only(home: Home) -> None:
    assert await listed(home, None) == [2]
    assert await listed(home, ANA.id) == [2, 1]
    assert await listed(home, BEN.id) == [2]
    await read(home, BEN.id)
    assert await listed(home, ANA.id) == [2]
    assert await listed(home, BEN.id) == [2, 1]
    assert await listed(home, BEN.id, mine=BEN.id) == [1]
    assert await listed(home, BEN.id, open_only=False) == [2, 1]
    assert await listed(home, BEN.id, service="web") == []
    await home.change(1, service="web")
    assert await listed(home, BEN.id, service="web") == [1]
    page = await home.incidents.listed(viewer=BEN.id, limit=1)
    assert ([i.number for i in page.incidents], page.total) == ([2], 2)


@pytest.mark.parametrize("words", ["", "1", "INC-1", "secret"])
async def test_completion_holds_it_for_its_members_only(home: Home, words: str) -> None:
    await read(home, BEN.id)
    found = await home.incidents.suggested(words, to=BEN.id)
    assert 1 in [i.number for i in found]
    assert 1 not in [i.number for i in await home.incidents.suggested(words, to=ANA.id)]


async def test_private_incidents_are_related_and_similar_to_nothing(home: Home) -> None:
    await home.change(1, service="web")
    assert await home.work.read(lambda tx: queries.on_services(tx, ["web"], besides=2)) == []
    assert await home.incidents.similar("Secret", None) == []


async def test_catching_up_finds_what_was_missed(home: Home) -> None:
    await home.change(
        2, places=Places(channel="C8", announcement_channel="C0", announcement_ts="1")
    )
    await read(home, ANA.id)
    await home.privacy.catch_up(frozenset({"C8"}))
    assert (await home.incident(2)).private, "its channel was made private meanwhile"
    assert not await sees(home, ANA.id), "we are not in its channel any more"
    await home.privacy.catch_up(frozenset({"C8", ROOM}))
    keys = await home.keys("slack.mirror_members")
    assert any(key.startswith(f"INC-1/members:{ROOM}@") for key in keys)
    assert any(key.startswith("INC-2/members:C8") for key in keys)


async def test_a_storms_summary_lists_it_no_more(home: Home) -> None:
    past = Storm(began="2026-01-01", listed=(2, 9), channel="C0", ts="1.1")
    await home.work.write(lambda tx: tx.set_value("storm:2026-01-01", past.as_value()))
    await home.privacy.make_private(2, by=ANA, once="p")
    assert await home.work.read(lambda tx: kept.storms_naming(tx, 2)) == []
    [edit] = await home.effects("slack.summarise")
    assert edit.payload == {"of": "storm:2026-01-01"}
    [(name, rest)] = await home.work.read(lambda tx: kept.storms_naming(tx, 9))
    assert (name, rest.listed) == ("storm:2026-01-01", (9,))


async def test_whoever_pressed_stays_in_it(home: Home) -> None:
    await home.change(2, reporter=None, places=Places(channel="C8", channel_name="x"))
    await home.privacy.make_private(2, by=BEN, once="p")
    assert await sees(home, BEN.id, 2)
    assert not await sees(home, ANA.id, 2)
    assert ANA_ACTOR.slack_id == ANA.id
