"""A stage for scenarios: the sandbox and a whole bot on real sockets, in one event loop.

People act through the sandbox's own API by visible label; what happened is judged by the
stand-ins' state.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select, update

import handlers
from bot.app import Muster
from bot.domain.catalog import Catalog
from bot.sandbox.server import Running, SandboxConfig, serve
from bot.settings import load
from bot.store import runlog
from bot.store.tables import EffectRow
from tests.databases import an_empty_database
from tests.ports import free_port
from tests.workspace import (
    buttons,
    card_of,
    cards,
    channel_named,
    issues,
    messages_in,
    name_of,
    newest,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from bot.store.tx import Tx
    from handlers.turn import Handler, Turn

__all__ = [
    "ALICE",
    "API_TOKEN",
    "BOB",
    "CAROL",
    "DAVE",
    "GENERAL",
    "GITHUB_SECRET",
    "PAGERDUTY_SECRET",
    "DefaultRouter",
    "Json",
    "Stage",
    "agents",
    "bot_environ",
    "buttons",
    "cards",
    "channel_named",
    "free_port",
    "issues",
    "messages_in",
    "stage",
    "text_of",
]

Json = dict[str, Any]

ALICE, BOB, CAROL, DAVE = "U0ALICE00", "U0BOB0000", "U0CAROL00", "U0DAVE000"
GENERAL = "C0GENERAL0"
API_TOKEN = "a-token-for-programs"
PAGERDUTY_SECRET = "sandbox-pagerduty-secret"
GITHUB_SECRET = "sandbox-github-secret"


class DefaultRouter:
    """The default routing rules, without jq."""

    async def route(self, subject: Mapping[str, Any]) -> str:
        return "channel" if subject["urgency"] == "high" else "announce"


class Turns:
    """What people did that the bots of this process are still busy with.

    Some answers follow the acknowledgement (by ``response_url``, a view that is opened), so that whoever waits for
    the acknowledgement alone may look before they are there.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def under_way(self) -> int:
        return len(self._here())

    def _here(self) -> list[asyncio.Task[Any]]:
        """Those of this event loop; what was left in one that is closed is nobody's concern."""
        here = asyncio.get_running_loop()
        return [task for task in self._tasks if task.get_loop() is here and not task.done()]

    async def ended(self, seconds: float) -> None:
        """Wait for the end of those under way now, so long at most."""
        if tasks := self._here():
            await asyncio.wait(tasks, timeout=seconds)

    def counted(
        self, answering: Callable[[Turn, Handler], Awaitable[None]]
    ) -> Callable[[Turn, Handler], Awaitable[None]]:
        async def count(turn: Turn, handler: Handler) -> None:
            task = asyncio.create_task(answering(turn, handler))  # type: ignore[arg-type]
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await task

        return count


TURNS = Turns()
#: How long a test waits for what must come, seconds: long enough for a machine that does ten other things as well.
#: Nothing waits longer than until it is there.
PATIENCE = 40.0
#: How long a test waits for the rest of an answer; a vendor that is held up for a test keeps it longer.
ANSWER_SECONDS = 6.0
handlers.answer_errors = TURNS.counted(handlers.answer_errors)


def bot_environ(
    sandbox_url: str, database: str, port: int, **changes: str | None
) -> dict[str, str]:
    """The environment of a bot connected to a sandbox; ``None`` leaves a setting out."""
    environ: dict[str, str | None] = {
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_APP_TOKEN": "xapp-sandbox",
        "SLACK_API_URL": f"{sandbox_url}/slack/api/",
        "SLACK_RATE_BUDGET": "off",
        "PAGERDUTY_API_TOKEN": "pd-sandbox-token",
        "PAGERDUTY_API_URL": f"{sandbox_url}/pagerduty",
        "PAGERDUTY_FROM_EMAIL": "alice@example.com",
        "PAGERDUTY_SERVICE_ID": "PCHECKO",
        "PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET,
        "PAGERDUTY_POLL_SECONDS": "0",
        "GITHUB_TOKEN": "ghp_sandbox",
        "GITHUB_API_URL": f"{sandbox_url}/github",
        "GITHUB_OWNER": "acme",
        "GITHUB_DEFAULT_REPO": "acme/incidents",
        "GITHUB_WEBHOOK_SECRET": GITHUB_SECRET,
        "DATABASE_URL": database,
        "HTTP_PORT": str(port),
        "API_TOKEN": API_TOKEN,
    }
    environ |= changes
    return {name: value for name, value in environ.items() if value is not None}


