"""What happens in PagerDuty shows on the card and in the channel within seconds, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stage import BOB, CAROL, Json, Stage
from tests.workspace import (
    buttons,
    card_of,
    cards,
    cards_of,
    header,
    issues,
    pages,
    room_of,
    said_in,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOBS, CAROLS = "bob@example.com", "carol@example.com"
WAYS = ("webhook", "polling", "both", "twice", "reorder")
#: What ``make test`` plays: every change by both at once, and every way once; the rest is long.
SAMPLE = {("reassigned", "webhook"), ("acknowledged", "polling"), ("annotated", "twice")}
SAMPLE |= {("resolved", "reorder")}


async def triggered(s: Stage, title: str, **more: Any) -> tuple[str, str]:
    """An incident from PagerDuty, announced and settled: its name and PagerDuty's id."""
    made = await s.pagerduty("trigger", title=title, service="PCHECKO", **more)
    name = await s.announced(title)
    await s.settled(name)
    return name, made["incident"]["id"]


def said(state: Json, name: str) -> list[str]:
    return said_in(state, room_of(state, name))


#: Action, its body, who it is shown as, words in the channel, words on the card.
CHANGES: dict[str, tuple[str, Json, tuple[str, ...], str]] = {
    "acknowledged": ("acknowledge", {}, ("acknowledged", BOB), "acknowledged"),
    "reassigned": ("reassign", {"to": CAROLS}, ("reassigned", BOB, CAROL), CAROL),
    "escalated": ("escalate", {"level": 2}, ("scalated",), "triggered"),
    "delegated": ("delegate", {"policy": "PEPPAYM"}, ("elegated",), "triggered"),
    "annotated": ("note", {"text": "The disk <b> is & full"}, ("noted", BOB, "&lt;b&gt;"), ""),
    "priority": ("priority", {"name": "P1"}, ("priority", "P1"), "P1"),
    "responder": ("responder", {"to": CAROLS}, ("asked", CAROL, "join"), ""),
    "status update": ("status_update", {"text": "We work on it"}, ("We work on it", BOB), ""),
    "resolved": ("resolve", {}, ("resolved", BOB), "resolved"),
}


def stories() -> Iterator[Any]:
    for change in CHANGES:
        for way in WAYS:
            sampled = way == "both" or (change, way) in SAMPLE
            if (change, way) != ("status update", "polling"):  # told by webhook only
                yield pytest.param(change, way, marks=() if sampled else pytest.mark.long)


@pytest.mark.parametrize(("change", "way"), list(stories()))
async def test_every_change_shows_on_the_card_and_once_in_the_channel(
    s: Stage, change: str, way: str
) -> None:
    action, body, words, on_card = CHANGES[change]
    title = f"{change} by {way}"
    name, page = await triggered(s, title)
    await s.act("settings", webhooks=way != "polling")
    how = {"deliver": way} if way in {"twice", "reorder"} else {}
    await s.pagerduty(action, by=BOBS, incident=page, **body, **how)
    if way == "reorder":
        await s.pagerduty("release_webhooks")
    if way in {"polling", "both"}:
        await s.poll()

    def told(state: Json) -> list[str]:
        return [t for t in said(state, name) if all(word in t for word in words)]

    await s.until(told)
    await s.until(lambda state: on_card in text_of(card_of(state, name) or {"text": ""}))
    await s.quiet()
    for _ in range(2):  # what was told already is not told again, whoever tells it
        await s.poll()
        await s.quiet()
    state = await s.state()
    news = [t for t in said(state, name) if name in t and "worked on" not in t]
    assert len(news) == 1, news
    assert await s.problems() == []


async def test_an_action_from_slack_comes_back_from_pagerduty_unechoed(s: Stage) -> None:
    name, _ = await triggered(s, "No echo here")
    await s.command(f"/incident ack {name}", user=BOB)
    await s.settled(name)
    await s.command(f"/incident note {name} A note from Slack", user=BOB)
    await s.command(f"/incident reassign {name} @carol", user=BOB)
    await s.command(f"/incident escalate {name} 2", user=BOB)
    await s.settled(name)
    await s.command(f"/incident resolve {name} Done", user=BOB)
    await s.settled(name)
    await s.command(f"/incident reopen {name}", user=BOB)
    await s.settled(name)
    await s.poll()
    state = await s.settled(name)
    news = said(state, name)
    words = ("acknowledged", "noted", "reassigned", "escalated", "resolved", "reopened")
    assert [[w for w in words if w in line] for line in news] == [[word] for word in words], news
    assert not any("from PagerDuty" in line for line in news)
    assert await s.problems() == []


async def test_late_shuffled_and_doubled_events_end_in_pagerdutys_state(s: Stage) -> None:
    name, page = await triggered(s, "Everything out of order")
    for action, body in (
        ("acknowledge", {}),
        ("note", {"text": "First thought"}),
        ("reassign", {"to": CAROLS}),
        ("acknowledge", {}),
        ("resolve", {}),
        ("reopen", {}),
    ):
        await s.pagerduty(action, by=BOBS, incident=page, deliver="late", **body)
    await s.pagerduty("release_webhooks", shuffle=True)
    await s.until(lambda state: any("reopened" in line for line in said(state, name)))
    state = await s.settled(name)
    [at_pagerduty] = pages(state, "Everything out of order")
    card = card_of(state, name)
    assert card
    assert at_pagerduty["status"] in card["text"]
    assert ("Acknowledge" in buttons(card)) == (at_pagerduty["status"] == "triggered")
    news = said(state, name)
    for word, times in (("First thought", 1), ("reassigned", 1), ("resolved", 1), ("reopened", 1)):
        assert len([line for line in news if word in line]) == times, (word, news)
    assert issues(state, name)[0]["state"] == "open"
    assert await s.problems() == []


