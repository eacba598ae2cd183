"""The chain is written with the events, read with them, and put back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.domain.evidence import EvidenceError, broken_at, seal
from bot.domain.evidence import document as sealed
from bot.domain.incident import Actor, EntryKind, TicketLink
from bot.errors import NotFound, UserError
from bot.services.action_items import ActionItems
from bot.services.evidence import Evidence
from bot.store import action_items as items
from bot.store import sql
from tests.unit.store.house import ANA, BEN, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    (tmp_path / "a").mkdir()
    built = build_home(tmp_path / "a")
    yield built
    built.work.close()


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Home]:
    (tmp_path / "b").mkdir()
    built = build_home(tmp_path / "b")
    yield built
    built.work.close()


async def lived(home: Home) -> dict[str, Any]:
    await home.declare("Search is slow")
    await home.declare()
    home.clock.advance(61.5)
    await home.incidents.acknowledge(2, by=BEN, once=home.press())
    await home.incidents.annotate(2, "A \x00note <b>", by=ANA, once=home.press())
    home.clock.advance(3600)
    await home.incidents.resolve(2, by=BEN, once=home.press(), note="Rolled back")
    found = await Evidence(home.house).export(2)
    assert found.broken_at is None
    document: dict[str, Any] = json.loads(json.dumps(found.document))
    return document


async def test_an_export_comes_back_as_it_was(home: Home, other: Home) -> None:
    document = await lived(home)
    assert document["events"][0]["kind"] == "triggered"
    assert broken_at(document["events"]) is None
    assert await Evidence(other.house).restore(document) == 2
    again = await Evidence(other.house).export(2)
    assert json.loads(json.dumps(again.document)) == document
    assert await other.incident(2) == await home.incident(2)
    assert await other.effects() == [], "nothing is sent anywhere"
    assert (await other.declare("The next one")).number == 3


async def test_what_exists_is_not_overwritten(home: Home) -> None:
    document = await lived(home)
    with pytest.raises(EvidenceError, match="INC-2 exists here already"):
        await Evidence(home.house).restore(document)


async def test_a_changed_row_is_noticed(home: Home) -> None:
    await lived(home)

    def tamper(tx: Tx) -> None:
        changed = update(sql.ENTRY).where(sql.ENTRY.c.kind == "annotated").values(text="Nothing")
        tx.session.execute(changed)

    await home.work.write(tamper)
    assert (await Evidence(home.house).export(2)).broken_at == 3


async def to_do(home: Home, other: Home) -> dict[str, Any]:
    """An incident with three action items, as it is exported; ids and items of others are there before."""
    await home.declare("Search is slow")
    work = ActionItems(home.house)
    await work.add(1, "Another incident's", by=ANA, once=home.press())
    await home.declare()
    for words in ("Alert on it", "Write it down", "A slip"):
        await work.add(2, words, by=ANA, once=home.press())
    await work.complete(3, by=BEN, once=home.press())

    def linked(tx: Tx) -> None:
        first, _, last = tx.action_items(2)
        ticket = TicketLink(repo="acme/shop", number=12, url="https://github.test/12")
        owner = Actor(name="Ben", slack_id="U0BEN")
        changed = replace(first, ticket=ticket, owner=owner, channel="C1", ts="1.5")
        items.save(tx, replace(changed, ticket_at=tx.now, assignee="ben"))
        items.save(tx, replace(last, withdrawn_at=tx.now, message="C1/1.2"))

    await home.work.write(linked)
    await other.declare("Something else")
    for words in ("One", "Two", "Three", "Four", "Five"):
        await ActionItems(other.house).add(1, words, by=ANA, once=other.press())
    found: dict[str, Any] = json.loads(json.dumps((await Evidence(home.house).export(2)).document))
    return found


async def test_action_items_come_back_as_they_were(home: Home, other: Home) -> None:
    document = await to_do(home, other)
    waiting = len(await other.effects())
    assert await Evidence(other.house).restore(document) == 2
    assert len(await other.effects()) == waiting, "no issue, no message"
    before = await home.work.read(lambda tx: items.with_issues(tx, 2) + tx.action_items(2))
    after = await other.work.read(lambda tx: items.with_issues(tx, 2) + tx.action_items(2))
    assert [replace(each, id=0) for each in after] == [replace(each, id=0) for each in before]
    assert len(after) == 3, "one that has an issue, two that are not withdrawn"
    entries = await other.work.read(lambda tx: tx.entries(2))
    named = {each.vendor_id for each in entries if each.kind is EntryKind.ACTION_DONE}
    assert named == {after[-1].key}, "its events name it as it is called here"
    again = await Evidence(other.house).export(2)
    assert json.loads(json.dumps(again.document)) == document
    assert len(await other.work.read(lambda tx: tx.action_items(1))) == 5


async def test_an_export_without_action_items_is_restored(home: Home, other: Home) -> None:
    document = await to_do(home, other)
    del document["action_items"]
    head = document["events"][-1]["digest"]
    document |= {"format": "muster.incident/1", "seal": seal(head, document["incident"])}
    assert await Evidence(other.house).restore(document) == 2
    assert await other.work.read(lambda tx: tx.action_items(2)) == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"colour": "red"}, r"does not know \(colour\)"),
        ({"id": 5}, r"does not know \(id\)"),
        ({"incident": 1}, r"does not know \(incident\)"),
        ({"created_at": "yesterday"}, "cannot read"),
        ({"text": None}, "cannot read"),
    ],
    ids=str,
)
async def test_an_action_item_this_version_cannot_read_restores_nothing(
    home: Home, other: Home, item: dict[str, Any], said: str
) -> None:
    document = await to_do(home, other)
    first, *more = document["action_items"]
    wrong = sealed(document["incident"], document["events"], [*more, first | item])
    with pytest.raises(EvidenceError, match=said):
        await Evidence(other.house).restore(wrong)
    with pytest.raises(NotFound):
        await other.incident(2)


@pytest.mark.parametrize(
    "change", [{"colour": "red"}, {"started_at": "yesterday"}, {"started_at": 7}], ids=str
)
async def test_what_this_version_cannot_read_is_refused(
    home: Home, other: Home, change: dict[str, Any]
) -> None:
    document = await lived(home)
    document = sealed(document["incident"] | change, document["events"])
    with pytest.raises(EvidenceError, match=r"does not know \(colour\)|cannot read"):
        await Evidence(other.house).restore(document)
    with pytest.raises(NotFound):
        await other.incident(2)


async def test_a_private_one_only_when_it_is_meant(home: Home) -> None:
    await home.declare("Secret", private=True)
    with pytest.raises(UserError, match="--private"):
        await Evidence(home.house).export(1)
    found = await Evidence(home.house).export(1, private=True)
    assert found.document["incident"]["title"] == "Secret"
    with pytest.raises(NotFound):
        await Evidence(home.house).export(99)
