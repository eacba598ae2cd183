"""Every kind of block and element, drawn from canned state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import canned

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.mock_sandbox import MockSandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def sink(page: Page) -> Page:
    """The channel with one of everything."""
    page.locator('[data-room="C0KITCHEN"]').click()
    expect(page.locator(".channel-name")).to_contain_text("kitchen-sink")
    return page


def block(page: Page, block_id: str) -> Locator:
    """A block of the message list."""
    return page.locator(f'.message-list [data-block="{block_id}"]')


def test_mrkdwn_has_its_styles_links_and_mentions(sink: Page) -> None:
    section = block(sink, "sec")
    expect(section.locator("b", has_text="Bold")).to_be_visible()
    expect(section.locator("i", has_text="italic")).to_be_visible()
    expect(section.locator("s", has_text="gone")).to_be_visible()
    expect(section.locator("code")).to_have_text("code_with_*stars*")
    link = section.get_by_role("link", name="a link")
    expect(link).to_have_attribute("href", "https://example.com/a_b_c")
    for mention in ("@Alice Nguyen", "#ops", "@oncall", "@here"):
        expect(section.locator(".mention", has_text=mention)).to_be_visible()
    expect(section.locator(".emoji")).to_have_text("🚨")
    expect(section).to_contain_text("a < b & c")
    expect(section.locator("blockquote")).to_have_text("quoted")
    expect(section.locator("pre")).to_have_text("pre *not bold*")


def test_dates_are_in_the_zone_of_the_reader(page: Page, mock: MockSandbox) -> None:
    noon = 1_767_268_800  # 2026-01-01 12:00 UTC
    text = f"<!date^{noon}^{{date_short}} at {{time}}|then> and <!date^x^{{time}}|fallback>"
    mock.change(
        lambda state: state["messages"]["C0INC"].append(canned.message(1, canned.BOB, text))
    )
    row = page.locator(".message-list .message").last
    expect(row).to_contain_text("Jan 1, 2026 at 7:00 AM")
    expect(row).to_contain_text("fallback")


def test_rich_text_has_every_inline_element(sink: Page) -> None:
    rich = block(sink, "rich")
    for text in ("bold", "code", "@Bob Martin", "#ops", "@oncall", "@here", "🔥", "runbook"):
        expect(rich).to_contain_text(text)
    expect(rich.locator("ol > li")).to_have_text(["First", "Second"])
    expect(rich.locator("ul > li")).to_have_text("Deeper")
    expect(rich.locator("blockquote")).to_have_text("A quote")
    expect(rich.locator("pre")).to_contain_text("SELECT 1;")
    expect(rich.locator(".swatch")).to_be_visible()


def test_markdown_block(sink: Page) -> None:
    markdown = block(sink, "md")
    expect(markdown.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(markdown.locator("b")).to_have_text("09:12")
    expect(markdown.get_by_role("checkbox")).to_have_count(2)
    expect(markdown.locator("td code")).to_have_text("deploy")
    expect(markdown.locator("blockquote")).to_have_text("calm")
    expect(markdown.locator("pre")).to_have_text("raw")


def test_plain_table(sink: Page) -> None:
    table = block(sink, "table")
    expect(table.locator("th")).to_have_text(["Service", "Open"])
    expect(table.locator("td")).to_have_text(["Checkout", "3"])


def test_data_table_sorts_filters_and_pages(sink: Page) -> None:
    table = block(sink, "dtable")
    expect(table).to_contain_text("1\u20135 of 12")
    table.get_by_role("button", name="Next page").click()
    expect(table).to_contain_text("6\u201310 of 12")
    table.get_by_role("button", name="Minutes").click()
    expect(table.locator("th[aria-sort=ascending]")).to_contain_text("Minutes")
    table.get_by_role("textbox").fill("INC-12")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table.get_by_role("textbox")).to_be_focused()


@pytest.mark.parametrize(
    ("block_id", "shape", "count"),
    [
        ("chart-bar", ".chart-bar", 10),
        ("chart-line", ".chart-line", 2),
        ("chart-area", ".chart-area", 2),
        ("chart-pie", ".chart-slice", 4),
    ],
)
def test_charts_are_drawn_and_described(sink: Page, block_id: str, shape: str, count: int) -> None:
    chart = block(sink, block_id)
    expect(chart.locator(shape)).to_have_count(count)
    label = chart.get_by_role("img").get_attribute("aria-label") or ""
    assert "SEV3 14" in label or "Opened: Mon 4" in label


def test_container_folds(sink: Page) -> None:
    container = block(sink, "box")
    inside = container.get_by_text("Inside the container")
    expect(inside).to_be_hidden()
    container.get_by_role("button", name="Alerts (2)").click()
    expect(inside).to_be_visible()


def test_card_alert_image_and_unknown_block(sink: Page) -> None:
    expect(block(sink, "card").get_by_role("button", name="Join it")).to_be_visible()
    expect(block(sink, "al").get_by_role("alert")).to_contain_text("Not saved yet")
    block(sink, "img").scroll_into_view_if_needed()
    expect(block(sink, "img").get_by_role("img")).to_contain_text("cannot be loaded")
    expect(block(sink, "new")).to_contain_text("from_the_future")


def test_card_of_an_incident(page: Page) -> None:
    card = page.locator(".message", has_text="INC-7 Checkout").first
    expect(card.get_by_role("heading")).to_contain_text("🔴 INC-7")
    expect(card.locator(".section-field")).to_have_count(6)
    expect(card.locator(".badge-app")).to_have_text("APP")
    expect(card).to_contain_text("(edited)")
    names = ["Acknowledge", "Reassign", "Escalate", "Resolve", "More"]
    expect(card.locator(".actions .btn")).to_have_text(names)


def press_of(mock: MockSandbox) -> dict[str, object]:
    """The last press, without where it was."""
    body = mock.posted("/api/press")[-1]
    where = ("user", "where", "channel", "ts")
    return {key: value for key, value in body.items() if key not in where}


def test_elements_tell_the_app_what_was_chosen(sink: Page, mock: MockSandbox) -> None:
    elements = block(sink, "els")
    mock.answers["/api/options"] = lambda body: {
        "ok": True,
        "ack": {"options": [canned.option(f"{body['value']}-api", "api")]},
    }
    steps: list[tuple[str, Callable[[], object], object]] = [
        ("sev", lambda: pick(sink, elements.locator("[data-action=sev]"), "SEV3"), "sev3"),
        ("who", lambda: pick(sink, elements.locator("[data-action=who]"), "Bob"), canned.BOB),
        ("room", lambda: pick(sink, elements.locator("[data-action=room]"), "ops"), canned.OPS),
        ("ext", lambda: pick(sink, elements.locator("[data-action=ext]"), "check"), "api"),
        ("day", lambda: elements.locator("[data-action=day]").fill("2026-04-02"), "2026-04-02"),
        ("hour", lambda: elements.locator("[data-action=hour]").fill("22:15"), "22:15"),
        (
            "when",
            lambda: elements.locator("[data-action=when]").fill("2026-07-01T08:00"),
            1_782_907_200,  # 08:00 in New York in summer
        ),
    ]
    for number, (action, do, chosen) in enumerate(steps, start=1):
        do()
        wait_for_posts(sink, mock, "/api/press", number)
        assert press_of(mock) == {"block_id": "els", "action_id": action, "choose": chosen}


def pick(page: Page, select: Locator, text: str) -> None:
    """Choose from a searchable list with the keyboard."""
    select.click()
    page.get_by_role("combobox", name="Search").fill(text)
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")


def wait_for_posts(page: Page, mock: MockSandbox, path: str, count: int) -> None:
    """Let the page work until it has called `path` so often."""
    for _ in range(1000):
        if len(mock.posted(path)) >= count:
            return
        page.wait_for_timeout(20)
    pytest.fail(f"{path}: {mock.posts}")


def test_multi_select_tells_once_when_it_closes(sink: Page, mock: MockSandbox) -> None:
    block(sink, "els").locator("[data-action=many]").click()
    sink.get_by_role("option", name="SEV1").click()
    sink.get_by_role("option", name="SEV3").click()
    assert mock.posted("/api/press") == []
    sink.keyboard.press("Escape")
    wait_for_posts(sink, mock, "/api/press", 1)
    assert press_of(mock)["choose"] == ["sev1", "sev3"]


def test_radio_buttons_checkboxes_and_overflow(sink: Page, mock: MockSandbox) -> None:
    ticks = block(sink, "ticks")
    ticks.get_by_role("radio", name="SEV2").check()
    wait_for_posts(sink, mock, "/api/press", 1)
    assert press_of(mock) == {"block_id": "ticks", "action_id": "radio", "choose": "sev2"}
    ticks.get_by_role("checkbox", name="SEV2").check()
    wait_for_posts(sink, mock, "/api/press", 2)
    assert press_of(mock)["choose"] == ["sev2"]
    block(sink, "sec").get_by_role("button", name="More options").click()
    sink.get_by_role("menuitem", name="Make private").click()
    wait_for_posts(sink, mock, "/api/press", 3)
    assert press_of(mock) == {"block_id": "sec", "action_id": "over", "choose": "private"}


def test_hostile_text_stays_text(page: Page, mock: MockSandbox) -> None:
    expect(page.get_by_text(canned.HOSTILE).first).to_be_visible()
    mock.change(poison)
    page.locator("[data-rail=pagerduty]").click()
    expect(page.locator(".vendor-title").first).to_contain_text(canned.HOSTILE)
    page.get_by_role("tab", name="GitHub").click()
    expect(page.locator(".vendor-title").first).to_contain_text(canned.HOSTILE)
    assert page.locator("img[src=x], script:not([src])").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    assert "pwned" not in page.title()


def poison(state: dict[str, object]) -> None:
    """Put hostile text wherever text can come from outside."""

    def visit(value: object) -> object:
        if isinstance(value, dict):
            keys = {"title", "name", "summary", "body", "content", "topic", "real_name", "hint"}
            return {
                key: canned.HOSTILE if key in keys and isinstance(one, str) else visit(one)
                for key, one in value.items()
            }
        return [visit(one) for one in value] if isinstance(value, list) else value

    state.update({key: visit(value) for key, value in state.items()})


def test_an_axis_that_counts_has_no_halves(sink: Page) -> None:
    marks = "import('/page/charts.js').then((charts) => charts.ticks(0, {}, {}))"
    assert sink.evaluate(marks.format(2, "true")) == [0, 1, 2]
    assert sink.evaluate(marks.format(2, "false")) == [0, 0.5, 1, 1.5, 2]
    assert sink.evaluate(marks.format(90, "true")) == [0, 50, 100]


def test_comments_in_markdown_are_for_programs(sink: Page) -> None:
    said = "import('/page/markdown.js').then((m) => m.markdown('Seen <!-- key\\n--> here').textContent)"
    assert " ".join(sink.evaluate(said).split()) == "Seen here"