async def test_resolved_and_reopened_in_pagerduty_close_and_open_the_issue(s: Stage) -> None:
    name, page = await triggered(s, "Closed over there")
    await s.pagerduty("resolve", by=BOBS, incident=page)
    await s.until(lambda state: issues(state, name)[0]["state"] == "closed")
    state = await s.settled(name)
    [issue] = issues(state, name)
    assert len([c for c in issue["comments"] if "resolved" in c["body"]]) == 1
    assert [b for b in buttons(card_of(state, name) or {}) if b == "Reopen"]
    await s.pagerduty("reopen", by=BOBS, incident=page)
    await s.until(lambda state: issues(state, name)[0]["state"] == "open")
    state = await s.settled(name)
    assert "Acknowledge" in buttons(card_of(state, name) or {})
    assert len([line for line in said(state, name) if "reopened" in line]) == 1
    assert await s.problems() == []


async def test_an_acknowledgement_that_times_out_shows_as_triggered_again(s: Stage) -> None:
    name, page = await triggered(s, "Acknowledged too long")
    await s.pagerduty("acknowledge", by=BOBS, incident=page)
    await s.until(lambda state: "Acknowledge" not in buttons(card_of(state, name) or {}))
    await s.settled(name)
    await s.pagerduty("acknowledgement_timeout", incident=page)
    await s.until(lambda state: "Acknowledge" in buttons(card_of(state, name) or {}))
    state = await s.settled(name)
    assert len([line for line in said(state, name) if "No longer acknowledged" in line]) == 1
    assert await s.problems() == []


async def test_low_urgency_is_announced_only_until_somebody_opens_the_channel(s: Stage) -> None:
    await s.pagerduty("trigger", title="Only a warning", service="PCHECKO", urgency="low")
    name = await s.announced("Only a warning")
    state = await s.settled(name)
    assert room_of(state, name) is None
    assert issues(state, name) == []
    assert not pages(state, "Only a warning")[0]["notes"]
    card = card_of(state, name)
    assert card
    assert "Open channel" in buttons(card)
    await s.on_card(name, "Open channel", user=BOB)
    await s.until(lambda state: room_of(state, name))
    state = await s.settled(name)
    room = room_of(state, name)
    assert room
    assert BOB in room["members"]
    assert len(cards_of(state, name, room["name"])) == 1
    assert len(issues(state, name)) == 1
    assert len(pages(state, "Only a warning")) == 1
    assert "Open channel" not in buttons(card_of(state, name) or {})
    assert await s.problems() == []


async def test_low_urgency_offers_no_levels_to_escalate_to(s: Stage) -> None:
    """PagerDuty has none for it (PRODUCT.md, "Precisely")."""
    await s.pagerduty("trigger", title="No levels here", service="PCHECKO", urgency="low")
    name = await s.announced("No levels here")
    await s.settled(name)
    await s.on_card(name, "Escalate", user=BOB)
    view = str((await s.until(lambda state: state["views"], user=BOB))[-1]["blocks"])
    assert "Level 2" not in view
    assert "Payments escalation" in view
    assert await s.problems() == []


async def test_urgency_raised_in_pagerduty_opens_the_channel(s: Stage) -> None:
    made = await s.pagerduty("trigger", title="It gets worse", service="PCHECKO", urgency="low")
    name = await s.announced("It gets worse")
    await s.settled(name)
    await s.pagerduty("urgency", by=BOBS, incident=made["incident"]["id"], value="high")
    await s.poll()
    await s.until(lambda state: room_of(state, name))
    state = await s.settled(name)
    assert len(issues(state, name)) == 1
    assert await s.problems() == []


async def test_a_change_of_an_incident_nobody_here_knows_brings_it_in(s: Stage) -> None:
    made = await s.pagerduty("trigger", title="Missed the start", deliver="never")
    await s.pagerduty("acknowledge", by=BOBS, incident=made["incident"]["id"])
    name = await s.announced("Missed the start")
    state = await s.settled(name)
    assert "acknowledged" in (card_of(state, name) or {})["text"]
    assert len([c for c in cards(state) if "Missed the start" in header(c)]) == 1
    assert await s.problems() == []


async def test_priority_maps_to_severity_and_severity_to_priority(s: Stage) -> None:
    name, page = await triggered(s, "How bad is it", priority="P2")
    assert "SEV2" in (card_of(await s.state(), name) or {})["text"]
    await s.pagerduty("priority", by=BOBS, incident=page, name="P1")
    await s.until(lambda state: "SEV1" in (card_of(state, name) or {})["text"])
    await s.settled(name)
    await s.command(f"/incident severity {name} SEV3", user=BOB)
    state = await s.settled(name)
    assert pages(state, "How bad is it")[0]["priority"]["summary"] == "P3"
    assert "SEV3" in (card_of(state, name) or {})["text"]
    assert not any("from PagerDuty" in x for x in said(state, name) if "P3" in x)
    assert await s.problems() == []
