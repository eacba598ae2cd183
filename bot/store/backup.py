"""A consistent copy of the SQLite database while the bot runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from bot.errors import UserError
from bot.store.engine import database_url, is_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable


#: Pages copied at once; in between the bot writes.
AT_ONCE = 256


def backup(url: str, path: str, tell: Callable[[int, int], None] = lambda _done, _all: None) -> int:
    """Copy to ``path`` (which must not exist); returns how many pages were copied.

    ``tell`` hears how many pages of how many are copied. Raises UserError for PostgreSQL (use pg_dump), when the file
    exists and when it cannot be written; then no half of a copy is left.
    """
    full = database_url(url)
    if not is_sqlite(full):
        raise UserError("This database is PostgreSQL: use pg_dump.")
    target = Path(path)
    if target.exists():
        raise UserError(f"{path} exists already; nothing was overwritten.")
    source = make_url(full).database
    if not source or not Path(source).exists():
        raise UserError(f"There is no database {source}.")
    pages = 0

    def count(_status: int, remaining: int, total: int) -> None:
        nonlocal pages
        pages = total
        tell(total - remaining, total)

    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
            original.backup(copy, pages=AT_ONCE, progress=count)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        msg = f"{path} cannot be written ({error}). Choose a folder that exists and has room."
        raise UserError(msg) from None
    return pages
