"""``make bench``: runs the benchmarks named (default: all), prints a table, and on wish writes it into README.md."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import platform
import sys
import time
from datetime import UTC, datetime

from tests.benchmarks.rig import HEADINGS, ROOT, Row, say

NAMES = ("declare", "latency", "intake", "storm", "alerts", "footprint", "lists")
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def machine() -> str:
    """What it ran on."""
    python = platform.python_version()
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {python}"


def table(rows: list[Row]) -> str:
    """The results in Markdown."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(text: str) -> None:
    """Replace what is between the marks in README.md, when they are there."""
    path = ROOT / "README.md"
    old = path.read_text() if path.exists() else ""
    if BEGIN not in old or END not in old:
        say(f"README.md has no {BEGIN} ... {END}: nothing written.")
        return
    head, _, rest = old.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


async def run(names: list[str], *, quick: bool) -> list[Row]:
    """One benchmark after the other."""
    rows: list[Row] = []
    for name in names:
        load = os.getloadavg()[0]
        say(f"{name} (load average {load:.1f})")
        began = time.monotonic()
        found = await importlib.import_module(f"tests.benchmarks.{name}").run(quick=quick)
        for row in found:  # at once: whoever has to stop early has what was measured
            say(f"  {' | '.join(row.cells())}")
        rows += found
        say(f"  took {time.monotonic() - began:.0f} s")
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=[], help=f"of {', '.join(NAMES)}")
    parser.add_argument(
        "--quick", action="store_true", help="smaller numbers, minutes not half an hour"
    )
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    names = options.names or list(NAMES)
    if unknown := [n for n in names if n not in NAMES]:
        parser.error(f"unknown: {', '.join(unknown)}")
    before = os.getloadavg()[0]
    rows = asyncio.run(run(names, quick=options.quick))
    command = " ".join(["python -m tests.benchmarks", *sys.argv[1:]]).replace(" --write", "")
    note = (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, load average {before:.1f} before,"
        f" `{command}`. Numbers move with the machine; the ratios are what to look at."
    )
    text = f"{note}\n\n{table(rows)}"
    say(f"\n{text}")
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
