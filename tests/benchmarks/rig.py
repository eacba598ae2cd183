"""What every benchmark needs: the sandbox and the bot as real processes, and a table of results.

Nothing here asserts. Times come from the sandbox's own clock (a message's ``ts`` is the moment it was there) or from
the client; both run on this machine, so that they can be compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import math
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.stage import PAGERDUTY_SECRET, bot_environ, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
ALICE = "U0ALICE00"
NO_VENDORS: dict[str, str | None] = {
    "PAGERDUTY_API_TOKEN": None,
    "PAGERDUTY_FROM_EMAIL": None,
    "PAGERDUTY_SERVICE_ID": None,
    "GITHUB_TOKEN": None,
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. ``met`` None: a number to know, without a target."""

    what: str
    measured: str
    baseline: str = "-"
    ratio: str = "-"
    target: str = "-"
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "NO", None: "-"}[self.met]

    def cells(self) -> tuple[str, ...]:
        return (self.what, self.measured, self.baseline, self.ratio, self.target, self.verdict)


HEADINGS = ("what", "measured", "baseline of the same run", "ratio", "target", "met")


def say(text: str) -> None:
    """Progress."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else math.nan


def millis(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def sign(body: bytes) -> str:
    """The signature PagerDuty would send with these bytes."""
    return "v1=" + hmac.new(PAGERDUTY_SECRET.encode(), body, hashlib.sha256).hexdigest()


# --- processes ------------------------------------------------------------------------------------------------------


@dataclass
class Child:
    """A process of ours, its output in a file beside the database."""

    process: asyncio.subprocess.Process
    output: Path
    started: float

    @property
    def pid(self) -> int:
        return self.process.pid

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
            try:
                await asyncio.wait_for(self.process.wait(), 15)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    def tail(self) -> str:
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-15:])


async def start(
    folder: Path, name: str, *arguments: str, env: dict[str, str] | None = None
) -> Child:
    """A Python process with our code on its path and nothing else of our environment."""
    output = folder / f"{name}.log"
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(env or {})}
    with output.open("ab") as file:
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=folder, env=environ, stdout=file, stderr=file
        )
    return Child(process, output, started)


def resident(pid: int) -> float:
    """Resident memory of a process and its children, MB."""
    return sum(_status(each, "VmRSS") for each in family(pid)) / 1024


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found = [pid]
    for each in found:
        children = Path(f"/proc/{each}/task/{each}/children")
        with contextlib.suppress(OSError):
            found += [int(child) for child in children.read_text().split()]
    return found


def _status(pid: int, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


# --- the ground a benchmark stands on -------------------------------------------------------------------------------


@dataclass
class Ground:
    """A sandbox in its own process, and the bot in another while it runs."""

    folder: Path
    url: str
    bot_url: str
    http: aiohttp.ClientSession
    environ: dict[str, str]
    bot: Child | None = None
    marks: dict[str, int] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "muster.db"

    async def start_bot(self, *arguments: str, wait: bool = True) -> Child:
        """``python -m bot run`` (or other arguments), and wait until it is ready."""
        chosen = arguments or ("-m", "bot", "run")
        self.bot = await start(self.folder, "bot", *chosen, env=self.environ)
        if wait:
            await self.ready()
        return self.bot

    async def ready(self, timeout: float = 60) -> float:
        """Seconds from the start of the process until ``/readyz`` answers 200."""
        assert self.bot is not None

        async def check() -> bool:
            try:
                async with self.http.get(f"{self.bot_url}/readyz") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await self.wait(check, timeout, "the bot to be ready", every=0.01)
        return time.monotonic() - self.bot.started

    async def stop_bot(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.bot is not None:
            bot, self.bot = self.bot, None
            await bot.stop(how)

    async def wait(
        self, check: Callable[[], Any], timeout: float, what: str, *, every: float = 0.05
    ) -> Any:
        """Ask again until the answer is truthy."""
        deadline = time.monotonic() + timeout
        while True:
            found = await check()
            if found:
                return found
            if self.bot is not None and self.bot.process.returncode is not None:
                raise RuntimeError(f"the bot ended while waiting for {what}:\n{self.bot.tail()}")
            if time.monotonic() > deadline:
                tail = self.bot.tail() if self.bot else ""
                raise RuntimeError(f"waited {timeout} s for {what}\n{tail}")
            await asyncio.sleep(every)

    # --- the sandbox -----------------------------------------------------------------------------------------------

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}{path}") as answer:
            return await answer.json()

    async def post(self, path: str, **body: Any) -> Json:
        async with self.http.post(f"{self.url}{path}", json=body) as answer:
            return dict(await answer.json())

    async def settings(self, **settings: Any) -> None:
        await self.post("/api/settings", **settings)

    async def calls(self, since: str = "") -> list[Json]:
        """The bot's calls (all, or those after the mark of that name was last used)."""
        found: list[Json] = await self.get(f"/api/calls?since={self.marks.get(since, 0)}")
        if since and found:
            self.marks[since] = found[-1]["n"]
        return found

    async def state(self) -> Json:
        return dict(await self.get(f"/api/state?user={ALICE}"))

    async def quiet(self, timeout: float = 120, *, still: float = 1.0) -> None:
        """Wait until the bot has called nobody for a while and nothing waits in its database."""
        last, since = -1, time.monotonic()

        async def check() -> bool:
            nonlocal last, since
            calls = await self.get(f"/api/calls?since={max(last, 0)}")
            newest = calls[-1]["n"] if calls else last
            if newest != last or self.unfinished():
                last, since = newest, time.monotonic()
            return time.monotonic() - since > still

        await self.wait(check, timeout, "the bot to be idle", every=0.1)

    # --- the database, read beside the running bot ------------------------------------------------------------------

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        import sqlite3

        with contextlib.closing(
            sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        ) as base:
            return base.execute(sql).fetchall()

    def unfinished(self) -> int:
        """Effects that could be carried out now."""
        sql = (
            "SELECT count(*) FROM effect WHERE state = 'leased'"
            " OR (state = 'pending' AND due <= strftime('%Y-%m-%d %H:%M:%f', 'now'))"
        )
        return int(self.ask(sql)[0][0])


