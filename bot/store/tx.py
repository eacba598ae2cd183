"""What a use case can do inside one transaction: load, save, remember, emit. Everything in domain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain import plan
from bot.domain.effects import EffectKind
from bot.domain.incident import Entry, Incident, Origin
from bot.errors import NotFound
from bot.store import effects as effect_store
from bot.store.convert import (
    entry_row,
    fold_title,
    incident_columns,
    storable,
    to_entry,
    to_incident,
)
from bot.store.people import People
from bot.store.tables import (
    EffectRow,
    EntryRow,
    InboundRow,
    IncidentRow,
    OnceRow,
    PersonalRow,
    ValueRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import CursorResult
    from sqlmodel import Session

    from bot.domain.effects import Effect
    from bot.domain.lifecycle import Decision
    from bot.ports import Delivery

# SQLModel types its columns as their values; queries need them as columns.
_I: Any = IncidentRow
_T: Any = EntryRow
_E: Any = EffectRow
_K: Any = InboundRow


class Tx:
    """One transaction. ``now`` is the moment it began; ``emitted`` says whether the worker has new work."""

    def __init__(self, session: Session, now: datetime) -> None:
        """Made by ``Work`` only."""
        self.session = session
        self.people = People(session)
        self.now = now
        self.emitted = False

    # --- incidents ---------------------------------------------------------------------------------------------

    def incident(self, number: int, *, lock: bool = True) -> Incident:
        """The incident; ``NotFound`` when there is none of that number."""
        found = self.find(_I.number == number, lock=lock)
        if found is None:
            msg = f"There is no INC-{number}. /incident list shows the open ones."
            raise NotFound(msg)
        return found

    def find(self, condition: Any, *, lock: bool = False) -> Incident | None:
        """The first incident that meets the condition."""
        query = select(_I).where(condition)
        if lock:
            query = query.with_for_update()
        row = self.session.execute(query.limit(1)).scalars().first()
        return to_incident(row) if row else None

    def incident_or_none(self, number: int) -> Incident | None:
        """The incident of that number, locked, if there is one."""
        return self.find(_I.number == number, lock=True)

    def changes_pending(self, number: int, *, besides: int | None = None) -> bool:
        """Whether changes made here have not reached the pager yet."""
        query = select(_E.id).where(
            _E.incident == number,
            _E.kind == EffectKind.CHANGE_PAGE.value,
            _E.state.in_(("pending", "leased")),
        )
        if besides is not None:
            query = query.where(_E.id != besides)
        return self.session.execute(query.limit(1)).first() is not None

    def by_page(self, page_id: str, *, lock: bool = True) -> Incident | None:
        """The incident that is ``page_id`` at the pager."""
        return self.find(_I.pager_id == page_id, lock=lock)

    def by_channel(self, channel: str) -> Incident | None:
        """The incident whose channel that is."""
        return self.find(_I.channel == channel)

    def add(self, draft: Incident) -> Incident:
        """Insert; the number is given here and replaces the draft's."""
        row = IncidentRow(**incident_columns(draft))
        self.session.add(row)
        self.session.flush()
        incident = replace(draft, number=row.number or 0)
        self._involve(incident)
        return incident

    def record(self, decision: Decision) -> Incident:
        """Save state, timeline and effects of a decision; returns the incident as stored."""
        incident = decision.incident
        values = incident_columns(incident) | {"version": incident.version + 1}
        self.session.execute(update(_I).where(_I.number == incident.number).values(**values))
        stored = replace(incident, version=incident.version + 1)
        self._involve(stored)
        self.emit(decision.effects)
        for entry in decision.entries:
            self.add_entry(stored, entry)
        return stored

    def save(self, incident: Incident) -> Incident:
        """Save the state alone."""
        values = incident_columns(incident) | {"version": incident.version + 1}
        self.session.execute(update(_I).where(_I.number == incident.number).values(**values))
        return replace(incident, version=incident.version + 1)

    def _involve(self, incident: Incident) -> None:
        actors = (incident.reporter, *incident.owners, *incident.roles.values())
        for slack_id in {a.slack_id for a in actors if a and a.slack_id}:
            self._insert(PersonalRow, {"slack_id": slack_id, "incident": incident.number})

    def _insert(self, table: Any, values: dict[str, Any]) -> bool:
        """Insert or ignore; whether the row is new."""
        dialect = self.session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        result = self.session.execute(insert(table).values(**values).on_conflict_do_nothing())
        return bool(cast("CursorResult[Any]", result).rowcount)

    def similar(self, title: str, service: str | None) -> list[Incident]:
        """Open incidents of the last 24 h with the same service (or none) and the same folded title."""
        query = (
            select(_I)
            .where(
                _I.title_key == fold_title(storable(title)),
                or_(true() if service is None else _I.service == service, _I.service.is_(None)),
                _I.status != "resolved",
                _I.private.is_(False),
                _I.created_at > self.now - timedelta(hours=24),
            )
            .order_by(_I.number)
            .limit(5)
        )
        rows = self.session.execute(query).scalars()
        return [to_incident(row) for row in rows]

    def channel_name_taken(self, name: str, number: int) -> bool:
        """Whether another incident of ours has reserved that channel name."""
        query = select(_I.number).where(
            _I.number != number,
            _I.channel_name == name,
        )
        return self.session.execute(query.limit(1)).first() is not None

    # --- timeline ----------------------------------------------------------------------------------------------

    def entries(self, number: int) -> list[Entry]:
        """The whole timeline, oldest first."""
        query = select(_T).where(_T.incident == number).order_by(_T.at, _T.id)
        return [to_entry(r) for r in self.session.execute(query).scalars()]

    def entry(self, entry_id: int) -> Entry | None:
        """One entry."""
        row = self.session.get(EntryRow, entry_id)
        return to_entry(row) if row else None

    def add_entry(self, incident: Incident, entry: Entry) -> Entry:
        """Append to the timeline, and emit what shows it elsewhere."""
        row = entry_row(entry, incident.number, self.now)
        self.session.add(row)
        self.session.flush()
        stored = to_entry(row)
        self.emit(plan.entry_effects(incident, stored))
        return stored

    def confirm(self, entry_id: int, vendor_at: datetime, vendor_id: str | None) -> None:
        """Our own entry reached the pager, at the vendor's time."""
        self.session.execute(
            update(_T).where(_T.id == entry_id).values(vendor_at=vendor_at, vendor_id=vendor_id)
        )

    def unconfirmed(self, number: int, kind: str) -> Entry | None:
        """The oldest entry of that kind made here that the pager has not confirmed."""
        query = (
            select(_T)
            .where(
                _T.incident == number,
                _T.kind == kind,
                _T.vendor_at.is_(None),
                _T.origin != Origin.PAGERDUTY.value,
            )
            .order_by(_T.id)
            .limit(1)
        )
        row = self.session.execute(query).scalars().first()
        return to_entry(row) if row else None

    # --- effects -----------------------------------------------------------------------------------------------

    def emit(self, effects: Iterable[Effect]) -> None:
        """Write intended effects into this transaction."""
        if effect_store.emit(self.session, effects, self.now):
            self.emitted = True

    def waiting(self, kind: EffectKind) -> int:
        """How many effects of a kind are not done."""
        query = select(func.count()).where(
            _E.kind == kind.value, _E.state.in_(("pending", "leased"))
        )
        return int(self.session.execute(query).scalar() or 0)

    def many_waiting(self, kind: EffectKind, most: int) -> bool:
        """Whether more than ``most`` effects of a kind are not done; looks at no more than that."""
        query = select(_E.id).where(_E.kind == kind.value, _E.state.in_(("pending", "leased")))
        return len(self.session.execute(query.limit(most + 1)).all()) > most

    def retry(self, effect_id: int) -> bool:
        """Put a dead effect back (a waiting one: at once), and let its provider try again."""
        row = self.session.get(EffectRow, effect_id)
        if row is None or not effect_store.retry_dead(self.session, effect_id, self.now):
            return False
        self.set_value(f"stopped:{row.provider}", None)
        self.emitted = True
        return True

    def dismiss(self, effect_id: int) -> None:
        """Let a dead effect rest; it is not shown as failed any more."""
        row = self.session.get(EffectRow, effect_id)
        if row is not None and row.state in {"dead", "pending"}:
            effect_store.settle(self.session, effect_id, self.now, state="cancelled")

    # --- once-keys, deliveries, small values -------------------------------------------------------------------

    def declared_by(self, key: str) -> Incident:
        """The incident the first use of this key declared."""
        row = self.session.get(OnceRow, key)
        return self.incident(row.incident if row and row.incident else 0)

    def answered(self, key: str, incident: int) -> None:
        """The first use of this key declared that incident."""
        row = self.session.get(OnceRow, key)
        if row is not None:
            row.incident = incident
            self.session.add(row)

    def remember(
        self, key: str, incident: int | None, answer: dict[str, Any] | None = None
    ) -> bool:
        """Use up a key; False when it was used before (then nothing is written)."""
        return self._insert(
            OnceRow, {"key": key, "incident": incident, "answer": answer, "at": self.now}
        )

    def deliver(self, delivery: Delivery) -> int | None:
        """Keep a webhook as it came; its row id, or None when that event is kept already."""
        event_id = storable(delivery.event_id)
        fresh = self._insert(
            InboundRow,
            {
                "source": delivery.source,
                "event_id": event_id,
                "event_type": storable(delivery.event_type),
                "body": delivery.body,
                "received_at": self.now,
                "state": "stored",
            },
        )
        if not fresh:
            return None
        query = select(_K.id).where(
            _K.source == delivery.source,
            _K.event_id == event_id,
        )
        return self.session.execute(query).scalar()

    def inbound(self, row_id: int) -> InboundRow | None:
        """A kept webhook."""
        return self.session.get(InboundRow, row_id)

    def kept(self, event_id: str) -> list[tuple[int, str]]:
        """Row and source of kept webhooks with that vendor id (or row number)."""
        conditions: list[Any] = [_K.event_id == storable(event_id)]
        if event_id.isascii() and event_id.isdigit() and len(event_id) <= 18:  # noqa: PLR2004
            conditions.append(_K.id == int(event_id))
        query = select(_K.id, _K.source).where(or_(*conditions))
        return [(row, source) for row, source in self.session.execute(query)]

    def inbound_done(self, row_id: int, state: str, reason: str | None = None) -> None:
        """What became of a kept webhook."""
        self.session.execute(
            update(_K)
            .where(_K.id == row_id)
            .values(state=state, reason=reason, applied_at=self.now)
        )

    def value(self, name: str) -> dict[str, Any] | None:
        """A small fact by its name."""
        row = self.session.get(ValueRow, name)
        return row.value if row else None

    def set_value(self, name: str, value: dict[str, Any] | None) -> None:
        """Remember a small fact (None forgets it)."""
        row = self.session.get(ValueRow, name)
        if row is None:
            self.session.add(ValueRow(name=name, value=value, at=self.now))
        else:
            row.value, row.at = value, self.now
            self.session.add(row)
        self.session.flush()

    def recent_entries(self, number: int, limit: int) -> Sequence[Entry]:
        """The newest entries, oldest of them first."""
        query = select(_T).where(_T.incident == number).order_by(_T.id.desc()).limit(limit)
        return [to_entry(r) for r in self.session.execute(query).scalars()][::-1]
