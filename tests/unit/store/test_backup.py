"""A copy of the database while the bot runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import UserError
from bot.store.backup import backup
from bot.store.work import Work
from tests.unit.store.house import an_incident, open_work

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.sqlite
async def test_the_copy_holds_what_was_committed(tmp_path: Path) -> None:
    work = open_work(tmp_path)
    await work.write(lambda tx: tx.add(an_incident()))
    target = tmp_path / "copy.db"
    assert backup(work.url, str(target)) > 0
    work.close()
    copy = Work(f"sqlite:///{target}", work.clock)
    assert (await copy.read(lambda tx: tx.incident(1))).title == "Checkout is down"
    copy.close()


def test_nothing_is_overwritten_and_nothing_is_guessed(tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_bytes(b"x")
    with pytest.raises(UserError, match="exists already"):
        backup(f"sqlite:///{tmp_path}/a.db", str(there))
    with pytest.raises(UserError, match="There is no database"):
        backup(f"sqlite:///{tmp_path}/a.db", str(tmp_path / "b.db"))
    with pytest.raises(UserError, match="use pg_dump"):
        backup("postgresql://h/n", str(tmp_path / "b.db"))
    assert there.read_bytes() == b"x"


@pytest.mark.sqlite
def test_it_tells_how_far_it_is_and_leaves_no_half_of_a_copy(tmp_path: Path) -> None:
    work = open_work(tmp_path)
    told: list[tuple[int, int]] = []
    pages = backup(work.url, str(tmp_path / "copy.db"), lambda *far: told.append(far))
    assert told[-1] == (pages, pages)
    with pytest.raises(UserError, match="cannot be written"):
        backup(work.url, str(tmp_path / "nowhere" / "copy.db"))
    work.close()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match="cannot be written"):
        backup(f"sqlite:///{broken}", str(tmp_path / "half.db"))
    assert not (tmp_path / "half.db").exists()
