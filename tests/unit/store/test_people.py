"""The mirrored workspace: who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.identities import Configured
from bot.domain.incident import Actor
from bot.ports import Member, PagerUser, UserGroup
from bot.store import identities
from tests.unit.store.house import NOW, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from bot.store.work import Work

ANA = Member(id="U0ANA", name="ana", real_name="Ana Diaz", email="Ana@Example.com", tz="UTC")
BEN = Member(id="U0BEN", name="ben", email="ben@home.example")
USERS = [
    PagerUser(id="PANA", name="Ana D.", email="ana@example.com"),
    PagerUser(id="PBEN", name="Ben", email="ben@work.example"),
    PagerUser(id="PGONE", name="Ben", email="ben@home.example", active=False),
]
SAID = Configured(pagerduty={"ben@home.example": "ben@work.example"})


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)

    def mirror(tx: Tx) -> None:
        tx.people.save_members([ANA, BEN], NOW)
        identities.save_pager_users(tx, USERS)
        identities.relink(tx, SAID)

    await opened.write(mirror)
    yield opened
    opened.close()


async def test_found_by_any_of_their_names(work: Work) -> None:
    def look(tx: Tx) -> list[str]:
        people = tx.people
        found = [
            people.by_slack("U0ANA"),
            people.by_email("ANA@example.COM"),
            people.by_pagerduty("PANA"),
        ]
        assert people.by_slack("U0X") is people.by_email("x") is people.by_pagerduty("x") is None
        return [p.slack_id for p in found if p]

    assert await work.read(look) == ["U0ANA"] * 3


async def test_the_name_people_read(work: Work) -> None:
    ana = await work.read(lambda tx: tx.people.actor("U0ANA"))
    assert ana == Actor(
        name="Ana Diaz", slack_id="U0ANA", email="Ana@Example.com", pagerduty_id="PANA"
    )
    assert (await work.read(lambda tx: tx.people.actor("U0BEN"))).name == "ben"
    stranger = await work.read(lambda tx: tx.people.actor("U0X", "eve"))
    assert stranger == Actor(name="eve", slack_id="U0X")
    assert (await work.read(lambda tx: tx.people.actor("U0X"))).name == "U0X"


async def test_accounts_at_the_pager_by_address_or_alias(work: Work) -> None:
    ben = await work.read(lambda tx: tx.people.by_pagerduty("PBEN"))
    assert ben is not None
    assert ben.slack_id == "U0BEN"
    assert await work.read(lambda tx: tx.people.by_pagerduty("PGONE")) is None

    def all_gone(tx: Tx) -> None:
        identities.save_pager_users(tx, [])
        identities.relink(tx, SAID)

    await work.write(all_gone)
    assert await work.read(lambda tx: tx.people.by_pagerduty("PBEN")) is None


@pytest.mark.parametrize(
    "known",
    [
        Actor(name="Ana D.", pagerduty_id="PANA", github="ana"),
        Actor(name="Ana D.", slack_id="U0ANA", github="ana"),
        Actor(name="Ana D.", email="ana@example.com", github="ana"),
        Actor(name="Ana D.", slack_id="U0X", pagerduty_id="PANA", github="ana"),
    ],
)
async def test_somebody_known_by_one_name_is_known_by_all(work: Work, known: Actor) -> None:
    actor = await work.read(lambda tx: tx.people.resolve(known))
    assert (actor.slack_id, actor.name, actor.pagerduty_id) == ("U0ANA", "Ana Diaz", "PANA")
    assert actor.github == "ana"


async def test_a_stranger_stays_as_told(work: Work) -> None:
    stranger = Actor(name="Monitoring", pagerduty_id="PX")
    assert await work.read(lambda tx: tx.people.resolve(stranger)) == stranger


async def test_a_changed_member_keeps_what_the_pager_said(work: Work) -> None:
    gone = Member(id="U0ANA", name="ana", email="new@example.com", deleted=True, is_guest=True)
    await work.write(lambda tx: tx.people.save_members([gone], NOW))
    person = await work.read(lambda tx: tx.people.by_slack("U0ANA"))
    assert person is not None
    assert (person.name, person.deleted, person.is_guest) == ("ana", True, True)
    assert person.pagerduty_id == "PANA"


async def test_groups_by_their_handle(work: Work) -> None:
    first = UserGroup(id="S1", handle="ops", users=("U0ANA",))
    await work.write(lambda tx: tx.people.save_groups([first]))
    assert await work.read(lambda tx: tx.people.group("@ops")) == ("U0ANA",)
    changed = UserGroup(id="S1", handle="on-call", users=("U0BEN", "U0ANA"))
    await work.write(lambda tx: tx.people.save_groups([changed]))
    assert await work.read(lambda tx: tx.people.group("on-call")) == ("U0BEN", "U0ANA")
    assert await work.read(lambda tx: tx.people.group("ops")) == ()
