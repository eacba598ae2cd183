"""Real bot processes: ``python -m bot run``, or a fork of a process that has loaded it already."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
#: Seconds a loaded machine may take to load the bot.
PATIENCE = 90.0


@dataclass
class Bot:
    """One process; ``ended`` holds its exit code (negative: killed by that signal)."""

    pid: int
    log: Path
    ended: asyncio.Future[int] = field(repr=False)

    def kill(self, number: int = signal.SIGKILL) -> None:
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, seconds: float = PATIENCE) -> int:
        """Its exit code, once it has one."""
        async with asyncio.timeout(seconds):
            return await asyncio.shield(self.ended)

    def said(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Starter(Protocol):
    """A way of starting bots."""

    async def start(self, environ: Mapping[str, str], folder: Path, log: Path) -> Bot: ...


def _whole(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environ}


class Fresh:
    """Starts ``python -m bot run`` from nothing."""

    async def start(self, environ: Mapping[str, str], folder: Path, log: Path) -> Bot:
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run",
                cwd=folder, env=_whole(environ), stdin=asyncio.subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        ended = asyncio.ensure_future(process.wait())
        return Bot(process.pid, log, ended)


class Forge:
    """Starts bots by forking a process that has loaded everything (see ``forge.py``)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._order = asyncio.Lock()
        self._begun: asyncio.Queue[tuple[int, asyncio.Future[int]]] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            pid = said["pid"]
            if "exit" in said:  # forgotten: the system gives the same number again
                self._ends.pop(pid).set_result(said["exit"])
            else:
                self._ends[pid] = asyncio.get_running_loop().create_future()
                self._begun.put_nowait((pid, self._ends[pid]))

    async def start(self, environ: Mapping[str, str], folder: Path, log: Path) -> Bot:
        order = {"environ": _whole(environ), "cwd": str(folder), "log": str(log)}
        async with self._order:
            assert self._process.stdin
            self._process.stdin.write(f"{json.dumps(order)}\n".encode())
            pid, ended = await asyncio.wait_for(self._begun.get(), PATIENCE)
        return Bot(pid, log, ended)

    async def close(self) -> None:
        """End the forge and whatever it still has running."""
        for pid, end in list(self._ends.items()):
            if not end.done():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert self._process.stdin
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), PATIENCE)
        await self._reading


@contextlib.asynccontextmanager
async def forge() -> AsyncIterator[Forge]:
    """A forge, warm."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("forge.py")),
        env=_whole({}), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    warm = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    assert json.loads(warm) == {"ready": True}
    running = Forge(process)
    try:
        yield running
    finally:
        await running.close()
