"""Modals: filling, sending, errors, updates in place, the stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import canned
from tests.browser.test_blocks import wait_for_posts

if TYPE_CHECKING:
    from tests.browser.mock_sandbox import MockSandbox

pytestmark = pytest.mark.browser
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def modal(page: Page, mock: MockSandbox) -> Locator:
    """The declare form, open."""
    mock.change(lambda state: state.update(views=[canned.declare_view()]))
    dialog = page.get_by_role("dialog", name="Declare an incident")
    expect(dialog).to_be_visible()
    return dialog


def update(mock: MockSandbox, change: Change) -> None:
    """The app updates the open view."""
    mock.change(lambda state: change(state["views"][-1]))


def submitted(page: Page, mock: MockSandbox) -> dict[str, Any]:
    """The values of the first submission."""
    wait_for_posts(page, mock, "/api/submit", 1)
    body = mock.posted("/api/submit")[0]
    assert body["user"] == canned.ALICE
    values: dict[str, Any] = body["values"]
    return values


def test_fill_and_submit(page: Page, mock: MockSandbox, modal: Locator) -> None:
    mock.answers["/api/options"] = lambda _: {
        "ok": True,
        "ack": {"options": [canned.option("Checkout", "checkout")]},
    }
    expect(modal.get_by_label("Title")).to_be_focused()
    modal.get_by_label("Title").fill("Checkout is slow")
    modal.get_by_role("button", name="Severity").click()
    page.get_by_role("option", name="SEV1").click()
    modal.get_by_role("button", name="Service").click()
    page.get_by_role("option", name="Checkout").click()
    expect(modal.get_by_role("button", name="Service: Checkout")).to_be_visible()
    modal.get_by_label("What is happening?").fill("Errors\nsince 9")
    modal.get_by_role("checkbox", name="Only invited people").check()
    mock.held = True
    modal.get_by_role("button", name="Declare").click()
    expect(modal.locator("[type=submit][aria-busy=true]")).to_be_disabled()
    assert submitted(page, mock) == {
        "title": "Checkout is slow",
        "severity": "SEV1",
        "service": "checkout",
        "what": "Errors\nsince 9",
        "private": ["yes"],
    }
    mock.held = False
    mock.change(lambda state: state.update(views=[]))
    expect(modal).to_have_count(0)


def test_required_fields_are_checked_before_the_app_hears(
    mock: MockSandbox, modal: Locator
) -> None:
    modal.get_by_role("button", name="Declare").click()
    expect(modal.get_by_role("alert")).to_have_text("Please complete this required field.")
    expect(modal.get_by_label("Title")).to_be_focused()
    assert mock.posted("/api/submit") == []
    modal.get_by_label("Title").press_sequentially("It")
    expect(modal.get_by_role("alert")).to_have_count(0)
    expect(modal.get_by_label("Title")).to_be_focused()
    expect(modal.get_by_label("Title")).to_have_value("It")
    modal.get_by_label("Title").fill("")
    modal.get_by_role("button", name="Declare").click()
    expect(modal.get_by_role("alert")).to_have_text("Please complete this required field.")


def test_errors_of_the_app_are_shown_at_their_field(
    page: Page, mock: MockSandbox, modal: Locator
) -> None:
    wrong = {"title": "INC-7 has this title already."}

    def refuse(_: dict[str, Any]) -> dict[str, Any]:
        update(mock, lambda view: view.update(errors=wrong))
        return {"ok": True, "ack": {"response_action": "errors"}, "errors": wrong}

    mock.answers["/api/submit"] = refuse
    modal.get_by_label("Title").fill("Checkout")
    modal.get_by_label("What is happening?").fill("kept")
    modal.get_by_role("button", name="Declare").click()
    submitted(page, mock)
    expect(modal.locator('[data-block="title"] .field-error')).to_have_text(wrong["title"])
    expect(modal.get_by_label("Title")).to_have_value("Checkout")
    expect(modal.get_by_label("What is happening?")).to_have_value("kept")
    expect(modal.get_by_label("Title")).to_have_attribute("aria-invalid", "true")


def test_a_timeout_keeps_the_form(page: Page, mock: MockSandbox, modal: Locator) -> None:
    trouble = "We had some trouble connecting. Try again?"

    def fail(_: dict[str, Any]) -> dict[str, Any]:
        notice = {"id": "n1", "text": trouble, "at": 1}
        mock.change(lambda state: state.update(notices=[notice]))
        return {"ok": False, "error": "operation_timeout"}

    mock.answers["/api/submit"] = fail
    modal.get_by_label("Title").fill("Checkout")
    modal.get_by_role("button", name="Declare").click()
    submitted(page, mock)
    expect(modal.get_by_role("alert")).to_have_text(trouble)
    expect(modal.get_by_label("Title")).to_have_value("Checkout")


def test_an_update_keeps_what_was_typed_unless_the_block_id_changed(
    mock: MockSandbox, modal: Locator
) -> None:
    modal.get_by_label("Title").fill("typed")
    modal.get_by_label("What is happening?").fill("typed too")
    modal.get_by_label("Title").focus()
    hint = {
        "type": "section",
        "block_id": "similar",
        "text": canned.mrkdwn("INC-7 looks the same: join it?"),
        "accessory": canned.button("Join INC-7", "join"),
    }

    def offer(view: dict[str, Any]) -> None:
        view["blocks"].insert(1, hint)
        view["blocks"][0]["hint"] = canned.plain("There is one like it.")
        view["blocks"][0]["element"]["initial_value"] = "from the app"

    update(mock, offer)
    expect(modal.get_by_role("button", name="Join INC-7")).to_be_visible()
    expect(modal.get_by_label("Title")).to_have_value("typed")
    expect(modal.get_by_label("Title")).to_be_focused()
    update(mock, lambda view: view["blocks"][0].update(block_id="title-2"))
    expect(modal.get_by_label("Title")).to_have_value("from the app")
    expect(modal.get_by_label("What is happening?")).to_have_value("typed too")


def test_dispatch_actions_tell_the_app_while_typing(
    page: Page, mock: MockSandbox, modal: Locator
) -> None:
    modal.get_by_label("Title").fill("Checkout")
    modal.get_by_label("Title").press("Enter")
    wait_for_posts(page, mock, "/api/press", 1)
    body = mock.posted("/api/press")[0]
    assert body["where"] == "view"
    assert (body["block_id"], body["choose"]) == ("title", "Checkout")
    assert body["values"]["severity"] == "SEV2"
    assert mock.posted("/api/submit") == []


def test_stack_shows_the_top_view_and_the_way_back(
    page: Page, mock: MockSandbox, modal: Locator
) -> None:
    modal.get_by_label("Title").fill("below")
    second = {
        "id": "V2",
        "title": "Page someone",
        "close": "Back",
        "blocks": [{"type": "section", "block_id": "s", "text": canned.mrkdwn("Who?")}],
        "errors": {},
        "pending": True,
    }
    mock.change(lambda state: state["views"].append(second))
    top = page.get_by_role("dialog", name="Page someone")
    expect(top).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    mock.answers["/api/close"] = lambda _: pop(mock)
    page.keyboard.press("Escape")
    expect(modal.get_by_label("Title")).to_have_value("below")
    assert mock.posted("/api/close") == [{"user": canned.ALICE}]


def pop(mock: MockSandbox) -> dict[str, Any]:
    """The top view closes."""
    mock.change(lambda state: state["views"].pop())
    return {"ok": True}


def test_focus_stays_inside(page: Page, modal: Locator) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('[role=dialog]')")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("!!document.activeElement.closest('[role=dialog]')")
    expect(modal).to_be_visible()


def test_every_kind_of_input(page: Page, mock: MockSandbox) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "number": {"type": "number_input", "is_decimal_allowed": False, "max_value": "10"},
        "email": {"type": "email_text_input"},
        "url": {"type": "url_text_input"},
        "date": {"type": "datepicker"},
        "time": {"type": "timepicker"},
        "people": {"type": "multi_users_select"},
        "radio": {"type": "radio_buttons", "options": [canned.option("Yes", "y")]},
    }
    view = canned.declare_view()
    view["blocks"] = [canned.field(name, name, element) for name, element in kinds.items()]
    mock.change(lambda state: state.update(views=[view]))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("number").fill("12")
    dialog.get_by_label("email").fill("nobody")
    dialog.get_by_label("url").fill("https://example.com")
    dialog.get_by_label("date").fill("2026-05-04")
    dialog.get_by_label("time", exact=True).fill("10:00")
    dialog.get_by_role("button", name="people").click()
    page.get_by_role("option", name="Bob Martin").click()
    page.keyboard.press("Escape")
    dialog.get_by_role("radio", name="Yes").check()
    dialog.get_by_role("button", name="Declare").click()
    errors = ["Please enter 10 or less.", "Please enter a valid email address."]
    expect(dialog.locator(".field-error")).to_have_text(errors)
    dialog.get_by_label("number").fill("7")
    dialog.get_by_label("email").fill("a@example.com")
    dialog.get_by_role("button", name="Declare").click()
    assert submitted(page, mock) == {
        "number": "7",
        "email": "a@example.com",
        "url": "https://example.com",
        "date": "2026-05-04",
        "time": "10:00",
        "people": [canned.BOB],
        "radio": "y",
    }


def test_a_long_modal_stays_inside_the_window(
    page: Page, mock: MockSandbox, modal: Locator
) -> None:
    lines = [
        {"type": "section", "block_id": f"l{n}", "text": {"type": "mrkdwn", "text": f"Line {n}"}}
        for n in range(45)
    ]
    update(mock, lambda view: view.update(blocks=[*view["blocks"], *lines]))
    expect(modal.get_by_text("Line 44")).to_be_attached()
    foot = modal.get_by_role("button", name="Declare").bounding_box()
    size = page.viewport_size
    assert foot
    assert size
    assert foot["y"] + foot["height"] <= size["height"]
    modal.get_by_text("Line 44").scroll_into_view_if_needed()
    expect(modal.get_by_text("Line 44")).to_be_in_viewport()
