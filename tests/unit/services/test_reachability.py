"""Who is counted on and cannot be reached, told before somebody needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import (
    Catalog,
    EscalationPolicy,
    Level,
    Person,
    Roster,
    RosterLayer,
    Service,
)
from bot.domain.identities import Domains, configured
from bot.ports import Member, PagerUser, UserGroup
from bot.services import reachability
from bot.services.reachability import Unreachable, counted_on, unreachable
from bot.store import identities
from tests.unit.store.house import NOW, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from tests.unit.store.house import Home

CATALOG = Catalog(
    services={"web": Service(id="web", title="Web", owners=("ana@example.com", "group:ops"))},
    people={
        "hal@example.com": Person(email="hal@example.com", pagerduty="gone@example.com"),
    },
    rosters={
        "first": Roster(
            name="first",
            layers=(RosterLayer(people=("ben@example.com", "cat@example.com")),),
            overrides=({"person": "dan@example.com"},),
        )
    },
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(Level(notify=("roster:first", "person:eve@example.com", "channel:ops")),),
        )
    },
    domains=Domains((("example.com", "example.org"),)),
)
MEMBERS = [
    Member(id="U0ANA", name="ana", email="ana@example.org"),
    Member(id="U0BEN", name="ben", email="ben@example.com", deleted=True),
    Member(id="U0CAT", name="cat", email="cat@example.com", is_guest=True),
    Member(id="U0DAN", name="dan", email="dan@example.com"),
    Member(id="U0FAY", name="fay", email="fay@example.com"),
    Member(id="U0GUS", name="gus", email="gus@example.com", is_bot=True),
    Member(id="U0HAL", name="hal", email="hal@example.com"),
]
PAGER = [
    PagerUser(id="PANA", name="Ana", email="ana@example.com"),
    PagerUser(id="PDAN", name="Dan", email="dan@example.com"),
    PagerUser(id="PFAY", name="Fay", email="fay@example.com", active=False),
]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    built = build_home(tmp_path, catalog=CATALOG)
    yield built
    built.work.close()


async def mirrored(home: Home, *, pager: bool) -> None:
    def save(tx: Tx) -> None:
        tx.people.save_members(MEMBERS, NOW)
        tx.people.save_groups([UserGroup(id="S1", handle="ops", users=("U0FAY", "U0ANA"))])
        if pager:
            identities.save_pager_users(tx, PAGER)
            tx.set_value("pagerduty.users", {"count": len(PAGER)})
        identities.relink(tx, configured(CATALOG))

    await home.work.write(save)


def test_everybody_a_configuration_counts_on_once() -> None:
    assert counted_on(CATALOG) == [
        "ben@example.com", "cat@example.com", "dan@example.com", "eve@example.com", "ana@example.com", "group:ops",
    ]  # fmt: skip


async def test_nobody_is_missed_before_anybody_was_read(home: Home) -> None:
    assert await home.work.read(lambda tx: unreachable(tx, CATALOG, ["x@example.com"])) == []


async def test_with_slack_alone_only_slack_matters(home: Home) -> None:
    await mirrored(home, pager=False)
    wanted = [*counted_on(CATALOG), "person:GUS@example.com", "hal@example.com", "group:nobody"]
    found = dict(await home.work.read(lambda tx: unreachable(tx, CATALOG, wanted)))
    assert found == {
        "ben@example.com": "is deactivated in Slack",
        "cat@example.com": "is a guest in Slack and cannot be invited to incident channels or act on incidents",
        "eve@example.com": "is nobody's address in Slack",
        "gus@example.com": "is a bot in Slack",
        "group:nobody": "is no Slack user group with anybody in it",
    }


async def test_with_pagerduty_an_account_is_needed_there(home: Home) -> None:
    await mirrored(home, pager=True)
    wanted = ["ana@example.com", "dan@example.com", "group:@ops", "hal@example.com"]
    found = await home.work.read(lambda tx: reachability.examined(tx, CATALOG, wanted))
    assert [(each.email, each.why, each.slack_id) for each in found] == [
        ("fay@example.com", "has no active account in PagerDuty any more", "U0FAY"),
        (
            "hal@example.com",
            "has no PagerDuty account: muster.yml names gone@example.com, which PagerDuty does not know",
            "U0HAL",
        ),
    ]


async def test_everybody_at_once(home: Home) -> None:
    await mirrored(home, pager=True)
    found = await home.work.read(lambda tx: reachability.everybody_counted_on(tx, CATALOG))
    assert [each.email.partition("@")[0] for each in found] == ["ben", "cat", "eve", "fay"]
    assert all(isinstance(each, Unreachable) for each in found)
