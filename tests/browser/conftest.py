"""Chromium and the mock sandbox, once for all page tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.mock_sandbox import MockSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 900}
#: Two Chromiums share the machine with whatever else it does.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt-get install chromium fonts-noto-color-emoji")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def _server() -> Iterator[MockSandbox]:
    server = MockSandbox()
    yield server
    server.stop()


@pytest.fixture
def mock(_server: MockSandbox) -> MockSandbox:
    """The canned sandbox in its first state."""
    _server.reset()
    return _server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A desk-sized window."""
    context = browser.new_context(viewport=DESK, locale="en-US")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(mock: MockSandbox, context: BrowserContext) -> Iterator[Page]:
    """The page, opened as Alice; any JavaScript error or foreign request fails the test."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    foreign: list[str] = []

    def check(request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((mock.url, "data:", "http://127.0.0.1:9/")):
            foreign.append(url)

    page.on("request", check)
    page.goto(f"{mock.url}/?user=U0ALICE00")
    expect(page.locator(".channel-name")).to_contain_text("incidents")
    yield page
    assert errors == []
    assert foreign == []
