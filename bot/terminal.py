"""What long work shows on a terminal: a bar there, nothing when the output goes elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Iterator


class Bar:
    """How much of it is done; how much there is may be found out on the way."""

    def __init__(self, progress: Progress, what: str) -> None:
        """Given the display and what is counted."""
        self._progress = progress
        self._task = progress.add_task(what, total=0)
        self._total = 0

    def found(self, count: int) -> None:
        """So many more there are."""
        self._total += count
        self._progress.update(self._task, total=self._total)

    def now(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._progress.update(self._task, completed=done, total=total)

    def done(self) -> None:
        """One more is done."""
        self._progress.advance(self._task)


@contextmanager
def bar(what: str, console: Console | None = None) -> Iterator[Bar]:
    """A bar on standard error, which is no part of what the command prints."""
    shown = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=shown, disable=not shown.is_terminal) as progress:
        yield Bar(progress, what)
