"""Starts bots faster than Python can load them: a process that has imported the bot and forks.

Each child is a process of its own that runs ``muster run`` with an environment, folder and log
file of its own; it dies and exits like any other. Run as ``python forge.py``: one JSON order per
line in (``{"environ", "cwd", "log"}``), one JSON line out (``{"pid"}``, later ``{"pid", "exit"}``).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import sys
import traceback
from typing import Any

#: Loaded once, before the first fork; none of them starts a thread.
LOADED = (
    "bot.cli",
    "bot.app",
    "bot.config_file",
    "bot.logs",
    "bot.mapping.router",
    "alembic.command",
)


def say(**line: Any) -> None:
    os.write(1, f"{json.dumps(line)}\n".encode())


def become_a_bot(order: dict[str, Any]) -> None:
    """In the child: take on its environment and run until the end."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: never outlive the forge
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, number)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environ"])
    importlib.reload(importlib.import_module("bot.failpoints"))  # it reads the environment once
    code = 1
    try:
        importlib.import_module("bot.cli").main(["run"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the end of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


_running: set[int] = set()


def take(line: bytes) -> None:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        become_a_bot(order)
    _running.add(pid)
    say(pid=pid)


def bury() -> None:
    """Tell of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            _running.discard(found[0])
            say(pid=found[0], exit=os.waitstatus_to_exitcode(found[1]))


def bury_all() -> None:
    """Whoever wanted the bots is gone: so are they."""
    for pid in _running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    orders = selectors.DefaultSelector()
    orders.register(0, selectors.EVENT_READ)
    orders.register(woken, selectors.EVENT_READ)
    say(ready=True)
    rest = b""
    while True:
        for key, _ in orders.select():
            if key.fd == woken:
                os.read(woken, 4096)
                bury()
                continue
            read = os.read(0, 65536)
            if not read:
                bury_all()
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                take(line)


if __name__ == "__main__":
    main()
