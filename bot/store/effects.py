"""The effect table: emit, claim, settle, reschedule, give up. One behaviour on SQLite and PostgreSQL.

An effect is claimed when it is due, first of its lane, not waiting for another (``after``), its provider is not
stopped and Slack's budget allows it. Attempts are counted in the claiming commit, so that a retaken effect knows
that its call may have been made. Everything here runs inside a transaction of ``Work``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, delete, func, literal_column, or_, select, update

from bot.domain.budget import (
    LIMITS,
    METHODS,
    Budget,
    Candidate,
    channel_budget,
    choose,
    draw_calls,
    limits_on,
)
from bot.domain.effects import EffectKind
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from sqlmodel import Session

    from bot.domain.effects import Effect

#: An effect belongs to a worker for this long after its last sign of life.
LEASE = timedelta(seconds=6)

E, _B = sql.EFFECT, sql.BUDGET.c
#: Those that stand still once they refused our key, and under which name that is kept (NULL: they take it again).
PROVIDERS = ("slack", "pagerduty", "github")
STOPPED = "stopped:"

#: As literals: SQLite uses a partial index only when it can read the condition in the statement.
_PENDING: Any = literal_column("'pending'")
_LEASED: Any = literal_column("'leased'")
UNFINISHED = (_PENDING, _LEASED)
#: Part of the statement that chooses: what was asked before it may be outdated when a refusal is written meanwhile.
_STANDS_STILL = (
    select(sql.VALUE.c.name)
    .where(
        sql.VALUE.c.name == STOPPED + E.c.provider,
        sql.VALUE.c.name.in_([STOPPED + name for name in PROVIDERS]),
        sql.VALUE.c.value.is_not(None),
    )
    .exists()
)

_LEASE = (
    update(E)
    .where(E.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state="leased",
        leased_by=bindparam("worker"),
        lease_until=bindparam("until"),
        attempts=E.c.attempts + 1,
        first_tried_at=func.coalesce(E.c.first_tried_at, bindparam("at", type_=E.c.due.type)),
    )
    .returning(E)
)
_NEXT_DUE = select(func.min(E.c.due)).where(E.c.state == _PENDING, E.c.due > bindparam("now"))
_BUDGETS = select(_B.name, _B.stamps, _B.blocked_until).with_for_update()
_MINE = (
    select(E.c.state, E.c.leased_by, E.c.attempts)
    .where(E.c.id == bindparam("of"))
    .with_for_update()
)
_CHANGE = update(E).where(E.c.id == bindparam("of"))
_WAITING = select(E.c.id).where(E.c.merge == bindparam("merge"), E.c.state == _PENDING)
_JOINED = _WAITING.with_for_update()
_EXPIRED = (
    select(E.c.id, E.c.merge, E.c.last_reason)
    .where(E.c.state == _LEASED, E.c.lease_until < bindparam("now"))
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """An effect a worker may carry out now."""

    id: int
    kind: EffectKind
    key: str
    lane: str
    incident: int | None
    payload: dict[str, Any]
    merge: str | None
    attempt: int
    created_at: datetime
    first_tried_at: datetime
    deadline: datetime | None
    external_ref: str | None
    last_reason: str | None


@dataclass(frozen=True)
class Claim:
    """What a claim took, and when looking again is worth it (None: only when something new is emitted)."""

    effects: tuple[Claimed, ...]
    next_at: datetime | None


def emit(session: Session, effects: Iterable[Effect], now: datetime) -> int:
    """Write intended effects; those whose key is known or whose merge is waiting already are left out."""
    rows = [_row(effect, now) for effect in effects]
    if not rows:
        return 0
    merges = [row["merge"] for row in rows if row["merge"]]
    wanted = len(rows)
    if sql.is_postgresql(session):
        rows = [row for row in rows if not _joined(session, row["merge"])]
    written = sql.insert_new(session, E, rows)
    if merges and written < wanted:
        _bring_forward(session, merges, now)
    return written


def _bring_forward(session: Session, merges: list[str], now: datetime) -> None:
    """Something new to tell does not wait for the back-off of what it joined."""
    backed_off = (E.c.state == _PENDING, E.c.attempts > 0, E.c.due > now, E.c.merge.in_(merges))
    session.execute(update(E).where(*backed_off).values(due=now))


def _joined(session: Session, merge: str | None) -> bool:
    """Whether an effect of that merge waits; it is locked, so that nobody renders it before our change is committed."""
    if merge is None:
        return False
    return session.execute(_JOINED, {"merge": merge}).first() is not None


def _row(effect: Effect, now: datetime) -> dict[str, Any]:
    return {
        "kind": effect.kind.value,
        "provider": effect.kind.provider,
        "version": 1,
        "payload": dict(effect.payload),
        "key": effect.key,
        "merge": effect.merge,
        "lane": effect.lane,
        "budget": channel_budget(effect.kind, effect.incident, effect.lane),
        "rank": int(effect.rank),
        "incident": effect.incident,
        "after": effect.after,
        "due": effect.due or now,
        "deadline": effect.deadline,
        "created_at": now,
        "state": "pending",
        "attempts": 0,
    }


def claim(
    session: Session,
    *,
    now: datetime,
    worker: str,
    limit: int,
    room: Mapping[str, int] | None = None,
    budgeted: bool = True,
) -> Claim:
    """Lease up to ``limit`` effects to ``worker``, the most urgent first; of a provider in ``room`` so many at most.

    Of a provider that stands still none at all.
    """
    taken: list[int] = []
    exhausted: set[str] = set()
    free_at: float | None = None
    left = dict(room or {})
    budgets = _load_budgets(session) if budgeted else {}
    while len(taken) < limit:
        full = {provider for provider, places in left.items() if places <= 0}
        found = _candidates(session, now, limit - len(taken), full, exhausted, taken)
        candidates = _fitting(found, left)
        if not candidates:
            break
        crowded = len(candidates) < len(found)
        if not budgeted:
            taken += [c.id for c in candidates]
            if crowded:
                continue
            break
        choice = choose(candidates, budgets, now.timestamp())
        taken += choice.ids
        if choice.free_at is not None:
            free_at = min(free_at or choice.free_at, choice.free_at)
        if not choice.exhausted - exhausted and not crowded:
            break
        exhausted |= choice.exhausted
    claimed = _lease(session, taken, now, worker)
    if budgeted and claimed:
        _save_budgets(session, budgets, now.timestamp())
    return Claim(claimed, _next_look(session, now, free_at))


def _fitting(candidates: Iterable[Candidate], left: dict[str, int]) -> list[Candidate]:
    """Those for whose provider there is room; takes from ``left``."""
    fitting = []
    for candidate in candidates:
        provider = candidate.kind.provider
        if provider in left:
            if left[provider] <= 0:
                continue
            left[provider] -= 1
        fitting.append(candidate)
    return fitting


def _candidates(
    session: Session,
    now: datetime,
    limit: int,
    full: Collection[str],
    exhausted: AbstractSet[str],
    taken: Collection[int],
) -> list[Candidate]:
    earlier = E.alias()
    needed = E.alias()
    kinds = [kind.value for kind in METHODS if not exhausted.isdisjoint(limits_on(kind))]
    first_of_lane = (
        ~select(earlier.c.id)
        .where(earlier.c.lane == E.c.lane, earlier.c.id < E.c.id, earlier.c.state.in_(UNFINISHED))
        .exists()
    )
    allowed = or_(
        E.c.after.is_(None),
        select(needed.c.id)
        .where(needed.c.key == E.c.after, needed.c.state.in_(("done", "cancelled")))
        .exists(),
    )
    query = (
        select(E.c.id, E.c.kind, E.c.budget)
        .where(E.c.state == _PENDING, E.c.due <= now, first_of_lane, allowed, ~_STANDS_STILL)
        .order_by(E.c.rank, E.c.due, E.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=E)
    )
    if full:
        query = query.where(E.c.provider.not_in(full))
    if kinds:
        query = query.where(E.c.kind.not_in(kinds))
    if channels := [n for n in exhausted if n not in LIMITS]:
        query = query.where(or_(E.c.budget.is_(None), E.c.budget.not_in(channels)))
    if taken:
        query = query.where(E.c.id.not_in(taken))
    return [Candidate(r.id, EffectKind(r.kind), r.budget) for r in session.execute(query)]


def _lease(session: Session, ids: list[int], now: datetime, worker: str) -> tuple[Claimed, ...]:
    if not ids:
        return ()
    wanted = {"ids": ids, "worker": worker, "until": now + LEASE, "at": now}
    rows = sorted(session.execute(_LEASE, wanted), key=lambda row: (row.rank, row.due, row.id))
    return tuple(_claimed(row) for row in rows)


def _claimed(row: Any) -> Claimed:
    return Claimed(
        id=row.id,
        kind=EffectKind(row.kind),
        key=row.key,
        lane=row.lane,
        incident=row.incident,
        payload=row.payload,
        merge=row.merge,
        attempt=row.attempts,
        created_at=row.created_at,
        first_tried_at=row.first_tried_at,
        deadline=row.deadline,
        external_ref=row.external_ref,
        last_reason=row.last_reason,
    )


def _next_look(session: Session, now: datetime, free_at: float | None) -> datetime | None:
    due: datetime | None = session.execute(_NEXT_DUE, {"now": now}).scalar()
    if free_at is None:
        return due
    free = now + timedelta(seconds=max(free_at - now.timestamp(), 0.0))
    return min(free, due) if due else free


def _load_budgets(session: Session) -> dict[str, Budget]:
    rows = session.execute(_BUDGETS)
    return {r.name: Budget(r.name, list(r.stamps or ()), r.blocked_until) for r in rows}


def _save_budgets(session: Session, budgets: dict[str, Budget], now: float) -> None:
    """Write back those that were drawn on; the others, empty by now, are forgotten."""
    idle = [b.name for b in budgets.values() if b.is_idle(now)]
    if idle:
        session.execute(delete(sql.BUDGET).where(_B.name.in_(idle)))
    drawn = [
        {"name": b.name, "stamps": b.stamps, "blocked_until": b.blocked_until}
        for b in budgets.values()
        if b.drawn
    ]
    sql.upsert(session, sql.BUDGET, drawn)


def block_budget(session: Session, kind: EffectKind, until: float) -> None:
    """The vendor said 429 all the same: the widest budget of that kind is closed until then."""
    name = next(iter(limits_on(kind)), None)
    if name is None:
        return
    budgets = _load_budgets(session)
    budget = budgets.get(name) or Budget(name, [])
    budget.block(until)
    _save_budgets(session, {budget.name: budget}, 0.0)


def draw(session: Session, names: Collection[str], calls: int, now: float) -> float:
    """Count calls that are no effect in these budgets; seconds to wait when they have no room (nothing is counted)."""
    budgets = _load_budgets(session)
    wait = draw_calls(names, calls, budgets, now)
    _save_budgets(session, budgets, now)
    return wait


# --- afterwards ------------------------------------------------------------------------------------------------


def still_mine(session: Session, claimed: Claimed, worker: str) -> bool:
    """Whether the lease was not lost to another worker meanwhile (locks the row)."""
    row = session.execute(_MINE, {"of": claimed.id}).first()
    return bool(
        row
        and row.state == "leased"
        and row.leased_by == worker
        and row.attempts == claimed.attempt
    )


def settle(
    session: Session, effect_id: int, now: datetime, *, state: str = "done", ref: str | None = None
) -> None:
    """Finish: ``done``, ``cancelled`` or ``dead`` no longer hold their lane."""
    values: dict[str, Any] = {"state": state, "settled_at": now, "lease_until": None}
    if ref is not None:
        values["external_ref"] = ref
    if state == "done":
        values["last_reason"] = values["last_detail"] = None
    session.execute(_CHANGE, values | {"of": effect_id})


def give_up(session: Session, effect_id: int, now: datetime, reason: str, detail: str) -> None:
    """Dead: it waits for somebody's Retry or Dismiss."""
    session.execute(
        update(E)
        .where(E.c.id == effect_id)
        .values(
            state="dead",
            settled_at=now,
            lease_until=None,
            last_reason=reason,
            last_detail=detail[:500],
        )
    )