@dataclass
class Stage:
    """The sandbox, the bot (None while it is down), and what people and programs do."""

    sandbox: Running
    bot: Muster | None
    bot_url: str
    http: httpx.AsyncClient
    environ: dict[str, str]
    catalog: Catalog = field(default_factory=Catalog)
    clock: Any = None
    seen: dict[str, int] = field(default_factory=lambda: {"calls": 0, "problems": 0})

    # --- the bot ----------------------------------------------------------------------

    async def start_bot(self, **changes: str) -> None:
        self.bot = Muster(
            load({**self.environ, **changes}, env_file=None),
            self.catalog,
            DefaultRouter(),
            self.clock,
        )
        await self.bot.start()

    async def stop_bot(self) -> None:
        if self.bot is not None:
            bot, self.bot = self.bot, None
            await bot.stop()

    async def ready(self, timeout: float = PATIENCE, *, people: bool = True) -> None:
        """Wait until the bot is ready and (``people``) knows everybody at Slack and PagerDuty."""

        async def check() -> bool:
            bot = self.bot
            if bot is None or not (bot.gateway.connected and bot.worker.last_look):
                return False
            if people and not self._people_known():
                return False
            try:
                answer = await self.http.get(f"{self.bot_url}/readyz")
            except httpx.TransportError:
                return False
            return answer.status_code == 200

        await self.wait(check, timeout, "the bot to be ready")

    def _people_known(self) -> bool:
        """Whoever is paged must be known: a bot on its way up reads Slack's people, then PagerDuty's."""
        reading = self.bot.sweeps._mirroring if self.bot else None
        return reading is not None and reading.done()

    # --- waiting ----------------------------------------------------------------------

    async def wait(
        self, check: Callable[[], Any], timeout: float = PATIENCE, what: str = "it"
    ) -> Any:
        """Ask again until the answer is truthy (no fixed pause anywhere)."""
        deadline = time.monotonic() + timeout
        while True:
            found = check()
            found = await found if asyncio.iscoroutine(found) else found
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s for {what}")
            await asyncio.sleep(0.02)

    async def until(
        self,
        check: Callable[[Json], Any],
        *,
        user: str = ALICE,
        timeout: float = PATIENCE,
    ) -> Any:
        """Wait until the workspace as ``user`` sees it fulfils ``check``; returns what it returned.

        Looks again whenever the sandbox says that something changed, and twice a second anyway.
        """
        feed = self.sandbox.sandbox.feed
        changed, deadline = feed.subscribe(), time.monotonic() + timeout
        try:
            while True:
                changed.clear()
                state = await self.state(user)
                found = check(state)
                if found:
                    return found
                if time.monotonic() > deadline:
                    raise AssertionError(f"not seen within {timeout} s; {newest(state)}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), 0.5)
                await asyncio.sleep(0.02)  # many changes at once are one look
        finally:
            feed.unsubscribe(changed)

    async def quiet(self, timeout: float = PATIENCE, *, ahead: float = 0) -> None:
        """Wait until nobody is being told or answered and nothing is left to do within ``ahead`` seconds.

        Not only the effects: a webhook, an event or a press on its way may emit more of them.
        """

        async def idle() -> bool:
            bot = self.bot
            assert bot is not None
            if bot.worker.under_way or self._on_the_way():
                return False
            soon = bot.work.clock.now() + timedelta(seconds=ahead)
            due = await bot.work.read(lambda tx: runlog.due_now(tx, soon))
            return not due and not bot.worker.under_way and not self._on_the_way()

        try:
            await self.wait(idle, timeout, "the bot to be idle")
        except AssertionError as error:
            raise AssertionError(f"{error}: {await self.unfinished()}") from None

    def _on_the_way(self) -> bool:
        """Webhooks, Slack's envelopes that are not acknowledged yet, and turns that are not at their end."""
        envelopes = self.sandbox.sandbox.slack.socket._waiting
        return bool(envelopes or TURNS.under_way or self._webhooks_under_way())

    def _webhooks_under_way(self) -> bool:
        vendors: Any = self.sandbox.sandbox.vendors.values()
        return any(vendor.desk.webhooks._tasks for vendor in vendors)

    async def unfinished(self) -> list[Json]:
        """What the bot still wants to do and why it is not done: for failing tests."""
        assert self.bot is not None
        open_ones: Any = EffectRow.state
        query = select(EffectRow).where(open_ones.in_(("pending", "leased", "dead")))
        rows = await self.bot.work.read(lambda tx: list(tx.session.execute(query).scalars()))
        return [
            {"effect": r.key, "state": r.state, "attempts": r.attempts, "why": r.last_detail}
            for r in rows
        ]

    async def fresh(self) -> None:
        """A new story on a used stage: no faults, no open modals, nothing stopped or counted."""
        await self._call("DELETE", "/api/faults")
        latencies = {f"{vendor}_latency_ms": 0 for vendor in ("slack", "pagerduty", "github")}
        await self._call("POST", "/api/settings", {**latencies, "webhooks": True, "limits": False})
        self.sandbox.sandbox.slack.ws.modals.clear()
        if self.bot is not None:
            for provider in list(self.bot.world.stopped):
                await self.bot.worker.resume(provider)
            await self._try_again()
            await self.quiet()
        for what in self.seen:
            self.seen[what] = max((entry["n"] for entry in await self._listed(what)), default=0)

    async def _try_again(self) -> None:
        """What failed in the story before is tried now: its next attempt must not come in the middle of this one."""
        assert self.bot is not None
        row: Any = EffectRow
        failed = (row.state == "pending") & row.last_reason.is_not(None)

        def now(tx: Tx) -> None:
            tx.session.execute(update(EffectRow).where(failed).values(due=tx.now))

        await self.bot.work.write(now)
        self.bot.worker.wake()

    async def _listed(self, what: str) -> list[Json]:
        found = await self._call("GET", f"/api/{what}")
        return list(found[what] if isinstance(found, dict) else found)

    # --- people -----------------------------------------------------------------------

    async def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = await self.http.request(method, f"{self.sandbox.url}{path}", json=body)
        return answer.json()

    async def _ask(self, path: str, body: Json) -> Json:
        """What somebody does that is answered, up to the end of the answer: it may follow the acknowledgement."""
        answer = dict(await self._call("POST", path, body))
        await TURNS.ended(ANSWER_SECONDS)
        return answer

    async def state(self, user: str = ALICE) -> Json:
        return dict(await self._call("GET", f"/api/state?user={user}"))

    async def command(
        self, text: str, *, user: str = ALICE, channel: str = GENERAL, **more: Any
    ) -> Json:
        body = {"user": user, "channel": channel, "text": text, **more}
        return await self._ask("/api/command", body)

    async def press(
        self,
        label: str,
        *,
        user: str = ALICE,
        channel: str | None = None,
        ts: str | None = None,
        where: str = "message",
        **more: Any,
    ) -> Json:
        body = {"user": user, "where": where, "label": label, **more}
        body |= {k: v for k, v in (("channel", channel), ("ts", ts)) if v}
        return await self._ask("/api/press", body)

    async def submit(self, values: Json, *, user: str = ALICE, **more: Any) -> Json:
        return await self._ask("/api/submit", {"user": user, "values": values, **more})

    async def declare(self, words: str, *, user: str = ALICE, channel: str = GENERAL) -> str:
        """``/incident declare``; its name (``INC-7``) once the bot answered."""
        answer = await self.command(f"/incident declare {words}", user=user, channel=channel)
        found = re.search(r"INC-\d+", str(answer))
        assert found, answer
        return found[0]

    async def declare_private(self, title: str, **fields: Any) -> tuple[str, Json]:
        """A private incident of Alice's, by the form: its name and channel, once all its steps are done."""
        known = {channel["id"] for channel in (await self.state())["channels"]}
        await self.command("/incident declare")
        await self.until(lambda state: state["views"])
        answer = await self.submit({"Title": title, "Private incident": True, **fields})
        assert answer["ok"], answer
        assert not answer["errors"], answer

        def opened(state: Json) -> list[Json]:
            rooms = [c for c in state["channels"] if c["is_private"] and not c["is_im"]]
            return [c for c in rooms if c["id"] not in known]

        [room] = await self.until(opened)
        await self.quiet()
        return f"INC-{room['name'].split('-')[1]}", room

    async def declare_at_api(self, body: Json, key: str | None = None) -> Json:
        """``POST /api/incidents`` with the key of a program."""
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        headers |= {"Idempotency-Key": key} if key else {}
        url = f"{self.bot_url}/api/incidents"
        answer = await self.http.post(url, json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def announced(self, title: str) -> str:
        """The name of the incident that is announced under that title."""
        return str(await self.until(lambda state: name_of(state, title)))

    async def settled(self, name: str) -> Json:
        """The workspace once this incident is announced and all its steps are done."""
        await self.until(lambda state: card_of(state, name))
        await self.quiet()
        return await self.state()

    async def on_card(self, name: str, label: str, *, user: str = ALICE, **more: Any) -> Json:
        """Press a button of the announcement."""
        announced = await self.until(lambda state: card_of(state, name))
        channel = channel_named(await self.state(), "incidents")
        assert channel
        return await self.press(label, user=user, channel=channel["id"], ts=announced["ts"], **more)

    async def poll(self) -> None:
        """Have the bot ask PagerDuty now, as if the interval were over."""
        assert self.bot is not None
        await self.bot.sweeps._emit_poll(f"stage/{time.monotonic()}")

    async def act(self, path: str, **body: Any) -> Json:
        """Any other path of the sandbox's own API (``shortcut``, ``github``, ``react`` …)."""
        return await self._ask(f"/api/{path}", body)

    async def pagerduty(self, action: str, *, by: str | None = None, **more: Any) -> Json:
        return dict(
            await self._call("POST", "/api/pagerduty", {"as": by, "action": action, **more})
        )

    async def github(self, action: str, *, by: str | None = None, **more: Any) -> Json:
        """Somebody (a login, an e-mail) acts on GitHub."""
        return dict(await self._call("POST", "/api/github", {"as": by, "action": action, **more}))

    async def fault(self, target: str, kind: str, **more: Any) -> None:
        """The next call of ``target`` goes wrong so; a fault the sandbox does not know is a mistake of the test."""
        answer = await self._call("POST", "/api/faults", {"target": target, "kind": kind, **more})
        assert not isinstance(answer, dict) or "error" not in answer, answer

    async def calls(self, operation: str = "") -> list[Json]:
        """What the bot called at the vendors in this story."""
        calls = await self._listed("calls")
        return [c for c in calls if operation in c["operation"] and c["n"] > self.seen["calls"]]

    async def problems(self) -> list[Json]:
        """What the real services would have refused or punished in this story."""
        return [p for p in await self._listed("problems") if p["n"] > self.seen["problems"]]


def agents(s: Stage, title: str, kind: str) -> list[str]:
    """In whose names PagerDuty's own log says that something was done."""
    vendor: Any = s.sandbox.sandbox.vendors["pagerduty"]
    [page] = [i for i in vendor.desk.account.incidents.values() if i.title == title]
    return [e.agent.name for e in page.log if e.type == f"{kind}_log_entry" and e.agent]


@contextlib.asynccontextmanager
async def stage(
    folder: Path,
    *,
    catalog: Catalog | None = None,
    start: bool = True,
    limits: bool = False,
    database: str | None = None,
    clock: Any = None,
    everywhere: bool = False,
    **changes: str | None,
) -> AsyncIterator[Stage]:
    """A sandbox and a bot, cleaned up afterwards; ``changes`` are settings (None: left out).

    ``everywhere``: the clock is the sandbox's as well, so that messages are as old as the story says.
    """
    port = free_port()
    bot_url = f"http://127.0.0.1:{port}"
    shared = {"clock": clock} if everywhere else {}
    running = await serve(SandboxConfig(port=0, limits=limits, bot_url=bot_url, **shared))
    environ = bot_environ(running.url, database or an_empty_database(folder), port, **changes)
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        scene = Stage(running, None, bot_url, http, environ, catalog or Catalog(), clock)
        try:
            if start:
                await scene.start_bot()
                await scene.ready()
            yield scene
        finally:
            await scene.stop_bot()
            await running.close()
