"""What the scenarios really set off: every handled id is recorded as it comes in over Socket Mode.

After a run of all scenarios the record must hold everything the tables in ``handlers`` handle; a part of them
proves nothing and is not judged.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import handlers
from handlers import commands, grammar
from handlers.actions import ACTIONS
from handlers.events import EVENTS
from handlers.options import OPTIONS
from handlers.shortcuts import SHORTCUTS
from handlers.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handlers.turn import Turn

SCENARIOS = Path(__file__).parent / "scenarios"


def handled() -> set[str]:
    """Everything in the tables, as it is recorded."""
    tables = {
        "command": [*commands.COMMANDS, *commands.ALIASES],
        "action": ACTIONS,
        "view": VIEWS,
        "options": OPTIONS,
        "shortcut": SHORTCUTS,
        "event": EVENTS,
    }
    return {f"{kind} {entry}" for kind, table in tables.items() for entry in table}


def entry_of(kind: str, body: Any) -> str:
    """Which entry of the tables a payload is for."""
    if kind == "command":
        return f"command {grammar.split(str(body.get('text', ''))).verb}"
    if kind == "action":
        actions = body.get("actions") or [{}]
        return f"action {actions[0].get('action_id')}"
    if kind == "view":
        return f"view {(body.get('view') or {}).get('callback_id')}"
    if kind == "event":
        event = body.get("event") or {}
        where = (
            ".groups"
            if event.get("type") == "message" and event.get("channel_type") == "group"
            else ""
        )
        return f"event {event.get('type')}{where}"
    return f"{kind} {body.get('callback_id') or body.get('action_id')}"


class Record:
    """What one process saw: entries, and the scenario files it ran."""

    def __init__(self) -> None:
        self.folder = folder()
        self.entries: set[str] = set()
        self.files: set[str] = set()
        self._turn_of = handlers.turn_of

    def listen(self) -> None:
        def recorded(desk: Any, kind: str, body: Any, ack: Any) -> Turn:
            self.entries.add(entry_of(kind, body))
            return self._turn_of(desk, kind, body, ack)

        handlers.turn_of = recorded

    def stop(self) -> None:
        handlers.turn_of = self._turn_of

    def ran(self, path: Path) -> None:
        if path.parent == SCENARIOS:
            self.files.add(path.name)

    def keep(self) -> None:
        """For whoever judges the whole run."""
        self.folder.mkdir(exist_ok=True)
        seen = {"entries": sorted(self.entries), "files": sorted(self.files)}
        (self.folder / f"{os.getpid()}.json").write_text(json.dumps(seen), encoding="utf-8")


def folder() -> Path:
    """Where the processes of one run keep what they saw (xdist's workers are children of the run)."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    return Path(tempfile.gettempdir()) / f"muster-exercised-{run}"


def whole() -> tuple[set[str], set[str]]:
    """Entries and files of all processes; what they kept is gone afterwards."""
    entries: set[str] = set()
    files: set[str] = set()
    for path in sorted(folder().glob("*.json")):
        seen = json.loads(path.read_text(encoding="utf-8"))
        entries |= set(seen["entries"])
        files |= set(seen["files"])
        path.unlink()
    folder().rmdir()
    return entries, files


def expected_files() -> set[str]:
    """The scenario files a run of all of them has; the short run leaves some to the long one."""
    return {path.name for path in SCENARIOS.glob("test_*.py")}


def missing(entries: Iterable[str], files: Iterable[str]) -> set[str]:
    """What no scenario set off; nothing when not all of them ran."""
    return handled() - set(entries) if expected_files() <= set(files) else set()
