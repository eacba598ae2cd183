"""The chain is written with the events, read with them, and put back as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from bot.domain.evidence import EvidenceError, broken_at
from bot.domain.evidence import document as sealed
from bot.errors import NotFound, UserError
from bot.services.evidence import Evidence
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