@contextlib.asynccontextmanager
async def ground(
    changes: Mapping[str, str | None] = MappingProxyType({}), *, limits: bool = False
) -> AsyncIterator[Ground]:
    """A sandbox; ``changes`` are settings of the bot (None leaves one out). Everything ends with it."""
    port = free_port()
    bot_url = f"http://127.0.0.1:{port}"
    timeout = aiohttp.ClientTimeout(total=180)
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "bot.sandbox.server", "--port", "0", "--bot-url", bot_url]
        sandbox = await start(folder, "sandbox", *arguments, *(() if limits else ("--no-limits",)))
        url = await _address(sandbox)
        budget = "slack" if limits else "off"
        settings = {"SLACK_RATE_BUDGET": budget, "LOG_LEVEL": "warning", **changes}
        environ = bot_environ(url, f"sqlite:///{folder}/muster.db", port, **settings)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
            place = Ground(folder, url, bot_url, http, environ)
            try:
                yield place
            finally:
                await place.stop_bot()
                await sandbox.stop()


async def _address(sandbox: Child) -> str:
    for _ in range(600):
        lines = sandbox.output.read_text().splitlines()
        if lines and lines[0].startswith("http"):
            return lines[0]
        if sandbox.process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the sandbox did not start:\n{sandbox.tail()}")


# --- what is seen in the workspace ----------------------------------------------------------------------------------


def room(state: Json, name: str = "incidents") -> Json | None:
    return next((c for c in state["channels"] if c["name"] == name), None)


def announced_at(state: Json) -> dict[str, list[float]]:
    """Title of each announced incident (its fallback text) to the times its announcements were there."""
    channel = room(state)
    found: dict[str, list[float]] = {}
    for message in state["messages"].get(channel["id"], []) if channel else []:
        if any(b["type"] == "header" for b in message.get("blocks") or ()):
            found.setdefault(json.dumps(message["blocks"]), []).append(float(message["ts"]))
    return found


def cards_at(state: Json) -> dict[str, list[float]]:
    """Name of each incident channel to the times a card was posted there."""
    found: dict[str, list[float]] = {}
    for channel in state["channels"]:
        if channel["name"].startswith("incident-"):
            found[channel["name"]] = [
                float(m["ts"])
                for m in state["messages"].get(channel["id"], [])
                if any(b["type"] == "header" for b in m.get("blocks") or ())
            ]
    return found


def times_of(found: dict[str, list[float]], word: str) -> list[float]:
    """The times of those whose text contains a word that is in no other title."""
    return [at for text, times in found.items() if word in text for at in times]
