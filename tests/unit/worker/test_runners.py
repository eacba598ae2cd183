"""Each runner: one vendor call, judged by the state now, and its own traces found after a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import storm
from bot.domain.effects import Effect, EffectKind
from bot.domain.incident import (
    Actor,
    EntryKind,
    PagerKind,
    PagerLink,
    Places,
    Status,
    TicketLink,
    Urgency,
)
from bot.errors import ProviderError, Reason
from bot.ports import Channel, Delivery, PagerUser
from tests.unit.store.house import ANA, NOW, a_page, an_event
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from tests.unit.worker.fakes import Shop

K = EffectKind
ROOM = Places(
    channel="C1", channel_name="incident-1", card_ts="5.5", announcement_channel="C9",
    announcement_ts="4.4", announcement_url="https://acme.slack.com/p44",
)  # fmt: skip
PAGED = PagerLink(kind=PagerKind.PAGERDUTY, id="P1", service_id="S1", url="https://pd/P1")
BY_ANA = {"name": "Ana", "slack_id": "U0ANA", "email": "ana@example.com", "pagerduty_id": "PANA"}


async def running(shop: Shop, **changes: Any) -> None:
    """INC-1 with a channel, a page and an issue."""
    await shop.home.declare()
    facts = {
        "places": ROOM,
        "pager": PAGED,
        "ticket": TicketLink(repo="acme/incidents", number=4, url="https://gh/4"),
    }
    await shop.home.change(1, **{**facts, **changes})


# --- cards ----------------------------------------------------------------------------------------


async def test_the_announcement_is_posted_and_remembered(shop: Shop) -> None:
    await shop.home.declare()
    await shop.run(K.ANNOUNCE)
    places = (await shop.home.incident()).places
    assert (places.announcement_channel, places.announcement_ts) == ("C0", "1000.0001")
    assert places.announcement_url == "https://acme.slack.com/archives/C0/p10000001"
    assert await shop.run(K.ANNOUNCE) is None
    assert len(shop.chat.named("post")) == 1


@pytest.mark.parametrize("kind", [K.ANNOUNCE, K.POST_CARD])
async def test_a_card_whose_answer_was_lost_is_not_posted_twice(
    shop: Shop, kind: EffectKind
) -> None:
    await running(shop, places=Places(channel="C1"))
    shop.chat.posted[f"key/{kind.value}"] = "7.7"
    await shop.run(kind, attempt=2)
    assert shop.chat.named("post") == []
    places = (await shop.home.incident()).places
    assert "7.7" in {places.announcement_ts, places.card_ts}


async def test_a_lost_announcement_channel_is_looked_up_again(shop: Shop) -> None:
    await shop.home.declare()
    shop.chat.fail["post"] = [refusal("channel_not_found", Reason.NOT_FOUND)]
    with pytest.raises(ProviderError):
        await shop.run(K.ANNOUNCE)
    assert await shop.home.work.read(lambda tx: tx.value("room:incidents")) is None


async def test_without_a_known_address_there_is_no_link(shop: Shop) -> None:
    shop.world.workspace_url = ""
    await shop.home.declare()
    await shop.run(K.ANNOUNCE)
    assert (await shop.home.incident()).places.announcement_url is None


async def test_the_card_is_posted_pinned_and_the_story_told(shop: Shop) -> None:
    await running(shop, places=Places(channel="C1"))
    await shop.home.incidents.acknowledge(1, by=ANA, once="a")
    assert await shop.home.effects("slack.post_entry") == []
    await shop.run(K.POST_CARD)
    assert await shop.home.effects("slack.pin_card")
    assert await shop.home.effects("slack.post_entry")
    await shop.run(K.PIN_CARD)
    assert shop.chat.named("pin") == [("pin", "C1", "1000.0001")]
    assert await shop.run(K.POST_CARD) is None


@pytest.mark.parametrize(
    ("kind", "again"), [(K.REFRESH_ANNOUNCEMENT, K.ANNOUNCE), (K.REFRESH_CARD, K.POST_CARD)]
)
async def test_a_card_somebody_deleted_is_posted_again(
    shop: Shop, kind: EffectKind, again: EffectKind
) -> None:
    await running(shop)
    await shop.run(kind)
    assert len(shop.chat.named("update")) == 1
    before = len(await shop.home.effects(again.value))
    shop.chat.fail["update"] = [refusal("message_not_found", Reason.NOT_FOUND)]
    await shop.run(kind)
    assert len(await shop.home.effects(again.value)) == before + 1
    assert await shop.run(kind) is None, "nothing to edit until it is there again"


@pytest.mark.parametrize("kind", [K.REFRESH_ANNOUNCEMENT, K.REFRESH_CARD])
async def test_another_refusal_is_an_error(shop: Shop, kind: EffectKind) -> None:
    await running(shop)
    shop.chat.fail["update"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await shop.run(kind)


async def test_an_archived_channel_of_an_open_incident_gets_a_successor(shop: Shop) -> None:
    await running(shop)
    creations = len(await shop.home.effects("slack.create_channel"))
    shop.chat.fail["update"] = [refusal("is_archived")]
    await shop.run(K.REFRESH_CARD)
    places = (await shop.home.incident()).places
    assert (places.previous_channel, places.card_ts) == ("C1", None)
    assert len(await shop.home.effects("slack.create_channel")) == creations + 1


async def test_the_card_of_a_resolved_incident_stays_in_its_archived_channel(shop: Shop) -> None:
    await running(shop)
    await shop.home.incidents.resolve(1, by=ANA, once="r")
    before = (await shop.home.incident()).places
    shop.chat.fail["update"] = [refusal("is_archived")]
    await shop.run(K.REFRESH_CARD)
    assert (await shop.home.incident()).places == before


# --- the channel ----------------------------------------------------------------------------------


async def test_the_channel_is_created_and_everything_follows(shop: Shop) -> None:
    await shop.home.declare()
    await shop.run(K.CREATE_CHANNEL)
    places = (await shop.home.incident()).places
    assert (places.channel, places.channel_name) == ("C0", "incident-1-checkout-is-down")
    assert await shop.home.effects("slack.post_card")
    assert await shop.run(K.CREATE_CHANNEL) is None


async def test_a_taken_name_gets_a_suffix(shop: Shop) -> None:
    await shop.home.declare()
    shop.chat.channels["incident-1-checkout-is-down"] = Channel(id="CX", name="x")
    await shop.run(K.CREATE_CHANNEL)
    assert (await shop.home.incident()).places.channel_name == "incident-1-checkout-is-down-2"


async def test_a_name_slack_does_not_like_becomes_a_plain_one(shop: Shop) -> None:
    await shop.home.declare()
    shop.chat.fail["create_channel"] = [refusal("invalid_name_specials")]
    await shop.run(K.CREATE_CHANNEL)
    assert (await shop.home.incident()).places.channel_name == "incident-1-2"


async def test_when_every_name_is_taken_there_is_one_nobody_has(shop: Shop) -> None:
    await shop.home.declare()
    taken = refusal("name_taken", Reason.CONFLICT)
    shop.chat.fail["create_channel"] = [taken] * 5
    await shop.run(K.CREATE_CHANNEL)
    assert (await shop.home.incident()).places.channel_name == "incident-1-77-1"


@pytest.mark.parametrize(
    ("change", "taken_over"),
    [
        ({}, True),
        ({"created": None, "creator": ""}, True),
        ({"creator": "U0EVE"}, False),
        ({"is_archived": True}, False),
        ({"created": NOW - timedelta(hours=1)}, False),
    ],
)
async def test_after_a_crash_its_own_channel_is_taken_over_and_no_other(
    shop: Shop, change: dict[str, Any], taken_over: bool
) -> None:
    await shop.home.declare()
    name = "incident-1-checkout-is-down"
    made = Channel(id="CX", name=name, creator="UBOT", created=NOW)
    shop.chat.channels[name] = replace(made, **change)
    await shop.run(K.CREATE_CHANNEL, attempt=2)
    assert ((await shop.home.incident()).places.channel == "CX") is taken_over


@pytest.mark.parametrize("code", ["restricted_action", "missing_scope"])
async def test_where_slack_refuses_channels_the_thread_is_used(shop: Shop, code: str) -> None:
    await shop.home.declare()
    await shop.run(K.ANNOUNCE)
    shop.chat.fail["create_channel"] = [refusal(code)]
    await shop.run(K.CREATE_CHANNEL)
    assert (await shop.home.incident()).places.in_thread
    entry = (await shop.home.work.read(lambda tx: tx.entries(1)))[0]
    await shop.run(K.POST_ENTRY, payload={"entry": entry.id})
    assert shop.chat.calls[-1] == ("post", "C0", "key/slack.post_entry", "1000.0001")


async def test_another_refusal_of_a_channel_is_an_error(shop: Shop) -> None:
    await shop.home.declare()
    shop.chat.fail["create_channel"] = [refusal("", Reason.UNAVAILABLE)]
    with pytest.raises(ProviderError):
        await shop.run(K.CREATE_CHANNEL)


async def test_the_topic_is_set_once_per_change(shop: Shop) -> None:
    await running(shop, severity="SEV1", roles={"commander": Actor(name="Cat")})
    await shop.run(K.SET_TOPIC)
    [topic] = shop.chat.named("set_topic")
    assert topic[2] == "SEV1 · triggered · owner: nobody yet · commander: Cat"
    assert await shop.run(K.SET_TOPIC) is None
    assert len(shop.chat.named("set_topic")) == 1


async def test_the_rest_of_the_furniture(shop: Shop) -> None:
    await running(shop)
    await shop.run(K.SET_PURPOSE)
    assert shop.chat.named("set_purpose") == [("set_purpose", "C1", "INC-1: Checkout is down")]
    for link, title in (
        ("pager", "PagerDuty"),
        ("ticket", "GitHub issue"),
        ("announcement", "Announcement"),
    ):
        await shop.run(K.ADD_BOOKMARK, payload={"link": link})
        assert shop.chat.named("add_bookmark")[-1][2] == title
        await shop.run(K.ADD_BOOKMARK, payload={"link": link}, attempt=2)
    assert len(shop.chat.named("add_bookmark")) == 3
    shop.chat.fail["set_purpose"] = [refusal("is_archived"), refusal("", Reason.UNAVAILABLE)]
    await shop.run(K.SET_PURPOSE)
    with pytest.raises(ProviderError):
        await shop.run(K.SET_PURPOSE)


async def test_who_is_invited(shop: Shop) -> None:
    await running(shop)
    await shop.run(K.INVITE)
    assert shop.chat.named("invite") == [("invite", "C1", ("U0ANA",))]
    await shop.run(K.INVITE, payload={"users": ["UBOT"]})
    await shop.run(K.INVITE, payload={"users": ["U0BEN", "UBOT"]})
    assert shop.chat.named("invite")[1:] == [("invite", "C1", ("U0BEN",))]


@pytest.mark.parametrize("kind", [K.SET_TOPIC, K.SET_PURPOSE, K.INVITE, K.PIN_CARD, K.POST_CARD])
async def test_without_a_channel_there_is_nothing_to_do(shop: Shop, kind: EffectKind) -> None:
    await shop.home.declare()
    assert await shop.run(kind) is None
    assert shop.chat.calls == []


# --- messages -------------------------------------------------------------------------------------


async def test_an_entry_is_posted_once(shop: Shop) -> None:
    await running(shop)
    entry = (await shop.home.work.read(lambda tx: tx.entries(1)))[0]
    await shop.run(K.POST_ENTRY, payload={"entry": entry.id})
    await shop.run(K.POST_ENTRY, payload={"entry": entry.id}, attempt=2)
    assert len(shop.chat.named("post")) == 1
    shop.chat.fail["post"] = [refusal("is_archived"), refusal("", Reason.UNAVAILABLE)]
    await shop.run(K.POST_ENTRY, payload={"entry": entry.id})
    with pytest.raises(ProviderError):
        await shop.run(K.POST_ENTRY, payload={"entry": entry.id})
    assert await shop.run(K.POST_ENTRY, payload={"entry": 99}) is None


async def test_answers_and_direct_messages(shop: Shop) -> None:
    await running(shop)
    shop.chat.channels["admins"] = Channel(id="C5", name="admins", is_member=True)
    await shop.run(K.TELL, payload={"channel": "C1", "user": "U0ANA", "text": "psst"})
    assert shop.chat.named("tell")[0][1:4] == ("C1", "U0ANA", "psst")
    handed = {"user": "U0BEN", "verb": "reassign", "by": BY_ANA, "text": "yours"}
    for attempt in (1, 2):
        await shop.run(K.SEND_DIRECT, payload=handed, attempt=attempt)
        await shop.run(K.TELL_ADMINS, None, payload={"text": "key refused"}, attempt=attempt)
    assert [c[1] for c in shop.chat.named("post")] == ["DU0BEN", "C5"]
    shop.world.rooms._wanted["admins"] = None
    assert await shop.run(K.TELL_ADMINS, None, payload={"text": "x"}) is None


async def test_home_shows_what_is_open(shop: Shop) -> None:
    await running(shop)
    await shop.run(K.PUBLISH_HOME, None, payload={"user": "U0ANA"})
    [(_, user, view)] = shop.chat.named("publish_home")
    assert user == "U0ANA"
    assert "Checkout is down" in str(view)


async def test_a_report_is_sent_once(shop: Shop) -> None:
    await running(shop, severity="SEV1")
    for attempt in (1, 2):
        await shop.run(
            K.SEND_REPORT,
            None,
            payload={"user": "U0ANA", "days": 7, "channel": None},
            attempt=attempt,
        )
    [post] = shop.chat.named("post")
    assert post[1] == "DU0ANA"


async def test_the_storms_summary_is_posted_edited_and_ended(shop: Shop) -> None:
    await shop.home.declare()
    state = storm.begun(NOW).joined(1)

    def begin(tx: Any) -> None:
        tx.set_value(storm.VALUE, state.as_value())

    await shop.home.work.write(begin)
    await shop.run(K.SUMMARISE, None)
    assert "Checkout is down" in shop.chat.texts[-1]
    [again] = await shop.home.effects("slack.summarise")
    assert again.due == NOW + timedelta(seconds=storm.EVERY)
    await shop.home.dismiss_all()
    await shop.run(K.SUMMARISE, None)
    assert len(shop.chat.named("post")) == 1
    assert len(shop.chat.named("update")) == 1
    assert await shop.home.work.read(lambda tx: tx.value(storm.VALUE)) is None


# --- the pager ------------------------------------------------------------------------------------


async def test_a_page_is_opened_in_the_persons_name(shop: Shop) -> None:
    await shop.home.declare(severity="SEV1", description="all of them")
    await shop.run(K.OPEN_PAGE)
    [(_, request, key, by)] = shop.pager.named("open")
    assert (request.title, request.service_id, request.priority) == ("Checkout is down", "S1", "P1")
    assert "declared in Slack by Ana" in request.details
    assert (key, by) == ("key/pagerduty.open", "ana@example.com")
    assert (await shop.home.incident()).pager.id == "P1"
    assert await shop.run(K.OPEN_PAGE) is None


async def test_a_person_pagerduty_does_not_know_acts_in_the_bots_name(shop: Shop) -> None:
    await shop.home.declare()
    shop.pager.fail["open"] = [refusal("1008", provider="pagerduty")]
    await shop.run(K.OPEN_PAGE)
    assert [c[3] for c in shop.pager.named("open")] == ["ana@example.com", "bot@example.com"]
    shop.pager.fail["acknowledge"] = [refusal("2001", provider="pagerduty")]
    with pytest.raises(ProviderError):
        await shop.run(K.CHANGE_PAGE, payload={"verb": "acknowledge", "by": BY_ANA})


async def test_a_private_page_tells_no_title(shop: Shop) -> None:
    await shop.home.declare(private=True, description="secret")
    await shop.run(K.OPEN_PAGE)
    [(_, request, _, _)] = shop.pager.named("open")
    assert "Checkout" not in f"{request.title} {request.details}"
    assert "secret" not in request.details


@pytest.mark.parametrize(
    ("payload", "call"),
    [
        ({"verb": "acknowledge"}, ("acknowledge", "P1", "ana@example.com")),
        ({"verb": "resolve", "text": "done"}, ("resolve", "P1", "ana@example.com", "done")),
        ({"verb": "reopen"}, ("reopen", "P1", "ana@example.com")),
        (
            {"verb": "reassign", "to": {"name": "Ana", "pagerduty_id": "PANA"}},
            ("reassign", "P1", "PANA", "ana@example.com"),
        ),
        (
            {"verb": "reassign", "to": {"name": "Ana", "email": "ana@example.com"}},
            ("reassign", "P1", "PANA", "ana@example.com"),
        ),
        (
            {"verb": "escalate", "level": 2},
            ("escalate", "P1", "ana@example.com", 2, None),
        ),
        (
            {"verb": "escalate", "person": {"name": "Ana", "pagerduty_id": "PANA"}, "text": "hi"},
            ("request_responder", "P1", "PANA", "ana@example.com", "hi"),
        ),
        ({"verb": "priority"}, ("set_priority", "P1", "P2", "ana@example.com")),
    ],
)
async def test_every_change_is_one_call(
    shop: Shop, payload: dict[str, Any], call: tuple[Any, ...]
) -> None:
    await running(shop, severity="SEV2")
    await shop.run(K.CHANGE_PAGE, payload={"by": BY_ANA, **payload})
    assert call in shop.pager.calls
    assert await shop.home.effects("pagerduty.read")


async def test_a_change_that_has_nothing_to_say_is_done(shop: Shop) -> None:
    await running(shop)
    assert await shop.run(K.CHANGE_PAGE, payload={"verb": "priority", "by": BY_ANA}) is None


async def test_a_priority_nobody_asked_for_is_set_where_there_is_such_a_one(shop: Shop) -> None:
    await running(shop, severity="SEV2")
    nobody_asked = {"verb": "priority", "by": BY_ANA, "if_known": True}
    for reason in (
        Reason.NOT_FOUND,
        Reason.INVALID,
    ):  # this key is not shown the account's priorities
        shop.pager.fail["priorities"] = [refusal("", reason, "pagerduty")]
        assert await shop.run(K.CHANGE_PAGE, payload=nobody_asked) is None
    shop.pager.fail["priorities"] = [refusal("", Reason.UNAVAILABLE, "pagerduty")]
    with pytest.raises(ProviderError):
        await shop.run(K.CHANGE_PAGE, payload=nobody_asked)
    assert shop.pager.named("set_priority") == []
    await shop.run(K.CHANGE_PAGE, payload=nobody_asked)
    assert shop.pager.named("set_priority") == [("set_priority", "P1", "P2", "ana@example.com")]


async def test_somebody_without_an_account_cannot_be_given_it(shop: Shop) -> None:
    await running(shop)
    with pytest.raises(ProviderError, match="Eve has no PagerDuty account") as caught:
        await shop.run(
            K.CHANGE_PAGE, payload={"verb": "reassign", "to": {"name": "Eve"}, "by": BY_ANA}
        )
    assert caught.value.code == "no_account"


@pytest.mark.parametrize(
    ("seconds", "calls"), [(3, []), (-60, [("escalate", "P1", "ana@example.com", 2, None)])]
)
async def test_a_retaken_escalation_pages_nobody_twice(
    shop: Shop, seconds: float, calls: list[Any]
) -> None:
    await running(shop)
    shop.pager.now = a_page(events=(an_event(EntryKind.ESCALATED, seconds),))
    payload = {"verb": "escalate", "level": 2, "by": BY_ANA}
    await shop.run(K.CHANGE_PAGE, payload=payload, attempt=2)
    assert shop.pager.named("escalate") == calls


async def test_who_has_no_account_is_asked_once_and_named_at_the_pager(shop: Shop) -> None:
    await running(shop)
    nobody = {"name": "Eve", "slack_id": "U0EVE"}
    for n in (77, 78):
        await shop.run(K.CHANGE_PAGE, payload={"verb": "acknowledge", "by": nobody}, id=n)
    assert len(await shop.home.effects("slack.offer_link")) == 1
    notes = await shop.home.effects("pagerduty.note")
    assert [n.payload["who"] for n in notes if n.payload["text"] == "acted"] == ["Eve", "Eve"]
    [first, *_] = [n for n in notes if n.payload["text"] == "acted"]
    await shop.run(K.NOTE_PAGE, payload=first.payload)
    assert shop.pager.named("add_note")[-1][2] == "Muster: acknowledge by Eve in Slack"


async def test_notes_are_written_once(shop: Shop) -> None:
    await running(shop)
    mine = {"text": "note", "note": "DNS", "by": BY_ANA}
    await shop.run(K.NOTE_PAGE, payload=mine)
    await shop.run(K.NOTE_PAGE, payload=mine, attempt=2)
    assert shop.pager.named("add_note") == [("add_note", "P1", "DNS", "ana@example.com")]
    await shop.run(K.NOTE_PAGE, payload={"text": "channel"})
    assert "#incident-1 https://acme.slack.com/archives/C1" in shop.pager.calls[-1][2]
    await shop.home.change(1, places=Places())
    assert await shop.run(K.NOTE_PAGE, payload={"text": "channel"}) is None


async def test_a_page_is_read_again_and_created_when_it_is_new(shop: Shop) -> None:
    await shop.run(K.READ_PAGE, None, payload={"page": "P1"})
    assert (await shop.home.incident()).pager.id == "P1"
    shop.pager.now = a_page(status=Status.RESOLVED, changed_at=NOW + timedelta(seconds=60))
    await shop.run(K.READ_PAGE, None, payload={"page": "P1"})
    assert (await shop.home.incident()).status is Status.RESOLVED
    shop.pager.fail["page"] = [refusal("", Reason.NOT_FOUND), refusal("", Reason.UNAVAILABLE)]
    assert await shop.run(K.READ_PAGE, None, payload={"page": "P1"}) is None
    with pytest.raises(ProviderError):
        await shop.run(K.READ_PAGE, None, payload={"page": "P1"})


async def test_a_poll_finds_new_changed_and_gone_pages(shop: Shop) -> None:
    async def read() -> set[str]:
        rows = await shop.home.effects("pagerduty.read", "pending")
        return {row.payload["page"] for row in rows}

    old = NOW - timedelta(days=3)
    from_before = a_page("POLD", created_at=old, changed_at=old)
    shop.pager.opened = [a_page("PNEW"), from_before]
    shop.pager.recent = [a_page("PDONE", status=Status.RESOLVED)]
    await shop.run(K.POLL_PAGER, None)
    assert await read() == {"PNEW"}
    assert shop.pager.named("changed_since") == []

    def settle(tx: Any) -> None:
        for n in range(1, 99):
            tx.dismiss(n)
        for name in ("PSAME", "PMOVED", "PGONE", "PTOUCHED"):
            shop.home.paging.create(tx, a_page(name), "announce")
        for n in range(1, 99):
            tx.dismiss(n)

    await shop.home.work.write(settle)
    later = NOW + timedelta(seconds=60)
    shop.pager.opened = [
        a_page("PSAME"), a_page("PMOVED", changed_at=later), a_page("PTOUCHED"), from_before,
        a_page("PAWAKE", created_at=old, changed_at=later),
    ]  # fmt: skip
    shop.pager.recent, shop.pager.touched = [], ["PTOUCHED", "PSTRANGER"]
    shop.home.clock.advance(60)
    await shop.run(K.POLL_PAGER, None, id=78)
    assert await read() == {"PMOVED", "PGONE", "PTOUCHED", "PAWAKE"}, "not what is from before"
    shop.pager.fail["changed_since"] = [
        refusal("", Reason.NOT_FOUND),
        refusal("", Reason.UNAVAILABLE),
    ]
    await shop.run(K.POLL_PAGER, None, id=79)
    with pytest.raises(ProviderError):
        await shop.run(K.POLL_PAGER, None, id=80)


@pytest.mark.parametrize(
    "kind", [K.OPEN_PAGE, K.CHANGE_PAGE, K.NOTE_PAGE, K.OPEN_TICKET, K.REFRESH_TICKET]
)
async def test_a_provider_that_was_switched_off_says_so(shop: Shop, kind: EffectKind) -> None:
    await running(shop)
    fresh = {"pager": replace(PAGED, id=None)} if kind is K.OPEN_PAGE else {}
    unfiled = {"ticket": TicketLink(repo="a/b")} if kind is K.OPEN_TICKET else {}
    await shop.home.change(1, **fresh, **unfiled)
    shop.world.pager = shop.world.tickets = None
    payload = {"verb": "acknowledge", "text": "note", "note": "x", "by": BY_ANA}
    with pytest.raises(ProviderError, match="switched off"):
        await shop.run(kind, payload=payload)


# --- the issue ------------------------------------------------------------------------------------


async def test_the_issue_is_opened_labelled_and_linked(shop: Shop) -> None:
    await shop.home.declare()
    await shop.run(K.OPEN_TICKET)
    [(_, repo, title, _, labels, _)] = shop.tickets.named("open")
    assert (repo, title, labels) == (
        "acme/incidents",
        "INC-1: Checkout is down",
        ("bug", "incident"),
    )
    ticket = (await shop.home.incident()).ticket
    assert ticket is not None
    assert ticket.number == 4
    assert await shop.run(K.OPEN_TICKET) is None


async def test_a_guessed_repository_falls_back_to_the_default(shop: Shop) -> None:
    await shop.home.declare()
    await shop.home.change(1, ticket=TicketLink(repo="acme/guessed"))
    shop.tickets.repos = {"acme/incidents"}
    await shop.run(K.OPEN_TICKET)
    assert [c[1] for c in shop.tickets.named("open")] == ["acme/guessed", "acme/incidents"]
    shop.tickets.repos = set()
    await shop.home.change(1, ticket=TicketLink(repo="acme/incidents"))
    with pytest.raises(ProviderError):
        await shop.run(K.OPEN_TICKET)


async def test_after_a_crash_its_own_issue_and_comment_are_found(shop: Shop) -> None:
    await shop.home.declare()
    await shop.run(K.OPEN_TICKET)
    await shop.home.change(1, ticket=TicketLink(repo="acme/incidents"))
    await shop.run(K.OPEN_TICKET, attempt=2)
    assert len(shop.tickets.named("open")) == 1
    entry = (await shop.home.work.read(lambda tx: tx.entries(1)))[0]
    for attempt in (1, 2):
        await shop.run(K.COMMENT_TICKET, payload={"entry": entry.id}, attempt=attempt)
    assert len(shop.tickets.named("comment")) == 1


async def test_the_issue_follows_the_incident(shop: Shop) -> None:
    await running(shop)
    await shop.run(K.REFRESH_TICKET)
    assert "incident-1" in shop.tickets.named("edit_body")[0][2]
    await shop.run(K.CHANGE_TICKET)
    await shop.home.incidents.resolve(1, by=ANA, once="r")
    await shop.run(K.CHANGE_TICKET)
    assert shop.tickets.calls[-2:] == [("set_state", 4, True, True), ("set_state", 4, False, True)]


# --- kept events and the native pager -------------------------------------------------------------


async def test_a_kept_event_is_applied_or_says_why_not(shop: Shop) -> None:
    import json

    good = {"event": {"id": "e", "event_type": "incident.triggered", "occurred_at": NOW.isoformat(),
            "data": {"id": "P1", "type": "incident", "title": "Disk", "status": "triggered",
                     "urgency": "high", "created_at": NOW.isoformat()}}}  # fmt: skip
    deliveries = [
        Delivery("pagerduty", "good", "incident.triggered", json.dumps(good).encode()),
        Delivery("pagerduty", "bad", "x", b'{"event": {"id": 3}}'),
        Delivery("somewhere", "other", "x", b"{}"),
    ]
    for delivery in deliveries:
        await shop.home.inbound.receive(delivery)
    for row in (1, 2, 3, 99):
        await shop.run(K.APPLY_EVENT, None, payload={"row": row, "source": "x"})
    rows = await shop.home.work.read(lambda tx: [tx.inbound(n) for n in (1, 2, 3)])
    assert [r.state for r in rows if r] == ["applied", "failed", "ignored"]
    assert rows[1] is not None
    assert rows[1].reason
    assert (await shop.home.incident()).title == "Disk"


async def test_low_urgency_stays_low(shop: Shop) -> None:
    shop.pager.now = a_page(urgency=Urgency.LOW)
    await shop.run(K.READ_PAGE, None, payload={"page": "P1"})
    incident = await shop.home.incident()
    assert not incident.opens_channel
    assert Effect(kind=K.ANNOUNCE, key="x", lane="x").due is None
    assert PagerUser(id="x", name="x", email="x").active


# --- what is looked at before it is done again ----------------------------------------------------


async def test_a_retaken_topic_or_purpose_is_not_told_to_everybody_again(shop: Shop) -> None:
    await running(shop)
    words = "no severity · triggered · owner: nobody yet"
    shop.chat.channels["x"] = Channel(
        id="C1", name="x", topic=words, purpose="INC-1: Checkout is down"
    )
    await shop.run(K.SET_TOPIC, attempt=2)
    await shop.run(K.SET_PURPOSE, attempt=2)
    assert shop.chat.named("set_topic") == shop.chat.named("set_purpose") == []
    assert (await shop.home.incident()).places.topic == words
    shop.chat.channels["x"] = Channel(id="C1", name="x")
    await shop.home.change(1, title="Down <!channel>", severity="<!here>")
    await shop.run(K.SET_TOPIC, attempt=2)
    await shop.run(K.SET_PURPOSE, attempt=2)
    said = f"{shop.chat.named('set_topic')} {shop.chat.named('set_purpose')}"
    assert "<!" not in said


async def test_who_is_not_in_the_channel_is_told_directly(shop: Shop) -> None:
    shop.chat.fail["tell"] = [refusal("user_not_in_channel"), refusal("", Reason.UNAVAILABLE)]
    told = {"channel": "C1", "user": "U0ANA", "text": "psst"}
    await shop.run(K.TELL, payload=told)
    assert [c[1] for c in shop.chat.named("post")] == ["DU0ANA"]
    with pytest.raises(ProviderError):
        await shop.run(K.TELL, payload=told)


async def test_whoever_is_on_call_is_invited_later_when_the_pager_is_silent(shop: Shop) -> None:
    await running(shop)
    shop.pager.fail["on_call"] = [
        refusal("", Reason.UNAVAILABLE, "pagerduty"),
        refusal("", Reason.AUTH, "pagerduty"),
    ]
    await shop.run(K.INVITE)
    assert shop.chat.named("invite") == [("invite", "C1", ("U0ANA",))]
    [later] = await shop.home.effects("slack.invite")
    assert later.payload["on_call"]
    with pytest.raises(ProviderError) as caught:
        await shop.run(K.INVITE, payload=later.payload)
    assert caught.value.reason is Reason.UNAVAILABLE, "Slack is not stopped for PagerDuty's key"


async def test_an_announcement_that_comes_late_is_linked_from_what_is_there(shop: Shop) -> None:
    await running(shop, places=Places(channel="C1", card_ts="5.5"))
    await shop.run(K.ANNOUNCE)
    assert await shop.home.effects("slack.refresh_card", "pending")
    assert await shop.home.effects("slack.add_bookmark", "pending")
