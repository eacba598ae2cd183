"""A consistent copy of the SQLite database while the bot runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.errors import UserError
from bot.store.engine import database_url, is_sqlite


def backup(url: str, path: str) -> int:
    """Copy to ``path`` (which must not exist); returns how many pages were copied.

    Raises UserError for PostgreSQL (use pg_dump) and when the file exists.
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

    def count(_status: int, _remaining: int, total: int) -> None:
        nonlocal pages
        pages = total

    original, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        original.backup(copy, pages=256, progress=count)
    finally:
        copy.close()
        original.close()
    return pages
