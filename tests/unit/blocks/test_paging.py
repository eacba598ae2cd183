"""Pages and their proof: Slack takes them whatever the data, and only our own words ever call everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks import paging
from blocks.proof import Proof, proof
from bot.domain import page_standing, page_words
from bot.domain.catalog import EscalationPolicy, Level
from bot.domain.escalation import Delivery, DeliveryState, Next, Page, PageState
from bot.domain.incident import Actor, Status
from bot.ports import Message
from tests.unit.blocks import strategies as odd
from tests.unit.blocks.alert_samples import a_view
from tests.unit.blocks.limits import buttons, check_message
from tests.unit.blocks.samples import ANA, NOW, incident

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident import Incident

POLICY = EscalationPolicy(
    name="web", levels=(Level(notify=("x:y",)), Level(notify=("x:y",))), repeat=1
)
thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def a_page(**more: object) -> Page:
    plain = Page(id=4, incident=1, policy="web", started_at=NOW, round=1, level=1)
    return replace(plain, **more)  # type: ignore[arg-type]


def a_delivery(n: int = 0, **more: object) -> Delivery:
    plain = Delivery(
        id=n,
        page=4,
        round=1,
        level=1,
        recipient=f"U{n:04}",
        name=f"Person {n}",
        slack_id=f"U{n:04}",
        planned_at=NOW,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def shown(page: Page, deliveries: Sequence[Delivery], **more: object) -> str:
    plain = Proof(page=page, deliveries=deliveries, policy=POLICY, subject="INC-1 Night")
    return proof(replace(plain, **more)).text  # type: ignore[arg-type]


def hushed(message: Message) -> Message:
    """Without the one call to everybody that is ours."""

    def without(value: object) -> object:
        if isinstance(value, str):
            return value.replace(f"{paging.EVERYBODY} ", "", 1)
        if isinstance(value, dict):
            return {name: without(each) for name, each in value.items()}
        return [without(each) for each in value] if isinstance(value, list) else value

    blocks = without(list(message.blocks))
    assert isinstance(blocks, list)
    return Message(text=str(without(message.text)), blocks=blocks)


# --- the proof -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (a_delivery(), "<@U0000>: 🕓 direct message on its way"),
        (a_delivery(state=DeliveryState.SENT, sent_at=NOW), "📨 direct message sent"),
        (a_delivery(state=DeliveryState.SEEN, seen_at=NOW, way="apprise:2"), "👁️ notification 2 seen"),
        (a_delivery(state=DeliveryState.ACKNOWLEDGED, acknowledged_at=NOW), "👀 direct message acknowledged"),
        (a_delivery(state=DeliveryState.FAILED, reason="user_disabled"), "❌ direct message failed: user_disabled"),
        (a_delivery(state=DeliveryState.SKIPPED, reason="a newer one"), "🚫 direct message not sent: a newer one"),
        (a_delivery(way="channel", slack_id=None, name="#ops"), "#ops: 🕓 channel on its way"),
    ],
)  # fmt: skip
def test_each_delivery_says_how_it_stands(delivery: Delivery, words: str) -> None:
    assert words in shown(a_page(), [delivery])


def test_what_keeps_waiting_says_why() -> None:
    one = a_delivery()
    said = shown(a_page(), [one], struggling={one.key: "Slack does not answer"})
    assert "waits: Slack does not answer" in said


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (a_page(next=Next.NOTIFY, next_at=NOW), "level 2 is paged, unless"),
        (a_page(next=Next.NOTIFY, next_at=NOW, level=2), "level 1 is paged (round 2), unless"),
        (a_page(next=Next.NOTIFY, next_at=NOW, level=2, round=2), "everybody is told that nobody answered"),
        (a_page(next=Next.ASK, next_at=NOW, acknowledged_by=ANA), "I ask whether"),
        (a_page(next=Next.EXPIRE, next_at=NOW, acknowledged_by=ANA), "the policy pages again, unless"),
        (a_page(state=PageState.ACKNOWLEDGED, acknowledged_by=ANA, acknowledged_at=NOW), "👀 acknowledged by"),
        (a_page(state=PageState.EXHAUSTED, ended="nobody answered"), "🚨 *nobody answered*"),
        (a_page(state=PageState.CLOSED, ended="INC-1 is resolved"), "✅ over: INC-1 is resolved"),
        (a_page(by=ANA), "asked for by"),
    ],
)  # fmt: skip
def test_the_proof_says_where_the_page_stands_and_what_happens_next(page: Page, words: str) -> None:
    said = shown(page, [])
    assert words in said
    assert ("Next:" in said) is (page.next is not None)


def test_however_many_there_are_the_newest_level_is_shown_and_the_others_counted() -> None:
    many = [
        a_delivery(n, level=level, round=round_, state=DeliveryState.SENT, sent_at=NOW)
        for round_ in range(1, 30)
        for level in range(1, 9)
        for n in range(30)
    ]
    message = proof(Proof(page=a_page(), deliveries=many, policy=POLICY, subject="INC-1"))
    check_message(message, {each.slack_id or "" for each in many})
    said = str(message.blocks)
    assert "Level 8, round 29" in said
    assert "and 10 more: 10 sent" in said
    assert "earlier lines" in said


def test_what_failed_is_named_before_what_went_well() -> None:
    some = [a_delivery(n, state=DeliveryState.SENT, sent_at=NOW) for n in range(40)]
    said = shown(a_page(), [*some, a_delivery(77, state=DeliveryState.FAILED, reason="gone")])
    assert "<@U0077>: ❌" in said


deliveries = st.builds(
    a_delivery, st.integers(0, 9999), name=odd.texts, slack_id=odd.slack_ids, reason=odd.texts,
    state=st.sampled_from(list(DeliveryState)), sent_at=st.none() | odd.times,
    way=st.sampled_from(["slack", "channel", "apprise:1", "apprise:12"]),
)  # fmt: skip
pages = st.builds(
    a_page, policy=odd.texts, ended=odd.texts, text=odd.texts, by=st.none() | odd.actors,
    acknowledged_by=st.none() | odd.actors, state=st.sampled_from(list(PageState)),
    next=st.none() | st.sampled_from(list(Next)), next_at=odd.times, acknowledged_at=st.none() | odd.times,
    why=st.sampled_from(["started", "asked", "reassigned", "escalated"]), aside=st.booleans(),
    expires_after=st.none() | st.just(timedelta(hours=1)),
)  # fmt: skip


@thorough
@given(pages, deliveries, odd.incidents)
def test_what_became_of_a_page_is_said_within_slacks_limits_and_calls_nobody(
    page: Page, one: Delivery, about: Incident
) -> None:
    known = {*odd.KNOWN, "U0ALICE00"}
    about = replace(about, number=page.incident or 0)
    for ended in (page, replace(page, ended=page_standing.of_resolved(about), ended_at=NOW)):
        stands = page_standing.standing(ended, one, about)
        check_message(paging.for_person(ended, about, stands), known)
        in_channel = paging.for_channel(ended, about, stands)
        check_message(hushed(in_channel), known)
        in_group = paging.for_alerts(ended, a_view(), everybody=True, stands=stands)
        check_message(hushed(in_group), known)
        for message in (in_channel, in_group):
            assert (paging.EVERYBODY in str(message)) is (stands == page_standing.AS_SENT)


@thorough
@given(pages, st.lists(deliveries, max_size=30), odd.incidents)
def test_slack_takes_it_whatever_the_data(page: Page, some: list[Delivery], one: object) -> None:
    known = {*odd.KNOWN, "U0ALICE00"}
    told = Proof(page=page, deliveries=some, policy=POLICY, subject="INC-1", private=False)
    check_message(proof(told), known)
    check_message(paging.for_person(page, one), known)  # type: ignore[arg-type]
    check_message(hushed(paging.for_channel(page, one)), known)  # type: ignore[arg-type]
    check_message(paging.still_on_it(page, "INC-1"), known)
    tried = [paging.text.inline(each.name, 80, empty="somebody") for each in some]
    check_message(hushed(paging.nobody_answered(page, "INC-1", tried, number=1)), known)
    title, body = page_words.beyond(page_words.of_incident(one), page, "")  # type: ignore[arg-type]
    assert title
    assert len(title) + len(body.partition("Slack: ")[0]) <= 4 * page_words.MOST


# --- the pages themselves ------------------------------------------------------------------------


def test_a_direct_message_can_be_answered_and_escalated_from_there() -> None:
    assert buttons(paging.for_person(a_page(), incident()).blocks) == [
        "Acknowledge",
        "Escalate",
        "More",
    ]
    view = a_view()
    assert buttons(paging.for_alerts(a_page(group=1), view).blocks) == [
        "Acknowledge",
        "Escalate",
        "Open incident",
    ]
    loud = paging.nobody_answered(a_page(group=1, incident=None), "alerts", ["Ana"], number=None)
    assert buttons(loud.blocks) == ["Acknowledge"]


@pytest.mark.parametrize(
    ("page", "words", "person", "group"),
    [
        (a_page(level=2), "Nobody has it yet", ["Acknowledge", "Escalate", "More"],
         ["Acknowledge", "Escalate", "Open incident"]),
        (a_page(state=PageState.EXHAUSTED, ended="nobody answered"), "🚨 *Nobody answered*",
         ["Acknowledge", "Escalate", "More"], ["Acknowledge", "Open incident"]),
        (a_page(state=PageState.ACKNOWLEDGED, acknowledged_by=ANA, acknowledged_at=NOW),
         "*Taken:* <@UANA> acknowledged <!date^1772366400^", ["More"], ["Open incident"]),
        (a_page(state=PageState.ACKNOWLEDGED, acknowledged_by=Actor(name="me", slack_id="U0000"), acknowledged_at=NOW),
         "*Taken:* you acknowledged <!date^", ["Escalate", "More"], ["Open incident"]),
        (a_page(state=PageState.CLOSED, ended="it was <b> escalated", ended_at=NOW),
         "it was &lt;b&gt; escalated. Nothing is asked", ["More"], []),
    ],
)  # fmt: skip
def test_a_page_that_went_on_says_so_and_offers_only_what_can_still_be_done(
    page: Page, words: str, person: list[str], group: list[str]
) -> None:
    stands = page_standing.standing(page, a_delivery(), incident())
    for message, labels in (
        (paging.for_person(page, incident(), stands), person),
        (paging.for_alerts(page, a_view(), stands=stands), group),
    ):
        assert buttons(message.blocks) == labels
        for said in (message.text, str(message.blocks)):
            assert words in said
            struck = "~📟 *You are paged" in said
            assert struck is not stands.is_wanted, "what was asked for is struck through"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": Status.RESOLVED}, "✅ *Resolved* <!date^"),
        ({"status": Status.RESOLVED, "merged_into": 4}, ", merged into INC-4: nothing"),
        ({"status": Status.TRIGGERED}, "*opened again* later"),
    ],
)
def test_who_was_paged_reads_that_it_is_resolved_or_open_again(
    changes: dict[str, Any], words: str
) -> None:
    about = incident(**changes)
    page = a_page(state=PageState.CLOSED, ended=page_standing.of_resolved(about), ended_at=NOW)
    message = paging.for_person(page, about, page_standing.standing(page, a_delivery(), about))
    assert words in message.text
    assert buttons(message.blocks) == ["More"]


def test_only_a_channel_is_called_by_everybodys_name() -> None:
    assert paging.EVERYBODY not in str(paging.for_person(a_page(), incident()))
    assert paging.EVERYBODY in str(paging.for_channel(a_page(), incident()))
    assert paging.EVERYBODY in paging.for_alerts(a_page(), a_view(), everybody=True).text


def test_of_a_private_incident_nothing_is_told() -> None:
    secret = incident(private=True, title="The layoffs")
    for message in (paging.for_person(a_page(), secret), paging.for_channel(a_page(), secret)):
        assert "layoffs" not in str(message)
    assert "layoffs" not in str(page_words.beyond(page_words.of_incident(secret), a_page(), ""))
    named = Proof(page=a_page(), deliveries=(), policy=None, subject="INC-1", private=True)
    assert proof(named).text == "📟 A page"


def test_who_asked_and_what_they_wrote_stands_in_the_page() -> None:
    asked = a_page(
        by=Actor(name="Ben", slack_id="UBEN"), why="asked", text="Can you look?", aside=True
    )
    said = paging.for_person(asked, incident()).text
    assert "<@UBEN> pages you" in said
    assert "Can you look?" in said
    title, body = page_words.beyond(page_words.of_incident(incident()), asked, "")
    assert "you are paged" in title
    assert "Ben: Can you look?" in body