def reschedule(
    session: Session,
    effect_id: int,
    merge: str | None,
    due: datetime,
    reason: str,
    detail: str,
    *,
    now: datetime,
) -> None:
    """Try again at ``due``; when a newer one of its kind waits already, that one does the work."""
    if merge is not None and _taken_over(session, effect_id, merge):
        settle(session, effect_id, now, state="cancelled")
        return
    session.execute(
        update(E)
        .where(E.c.id == effect_id)
        .values(
            state="pending",
            due=due,
            lease_until=None,
            leased_by=None,
            last_reason=reason,
            last_detail=detail[:500],
        )
    )


def _taken_over(session: Session, effect_id: int, merge: str) -> bool:
    """Whether a newer one of its kind waits; it inherits that the call may have been made already."""
    newer = session.execute(_WAITING, {"merge": merge}).scalar()
    if newer is None:
        return False
    tried = session.execute(
        select(E.c.attempts, E.c.first_tried_at).where(E.c.id == effect_id)
    ).first()
    if tried is not None and tried.attempts:
        session.execute(
            update(E)
            .where(E.c.id == newer)
            .values(
                attempts=case((E.c.attempts < 1, 1), else_=E.c.attempts),
                first_tried_at=func.coalesce(E.c.first_tried_at, tried.first_tried_at),
            )
        )
    return True


