"""What is undone when an incident becomes private: each step can be repeated, and none runs past another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.effects import EffectKind
from bot.domain.incident import PagerKind, PagerLink, Places, TicketLink
from bot.domain.permissions import NotAllowed
from bot.errors import ProviderError, Reason
from bot.ports import Channel, Member, Ticket
from bot.services import steps
from bot.services.base import Options, SlackUser
from bot.store import access as requests
from bot.store import followers, members
from tests.unit.store.house import ANA, BEN
from tests.unit.worker.fakes import build_shop, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tables import EffectRow
    from tests.unit.worker.fakes import Shop

K = EffectKind
RUNNING = Places(
    channel="C1", channel_name="incident-1-down", card_ts="5.5", announcement_channel="C9",
    announcement_ts="4.4", announcement_url="https://acme.slack.com/p44",
)  # fmt: skip
PAGED = PagerLink(kind=PagerKind.PAGERDUTY, id="P1", service_id="S1", url="https://pd/P1")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    options = Options(github=True, github_owner="acme", github_repo="acme/incidents")
    shop = build_shop(tmp_path, options=options)
    await shop.home.declare()
    ticket = TicketLink(repo="acme/incidents", number=4, url="https://gh/4")
    await shop.home.change(1, places=RUNNING, pager=PAGED, ticket=ticket)
    await shop.home.dismiss_all()
    yield shop
    shop.home.work.close()


async def private(shop: Shop) -> dict[str, Any]:
    """It is made private; what is to be done, by kind."""
    await shop.home.privacy.make_private(1, by=ANA, once="p")
    return {row.kind: row for row in await shop.home.effects(state="pending")}


async def carried_out(shop: Shop, row: EffectRow, **more: Any) -> Any:
    kind = EffectKind(row.kind)
    return await shop.run(kind, payload=row.payload, key=row.key, **more)


def named(shop: Shop, *names: str) -> list[tuple[Any, ...]]:
    return [call for call in shop.chat.calls if call[0] in names]


# --- the announcement ----------------------------------------------------------------------------


async def test_the_announcement_goes_first_then_what_we_wrote_under_it(shop: Shop) -> None:
    row = (await private(shop))["slack.remove_announcement"]
    shop.chat.threads["4.4"] = [
        {"ts": "4.4", "user": "UBOT"}, {"ts": "4.5", "user": "U0ANA"}, {"ts": "4.6", "user": "UBOT"},
    ]  # fmt: skip
    await carried_out(shop, row)
    assert named(shop, "delete") == [("delete", "C9", "4.4"), ("delete", "C9", "4.6")]
    assert (await shop.home.incident()).places.announcement_ts is None
    await carried_out(shop, row, attempt=2)
    assert len(named(shop, "delete")) == 2, "done is done"
    again = (await shop.home.effects("slack.remove_announcement"))[-1]
    assert again.due > shop.home.clock.now()
    shop.chat.threads["4.4"].append({"ts": "4.9", "user": "UBOT"})
    await carried_out(shop, again)
    assert ("delete", "C9", "4.9") in named(shop, "delete"), "it was under way meanwhile"


async def test_an_announcement_that_is_just_being_posted_is_deleted_too(shop: Shop) -> None:
    await shop.home.change(1, places=replace(RUNNING, announcement_ts=None, announcement_url=None))
    row = (await private(shop))["slack.remove_announcement"]
    await shop.run(K.ANNOUNCE)
    assert named(shop, "post") == [], "not announced any more"
    shop.chat.posted["key/slack.announce"] = "7.7"  # posted, and killed before it was settled
    await shop.run(K.ANNOUNCE, attempt=2)
    places = (await shop.home.incident()).places
    assert (places.announcement_ts, places.announcement_url) == ("7.7", None)
    await carried_out(shop, row)
    assert named(shop, "delete") == [("delete", places.announcement_channel, "7.7")]


async def test_a_lost_announcement_is_not_posted_again(shop: Shop) -> None:
    await private(shop)
    shop.chat.fail["update"] = [refusal("message_not_found")]
    await shop.run(K.REFRESH_ANNOUNCEMENT)
    assert "slack.announce" not in {r.kind for r in await shop.home.effects(state="pending")}


# --- the channels --------------------------------------------------------------------------------


async def test_the_old_card_says_where_it_went_and_the_channel_is_archived(shop: Shop) -> None:
    rows = await private(shop)
    await carried_out(shop, rows["slack.veil_card"])
    await carried_out(shop, rows["slack.leave_channel"])
    assert [c[:3] for c in named(shop, "update", "archive")] == [
        ("update", "C1", "5.5"), ("update", "C1", "5.5"), ("archive", "C1"),
    ]  # fmt: skip
    assert "Checkout" not in str(shop.chat.texts)


@pytest.mark.parametrize("code", ["message_not_found", "is_archived", "channel_not_found"])
async def test_what_is_gone_already_is_fine(shop: Shop, code: str) -> None:
    rows = await private(shop)
    shop.chat.fail["update"] = [refusal(code)] * 2
    shop.chat.fail["archive"] = [refusal("channel_not_found", Reason.NOT_FOUND)]
    await carried_out(shop, rows["slack.veil_card"])
    await carried_out(shop, rows["slack.leave_channel"])


async def test_a_refusal_to_archive_is_a_failed_step(shop: Shop) -> None:
    row = (await private(shop))["slack.leave_channel"]
    shop.chat.fail["archive"] = [refusal("restricted_action")]
    with pytest.raises(ProviderError):
        await carried_out(shop, row)


async def test_the_current_channel_is_never_archived(shop: Shop) -> None:
    row = (await private(shop))["slack.leave_channel"]
    await shop.home.change(1, places=RUNNING)
    await carried_out(shop, row)
    assert named(shop, "archive") == []


async def test_the_public_channel_it_just_left_is_not_taken_for_the_new_one(shop: Shop) -> None:
    row = (await private(shop))["slack.create_channel"]
    name = (await shop.home.incident()).places.channel_name or ""
    shop.chat.channels[name] = Channel(
        id="CPUBLIC", name=name, creator="UBOT", created=shop.home.clock.now()
    )
    await carried_out(shop, row, attempt=2)
    made = (await shop.home.incident()).places
    assert made.channel not in {None, "CPUBLIC"}
    assert next(c for c in shop.chat.channels.values() if c.id == made.channel).is_private


async def test_its_own_private_channel_is_found_after_a_crash(shop: Shop) -> None:
    row = (await private(shop))["slack.create_channel"]
    name = (await shop.home.incident()).places.channel_name or ""
    mine = Channel(
        id="CMINE", name=name, is_private=True, creator="UBOT", created=shop.home.clock.now()
    )
    shop.chat.channels[name] = mine
    await carried_out(shop, row, attempt=2)
    assert (await shop.home.incident()).places.channel == "CMINE"


async def test_a_public_channel_that_was_being_made_meanwhile_is_archived(shop: Shop) -> None:
    await private(shop)
    stray = Channel(id="CSTRAY", name="incident-1-down")
    await shop.home.work.write(lambda tx: steps.channel_created(tx, 1, stray))
    assert (await shop.home.incident()).places.channel is None
    row = (await shop.home.effects("slack.leave_channel"))[-1]
    assert row.payload["channel"] == "CSTRAY"
    await shop.home.work.write(lambda tx: steps.channel_adopted(tx, 1, stray))
    assert (await shop.home.incident()).places.channel is None


async def test_members_of_the_old_channel_come_along(shop: Shop) -> None:
    row = (await private(shop))["slack.invite"]
    await shop.home.change(1, places=replace(RUNNING, channel="CNEW"))
    shop.chat.inside["C1"] = ["U0BEN", "UBOT", "U0CAT"]
    await carried_out(shop, row)
    assert named(shop, "invite") == [("invite", "CNEW", ("U0ANA", "U0BEN", "U0CAT"))]


async def test_the_successor_of_an_archived_private_channel_gets_its_people(shop: Shop) -> None:
    await shop.home.change(1, private=True)
    await shop.home.work.write(lambda tx: steps.channel_archived(tx, 1))
    invite = [
        r
        for r in await shop.home.effects("slack.invite", "pending")
        if r.payload.get("from_channel")
    ]
    assert [r.payload["from_channel"] for r in invite] == ["C1"]


# --- who is in it --------------------------------------------------------------------------------


async def test_members_are_read_and_the_bot_is_none(shop: Shop) -> None:
    await shop.home.change(1, private=True)
    shop.chat.inside["C1"] = ["UBOT", "U0BEN"]
    await shop.run(K.MIRROR_MEMBERS, payload={"channel": "C1"})

    async def sees(user: str) -> bool:
        return await shop.home.work.read(
            lambda tx: members.sees(tx, tx.incident(1, lock=False), user)
        )

    assert (await sees("U0BEN"), await sees("U0ANA"), await sees("UBOT")) == (True, False, False)
    shop.chat.fail["channel_members"] = [refusal("channel_not_found", Reason.NOT_FOUND)]
    shop.home.clock.advance(9)
    await shop.run(K.MIRROR_MEMBERS, payload={"channel": "C1"})
    assert not await sees("U0BEN"), "we are not in it any more, so nobody is known to be"
    shop.chat.fail["channel_members"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await shop.run(K.MIRROR_MEMBERS, payload={"channel": "C1"})


async def test_a_channel_it_has_left_is_not_read(shop: Shop) -> None:
    await shop.home.change(1, private=True)
    await shop.run(K.MIRROR_MEMBERS, payload={"channel": "COLD"})
    assert named(shop, "channel_members") == []


async def test_subscribers_outside_hear_nothing_and_those_inside_do(shop: Shop) -> None:
    await shop.home.updates.toggle(1, by=BEN, once="s")
    await shop.home.updates.post(1, "We know", by=ANA, once="u")
    entry = await shop.home.work.read(lambda tx: followers.last_update(tx, 1))
    assert entry
    await shop.home.change(1, private=True)
    payload = {"entry": entry.id, "user": BEN.id}
    await shop.run(K.TELL_SUBSCRIBER, payload=payload)
    assert named(shop, "post") == []
    await shop.home.work.write(lambda tx: members.expect(tx, tx.incident(1), [BEN.id]))
    await shop.run(K.TELL_SUBSCRIBER, payload=payload)
    assert len(named(shop, "post")) == 1


async def test_whoever_is_written_to_is_in_it_before_the_message_arrives(shop: Shop) -> None:
    await shop.home.change(1, private=True)
    shop.chat.fail["post"] = [refusal("", Reason.UNAVAILABLE)]
    payload = {"user": BEN.id, "verb": "page", "by": None, "text": ""}
    with pytest.raises(ProviderError):
        await shop.run(K.SEND_DIRECT, payload=payload)
    assert await shop.home.work.read(
        lambda tx: members.sees(tx, tx.incident(1, lock=False), BEN.id)
    )
    [invite] = await shop.home.effects("slack.invite", "pending")
    assert invite.payload == {"users": [BEN.id]}


# --- GitHub and PagerDuty ------------------------------------------------------------------------


async def test_the_issue_is_withdrawn_once(shop: Shop) -> None:
    row = (await private(shop))["github.withdraw"]
    await carried_out(shop, row)
    await carried_out(shop, row, attempt=2)
    assert [c[:4] for c in shop.tickets.named("withdraw")] == [
        ("withdraw", "acme/incidents", 4, "Private incident INC-1")
    ] * 2
    assert len(shop.tickets.named("comment")) == 1
    assert "Checkout" not in str(shop.tickets.calls)
    assert (await shop.home.incident()).ticket is None


async def test_an_issue_whose_opening_was_interrupted_is_found_and_withdrawn(shop: Shop) -> None:
    await shop.home.change(1, ticket=TicketLink(repo="acme/guess"))
    row = (await private(shop))["github.withdraw"]
    shop.tickets.issues["INC-1/ticket/open"] = Ticket(repo="acme/incidents", number=9, url="")
    await shop.run(K.OPEN_TICKET, key="INC-1/ticket/open", attempt=2)
    assert shop.tickets.named("open") == []
    shop.tickets.fail["find"] = [refusal("404", Reason.NOT_FOUND, "github")]
    await carried_out(shop, row)
    assert [c[2] for c in shop.tickets.named("withdraw")] == [9]
    shop.tickets.issues.clear()
    await carried_out(shop, row)
    assert len(shop.tickets.named("withdraw")) == 1, "there was none"


async def test_an_issue_that_was_opened_meanwhile_is_not_linked(shop: Shop) -> None:
    await shop.home.change(1, ticket=TicketLink(repo="acme/incidents"))
    from bot.worker.runners import EFFECTS
    from tests.unit.worker.fakes import claimed

    opening = claimed(K.OPEN_TICKET, key="INC-1/ticket/open")
    settle = await EFFECTS[K.OPEN_TICKET](shop.world, opening)
    await private(shop)
    assert settle
    await shop.home.work.write(settle)
    assert (await shop.home.incident()).ticket is None


async def test_the_pager_hears_the_number_and_nothing_written_before(shop: Shop) -> None:
    row = (await private(shop))["pagerduty.change"]
    await carried_out(shop, row)
    assert shop.pager.named("set_title")[0][1:3] == ("P1", "Private incident INC-1")
    note = {"text": "note", "note": "secret", "by": None}
    await shop.run(K.NOTE_PAGE, payload=note)
    await shop.run(K.CHANGE_PAGE, payload={"verb": "resolve", "by": None, "text": "secret"})
    target = {"person": {"name": "Ana", "pagerduty_id": "PANA"}}
    await shop.run(
        K.CHANGE_PAGE, payload={"verb": "escalate", "by": None, "text": "secret", **target}
    )
    assert shop.pager.named("request_responder")
    assert "secret" not in str(shop.pager.calls)


# --- being let in --------------------------------------------------------------------------------


async def asked(shop: Shop) -> dict[str, Any]:
    await shop.home.change(1, private=True)
    await shop.home.work.write(lambda tx: members.expect(tx, tx.incident(1), [ANA.id]))
    await shop.home.people.mirror(shop.chat, None)  # type: ignore[arg-type]
    await shop.home.privacy.access.ask(1, by=ANA)
    assert await shop.home.effects("slack.ask_access") == [], "she is in it"
    await shop.home.people.remember([Member(id=BEN.id, name="Ben")])
    await shop.home.privacy.access.ask(1, by=BEN)
    await shop.home.privacy.access.ask(1, by=BEN)
    [row] = await shop.home.effects("slack.ask_access")
    return {"payload": row.payload, "key": row.key}


async def test_the_question_is_posted_once_and_edited_when_it_is_answered(shop: Shop) -> None:
    question = await asked(shop)
    await shop.run(K.ASK_ACCESS, **question)
    await shop.run(K.ASK_ACCESS, **question, attempt=2)
    assert [c[1:3] for c in named(shop, "post")] == [("C1", "INC-1/access/U0BEN/1")]
    await shop.home.privacy.access.answer(1, BEN.id, let_in=True, by=ANA, once="l")
    row = (await shop.home.effects("slack.ask_access"))[-1]
    await carried_out(shop, row)
    assert "let them in" in shop.chat.texts[-1]
    [told] = await shop.home.effects("slack.tell_access")
    await carried_out(shop, told)
    await carried_out(shop, told, attempt=2)
    assert len([c for c in named(shop, "post") if c[1] == "DU0BEN"]) == 1
    request = await shop.home.work.read(lambda tx: requests.request(tx, 1, BEN.id))
    assert request
    assert (request.state.value, request.channel) == ("let_in", "C1")


async def test_a_guest_in_the_channel_lets_nobody_in(shop: Shop) -> None:
    await asked(shop)
    guest = Member(id="U0GUEST", name="Guest", is_guest=True)
    await shop.home.people.remember([guest])
    with pytest.raises(NotAllowed, match="Guests cannot change incidents"):
        await shop.home.privacy.access.answer(
            1, BEN.id, let_in=True, by=SlackUser("U0GUEST"), once="g"
        )
    assert len(await shop.home.effects("slack.ask_access")) == 1


async def test_a_question_posted_before_a_crash_is_found(shop: Shop) -> None:
    question = await asked(shop)
    shop.chat.posted["INC-1/access/U0BEN/1"] = "8.8"
    await shop.run(K.ASK_ACCESS, **question, attempt=2)
    assert named(shop, "post") == []
    request = await shop.home.work.read(lambda tx: requests.request(tx, 1, BEN.id))
    assert request
    assert request.ts == "8.8"


async def test_without_a_channel_whoever_answers_for_it_is_asked(shop: Shop) -> None:
    await shop.home.change(1, places=Places())
    question = await asked(shop)
    await shop.run(K.ASK_ACCESS, **question)
    assert [c[1] for c in named(shop, "post")] == ["DU0ANA"]
