"""The presets' examples are run when the bot starts, in a process of their own: it ends, and its memory with it."""

from __future__ import annotations

import asyncio
import json
import sys

#: What that process runs; it prints what is wrong as a JSON list.
PROGRAM = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from bot.mapping.presets import wrong_examples
print(json.dumps(wrong_examples()))
"""
SECONDS = 60.0


async def wrong_presets() -> list[str]:
    """Examples that a preset does not map as it says; empty means all is well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-c",
        PROGRAM,
        json.dumps([path for path in sys.path if path]),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        found: list[str] = json.loads(out)
    except (TimeoutError, ValueError):
        return ["the examples could not be run"]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return found
