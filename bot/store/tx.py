"""What a use case can do inside one transaction: load, save, remember, emit. Everything in domain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, delete, func, insert, or_, select, true, update

from bot.domain import evidence, plan
from bot.domain.effects import EffectKind
from bot.domain.identities import Domains
from bot.domain.incident import Entry, Incident, Origin
from bot.errors import NotFound
from bot.store import action_items, sql
from bot.store import effects as effect_store
from bot.store.convert import (
    entry_columns,
    entry_facts,
    fold_title,
    incident_columns,
    storable,
    to_entry,
    to_incident,
)
from bot.store.people import People
from bot.store.tally import Tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlmodel import Session

    from bot.domain.action_item import ActionItem
    from bot.domain.effects import Effect
    from bot.domain.lifecycle import Decision
    from bot.ports import Delivery
    from bot.store.tables import InboundRow

    EntryListener = Callable[["Tx", Incident, Entry], Iterable[Effect]]

_I, _T, _E, _K = sql.INCIDENT.c, sql.ENTRY.c, sql.EFFECT.c, sql.INBOUND.c
_O, _V = sql.ONCE.c, sql.VALUE.c

_INCIDENT = select(sql.INCIDENT).limit(1)
_BY_NUMBER = _INCIDENT.where(_I.number == bindparam("of"))
_BY_PAGE = _INCIDENT.where(_I.pager_id == bindparam("of"))
_BY_CHANNEL = _INCIDENT.where(_I.channel == bindparam("of"))
_LOCKED = {each: each.with_for_update() for each in (_BY_NUMBER, _BY_PAGE, _BY_CHANNEL)}
_ADD_INCIDENT = insert(sql.INCIDENT)
_SAVE_INCIDENT = update(sql.INCIDENT).where(_I.number == bindparam("of"))
_NAME_TAKEN = (
    select(_I.number)
    .where(_I.number != bindparam("of"), _I.channel_name == bindparam("name"))
    .limit(1)
)
_ADD_ENTRY = insert(sql.ENTRY)
_LAST_DIGEST = (
    select(_T.digest).where(_T.incident == bindparam("of")).order_by(_T.id.desc()).limit(1)
)
_ENTRIES = select(sql.ENTRY).where(_T.incident == bindparam("of"))
_ALL_ENTRIES = _ENTRIES.order_by(_T.at, _T.id)
_ENTRY = select(sql.ENTRY).where(_T.id == bindparam("of"))
_WAITING = select(func.count()).where(
    _E.kind == bindparam("kind"), _E.state.in_(effect_store.UNFINISHED)
)
_WAITING_SOME = (
    select(_E.id)
    .where(_E.kind == bindparam("kind"), _E.state.in_(effect_store.UNFINISHED))
    .limit(bindparam("most"))
)
_OWN_CHANGES = (
    select(_E.id)
    .where(
        _E.incident == bindparam("of"),
        _E.id != bindparam("besides"),
        _E.kind.in_((EffectKind.CHANGE_PAGE.value, EffectKind.MERGE_PAGE.value)),
    )
    .limit(1)
)
_CHANGES_PENDING = _OWN_CHANGES.where(_E.state.in_(effect_store.UNFINISHED))
_CHANGES_SINCE = _OWN_CHANGES.where(
    or_(_E.state.in_(effect_store.UNFINISHED), _E.settled_at >= bindparam("since"))
)
_KEPT = select(sql.INBOUND).where(_K.id == bindparam("of"))
_KEPT_DONE = update(sql.INBOUND).where(_K.id == bindparam("of"))
_ONCE = select(_O.incident).where(_O.key == bindparam("of"))
_ANSWERED = update(sql.ONCE).where(_O.key == bindparam("of"))
_VALUE = select(_V.value).where(_V.name == bindparam("of"))
NO_DOMAINS = Domains()
#: The largest number a column of ours holds on PostgreSQL; people and vendors may name larger ones.
LARGEST = 2**31 - 1


class Tx:
    """One transaction. ``now`` is the moment it began; ``emitted`` says whether the worker has new work."""

    def __init__(
        self,
        session: Session,
        now: datetime,
        listeners: Sequence[EntryListener] = (),
        domains: Domains = NO_DOMAINS,
    ) -> None:
        """Made by ``Work`` only; ``listeners`` are told of every new timeline entry, ``domains`` are equal."""
        self._listeners = listeners
        self.session = session
        self.people = People(session, domains)
        self.now = now
        self.emitted = False
        self.tallies = Tallies()

    def flush(self) -> None:
        """Write what is written last; the transaction's function has ended."""
        self.tallies.write(self.session)
        self.session.flush()

    # --- incidents ---------------------------------------------------------------------------------------------

    def incident(self, number: int, *, lock: bool = True) -> Incident:
        """The incident; ``NotFound`` when there is none of that number."""
        found = self._one(_BY_NUMBER, number, lock=lock) if number <= LARGEST else None
        if found is None:
            msg = f"There is no INC-{number}. /incident list shows the open ones."
            raise NotFound(msg)
        return found

    def _one(self, query: Any, of: object, *, lock: bool = False) -> Incident | None:
        row = self.session.execute(_LOCKED[query] if lock else query, {"of": of}).first()
        return to_incident(row) if row else None

    def incident_or_none(self, number: int) -> Incident | None:
        """The incident of that number, locked, if there is one."""
        return self._one(_BY_NUMBER, number, lock=True) if number <= LARGEST else None

    def changes_pending(
        self, number: int, *, besides: int | None = None, since: datetime | None = None
    ) -> bool:
        """Whether changes made here have not reached the pager yet, or reached it only after ``since``."""
        wanted: dict[str, Any] = {"of": number, "besides": besides or 0}
        query = _CHANGES_PENDING
        if since is not None:
            query, wanted["since"] = _CHANGES_SINCE, since
        return self.session.execute(query, wanted).first() is not None

    def by_page(self, page_id: str, *, lock: bool = True) -> Incident | None:
        """The incident that is ``page_id`` at the pager."""
        return self._one(_BY_PAGE, page_id, lock=lock)

    def by_channel(self, channel: str) -> Incident | None:
        """The incident whose channel that is."""
        return self._one(_BY_CHANNEL, channel)

    def add(self, draft: Incident) -> Incident:
        """Insert; the number is given here and replaces the draft's."""
        values = incident_columns(draft) | {"version": draft.version}
        result: Any = self.session.execute(_ADD_INCIDENT, values)
        self.tallies.added(values)
        incident = replace(draft, number=result.inserted_primary_key[0])
        self._involve(incident)
        return incident

    def record(self, decision: Decision) -> Incident:
        """Save state, timeline and effects of a decision; returns the incident as stored."""
        stored = self.save(decision.incident)
        self._involve(stored)
        self.emit(decision.effects)
        for entry in decision.entries:
            self.add_entry(stored, entry)
        return stored

    def save(self, incident: Incident) -> Incident:
        """Save the state alone."""
        values = incident_columns(incident) | {"version": incident.version + 1}
        self.tallies.changing(self.session, incident.number, values)
        self.session.execute(_SAVE_INCIDENT, values | {"of": incident.number})
        return replace(incident, version=incident.version + 1)

    def _involve(self, incident: Incident) -> None:
        actors = (incident.reporter, *incident.owners, *incident.roles.values())
        self.involve(incident.number, {a.slack_id for a in actors if a and a.slack_id})

    def involve(self, number: int, slack_ids: Iterable[str]) -> None:
        """It is their incident as well, for "my incidents"."""
        rows = [{"slack_id": slack_id, "incident": number} for slack_id in sorted(set(slack_ids))]
        sql.insert_new(self.session, sql.INVOLVEMENT, rows)

    def affect(self, incident: Incident) -> None:
        """Keep the further services findable, after they changed."""
        table = sql.AFFECTED
        self.session.execute(delete(table).where(table.c.incident == incident.number))
        rows = [{"service": s.id, "incident": incident.number} for s in incident.more_services]
        sql.insert_new(self.session, table, rows)

    def similar(self, title: str, service: str | None) -> list[Incident]:
        """Open incidents of the last 24 h with the same service (or none) and the same folded title."""
        query = (
            select(sql.INCIDENT)
            .where(
                _I.title_key == fold_title(storable(title)),
                or_(true() if service is None else _I.service == service, _I.service.is_(None)),
                _I.status != "resolved",
                _I.private.is_(False),
                _I.drill.is_(False),
                _I.created_at > self.now - timedelta(hours=24),
            )
            .order_by(_I.number)
            .limit(5)
        )
        return [to_incident(row) for row in self.session.execute(query)]

    def channel_name_taken(self, name: str, number: int) -> bool:
        """Whether another incident of ours has reserved that channel name."""
        wanted = {"of": number, "name": name}
        return self.session.execute(_NAME_TAKEN, wanted).first() is not None

    def action_items(self, number: int) -> list[ActionItem]:
        """The incident's action items, oldest first, without those that were withdrawn."""
        return action_items.of_incident(self, number)

    # --- timeline ----------------------------------------------------------------------------------------------

    def entries(self, number: int) -> list[Entry]:
        """The whole timeline, oldest first."""
        return [to_entry(r) for r in self.session.execute(_ALL_ENTRIES, {"of": number})]

    def entry(self, entry_id: int) -> Entry | None:
        """One entry."""
        row = self.session.execute(_ENTRY, {"of": entry_id}).first()
        return to_entry(row) if row else None

    def add_entry(self, incident: Incident, entry: Entry) -> Entry:
        """Append to the timeline, and emit what shows it elsewhere."""
        values = entry_columns(entry, incident.number, self.now)
        before = self.session.execute(_LAST_DIGEST, {"of": incident.number}).scalar()
        values["digest"] = evidence.digest(before or "", entry_facts(values))
        result: Any = self.session.execute(_ADD_ENTRY, values)
        stored = to_entry(SimpleNamespace(**values, id=result.inserted_primary_key[0]))
        self.emit(plan.entry_effects(incident, stored))
        for listener in self._listeners:
            self.emit(listener(self, incident, stored))
        return stored

    def confirm(self, entry_id: int, vendor_at: datetime, vendor_id: str | None) -> None:
        """Our own entry reached the pager, at the vendor's time."""
        self.session.execute(
            update(sql.ENTRY)
            .where(_T.id == entry_id)
            .values(vendor_at=vendor_at, vendor_id=vendor_id)
        )

    def unconfirmed(self, number: int, kind: str) -> Entry | None:
        """The oldest entry of that kind made here that the pager has not confirmed."""
        query = (
            select(sql.ENTRY)
            .where(
                _T.incident == number,
                _T.kind == kind,
                _T.vendor_at.is_(None),
                _T.origin != Origin.PAGERDUTY.value,
            )
            .order_by(_T.id)
            .limit(1)
        )
        row = self.session.execute(query).first()
        return to_entry(row) if row else None

    # --- effects -----------------------------------------------------------------------------------------------

    def emit(self, effects: Iterable[Effect]) -> None:
        """Write intended effects into this transaction."""
        if effect_store.emit(self.session, effects, self.now):
            self.emitted = True

    def waiting(self, kind: EffectKind) -> int:
        """How many effects of a kind are not done."""
        return int(self.session.execute(_WAITING, {"kind": kind.value}).scalar() or 0)

    def many_waiting(self, kind: EffectKind, most: int) -> bool:
        """Whether more than ``most`` effects of a kind are not done; looks at no more than that."""
        wanted = {"kind": kind.value, "most": most + 1}
        return len(self.session.execute(_WAITING_SOME, wanted).all()) > most

    def retry(self, effect_id: int) -> bool:
        """Put a dead effect back (a waiting one: at once), and let its provider try again."""
        row = self._effect(effect_id)
        if row is None or not effect_store.retry_dead(self.session, effect_id, self.now):
            return False
        self.set_value(f"stopped:{row.provider}", None)
        self.emitted = True
        return True

    def dismiss(self, effect_id: int) -> bool:
        """Let a dead effect rest; it is not shown as failed any more. False when it was neither dead nor waiting."""
        row = self._effect(effect_id)
        if row is None or row.state not in {"dead", "pending"}:
            return False
        effect_store.settle(self.session, effect_id, self.now, state="cancelled")
        return True

    def _effect(self, effect_id: int) -> Any:
        if effect_id > LARGEST:
            return None
        query = select(_E.provider, _E.state).where(_E.id == effect_id)
        return self.session.execute(query).first()

    # --- once-keys, deliveries, small values -------------------------------------------------------------------

    def declared_by(self, key: str) -> Incident:
        """The incident the first use of this key declared."""
        number = self.session.execute(_ONCE, {"of": key}).scalar()
        return self.incident(number or 0)

    def answered(self, key: str, incident: int) -> None:
        """The first use of this key declared that incident."""
        self.session.execute(_ANSWERED, {"of": key, "incident": incident})

    def remember(
        self, key: str, incident: int | None, answer: dict[str, Any] | None = None
    ) -> bool:
        """Use up a key; False when it was used before (then nothing is written)."""
        row = {"key": key, "incident": incident, "answer": answer, "at": self.now}
        return sql.insert_one(self.session, sql.ONCE, row) is not None

    def deliver(self, delivery: Delivery) -> int | None:
        """Keep a webhook as it came; its row id, or None when that event is kept already."""
        event_id = storable(delivery.event_id)
        row = {
            "source": delivery.source,
            "event_id": event_id,
            "event_type": storable(delivery.event_type),
            "body": delivery.body,
            "received_at": self.now,
            "state": "stored",
        }
        kept: int | None = sql.insert_one(self.session, sql.INBOUND, row)
        return kept

    def inbound(self, row_id: int) -> InboundRow | None:
        """A kept webhook."""
        return cast("InboundRow | None", self.session.execute(_KEPT, {"of": row_id}).first())

    def kept(self, event_id: str) -> list[tuple[int, str]]:
        """Row and source of kept webhooks with that vendor id (or row number)."""
        conditions: list[Any] = [_K.event_id == storable(event_id)]
        if event_id.isascii() and event_id.isdigit() and int(event_id[:18]) <= LARGEST:
            conditions.append(_K.id == int(event_id))
        query = select(_K.id, _K.source).where(or_(*conditions))
        return [(row, source) for row, source in self.session.execute(query)]

    def inbound_done(self, row_id: int, state: str, reason: str | None = None) -> None:
        """What became of a kept webhook."""
        values = {"state": state, "reason": reason, "applied_at": self.now}
        self.session.execute(_KEPT_DONE, values | {"of": row_id})

    def value(self, name: str) -> dict[str, Any] | None:
        """A small fact by its name."""
        found: dict[str, Any] | None = self.session.execute(_VALUE, {"of": name}).scalar()
        return found

    def value_to_change(self, name: str) -> dict[str, Any] | None:
        """A small fact that this transaction is about to change: others wait until it is committed."""
        if sql.is_postgresql(self.session):  # on SQLite there is one writer
            row = {"name": name, "value": None, "at": self.now}
            sql.insert_one(self.session, sql.VALUE, row)
            found = self.session.execute(_VALUE.with_for_update(), {"of": name})
            value: dict[str, Any] | None = found.scalar()
            return value
        return self.value(name)

    def set_value(self, name: str, value: dict[str, Any] | None) -> None:
        """Remember a small fact (None forgets it)."""
        sql.upsert(self.session, sql.VALUE, [{"name": name, "value": value, "at": self.now}])

    def recent_entries(self, number: int, limit: int) -> Sequence[Entry]:
        """The newest entries, oldest of them first."""
        query = _ENTRIES.order_by(_T.id.desc()).limit(limit)
        return [to_entry(r) for r in self.session.execute(query, {"of": number})][::-1]
