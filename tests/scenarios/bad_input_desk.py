"""Odd things sent to the bot over Slack, and what must hold whatever was sent."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from bot.sandbox.slack.entering import Screen
from tests.stage import ALICE, API_TOKEN, GENERAL, Json, Stage, text_of
from tests.workspace import card_of, channel_named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

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
        for key, inner in value.items():
            if key not in {"value", "private_metadata"}:  # nobody reads these
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

    async def deliver(
        self, kind: str, payload: Json, *, answers: bool = True, repeat: int = 0
    ) -> Json | None:
        """Have Slack deliver a payload no client of Slack's would make; its acknowledgement."""
        socket = self.s.sandbox.sandbox.slack.socket
        delivery = await socket.deliver(
            kind, payload, repeat=repeat, accepts_response_payload=answers
        )
        assert delivery.error is None, f"{delivery.error}: Slack shows its own error to the person"
        self._answers.append(delivery.ack)
        return delivery.ack

    async def press_of(self, name: str, who: str = ALICE, **action: Any) -> Json:
        """The payload of a press on an announcement, with this action instead of its buttons' own."""
        slack = self.s.sandbox.sandbox.slack
        state = await self.s.state()
        card, room = card_of(state, name), channel_named(state, "incidents")
        assert card
        assert room
        channel = slack.ws.channels[room["id"]]
        screen = Screen(slack.ws.users[who], (channel, channel.messages[card["ts"]]))
        shape = {"type": "button", "block_id": "card.actions", "action_ts": slack.ws.new_ts()}
        return {**slack.interactions._block_actions(screen), "actions": [{**shape, **action}]}

    async def pressed(self, name: str, **action: Any) -> str:
        """Such a press, and what Alice is answered."""
        before = len(await self.told())
        await self.deliver("interactive", await self.press_of(name, **action), answers=False)
        return await self.answer(before)

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
        [now] = [i for i in await self.declared() if i["id"] == incident["id"]]
        link = now["links"]["pagerduty"]
        assert len([p for p in state["pagerduty"]["incidents"] if p["html_url"] == link]) == 1
        issues = [i for r in state["github"]["repositories"] for i in r["issues"]]
        assert len([i for i in issues if i["title"].startswith(f"{incident['id']}:")]) == 1
        assert card_of(state, incident["id"])


# --- fixtures, where a test module names them -----------------------------------------------


async def at_the_desk(s: Stage, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Desk]:
    """Somebody sends nonsense; afterwards it is judged what became of it."""
    with capture_logs() as events:
        made = Desk(s, caplog, events)
        await made.begin()
        yield made
        await made.judge()


async def declared_once(house: Stage) -> str:
    """An incident that nothing of what is sent may change."""
    made = await house.declare("SEV3 mistreated")
    await house.settled(made)
    return made


async def still_working(desk: Desk, mistreated: str) -> AsyncIterator[str]:
    """The mistreated one; afterwards it still works."""
    yield mistreated
    assert f"Noted on {mistreated}" in await desk.type(f"note {mistreated} still here")


async def declared_here(desk: Desk) -> str:
    """An incident of this test alone."""
    made = await desk.s.declare(f"SEV3 of its own {'x' * len(await desk.declared())}")
    await desk.s.settled(made)
    return made


async def same(desk: Desk, name: str, act: Any) -> Any:
    """Do something that must leave the incident and all others as they are."""
    before = [{**i, "links": None} for i in await desk.declared()]
    done = await act
    await desk.s.quiet()
    assert [{**i, "links": None} for i in await desk.declared()] == before, name
    return done
