"""``python -m bot run`` with two additions: the baseline route of the same app, and (on wish) a sampling profile.

The profile goes to the file named by MUSTER_BENCH_PROFILE: collapsed stacks of all threads that were not waiting,
one per line with its count (the format of flame graphs), most frequent first.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from bot import cli
from bot.web import server

if TYPE_CHECKING:
    from types import FrameType

    from starlette.requests import Request

EVERY = 0.004
#: Where threads wait: not work.
WAITING = ("select", "wait", "get", "_worker", "run_forever", "_serve")


async def baseline(request: Request) -> JSONResponse:
    """Reads the body and answers 202: what receiving costs when nothing is kept."""
    await request.body()
    return JSONResponse({"status": "accepted"}, status_code=202)


def with_baseline(build: Any) -> Any:
    def built(*arguments: Any, **named: Any) -> Any:
        app = build(*arguments, **named)
        app.router.routes.insert(0, Route("/bench/baseline", baseline, methods=["POST"]))
        return app

    return built


def sample(path: Path) -> None:
    """Look at every thread from time to time."""
    found: Counter[str] = Counter()
    own = threading.get_ident()

    def write() -> None:
        lines = [f"{stack} {count}" for stack, count in found.most_common()]
        path.write_text("\n".join(lines))

    atexit.register(write)
    while True:
        time.sleep(EVERY)
        for ident, frame in sys._current_frames().items():
            if ident != own and frame.f_code.co_name not in WAITING:
                found[";".join(_stack(frame))] += 1


def _stack(frame: FrameType | None) -> list[str]:
    names: list[str] = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{Path(code.co_filename).stem}.{code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return names[::-1]


if __name__ == "__main__":
    server.build = with_baseline(server.build)
    if wanted := os.environ.get("MUSTER_BENCH_PROFILE"):
        threading.Thread(target=sample, args=(Path(wanted),), daemon=True).start()
    sys.argv = ["muster", "run"]
    cli.main()
