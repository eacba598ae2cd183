"""``make bench``: runs the benchmarks named (default: all), prints a table, and on wish writes it into README.md.

The exit code is 0 only when every one of them got through; a target that is not met is a row that says NO.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import os
import platform
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.rig import HEADINGS, ROOT, Row, say

NAMES = (
    "declare",
    "latency",
    "intake",
    "storm",
    "alerts",
    "alert_intake",
    "alert_latency",
    "footprint",
    "lists",
    "rosters",
)
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def machine() -> str:
    """What it ran on."""
    python = platform.python_version()
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    cores = f"{os.cpu_count()} cores of {processor()}, {pages * size / 2**30:.0f} GB"
    return f"{platform.system()} {platform.machine()}, {cores}, Python {python}"


def processor() -> str:
    """As it calls itself."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or "an unnamed processor"


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


async def run(names: list[str], *, quick: bool) -> tuple[list[Row], list[str]]:
    """One benchmark after the other: what was measured, and the names of those that did not get through."""
    rows: list[Row] = []
    failed: list[str] = []
    for name in names:
        load = os.getloadavg()[0]
        say(f"{name} (load average {load:.1f})")
        began = time.monotonic()
        try:
            found = await importlib.import_module(f"tests.benchmarks.{name}").run(quick=quick)
        except Exception:  # noqa: BLE001 - the others are measured all the same
            failed.append(name)
            say(f"  {name} did not get through:\n{traceback.format_exc()}")
            continue
        for row in found:  # at once: whoever has to stop early has what was measured
            say(f"  {' | '.join(row.cells())}")
        rows += found
        say(f"  took {time.monotonic() - began:.0f} s")
    return rows, failed


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
    rows, failed = asyncio.run(run(names, quick=options.quick))
    command = " ".join(["python -m tests.benchmarks", *sys.argv[1:]]).replace(" --write", "")
    note = (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, load average {before:.1f} before,"
        f" `{command}`. Numbers move with the machine; the ratios are what to look at."
    )
    text = f"{note}\n\n{table(rows)}"
    say(f"\n{text}")
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}. Nothing was written.")
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
