"""The pictures of the README's tour, made anew: ``make screenshots``.

An on-call engineer's walk through the sandbox as ``make sandbox`` starts it, in Debian's Chromium. Nothing is drawn
by hand: whoever changes what people see runs this, looks at the pictures, and commits them.
"""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright

from tests.architecture.pictures import FOLDER
from tests.browser.conftest import ARGUMENTS, CHROMIUM

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SIZE: ViewportSize = {"width": 1280, "height": 820}
BOB, CAROL = "U0BOB0000", "U0CAROL00"
TITLE = "Card payments fail at checkout"
ROOM = "incident-2"
SAID = "The gateway answers 502 since the 14:02 deploy, wallets are fine"
UPDATE = "Card payments fail since 14:02; wallets work. We roll the last deploy back."
#: Slack's own pace is the bot's own business, not the pictures'.
READY = 60.0


@contextlib.contextmanager
def sandbox() -> Iterator[str]:
    """The address of a sandbox of its own, bot included, with its first incident."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "bot", "sandbox", "--port", str(port)]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said) as process,
    ):
        try:
            deadline = time.monotonic() + READY
            while "Ctrl-C ends it" not in (said.seek(0), said.read())[1]:
                assert process.poll() is None, "the sandbox ended by itself"
                assert time.monotonic() < deadline, "the sandbox did not get ready"
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


class Walk:
    """Bob is on call for payments; the page shows what he sees."""

    def __init__(self, page: Page, url: str, folder: Path) -> None:
        self.page, self.url, self.folder = page, url, folder

    def act(self, path: str, **body: Any) -> None:
        """What others do meanwhile."""
        httpx.post(f"{self.url}/api/{path}", json=body, trust_env=False).raise_for_status()

    def channel(self, name: str) -> None:
        self.page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
        expect(self.page.locator(".channel-name")).to_contain_text(name)

    def message(self, words: str) -> Locator:
        return self.page.locator(".channel .message", has_text=words).last

    def type(self, words: str) -> None:
        field = self.page.locator('[data-composer="channel"]')
        field.fill(words)
        field.press("Enter")

    def dialog(self, name: str | re.Pattern[str]) -> Locator:
        found = self.page.get_by_role("dialog", name=name)
        expect(found).to_be_visible()
        return found

    def close(self) -> None:
        """All modals, one after the other."""
        heading = self.page.locator("#modal-title")
        while heading.count():
            title = heading.inner_text()
            self.page.keyboard.press("Escape")
            expect(heading.get_by_text(title, exact=True)).to_have_count(0)

    def _state(self) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/state", params={"user": BOB}, trust_env=False)
        return dict(answer.json())

    def room(self) -> str:
        """The id of the incident's channel."""
        channels = self._state()["channels"]
        return str(next(c["id"] for c in channels if c["name"].startswith(ROOM)))

    def ts(self, words: str) -> str:
        """Which message says so."""
        said = self._state()["messages"][self.room()]
        return str(next(m["ts"] for m in said if words in m["text"]))

    def take(self, name: str) -> None:
        """A picture, with nothing hovered and nothing moving."""
        self.page.mouse.move(640, 20)
        self.page.wait_for_timeout(400)
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path, animations="disabled", caret="hide")
        sys.stdout.write(f"{path.name}: {path.stat().st_size // 1000} kB\n")


def walk(w: Walk) -> None:
    """From the announcement to the report."""
    w.page.goto(f"{w.url}/?user={BOB}")
    announced(w)
    talked_about(w)
    told(w)
    looked_back_on(w)


def announced(w: Walk) -> None:
    """PagerDuty triggers; somebody else is about to declare the same."""
    w.channel("incidents")
    alarm = {"action": "trigger", "title": TITLE, "service": "PPAYMNT", "priority": "P1"}
    w.act("pagerduty", **{"as": None}, **alarm)
    expect(w.message(TITLE)).to_contain_text("acme/payments#")
    w.take("announcement")
    w.channel("general")
    w.type("/incident declare")
    form = w.dialog("Declare an incident")
    form.get_by_label("Title").fill(TITLE)
    form.get_by_label("Title").press("Enter")
    expect(form).to_contain_text("looks the same: join it?")
    w.take("declare")
    w.close()


def talked_about(w: Walk) -> None:
    """Bob takes it; what Carol saw goes into the timeline."""
    w.channel(ROOM)
    card = w.page.locator(".channel .message", has_text="Pinned")
    card.get_by_role("button", name=re.compile("^Acknowledge")).click()
    expect(w.message("acknowledged")).to_be_visible()
    room = w.room()
    w.act("join", user=CAROL, channel=room)
    w.act("message", user=CAROL, channel=room, text=SAID)
    expect(w.message(SAID)).to_be_visible()
    w.act("react", user=BOB, channel=room, ts=w.ts(SAID), name="pushpin")
    confirmed = re.compile("^white_check_mark")
    expect(w.message(SAID).get_by_role("button", name=confirmed)).to_be_visible()
    w.page.get_by_role("button", name="Dismiss").first.click()  # the welcome only Bob sees
    expect(w.page.get_by_text("Only visible to you")).to_have_count(0)
    w.take("channel")
    w.type("/incident")
    w.dialog("INC-2")
    w.take("panel")


def told(w: Walk) -> None:
    """An update, a role, the timeline."""
    w.page.get_by_role("dialog").get_by_role("button", name="Post an update").click()
    form = w.dialog("Post an update")
    form.get_by_role("button", name="Phase").click()
    w.page.get_by_role("option", name=re.compile("Identified")).click()
    form.get_by_role("textbox", name="Update").fill(UPDATE)
    form.get_by_role("button", name="Next update in").click()
    w.page.get_by_role("option").nth(1).click()
    w.take("update")
    form.get_by_role("button", name="Post", exact=True).click()
    expect(w.message(UPDATE)).to_be_visible()
    w.close()
    w.type("/incident role commander")
    expect(w.message("is commander now")).to_be_visible()
    w.type("/incident")
    w.dialog("INC-2").get_by_role("button", name="Timeline").click()
    expect(w.dialog("Timeline")).to_contain_text("GitHub comment")
    w.take("timeline")
    w.close()


def looked_back_on(w: Walk) -> None:
    """It is resolved: Home, the report, and the same incident at the vendors."""
    w.type("/incident resolve Rolled the deploy back")
    expect(w.message("Rolled the deploy back")).to_be_visible()
    w.type("/incident report")
    expect(w.message("The charts are in your direct messages")).to_be_visible()
    w.page.get_by_role("button", name=re.compile("^Muster")).first.click()
    w.page.get_by_role("button", name="Charts").wait_for()
    w.take("home")
    w.page.get_by_text("Messages", exact=True).click()
    w.page.locator(".chart-plot").first.wait_for()
    heading = w.page.get_by_text("Incidents, the last 30 days").last
    heading.evaluate("(node) => node.scrollIntoView({ block: 'start' })")
    w.take("report")
    w.channel(ROOM)
    for vendor in ("pagerduty", "github"):
        w.page.locator(f"[data-rail={vendor}]").click()
        w.page.locator("#panel-body").get_by_role("button", name=TITLE).click()
        w.take(vendor)


def main() -> None:
    """Take all pictures into the folder the README shows them from."""
    if not CHROMIUM.exists():
        sys.exit("Needs Chromium: apt-get install chromium fonts-noto-color-emoji")
    with sandbox() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(viewport=SIZE, locale="en-US", timezone_id="Europe/Berlin")
        context.set_default_timeout(15_000)
        walk(Walk(context.new_page(), url, FOLDER))
        browser.close()


if __name__ == "__main__":
    main()
