"""A database of very many incidents, with their timelines and finished effects, by bulk inserts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from bot.store import migrate, sql
from bot.store.convert import fold_title
from bot.store.engine import open_engine
from bot.store.tally import Tallies
from tests.benchmarks.rig import ALICE

if TYPE_CHECKING:
    from collections.abc import Iterator

#: One of so many is still open, and one of so many concerns the person who looks.
OPEN_EVERY, MINE_EVERY = 5, 50
#: Finished effects of each incident, and entries of its timeline; the newest has many more entries.
EFFECTS, ENTRIES, BUSY = ("slack.announce", "slack.create_channel", "slack.post_card"), 3, 200
#: Rows of one insert.
BATCH = 10_000
SERVICES = ("checkout", "payments", "search")


def seed(url: str, count: int, *, days: int) -> None:
    """``count`` incidents, spread evenly over the last ``days``."""
    engine = open_engine(url)
    migrate.upgrade(engine)
    now = datetime.now(UTC)
    numbers = range(1, count + 1)
    tallies = Tallies()
    with Session(engine) as session:
        for start in range(0, count, BATCH):
            batch = [incident(n, _at(n, count, now, days)) for n in numbers[start : start + BATCH]]
            for row in batch:
                tallies.added(row)
            session.execute(sql.INCIDENT.insert(), batch)
            more = {
                sql.INVOLVEMENT: [
                    {"slack_id": ALICE, "incident": row["number"]}
                    for row in batch
                    if row["number"] % MINE_EVERY == 0
                ],
                sql.ENTRY: [e for row in batch for e in entries(row, last=row["number"] == count)],
                sql.EFFECT: [e for row in batch for e in effects(row)],
            }
            for table, rows in more.items():
                if rows:
                    session.execute(table.insert(), rows)
        tallies.write(session)
        session.commit()
    engine.dispose()


def _at(number: int, count: int, now: datetime, days: int) -> datetime:
    return now - timedelta(days=days) * (1 - number / count)


def incident(number: int, at: datetime) -> dict[str, Any]:
    """The columns of one incident."""
    is_open = number % OPEN_EVERY == 0
    title = f"Incident {number}: something is wrong with the checkout"
    service = SERVICES[number % 3]
    owner = {"name": "Alice", "slack_id": ALICE}
    return {
        "number": number,
        "title": title,
        "title_key": fold_title(title),
        "status": "triggered" if is_open else "resolved",
        "phase": "investigating" if is_open else "resolved",
        "last_event": "triggered" if is_open else "resolved",
        "severity": f"SEV{number % 4 + 1}",
        "urgency": "high" if number % 3 else "low",
        "service": service,
        "service_title": service.capitalize(),
        "description": "It fails for some customers. " * 5,
        "resolution": "",
        "private": number % 50 == 1,
        "origin": "slack",
        "opens_channel": True,
        "owners": [] if number % MINE_EVERY else [owner],
        "roles": {},
        "pager_kind": "nobody",
        "pager": {},
        "channel": f"C{number:09d}",
        "channel_name": f"incident-{number}-something",
        "places": {"announcement_channel": "C0INCIDENT", "announcement_ts": f"{number}.1"},
        "started_at": at,
        "created_at": at,
        "updated_at": at,
        "acknowledged_at": at + timedelta(minutes=3),
        "resolved_at": None if is_open else at + timedelta(hours=1),
        "version": 3,
    }


def entries(row: dict[str, Any], *, last: bool) -> Iterator[dict[str, Any]]:
    """What happened to it."""
    for n in range(BUSY if last else ENTRIES):
        at = row["created_at"] + timedelta(seconds=n)
        yield {
            "incident": row["number"],
            "kind": "annotated" if n else "triggered",
            "at": at,
            "recorded_at": at,
            "actor": {"name": "Alice", "slack_id": ALICE},
            "actor_target": None,
            "origin": "slack",
            "target": "",
            "text": f"We looked at it, part {n}. " * 4,
            "digest": "",
        }


def effects(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What was done for it."""
    for kind in EFFECTS:
        yield {
            "kind": kind,
            "provider": "slack",
            "version": 1,
            "payload": {},
            "key": f"INC-{row['number']}/{kind}",
            "lane": f"INC-{row['number']}/{kind}",
            "rank": 10,
            "incident": row["number"],
            "due": row["created_at"],
            "created_at": row["created_at"],
            "settled_at": row["created_at"] + timedelta(seconds=1),
            "state": "done",
            "attempts": 1,
        }
