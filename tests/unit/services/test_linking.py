"""Linking accounts by hand: whose may be taken, what is refused, and that it happens once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Person
from bot.domain.identities import Vendor
from bot.domain.incident import Actor, Incident, PagerKind, PagerLink
from bot.domain.permissions import NotAllowed
from bot.errors import FieldError, NeedsAccount, UserError
from bot.ports import Member, PagerUser
from bot.services import linking
from bot.services.base import Options, SlackUser
from bot.services.linking import Click, Linking, Wish, login_from
from bot.store import effects as effect_store
from bot.store import identities
from tests.unit.store.house import ANA, BEN, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from tests.unit.store.house import Home

BOSS, EVE = SlackUser("U0BOSS", "Boss"), SlackUser("U0EVE", "Eve")
CATALOG = Catalog(
    people={"fay@example.com": Person(email="fay@example.com", pagerduty="fay@work.example")},
    permissions={"link": ("person:eve@example.com",)},
)
MEMBERS = [
    Member(id="U0ANA", name="Ana", email="ana@example.com"),
    Member(id="U0BEN", name="Ben", email="ben@example.com"),
    Member(id="U0FAY", name="Fay", email="fay@example.com"),
    Member(id="U0EVE", name="Eve", email="eve@example.com"),
    Member(id="U0BOSS", name="Boss", email="boss@example.com", is_admin=True),
    Member(id="U0GUEST", name="Guest", email="g@example.com", is_guest=True),
    Member(id="U0LEFT", name="Left", email="left@example.com", deleted=True),
]
PAGER = [
    PagerUser(id="PANA", name="Ana", email="ana@example.com"),
    PagerUser(id="PBEN", name="Ben B.", email="b.b@work.example"),
    PagerUser(id="PFAY", name="Fay", email="fay@work.example"),
    PagerUser(id="PLEFT", name="Left", email="left@example.com"),
    PagerUser(id="PGONE", name="Gone", email="gone@example.com", active=False),
]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    options = Options(pagerduty=True, pagerduty_service="S1", github=True)
    built = build_home(tmp_path, catalog=CATALOG, options=options)
    await built.people.remember(MEMBERS, everybody=True)

    def mirror(tx: Tx) -> None:
        identities.save_pager_users(tx, PAGER)
        tx.set_value("pagerduty.users", {"count": len(PAGER)})

    await built.work.write(mirror)
    await built.people.remember(MEMBERS, everybody=True)
    yield built
    built.work.close()


def at(home: Home) -> Linking:
    return Linking(home.house)


async def who(home: Home, user: str) -> dict[str, str]:
    links = await home.work.read(lambda tx: identities.of(tx, user))
    return {vendor.value: link.account for vendor, link in links.items()}


async def test_ones_own_account_is_linked_and_the_admins_hear_of_it_once(home: Home) -> None:
    wish = Wish(user="U0BEN", pager="PBEN")
    done = await at(home).link(wish, by=BEN, once="form")
    assert done.standing.links[Vendor.PAGERDUTY].name == "Ben B."
    again = await at(home).link(wish, by=BEN, once="form")
    assert again.standing.links == done.standing.links
    assert await who(home, "U0BEN") == {"pagerduty": "PBEN"}
    [told] = await home.effects("slack.tell_admins")
    assert told.payload["text"] == (
        "Ben linked themselves to the PagerDuty account Ben B. (b.b@work.example)."
    )
    actor = await home.work.read(lambda tx: tx.people.actor("U0BEN"))
    assert actor.pagerduty_id == "PBEN"
    assert (await home.people.at_pager(actor))[1] == "b.b@work.example"


async def test_reading_everybody_again_keeps_what_was_linked_by_hand(home: Home) -> None:
    await at(home).link(Wish(user="U0BEN", pager="PBEN"), by=BEN, once="form")
    await home.people.remember(MEMBERS, everybody=True)
    assert await who(home, "U0BEN") == {"pagerduty": "PBEN"}

    def gone(tx: Tx) -> None:
        identities.save_pager_users(tx, [p for p in PAGER if p.id != "PBEN"])

    await home.work.write(gone)
    await home.people.remember(MEMBERS, everybody=True)
    assert await who(home, "U0BEN") == {}
    await home.work.write(lambda tx: identities.save_pager_users(tx, PAGER))
    await home.people.remember(MEMBERS, everybody=True)
    assert await who(home, "U0BEN") == {"pagerduty": "PBEN"}, "the account came back"


@pytest.mark.parametrize(
    ("account", "says"),
    [
        ("PANA", r"That account is Ana's \(the same e-mail address\)"),
        ("PFAY", r"That account is Fay's \(muster.yml says so\)"),
        ("PGONE", "no such active user"),
        ("PNEVER", "no such active user"),
    ],
)
async def test_what_cannot_be_is_refused_at_the_field(home: Home, account: str, says: str) -> None:
    with pytest.raises(FieldError, match=says) as refused:
        await at(home).link(Wish(user="U0BEN", pager=account, login="octo"), by=BEN, once="form")
    assert refused.value.field == "pager_user"
    assert await who(home, "U0BEN") == {}
    assert await home.effects("github") == [], "all of it or nothing"


async def test_the_account_of_somebody_who_left_is_free(home: Home) -> None:
    assert await who(home, "U0LEFT") == {"pagerduty": "PLEFT"}
    await at(home).link(Wish(user="U0BEN", pager="PLEFT"), by=BEN, once="form")
    assert (await who(home, "U0BEN"), await who(home, "U0LEFT")) == ({"pagerduty": "PLEFT"}, {})


async def test_two_who_take_the_same_account_at_once_do_not_both_have_it(home: Home) -> None:
    found = await asyncio.gather(
        at(home).link(Wish(user="U0BEN", pager="PBEN"), by=BEN, once="a"),
        at(home).link(Wish(user="U0EVE", pager="PBEN"), by=EVE, once="b"),
        return_exceptions=True,
    )
    assert sum(isinstance(one, FieldError) for one in found) == 1
    holders = [user for user in ("U0BEN", "U0EVE") if await who(home, user)]
    assert len(holders) == 1


async def test_who_may_link_whom(home: Home) -> None:
    wish = Wish(user="U0BEN", pager="PBEN")
    for by in (ANA, SlackUser("U0GUEST"), SlackUser("U0NOBODY"), SlackUser("U0X", stranger=True)):
        with pytest.raises(NotAllowed):
            await at(home).link(wish, by=by, once=f"by {by.id}")
        with pytest.raises(NotAllowed):
            await at(home).standing("U0BEN", by=by)
    with pytest.raises(NotAllowed, match="Guests cannot"):
        await at(home).standing("U0GUEST", by=SlackUser("U0GUEST"))
    for by in (BOSS, EVE):
        assert (await at(home).standing("U0BEN", by=by)).person.name == "Ben"
        await at(home).link(wish, by=by, once=f"by {by.id}")
    with pytest.raises(UserError, match="do not know that person"):
        await at(home).standing("U0NOBODY", by=BOSS)


async def test_what_muster_yml_says_no_form_changes(home: Home) -> None:
    standing = await at(home).standing("U0FAY", by=SlackUser("U0FAY"))
    assert standing.named == {Vendor.PAGERDUTY: "fay@work.example"}
    for pager in ("PBEN", None):
        wish = Wish(user="U0FAY", pager=pager)
        await at(home).link(wish, by=SlackUser("U0FAY"), once=f"form {pager}")
        assert await who(home, "U0FAY") == {"pagerduty": "PFAY"}


async def test_cleared_fields_unlink_what_was_linked_by_hand_only(home: Home) -> None:
    assert (await at(home).link(Wish(user="U0ANA"), by=ANA, once="a")).unlinked == ()
    assert await who(home, "U0ANA") == {"pagerduty": "PANA"}
    await at(home).link(Wish(user="U0BEN", pager="PBEN"), by=BEN, once="b")
    done = await at(home).link(Wish(user="U0BEN"), by=BEN, once="c")
    assert done.unlinked == (Vendor.PAGERDUTY,)
    assert await who(home, "U0BEN") == {}


async def test_a_login_is_linked_when_github_says_that_it_is_there(home: Home) -> None:
    done = await at(home).link(Wish(user="U0BEN", login="@octo"), by=BEN, once="form")
    assert done.checking == "octo"
    [asked] = await home.effects("github.verify_login")
    assert await who(home, "U0BEN") == {}
    service = at(home)
    await home.work.write(
        lambda tx: service.verified(tx, "U0BEN", "octo", "Octo", "U0BEN", asked.key)
    )
    assert await who(home, "U0BEN") == {"github": "octo"}
    assert (await home.work.read(lambda tx: tx.people.by_github("OCTO"))) is not None
    with pytest.raises(FieldError, match="That account is Ben's"):
        await at(home).link(Wish(user="U0ANA", pager="PANA", login="octo"), by=ANA, once="a")
    await home.work.write(lambda tx: service.verified(tx, "U0ANA", "octo", "Octo", "U0ANA", "late"))
    assert await who(home, "U0ANA") == {"pagerduty": "PANA"}, "somebody was faster"
    await home.work.write(lambda tx: service.verified(tx, "U0ANA", "nope", None, "U0ANA", "none"))
    words = [e.payload["text"] for e in await home.effects("slack.tell") if "user" in e.payload]
    assert "is linked" in words[0]
    assert "I did not link the GitHub account Octo" in words[1]
    assert "GitHub has no account nope" in words[2]


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("octo", "octo"),
        (" @octo ", "octo"),
        ("https://github.com/octo/", "octo"),
        ("github.com/octo", "octo"),
        ("a-b", "a-b"),
        ("", ""),
        ("  ", ""),
        ("-octo", None),
        ("a--b", None),
        ("octo/repo", None),
        ("x" * 40, None),
        ("ana@example.com", None),
        ("été", None),
    ],
)
def test_logins_as_people_write_them(typed: str, login: str | None) -> None:
    if login is None:
        with pytest.raises(FieldError):
            login_from(typed)
    else:
        assert login_from(typed) == login


# --- the click --------------------------------------------------------------------------------------------------


async def paged(home: Home) -> None:
    await home.declare()
    await home.change(pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P1", service_id="S1"))


async def test_who_acts_without_an_account_is_asked_once_a_day(home: Home) -> None:
    await paged(home)
    await home.incidents.acknowledge(1, by=ANA, once="1")
    assert await home.effects("slack.offer_link") == []
    await home.incidents.resolve(1, by=BEN, once="2")
    [asked] = await home.effects("slack.offer_link")
    assert asked.payload["user"] == "U0BEN"
    changes = [e.key for e in await home.effects("pagerduty.change")]
    assert asked.payload["change"] in changes
    home.clock.advance(23 * 3600)
    await home.incidents.reopen(1, by=BEN, once="3")
    assert len(await home.effects("slack.offer_link")) == 1
    home.clock.advance(3600)
    await home.incidents.acknowledge(1, by=BEN, once="4")
    assert len(await home.effects("slack.offer_link")) == 2


async def test_what_does_not_reach_pagerduty_asks_nobody(home: Home) -> None:
    await home.declare()
    await home.change(pager=PagerLink(kind=PagerKind.NATIVE, policy_name="default"))
    await home.incidents.acknowledge(1, by=BEN, once="1")
    assert await home.effects("slack.offer_link") == []
    nobody: list[Any] = []

    def look(tx: Tx) -> None:
        incident = tx.incident(1)
        nobody.extend(linking.offer(tx, incident, Actor(name="Monitoring"), "x"))

    await home.work.write(look)
    assert nobody == []


@pytest.mark.parametrize(
    ("state", "click"),
    [("pending", Click.WAITING), ("done", Click.DONE), ("leased", Click.UNDER_WAY), ("cancelled", Click.NONE)],
)  # fmt: skip
async def test_what_became_of_the_click(home: Home, state: str, click: Click) -> None:
    await paged(home)
    await home.incidents.acknowledge(1, by=BEN, once="1")
    [change] = await home.effects("pagerduty.change")
    if state != "pending":
        row = change.id or 0
        await home.work.write(lambda tx: effect_store.settle(tx.session, row, tx.now, state=state))
    wish = Wish(user="U0BEN", pager="PBEN", number=1, change=change.key)
    assert (await at(home).link(wish, by=BEN, once="form")).click is click
    other = Wish(user="U0BEN", pager="PBEN", number=2, change=change.key)
    assert (await at(home).link(other, by=BEN, once="x")).click is Click.NONE, "another's"


async def test_taking_it_oneself_without_an_account_asks_for_one(home: Home) -> None:
    await paged(home)

    async def take(**more: Any) -> Incident:
        return await home.incidents.reassign(1, to="U0BEN", once="press", **more)

    with pytest.raises(NeedsAccount) as needed:
        await take(by=BEN, message="mine")
    assert (needed.value.number, needed.value.verb, needed.value.written) == (1, "reassign", "mine")
    with pytest.raises(UserError, match="Ben has no PagerDuty account with the address") as refused:
        await take(by=ANA)
    assert not isinstance(refused.value, NeedsAccount)
    await at(home).link(Wish(user="U0BEN", pager="PBEN"), by=BEN, once="form")
    assert (await take(by=BEN)).owner == await home.people.known("U0BEN")
