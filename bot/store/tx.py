"""What a use case can do inside one transaction: load, save, remember, emit. Everything in domain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain import plan
from bot.domain.effects import EffectKind
from bot.domain.incident import Entry, Incident, Origin
from bot.errors import NotFound
from bot.store import effects as effect_store
from bot.store.convert import entry_row, fold_title, incident_columns, to_entry, to_incident
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

    from sqlmodel import Session

    from bot.domain.effects import Effect
    from bot.domain.lifecycle import Decision
    from bot.ports import Delivery


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
        found = self.find(IncidentRow.number == number, lock=lock)
        if found is None:
            msg = f"There is no INC-{number}. /incident list shows the open ones."
            raise NotFound(msg)
        return found

    def find(self, condition: Any, *, lock: bool = False) -> Incident | None:
        """The first incident that meets the condition."""
        query = select(IncidentRow).where(condition)
        if lock:
            query = query.with_for_update()
        row = self.session.execute(query.limit(1)).scalars().first()
        return to_incident(row) if row else None

    def incident_or_none(self, number: int) -> Incident | None:
        """The incident of that number, locked, if there is one."""
        return self.find(IncidentRow.number == number, lock=True)

    def changes_pending(self, number: int, *, besides: int | None = None) -> bool:
        """Whether changes made here have not reached the pager yet."""
        query = select(EffectRow.id).where(  # type: ignore[call-overload]
            EffectRow.incident == number,
            EffectRow.kind == EffectKind.CHANGE_PAGE.value,
            EffectRow.state.in_(("pending", "leased")),  # type: ignore[attr-defined]
        )
        if besides is not None:
            query = query.where(EffectRow.id != besides)
        return self.session.execute(query.limit(1)).first() is not None

    def by_page(self, page_id: str, *, lock: bool = True) -> Incident | None:
        """The incident that is ``page_id`` at the pager."""
        return self.find(IncidentRow.pager_id == page_id, lock=lock)

    def by_channel(self, channel: str) -> Incident | None:
        """The incident whose channel that is."""
        return self.find(IncidentRow.channel == channel)

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
        self.session.execute(
            update(IncidentRow).where(IncidentRow.number == incident.number).values(**values)  # type: ignore[arg-type]
        )
        stored = replace(incident, version=incident.version + 1)
        self._involve(stored)
        self.emit(decision.effects)
        for entry in decision.entries:
            self.add_entry(stored, entry)
        return stored

    def save(self, incident: Incident) -> Incident:
        """Save the state alone."""
        values = incident_columns(incident) | {"version": incident.version + 1}
        self.session.execute(
            update(IncidentRow).where(IncidentRow.number == incident.number).values(**values)  # type: ignore[arg-type]
        )
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
        return bool(result.rowcount)  # type: ignore[attr-defined]

    def similar(self, title: str, service: str | None) -> list[Incident]:
        """Open incidents of the last 24 h with the same service (or none) and the same folded title."""
        query = (
            select(IncidentRow)
            .where(
                IncidentRow.title_key == fold_title(title),  # type: ignore[arg-type]
                IncidentRow.status != "resolved",  # type: ignore[arg-type]
                IncidentRow.private.is_(False),  # type: ignore[attr-defined]
                IncidentRow.created_at > self.now - timedelta(hours=24),  # type: ignore[arg-type]
            )
            .order_by(IncidentRow.number)  # type: ignore[arg-type]
            .limit(5)
        )
        rows = self.session.execute(query).scalars()
        return [to_incident(r) for r in rows if r.service == service or r.service is None or service is None]

    def channel_name_taken(self, name: str, number: int) -> bool:
        """Whether another incident of ours has reserved that channel name."""
        query = select(IncidentRow.number).where(
            IncidentRow.number != number,  # type: ignore[arg-type]
            IncidentRow.channel_name == name,  # type: ignore[arg-type]
        )
        return self.session.execute(query.limit(1)).first() is not None

    # --- timeline ----------------------------------------------------------------------------------------------

    def entries(self, number: int) -> list[Entry]:
        """The whole timeline, oldest first."""
        query = select(EntryRow).where(EntryRow.incident == number).order_by(EntryRow.at, EntryRow.id)  # type: ignore[arg-type]
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
            update(EntryRow).where(EntryRow.id == entry_id).values(vendor_at=vendor_at, vendor_id=vendor_id)  # type: ignore[arg-type]
        )

    def unconfirmed(self, number: int, kind: str) -> Entry | None:
        """The oldest entry of that kind made here that the pager has not confirmed."""
        query = (
            select(EntryRow)
            .where(
                EntryRow.incident == number,  # type: ignore[arg-type]
                EntryRow.kind == kind,  # type: ignore[arg-type]
                EntryRow.vendor_at.is_(None),  # type: ignore[union-attr]
                EntryRow.origin != Origin.PAGERDUTY.value,  # type: ignore[arg-type]
            )
            .order_by(EntryRow.id)  # type: ignore[arg-type]
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
        query = select(func.count()).where(EffectRow.kind == kind.value, EffectRow.state.in_(("pending", "leased")))  # type: ignore[arg-type,attr-defined]
        return int(self.session.execute(query).scalar() or 0)

    def many_waiting(self, kind: EffectKind, most: int) -> bool:
        """Whether more than ``most`` effects of a kind are not done; looks at no more than that."""
        query = select(EffectRow.id).where(EffectRow.kind == kind.value, EffectRow.state.in_(("pending", "leased")))  # type: ignore[call-overload,attr-defined]
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

    def once(self, key: str) -> OnceRow | None:
        """What was answered the first time this key was used, None when it is new."""
        return self.session.get(OnceRow, key)

    def remember(self, key: str, incident: int | None, answer: dict[str, Any] | None = None) -> bool:
        """Use up a key; False when it was used before (then nothing is written)."""
        return self._insert(
            OnceRow, {"key": key, "incident": incident, "answer": answer, "at": self.now}
        )

    def deliver(self, delivery: Delivery) -> int | None:
        """Keep a webhook as it came; its row id, or None when that event is kept already."""
        fresh = self._insert(
            InboundRow,
            {
                "source": delivery.source,
                "event_id": delivery.event_id,
                "event_type": delivery.event_type,
                "body": delivery.body,
                "received_at": self.now,
                "state": "stored",
            },
        )
        if not fresh:
            return None
        query = select(InboundRow.id).where(
            InboundRow.source == delivery.source,  # type: ignore[arg-type]
            InboundRow.event_id == delivery.event_id,  # type: ignore[arg-type]
        )
        return self.session.execute(query).scalar()

    def inbound(self, row_id: int) -> InboundRow | None:
        """A kept webhook."""
        return self.session.get(InboundRow, row_id)

    def kept(self, event_id: str) -> list[tuple[int, str]]:
        """Row and source of kept webhooks with that vendor id (or row number)."""
        conditions: list[Any] = [InboundRow.event_id == event_id]
        if event_id.isdigit():
            conditions.append(InboundRow.id == int(event_id))
        query = select(InboundRow.id, InboundRow.source).where(or_(*conditions))  # type: ignore[call-overload]
        return [(row, source) for row, source in self.session.execute(query)]

    def inbound_done(self, row_id: int, state: str, reason: str | None = None) -> None:
        """What became of a kept webhook."""
        self.session.execute(
            update(InboundRow)
            .where(InboundRow.id == row_id)  # type: ignore[arg-type]
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
        query = select(EntryRow).where(EntryRow.incident == number).order_by(EntryRow.id.desc()).limit(limit)  # type: ignore[arg-type,union-attr]
        return [to_entry(r) for r in self.session.execute(query).scalars()][::-1]
