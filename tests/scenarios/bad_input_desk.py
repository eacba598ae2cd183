"""Odd things sent to the bot over Slack, and what must hold whatever was sent."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from bot.sandbox.slack.entering import Screen
from tests.stage import ALICE, API_TOKEN, GENERAL, Json, Stage, text_of
from tests.workspace import card_of, channel_named, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

BOT = "U0MUSTER00"
#: Nobody ever gives Erin anything in these tests, so whoever mentions her does it for somebody else.
ERIN = "U0ERIN000"
GHOST = "U0GHOST00"  # a person nobody has told the bot of
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}

#: What is typed, and what of it must be in the title that is kept.
ABSURD = {
    "emoji": ("🔥🔥🔥", "🔥🔥🔥"),
    "right to left": ("فشل الدفع في المتجر", "فشل الدفع في المتجر"),
    "override": ("down \u202egnp.exe\u202c now", "gnp.exe"),
    "broadcast": ("<!channel> everything is down", "<!channel> everything is down"),
    "here": ("<!here|here> broken", "broken"),
    "everyone typed": ("@everyone @channel @here look", "look"),
    "group": ("<!subteam^S0ONCALL0> wake up", "wake up"),
    "mention": (f"<@{ERIN}> broke the build", "broke the build"),
    "markup": ("*bold* _it_ ~gone~ `code` ```block```", "*bold* _it_ ~gone~ `code` ```block```"),
    "lines": ("first line\nsecond line\r\n\tthird", "first line second line third"),
    "control": ("ring\x07 escape\x1b[31m nul\x00 del\x7f", "escape"),
    "sql": ("'); DROP TABLE incidents;-- \" OR 1=1", "'); DROP TABLE incidents;-- \" OR 1=1"),
    "number": ("INC-1", "INC-1"),
    "escaped": ("&lt;!channel&gt; &amp;amp; <b>", "channel"),
    "link": ("<https://evil.example|your bank> fails", "fails"),
    "braces": ("{number} {0} %s %(x)s ${HOME} {{7*7}}", "{number} {0} %s %(x)s ${HOME} {{7*7}}"),
    "markdown": (
        "@everyone fixes #1 [x](javascript:alert(1)) <!-- -->",
        "[x](javascript:alert(1))",
    ),
}

_PING = re.compile(rf"<!(?:channel|here|everyone|subteam)|<@{ERIN}")


def pings(value: Any) -> Iterator[str]:
    """Everything in texts, blocks or views that would call somebody; plain text calls nobody."""
    if isinstance(value, dict):
        if value.get("type") == "plain_text":
            return
        for inner in value.values():
            yield from pings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pings(inner)
    elif isinstance(value, str) and _PING.search(value):
        yield value


class Desk:
    """A stage with somebody at it who sends nonsense, and the judge of what the bot does with it."""

    def __init__(
        self, s: Stage, caplog: pytest.LogCaptureFixture, events: list[Mapping[str, Any]]
    ) -> None:
        self.s = s
        self._caplog = caplog
        self._events = events
        self._before: set[tuple[str, str]] = set()
        self._answers: list[Any] = []

    # --- judging ----------------------------------------------------------------------

    async def begin(self) -> None:
        self._before = {(c, m["ts"]) for c, m in await self._sent()}

    async def _sent(self) -> list[tuple[str, Json]]:
        """What the bot wrote, as Alice sees it."""
        state = await self.s.state()
        return [
            (channel, message)
            for channel, messages in state["messages"].items()
            for message in messages
            if message["user"] == BOT and not message["subtype"]
        ]

    async def judge(self) -> None:
        """No traceback, no ping, nothing the real services would have refused."""
        await self.s.quiet()
        bugs = [e for e in self._events if str(e.get("event", "")).endswith(".bug")]
        assert bugs == []
        assert [e for e in self._events if e.get("log_level") in {"error", "critical"}] == []
        errors = [r.getMessage() for r in self._caplog.records if r.levelno >= logging.ERROR]
        assert errors == []
        for channel, message in await self._sent():
            if (channel, message["ts"]) not in self._before:
                shown = {"text": message["text"], "blocks": message["blocks"]}
                assert list(pings(shown)) == [], message
        assert list(pings(self._answers)) == []
        state = await self.s.state()
        assert list(pings([state["views"], state["home"]])) == []
        assert await self.s.problems() == []

    # --- sending ----------------------------------------------------------------------

    async def type(self, words: str, *, user: str = ALICE, channel: str = GENERAL) -> str:
        """``/incident`` and these words; what the person was answered, at once or a little later."""
        before = len(await self.told(user))
        answer = await self.s.command(f"/incident {words}", user=user, channel=channel)
        assert answer["ok"], answer
        self._answers.append(answer["ack"])
        if answer["ack"] and answer["ack"].get("text"):
            return text_of(answer["ack"])
        if (await self.s.state(user))["views"]:
            return ""
        return await self.answer(before, user=user)

    async def told(self, user: str = ALICE) -> list[str]:
        """The private answers somebody got."""
        state = await self.s.state(user)
        found = [m for c in state["messages"].values() for m in c if m["ephemeral"]]
        return [text_of(m) for m in sorted(found, key=lambda m: float(m["ts"]))]

    async def answer(self, before: int, *, user: str = ALICE) -> str:
        """The next private answer."""

        async def there() -> list[str]:
            return (await self.told(user))[before:]

        found: list[str] = await self.s.wait(there, what="an answer")
        return found[-1]

    async def deliver(self, kind: str, payload: Json, *, answers: bool = True) -> Json | None:
        """Have Slack deliver a payload no client of Slack's would make; its acknowledgement."""
        socket = self.s.sandbox.sandbox.slack.socket
        delivery = await socket.deliver(kind, payload, accepts_response_payload=answers)
        assert delivery.error is None, f"{delivery.error}: Slack shows its own error to the person"
        self._answers.append(delivery.ack)
        return delivery.ack

    async def pressed(self, name: str, *, user: Json | None = None, **action: Any) -> str:
        """A press on an announcement with another action than its buttons have; the answer."""
        slack = self.s.sandbox.sandbox.slack
        state = await self.s.state()
        card, room = card_of(state, name), channel_named(state, "incidents")
        assert card
        assert room
        channel = slack.ws.channels[room["id"]]
        screen = Screen(slack.ws.users[ALICE], (channel, channel.messages[card["ts"]]))
        payload = slack.interactions._block_actions(screen)
        if user is not None:
            payload["user"] = {**payload["user"], **user}
        shape = {"type": "button", "block_id": "card.actions", "action_ts": slack.ws.new_ts()}
        before = len(await self.told())
        await self.deliver(
            "interactive", {**payload, "actions": [{**shape, **action}]}, answers=False
        )
        try:
            return await self.answer(before) if action.get("answered", True) else ""
        finally:
            await self.s.quiet()

    # --- looking ----------------------------------------------------------------------

    async def declared(self) -> list[Json]:
        """Every incident there is, newest first, as programs see it."""
        answer = await self.s.http.get(
            f"{self.s.bot_url}/api/incidents?status=all&limit=200", headers=BEARER
        )
        assert answer.status_code == 200
        return list(answer.json()["incidents"])

    async def whole(self, incident: Json) -> None:
        """Everything was stored and done: card, page and issue are there, once."""
        state = await self.s.settled(incident["id"])
        found = [
            p for p in state["pagerduty"]["incidents"] if p["html_url"] == incident_link(incident)
        ]
        assert len(found) == 1 or len(pages(state, incident["title"])) == 1
        issues = [i for r in state["github"]["repositories"] for i in r["issues"]]
        assert len([i for i in issues if i["title"].startswith(f"{incident['id']}:")]) == 1
        assert card_of(state, incident["id"])


def incident_link(incident: Json) -> str | None:
    link: str | None = incident["links"]["pagerduty"]
    return link
