"""The command line as people use it, beside a running bot."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stage import Stage

ROOT = Path(__file__).parents[1]


async def muster(
    s: Stage, *words: str, database: str | None = None, **changes: str | None
) -> tuple[int, str, str]:
    """Exit code, what it printed, what it complained of; ``changes`` are settings (None: left out)."""
    wanted: dict[str, str | None] = {**s.environ, "LOG_LEVEL": "ERROR", **changes}
    environ = {name: value for name, value in wanted.items() if value is not None}
    environ["DATABASE_URL"] = database or s.environ["DATABASE_URL"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=ROOT, env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, complained = await process.communicate()
    return process.returncode or 0, out.decode(), complained.decode()
