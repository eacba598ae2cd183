"""What people wait for finds its rows by an index, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from bot.store import effects, page_waiting, queries, runlog, statistics
from tests.unit.store.house import an_incident, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bot.store.tx import Tx
    from bot.store.work import Work

pytestmark = pytest.mark.sqlite
#: Tables that grow for ever.
LARGE = (
    "incident",
    "entry",
    "effect",
    "inbound",
    "once",
    "involvement",
    "tally",
    "page",
    "page_delivery",
)

READS: dict[str, Callable[[Tx], object]] = {
    "list": lambda tx: queries.incidents(tx, open_only=True),
    "list all": lambda tx: queries.incidents(tx, open_only=False),
    "list mine": lambda tx: queries.incidents(tx, open_only=True, mine="U0ANA"),
    "one of a service": lambda tx: queries.on_services(tx, ["checkout"], besides=1),
    "show": lambda tx: tx.incident(1, lock=False),
    "timeline": lambda tx: (tx.entries(1), runlog.steps(tx, 1), runlog.failing(tx, 1)),
    "completion": lambda tx: queries.suggested(tx, "inc-1", "U0ANA"),
    "completion by title": lambda tx: queries.suggested(tx, "checkout", "U0ANA"),
    "similar": lambda tx: tx.similar("Checkout is down", "checkout"),
    "report": statistics.statistics,
    "in a channel": lambda tx: (tx.by_channel("C1"), tx.by_page("P1", lock=False)),
    "metrics": lambda tx: (runlog.waiting(tx), runlog.due_now(tx, tx.now)),
    "claim": lambda tx: effects.claim(tx.session, now=tx.now, worker="w", limit=64),
    "open pages": queries.open_pages,
    "pages that wait for Slack": lambda tx: page_waiting.waiting_for_slack(tx, tx.now),
    "pages somebody saw": lambda tx: page_waiting.unseen(tx, "U0ANA"),
}


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


def scanned(tx: Tx, read: Callable[[Tx], object]) -> list[str]:
    """The steps of a read that look through a whole large table without an index."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    engine = tx.session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        read(tx)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked, "it asked nothing"
    connection, found = tx.session.connection(), []
    for statement, parameters in asked:
        if statement.startswith(("SELECT", "UPDATE", "WITH")):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [str(step[3]) for step in plan]
    return [step for step in found if _looks_through(step)]


def _looks_through(step: str) -> bool:
    word, _, rest = step.partition(" ")
    return word == "SCAN" and rest.partition(" ")[0] in LARGE and "USING" not in rest


@pytest.mark.parametrize("what", READS)
async def test_nothing_large_is_looked_through(work: Work, what: str) -> None:
    await work.write(lambda tx: tx.add(an_incident()))
    assert await work.write(lambda tx: scanned(tx, READS[what])) == []


async def test_looking_through_would_be_noticed(work: Work) -> None:
    def by_words(tx: Tx) -> object:
        return tx.session.execute(text("SELECT * FROM incident WHERE description = 'x'")).all()

    assert await work.write(lambda tx: scanned(tx, by_words)) == ["SCAN incident"]
