"""The panels beside the chat: PagerDuty, GitHub, the sandbox itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_blocks import wait_for_posts

if TYPE_CHECKING:
    from tests.browser.mock_sandbox import MockSandbox

pytestmark = pytest.mark.browser
ALICE = "alice@example.com"


def panel(page: Page, name: str) -> Locator:
    """Open one of the panels."""
    page.locator(f"[data-rail={name}]").click()
    body = page.locator("#panel-body")
    expect(body).to_be_visible()
    return body


def incident(page: Page, number: int) -> Locator:
    """An incident in the PagerDuty panel."""
    return page.get_by_role("article", name=f"Incident {number}")


def test_incidents_are_shown_with_their_history(page: Page) -> None:
    panel(page, "pagerduty")
    card = incident(page, 42)
    for text in ("Triggered", "high urgency", "P1", "Checkout", "Alice Nguyen"):
        expect(card).to_contain_text(text)
    card.get_by_role("button", name="#42").click()
    expect(card).to_contain_text("Channel: #incidents")


def test_acting_in_pagerduty(page: Page, mock: MockSandbox) -> None:
    panel(page, "pagerduty")
    card = incident(page, 42)
    happened = partial(
        wait_for_posts, page, mock, "/api/pagerduty"
    )  # each by a connection of its own
    card.get_by_role("button", name="Acknowledge").click()
    happened(1)
    card.get_by_role("button", name="Reassign").click()
    page.get_by_role("menuitem", name="Bob Martin").click()
    happened(2)
    card.get_by_role("button", name="Escalate").click()
    page.get_by_role("menuitem", name="Level 2").click()
    happened(3)
    card.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("Looking")
    page.get_by_role("button", name="Save").click()
    happened(4)
    card.get_by_role("button", name="More PagerDuty actions").click()
    page.get_by_role("menuitem", name="P2").click()
    happened(5)
    card.get_by_role("button", name="Resolve").click()
    happened(6)
    incident(page, 41).get_by_role("button", name="Reopen").click()
    happened(7)
    common = {"as": ALICE, "incident": "PINC42"}
    assert mock.posted("/api/pagerduty") == [
        {**common, "action": "acknowledge"},
        {**common, "action": "reassign", "to": "bob@example.com"},
        {**common, "action": "escalate", "level": 2},
        {**common, "action": "note", "text": "Looking"},
        {**common, "action": "priority", "name": "P2"},
        {**common, "action": "resolve"},
        {"as": ALICE, "incident": "PINC41", "action": "reopen"},
    ]


def test_triggering_an_incident(page: Page, mock: MockSandbox) -> None:
    body = panel(page, "pagerduty")
    body.get_by_role("button", name="Trigger").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Disk full")
    dialog.get_by_label("Urgency").select_option("low")
    dialog.get_by_role("button", name="Trigger").click()
    wait_for_posts(page, mock, "/api/pagerduty", 1)
    assert mock.posted("/api/pagerduty") == [
        {
            "as": None,
            "action": "trigger",
            "title": "Disk full",
            "service": "PCHECKO",
            "urgency": "low",
        }
    ]


def test_issues_are_shown_and_acted_on(page: Page, mock: MockSandbox) -> None:
    panel(page, "github")
    card = page.get_by_role("article", name="Issue acme/checkout#3")
    for text in ("Open", "bug", "incident", "1 comment"):
        expect(card).to_contain_text(text)
    card.get_by_role("button", name="#3").click()
    expect(card.locator("b", has_text="Slack")).to_be_visible()
    expect(card).to_contain_text("Channel: #incidents")
    card.get_by_role("button", name="Close issue").click()
    wait_for_posts(page, mock, "/api/github", 1)
    card.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_role("textbox", name="Comment").fill("Fixed")
    page.get_by_role("dialog").get_by_role("button", name="Comment").click()
    wait_for_posts(page, mock, "/api/github", 2)
    common = {"as": ALICE, "repo": "acme/checkout", "number": 3}
    assert mock.posted("/api/github") == [
        {**common, "action": "close"},
        {**common, "action": "comment", "body": "Fixed"},
    ]


def test_latency_limits_and_faults(page: Page, mock: MockSandbox) -> None:
    body = panel(page, "sandbox")
    body.get_by_label("Slack latency").fill("250")
    body.get_by_label("Slack latency").press("Enter")
    wait_for_posts(page, mock, "/api/settings", 1)
    body.get_by_role("switch", name="Rate limits").uncheck()
    wait_for_posts(page, mock, "/api/settings", 2)
    body.get_by_label("What fails").fill("slack.chat.postMessage")
    body.get_by_label("Fails with").select_option("429")
    body.get_by_role("button", name="Add fault").click()
    wait_for_posts(page, mock, "/api/faults", 1)
    settings = [{"slack_latency_ms": 250}, {"limits": False}]
    assert mock.posted("/api/settings") == settings
    fault = {"target": "slack.chat.postMessage", "kind": "429", "times": 1}
    assert mock.posted("/api/faults") == [fault]
    expect(body).to_contain_text("Nothing the real services would refuse")


def test_phone_shows_one_column_at_a_time(page: Page, mock: MockSandbox) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{mock.url}/?user=U0ALICE00")
    sidebar = page.get_by_role("complementary", name="Workspace")
    expect(sidebar).to_be_visible()
    expect(page.locator(".channel")).to_be_hidden()
    page.locator('[data-room="C0INC"]').click()
    expect(sidebar).to_be_hidden()
    expect(page.locator('[data-composer="channel"]')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    acknowledge = page.get_by_role("button", name="Acknowledge")
    box = acknowledge.bounding_box()
    assert box is not None
    assert box["height"] >= 40
    page.get_by_role("button", name="2 replies").click()
    expect(page.get_by_role("region", name="Thread")).to_be_visible()
    page.get_by_role("button", name="Close thread").click()
    page.locator("[data-rail=pagerduty]").click()
    expect(incident(page, 42)).to_be_visible()
    expect(page.locator(".channel")).to_be_hidden()
    page.locator("[data-rail=chats]").click()
    expect(sidebar).to_be_visible()
