"""The page on the real sandbox server, without a bot: the contract both sides keep."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext, Page, expect

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The address of a fresh sandbox on a free port."""
    command = [sys.executable, "-m", "bot.sandbox.server", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().split()[-1]
        process.terminate()


@pytest.fixture
def page(sandbox: str, context: BrowserContext) -> Iterator[Page]:
    """The page as Alice."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{sandbox}/?user=U0ALICE00")
    yield page
    assert errors == []


def test_people_talk_react_and_pin(page: Page) -> None:
    expect(page.get_by_text("No app connected")).to_be_visible()
    page.get_by_role("button", name="ops", exact=True).click()
    field = page.locator('[data-composer="channel"]')
    field.fill("hello *team*, @bob please look at <this> :fire:")
    field.press("Enter")
    row = page.locator(".channel .message", has_text="hello team")
    expect(row.locator("b", has_text="team")).to_be_visible()
    expect(row.locator(".mention")).to_have_text("@Bob Martin")
    expect(row).to_contain_text("<this> 🔥")
    row.hover()
    row.get_by_role("button", name="React with eyes").click()
    expect(row.get_by_role("button", name="eyes, 1")).to_be_visible()
    row.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Pin to channel").click()
    expect(page.get_by_role("button", name="1 Pinned")).to_be_visible()
    row.get_by_role("button", name="Reply in thread").click()
    reply = page.get_by_role("combobox", name="Reply in thread")
    reply.fill("on it")
    reply.press("Enter")
    expect(row.get_by_role("button", name="1 reply")).to_be_visible()


def test_unread_of_another_person(page: Page) -> None:
    page.get_by_role("button", name="random", exact=True).click()
    field = page.locator('[data-composer="channel"]')
    field.fill("@carol news")
    field.press("Enter")
    expect(page.locator(".channel .message", has_text="news")).to_be_visible()
    page.get_by_role("button", name="You are Alice Nguyen").click()
    page.get_by_role("option", name="Carol Okafor").click()
    page.get_by_role("button", name="general", exact=True).click()
    page.get_by_role("button", name="You are Carol Okafor").click()
    page.get_by_role("option", name="Dave Kim").click()
    expect(page.get_by_role("button", name="random, 1 unread")).to_be_visible()


def test_incidents_live_through_their_states(page: Page) -> None:
    page.locator("[data-rail=pagerduty]").click()
    panel = page.locator("#panel-body")
    panel.get_by_role("button", name="Trigger").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Disk full")
    dialog.get_by_label("Triggered by").select_option("person")
    dialog.get_by_role("button", name="Trigger").click()
    card = panel.get_by_role("article").first
    expect(card).to_contain_text("Disk full")
    card.get_by_role("button", name="Acknowledge").click()
    expect(card.locator(".tag-acknowledged")).to_be_visible()
    card.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("Looking at it")
    page.get_by_role("button", name="Save").click()
    card.get_by_role("button", name="Disk full").click()
    expect(card).to_contain_text("Looking at it")
    card.get_by_role("button", name="Resolve").click()
    expect(card.locator(".tag-resolved")).to_be_visible()


def test_settings_and_faults_reach_the_server(page: Page) -> None:
    page.locator("[data-rail=sandbox]").click()
    panel = page.locator("#panel-body")
    limits = panel.get_by_role("switch", name="Rate limits")
    limits.uncheck()
    panel.get_by_label("Slack latency").fill("20")
    panel.get_by_label("Slack latency").press("Enter")
    panel.get_by_label("What fails").fill("slack.chat.postMessage")
    panel.get_by_role("button", name="Add fault").click()
    expect(panel.locator(".fault")).to_contain_text("slack.chat.postMessage")
    page.reload()
    expect(panel.get_by_label("Slack latency")).to_have_value("20")
    expect(limits).not_to_be_checked()
    panel.get_by_role("button", name="Clear all").click()
    expect(panel.locator(".fault")).to_have_count(0)
