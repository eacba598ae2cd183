"""How many incidents there were, day by day, kept up to date by every change of an incident.

A row counts the incidents of one day (UTC), severity and service. It changes in the transaction that changes the
incident, by the difference between what the incident counted for before and what it counts for now: corrected times,
reopening, another severity and becoming private need no rules of their own. Sums are whole milliseconds, so that
taking away is exact.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlmodel import Session

_N = sql.INCIDENT.c
#: Longer names of services and severities count under their beginning: indexes take no texts of any length.
NAME_LENGTH = 200
#: What a row counts, in the order of ``_Amounts``.
COUNTS = (
    "incidents", "open", "acknowledged", "acknowledge_ms", "resolved", "resolve_ms",
)  # fmt: skip
_FACTS = (
    "private", "drill", "created_at", "detected_at", "status", "severity", "service", "service_title",
    "acknowledged_at", "resolved_at",
)  # fmt: skip
_BEFORE = (
    select(*(_N[name] for name in _FACTS)).where(_N.number == bindparam("of")).with_for_update()
)

_Amounts = tuple[int, int, int, int, int, int]


class Key(NamedTuple):
    """What a row is about; the day as ``2026-03-01``."""

    day: str
    severity: str
    service: str


class Tallies:
    """What one transaction changes in the numbers; written at its end, in one order, so that none waits for another."""

    def __init__(self) -> None:
        """Nothing changed yet."""
        self._changes: dict[Key, Counter[str]] = {}

    def added(self, columns: Mapping[str, Any]) -> None:
        """A new incident with these columns."""
        self._count(columns, 1)

    def changing(self, session: Session, number: int, columns: Mapping[str, Any]) -> None:
        """The incident is about to get these columns."""
        before = session.execute(_BEFORE, {"of": number}).mappings().first()
        if before is not None and any(before[name] != columns[name] for name in _FACTS):
            self._count(dict(before), -1)
            self._count(columns, 1)

    def _count(self, columns: Mapping[str, Any], sign: int) -> None:
        if columns.get("private") or columns.get("drill"):
            return
        change = self._changes.setdefault(key_of(columns), Counter())
        for name, amount in zip(COUNTS, amounts(columns), strict=True):
            change[name] += sign * amount

    def write(self, session: Session) -> None:
        """Add the changes to what is stored."""
        rows = [
            {**key._asdict(), **{name: change[name] for name in COUNTS}}
            for key, change in sorted(self._changes.items())
            if any(change.values())
        ]
        self._changes.clear()
        if rows:
            session.execute(_ADD_POSTGRESQL if sql.is_postgresql(session) else _ADD_SQLITE, rows)


def key_of(columns: Mapping[str, Any]) -> Key:
    """Which row an incident counts in."""
    title = columns.get("service_title")
    service = title if title is not None else columns.get("service")
    severity = columns.get("severity")
    day = columns["created_at"].astimezone(UTC).strftime("%Y-%m-%d")
    return Key(day, (severity or "")[:NAME_LENGTH], (service or "")[:NAME_LENGTH])


def amounts(columns: Mapping[str, Any]) -> _Amounts:
    """What an incident adds to its row."""
    detected = columns.get("detected_at") or columns.get("created_at")
    acknowledged, resolved = columns.get("acknowledged_at"), columns.get("resolved_at")
    return (
        1,
        int(columns["status"] != "resolved"),
        int(acknowledged is not None),
        _milliseconds(detected, acknowledged),
        int(resolved is not None),
        _milliseconds(detected, resolved),
    )


def _milliseconds(start: datetime | None, end: datetime | None) -> int:
    return 0 if end is None or start is None else round((end - start).total_seconds() * 1000)


def _adding(insert: Any) -> Any:
    table = sql.TALLY
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=list(Key._fields),
        set_={name: table.c[name] + statement.excluded[name] for name in COUNTS},
    )


_ADD_SQLITE, _ADD_POSTGRESQL = _adding(sqlite.insert), _adding(postgresql.insert)