def renew(session: Session, ids: Collection[int], worker: str, now: datetime) -> None:
    """A sign of life for effects under way."""
    session.execute(
        update(E)
        .where(E.c.id.in_(ids), E.c.leased_by == worker, E.c.state == _LEASED)
        .values(lease_until=now + LEASE)
    )


def free_leases(session: Session, now: datetime, *, everything: bool = False) -> int:
    """Put back what a dead worker held: expired leases, or (a starting process on SQLite) all of them."""
    until = datetime.max.replace(tzinfo=UTC) if everything else now
    rows = sorted(session.execute(_EXPIRED, {"now": until}), key=lambda row: -row.id)
    for row in rows:
        reschedule(session, row.id, row.merge, now, row.last_reason or "interrupted", "", now=now)
    return len(rows)


def retry_dead(session: Session, effect_id: int, now: datetime) -> bool:
    """Somebody pressed Retry; False when it is not dead any more."""
    row = session.execute(
        select(E.c.merge, E.c.state).where(E.c.id == effect_id).with_for_update()
    ).first()
    if row is None or row.state not in {"dead", "pending"}:
        return False
    if row.state == "pending":
        session.execute(update(E).where(E.c.id == effect_id).values(due=now))
    else:
        reschedule(session, effect_id, row.merge, now, "retry", "", now=now)
    return True


def prune(session: Session, before: datetime, *, most: int = 5_000) -> int:
    """Delete finished effects, once-keys and applied webhooks older than ``before``; bounded, so that no press waits.

    Effects that are steps of an incident stay: they are its run log.
    """
    old = select(E.c.id).where(
        E.c.state.in_(("done", "cancelled")), E.c.settled_at < before, E.c.incident.is_(None)
    )
    deleted = sql.count(session.execute(delete(E).where(E.c.id.in_(old.limit(most)))))
    once, kept = sql.ONCE, sql.INBOUND
    stale = select(once.c.key).where(once.c.at < before).limit(most)
    deleted += sql.count(session.execute(delete(once).where(once.c.key.in_(stale))))
    applied = (
        select(kept.c.id)
        .where(kept.c.applied_at < before, kept.c.state.in_(("applied", "ignored")))
        .limit(most)
    )
    deleted += sql.count(session.execute(delete(kept).where(kept.c.id.in_(applied))))
    return deleted
