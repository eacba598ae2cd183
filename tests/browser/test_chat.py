"""Channels, messages, threads and the composer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import canned
from tests.browser.test_blocks import wait_for_posts

if TYPE_CHECKING:
    from tests.browser.mock_sandbox import MockSandbox

pytestmark = pytest.mark.browser


#: Scrolls up, and waits until the page has heard of it.
SCROLLED = """node => new Promise(heard => {
    node.addEventListener("scroll", () => heard(), { once: true });
    node.scrollTop = 200;
})"""


def composer(page: Page) -> Locator:
    """Where messages are typed."""
    return page.locator('[data-composer="channel"]')


def row(page: Page, text: str) -> Locator:
    """A message by its text."""
    return page.locator(".channel .message", has_text=text)


def say(mock: MockSandbox, user: str, text: str, channel: str = canned.INCIDENTS) -> None:
    """Somebody else types a message."""
    mock.change(lambda state: state["messages"][channel].append(canned.message(0, user, text)))


def test_sidebar_shows_unread_mentions_private_and_archived(page: Page) -> None:
    ops = page.locator('[data-room="C0OPS"]')
    expect(ops).to_have_class(re.compile("unread"))
    expect(ops.locator(".badge")).to_have_text("1")
    expect(page.locator('[data-room="C0SECRET"] .icon-lock')).to_be_visible()
    expect(page.locator('[data-room="C0OLD"]')).to_be_hidden()
    page.get_by_role("button", name="Archived").click()
    expect(page.locator('[data-room="C0OLD"]')).to_be_visible()
    assert page.title() == "(1) Muster sandbox"


def test_opening_a_channel_marks_it_read_and_keeps_the_new_line(
    page: Page, mock: MockSandbox
) -> None:
    page.locator('[data-room="C0OPS"]').click()
    expect(page.locator(".day.new")).to_be_visible()
    wait_for_posts(page, mock, "/api/read", 1)
    assert mock.posted("/api/read")[0] == {"user": canned.ALICE, "channel": canned.OPS}
    mock.change(lambda state: state["channels"][1].update(unread=0, mentions=0))
    expect(page.locator('[data-room="C0OPS"]')).not_to_have_class(re.compile("unread"))
    expect(page.locator(".day.new")).to_be_visible()


def test_header_has_topic_members_pins_and_bookmarks(page: Page) -> None:
    expect(page.locator(".topic")).to_contain_text("be kind")
    link = page.get_by_role("link", name="PagerDuty #42").first
    expect(link).to_have_attribute("href", "https://pd.example/P")
    page.get_by_role("button", name="1 Pinned").click()
    expect(page.locator(".pins")).to_contain_text("INC-7 Checkout latency")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="View all members").click()
    expect(page.locator(".members .member")).to_have_count(4)


def test_sending_a_message(page: Page, mock: MockSandbox) -> None:
    composer(page).fill("all *good* <b>")
    composer(page).press("Enter")
    wait_for_posts(page, mock, "/api/message", 1)
    expected = {"user": canned.ALICE, "channel": canned.INCIDENTS, "text": "all *good* <b>"}
    assert mock.posted("/api/message") == [expected]
    expect(composer(page)).to_have_value("")


def test_drafts_stay_in_their_channel(page: Page) -> None:
    composer(page).fill("half a thought")
    page.locator('[data-room="C0OPS"]').click()
    expect(composer(page)).to_have_value("")
    page.locator('[data-room="C0INC"]').click()
    expect(composer(page)).to_have_value("half a thought")


def test_slash_commands_and_their_words_are_completed(page: Page, mock: MockSandbox) -> None:
    composer(page).press_sequentially("/in")
    expect(page.locator(".channel .completion [role=option]")).to_have_count(1)
    composer(page).press("Tab")
    expect(composer(page)).to_have_value("/incident ")
    words = ["declare", "list", "show", "ack", "resolve", "help"]
    expect(page.locator(".completion-label")).to_have_text(words)
    composer(page).press_sequentially("res")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("/incident resolve ")
    composer(page).press_sequentially("rolled back")
    composer(page).press("Enter")
    wait_for_posts(page, mock, "/api/command", 1)
    assert mock.posted("/api/command")[0]["text"] == "/incident resolve rolled back"
    assert mock.posted("/api/message") == []


def test_people_channels_and_emoji_are_completed(page: Page) -> None:
    composer(page).press_sequentially("hi @bo")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("hi @bob ")
    composer(page).press_sequentially("see #op")
    composer(page).press("Tab")
    composer(page).press_sequentially(":fir")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("hi @bob see #ops :fire: ")
    composer(page).press_sequentially("@al")
    composer(page).press("Escape")
    expect(page.locator(".channel .completion")).to_be_hidden()


def test_a_button_press_says_where_it_was(page: Page, mock: MockSandbox) -> None:
    mock.held = True
    card = row(page, "INC-7 Checkout").first
    card.get_by_role("button", name="Acknowledge").click()
    expect(card.locator(".btn.busy")).to_be_visible()
    wait_for_posts(page, mock, "/api/press", 1)
    body = mock.posted("/api/press")[0]
    assert body == {
        "user": canned.ALICE,
        "where": "message",
        "channel": canned.INCIDENTS,
        "ts": canned.ts(4000),
        "label": "Acknowledge",
        "block_id": "actions-7",
        "action_id": "ack",
    }
    mock.held = False
    expect(card.locator(".btn.busy")).to_have_count(0)


def test_a_button_with_confirm_asks_first(page: Page, mock: MockSandbox) -> None:
    resolve = row(page, "INC-7 Checkout").first.get_by_role("button", name="Resolve")
    resolve.click()
    dialog = page.get_by_role("dialog", name="Resolve INC-7?")
    expect(dialog.locator("b", has_text="post-mortem")).to_be_visible()
    dialog.get_by_role("button", name="Not yet").click()
    expect(dialog).to_have_count(0)
    resolve.click()
    page.keyboard.press("Escape")
    assert mock.posted("/api/press") == []
    resolve.click()
    page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    wait_for_posts(page, mock, "/api/press", 1)
    assert mock.posted("/api/press")[0]["action_id"] == "resolve"


def test_ephemeral_messages_are_marked_and_can_be_dismissed(page: Page) -> None:
    note = row(page, "You own INC-7 now")
    expect(note).to_contain_text("Only visible to you")
    note.get_by_role("button", name="Dismiss").click()
    expect(note).to_have_count(0)


def test_thread_pane_shows_replies_and_answers(page: Page, mock: MockSandbox) -> None:
    expect(row(page, "Looks like it.")).to_have_count(0)
    row(page, "Did the deploy").get_by_role("button", name="2 replies").click()
    thread = page.get_by_role("region", name="Thread")
    expect(thread.locator(".message")).to_have_count(3)
    expect(thread).to_contain_text("2 replies")
    field = thread.get_by_role("combobox", name="Reply in thread")
    expect(field).to_be_focused()
    field.fill("agreed")
    field.press("Enter")
    wait_for_posts(page, mock, "/api/message", 1)
    assert mock.posted("/api/message")[0]["thread_ts"] == canned.ts(3000)
    field.press("Escape")
    expect(thread).to_be_hidden()


def test_slash_commands_are_refused_in_threads(page: Page, mock: MockSandbox) -> None:
    row(page, "Did the deploy").get_by_role("button", name="2 replies").click()
    field = page.get_by_role("combobox", name="Reply in thread")
    field.fill("/incident ack")
    field.press("Enter")
    expect(page.locator(".toast")).to_contain_text("not supported in threads")
    assert mock.posts == []


def test_hover_tools_react_pin_and_run_message_shortcuts(page: Page, mock: MockSandbox) -> None:
    target = row(page, "Customers report errors")
    target.hover()
    tools = target.get_by_role("toolbar")
    tools.get_by_role("button", name="React with eyes").click()
    tools.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Pin to channel").click()
    tools.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Add to timeline").click()
    for path in (
        "/api/react",
        "/api/pin",
        "/api/shortcut",
    ):  # each may come by a connection of its own
        wait_for_posts(page, mock, path, 1)
    place = {"user": canned.ALICE, "channel": canned.INCIDENTS, "ts": canned.ts(5000)}
    assert mock.posted("/api/react") == [{**place, "name": "eyes"}]
    assert mock.posted("/api/pin") == [place]
    assert mock.posted("/api/shortcut") == [{**place, "callback_id": "timeline"}]


def test_own_reaction_is_taken_back(page: Page, mock: MockSandbox) -> None:
    page.get_by_role("button", name="+1, 1").click()
    wait_for_posts(page, mock, "/api/unreact", 1)
    assert mock.posted("/api/unreact")[0]["name"] == "+1"


def test_global_shortcuts_menu(page: Page, mock: MockSandbox) -> None:
    page.locator(".rail").get_by_role("button", name="Shortcuts").click()
    page.get_by_role("menuitem", name="Declare an incident").click()
    wait_for_posts(page, mock, "/api/shortcut", 1)
    assert mock.posted("/api/shortcut") == [{"user": canned.ALICE, "callback_id": "declare"}]


def test_live_update_keeps_focus_text_scroll_and_nodes(page: Page, mock: MockSandbox) -> None:
    mock.change(
        lambda state: state["messages"]["C0INC"].extend(
            canned.message(100 - index * 0.1, canned.BOB, f"filler {index}", serial=index)
            for index in range(300)
        )
    )
    expect(row(page, "filler 299")).to_be_in_viewport()
    composer(page).press_sequentially("typing")
    scroller = page.locator(".channel .scroller")
    scroller.evaluate(SCROLLED)
    page.locator(".channel .message").first.evaluate("node => { node.kept = true; }")
    say(mock, canned.CAROL, "a new one")
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    assert scroller.evaluate("node => node.scrollTop") == 200
    assert page.locator(".channel .message").first.evaluate("node => node.kept") is True
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("typing")
    expect(page.locator("#announcer")).to_contain_text("Carol Okafor: a new one")
    page.get_by_role("button", name="New messages").click()
    expect(row(page, "a new one")).to_be_in_viewport()


def test_an_edited_card_is_replaced_in_place(page: Page, mock: MockSandbox) -> None:
    card = row(page, "INC-7 Checkout").first
    card.get_by_role("button", name="Reassign").focus()

    def acknowledge(state: dict[str, list[dict[str, object]]]) -> None:
        for message in state["messages"]["C0INC"]:  # type: ignore[call-overload]
            if message["ts"] == canned.ts(4000):
                message["blocks"] = canned.card(7, "Checkout latency", acknowledged=True)

    mock.change(acknowledge)
    expect(card.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(card).to_contain_text("Acknowledged")


def test_notices_and_failures_are_told(page: Page, mock: MockSandbox) -> None:
    text = "/incident failed with the error “operation_timeout”"
    mock.change(lambda state: state.update(notices=[{"id": "n1", "text": text, "at": 1}]))
    expect(page.locator(".toast-error")).to_contain_text("operation_timeout")
    mock.answers["/api/message"] = lambda _: {"ok": False, "error": "is_archived"}
    composer(page).fill("hello")
    composer(page).press("Enter")
    expect(page.locator("#toasts")).to_contain_text("This channel is archived.")


def test_switching_the_person(page: Page, mock: MockSandbox) -> None:
    page.get_by_role("button", name="You are Alice Nguyen").click()
    page.get_by_role("option", name="Bob Martin").click()
    expect(page.get_by_role("button", name="You are Bob Martin")).to_be_visible()
    composer(page).fill("as Bob")
    composer(page).press("Enter")
    wait_for_posts(page, mock, "/api/message", 1)
    assert mock.posted("/api/message")[0]["user"] == canned.BOB
    assert "user=U0BOB0000" in page.url


def test_a_channel_not_joined_offers_to_join(page: Page, mock: MockSandbox) -> None:
    page.get_by_role("button", name="Find a channel").click()
    page.get_by_role("option", name="not-joined").click()
    expect(composer(page)).to_be_hidden()
    page.get_by_role("button", name="Join Channel").click()
    wait_for_posts(page, mock, "/api/join", 1)
    assert mock.posted("/api/join")[0]["channel"] == "C0NEW"


def test_home_tab(page: Page, mock: MockSandbox) -> None:
    page.locator(".side-row", has_text="Muster").click()
    home = page.get_by_role("region", name="App Home")
    expect(home).to_contain_text("Good morning, Alice")
    wait_for_posts(page, mock, "/api/open_home", 1)
    home.get_by_role("button", name="Declare an incident").click()
    wait_for_posts(page, mock, "/api/press", 1)
    body = mock.posted("/api/press")[0]
    assert (body["where"], body["action_id"]) == ("home", "declare")
    home.get_by_role("button", name="Messages").click()
    expect(page.locator(".channel-name")).to_contain_text("Muster")
    wait_for_posts(page, mock, "/api/open_messages", 1)


def test_system_messages_name_the_person_once(page: Page, mock: MockSandbox) -> None:
    joined = canned.message(
        0, canned.BOB, f"<@{canned.BOB}> has joined the channel", subtype="channel_join"
    )
    mock.change(lambda state: state["messages"][canned.INCIDENTS].append(joined))
    last = page.locator(".channel .message").last
    expect(last.locator(".message-content")).to_have_text("has joined the channel")
    expect(last.locator(".sender")).to_have_text("Bob Martin")
