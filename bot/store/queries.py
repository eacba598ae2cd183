"""Named reads for lists, numbers, the run log and the metrics; all return domain or plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from bot.domain.effects import EffectKind
from bot.store.convert import to_incident
from bot.store.tables import EffectRow, InboundRow, IncidentRow, PersonalRow

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

N: Any = IncidentRow
E: Any = EffectRow
P: Any = PersonalRow
K: Any = InboundRow

#: Effects that are steps people want to see in the run log; the others only repeat what these did.
STEPS: dict[EffectKind, str] = {
    EffectKind.ANNOUNCE: "Announcement",
    EffectKind.CREATE_CHANNEL: "Channel",
    EffectKind.POST_CARD: "Card in the channel",
    EffectKind.PIN_CARD: "Card pinned",
    EffectKind.SET_TOPIC: "Topic",
    EffectKind.SET_PURPOSE: "Purpose",
    EffectKind.ADD_BOOKMARK: "Bookmark",
    EffectKind.INVITE: "Invitations",
    EffectKind.OPEN_PAGE: "PagerDuty incident",
    EffectKind.CHANGE_PAGE: "PagerDuty change",
    EffectKind.NOTE_PAGE: "PagerDuty note",
    EffectKind.OPEN_TICKET: "GitHub issue",
    EffectKind.CHANGE_TICKET: "GitHub issue change",
    EffectKind.COMMENT_TICKET: "GitHub comment",
    EffectKind.REFRESH_TICKET: "GitHub issue links",
    EffectKind.SEND_DIRECT: "Direct message",
    EffectKind.PAGE_NATIVE: "Page",
}

#: From this many attempts on, a step that still waits is shown as failing.
SHOWN_AFTER = 4


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One step of an incident as the effect table knows it."""

    effect_id: int
    kind: EffectKind
    label: str
    provider: str
    state: str
    reason: str
    detail: str
    attempts: int
    at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of incidents and how many there are in all."""

    incidents: tuple[Incident, ...]
    total: int


def steps(tx: Tx, number: int) -> list[StepRecord]:
    """The run log of an incident, in order."""
    kinds = [kind.value for kind in STEPS]
    query = select(EffectRow).where(E.incident == number, E.kind.in_(kinds)).order_by(E.id)
    return [_step(row) for row in tx.session.execute(query).scalars() if row.state != "cancelled"]


def failing(tx: Tx, number: int) -> list[StepRecord]:
    """Steps that gave up, or have been failing for a while."""
    query = (
        select(EffectRow)
        .where(
            E.incident == number,
            or_(
                E.state == "dead",
                (E.state == "pending") & (E.attempts >= SHOWN_AFTER) & E.last_reason.is_not(None),
                (E.state == "pending") & (E.last_reason == "auth"),
            ),
        )
        .order_by(E.id)
        .limit(10)
    )
    return [_step(row) for row in tx.session.execute(query).scalars()]


def _step(row: EffectRow) -> StepRecord:
    kind = EffectKind(row.kind)
    return StepRecord(
        effect_id=row.id or 0,
        kind=kind,
        label=STEPS.get(kind, kind.value),
        provider=row.provider,
        state=row.state,
        reason=row.last_reason or "",
        detail=row.last_detail or "",
        attempts=row.attempts,
        at=row.settled_at or row.created_at,
        payload=row.payload,
    )


def incidents(
    tx: Tx, *, open_only: bool, service: str | None = None, mine: str | None = None, limit: int = 20
) -> Page:
    """Newest first; ``mine`` is a Slack id. Private incidents are never listed."""
    conditions: list[Any] = [N.private.is_(False)]
    if open_only:
        conditions.append(N.status != "resolved")
    if service is not None:
        conditions.append(or_(N.service == service, func.lower(N.service_title) == service.lower()))
    query = select(IncidentRow).where(*conditions)
    count = select(func.count()).select_from(IncidentRow).where(*conditions)
    if mine is not None:
        involved = select(P.incident).where(P.slack_id == mine)
        query = query.where(N.number.in_(involved))
        count = count.where(N.number.in_(involved))
    rows = tx.session.execute(query.order_by(N.number.desc()).limit(limit)).scalars()
    found = tuple(to_incident(row) for row in rows)
    total = len(found) if len(found) < limit else int(tx.session.execute(count).scalar() or 0)
    return Page(incidents=found, total=total)


def open_pages(tx: Tx) -> dict[str, int]:
    """Pager id to number of every incident that is open here and known to the pager."""
    query = select(N.pager_id, N.number).where(N.pager_id.is_not(None), N.status != "resolved")
    return {row.pager_id: row.number for row in tx.session.execute(query)}


def waiting(tx: Tx) -> list[tuple[str, str, int, datetime | None]]:
    """Per kind and state: how many effects are not done, and when the oldest of them was emitted."""
    query = (
        select(E.kind, E.state, func.count(), func.min(E.created_at))
        .where(E.state.in_(("pending", "leased", "dead")))
        .group_by(E.kind, E.state)
    )
    return [
        (kind, state, count, oldest) for kind, state, count, oldest in tx.session.execute(query)
    ]


def last_delivery(tx: Tx, source: str, event_type: str, since: datetime) -> bool:
    """Whether a webhook of that type was kept since then."""
    query = select(K.id).where(
        K.source == source, K.event_type == event_type, K.received_at >= since
    )
    return tx.session.execute(query.limit(1)).first() is not None


def numbers(tx: Tx, *, days: int = 30) -> dict[str, Any]:
    """Counts and means (seconds) of the last days, without private incidents."""
    since = tx.now - timedelta(days=days)
    query = (
        select(N.created_at, N.acknowledged_at, N.resolved_at, N.status)
        .where(N.created_at >= since, N.private.is_(False))
        .order_by(N.created_at.desc())
        .limit(2_000)
    )
    rows = tx.session.execute(query).all()
    acked = [(r.acknowledged_at - r.created_at).total_seconds() for r in rows if r.acknowledged_at]
    fixed = [(r.resolved_at - r.created_at).total_seconds() for r in rows if r.resolved_at]
    return {
        "days": days,
        "count": len(rows),
        "mean_seconds_to_acknowledge": sum(acked) / len(acked) if acked else None,
        "mean_seconds_to_resolve": sum(fixed) / len(fixed) if fixed else None,
    }


def _waits_for_a_dead_one() -> Any:
    needed: Any = aliased(EffectRow)
    return select(needed.id).where(needed.key == E.after, needed.state == "dead").exists()


def due_now(tx: Tx, now: datetime) -> int:
    """How many effects could be carried out now or are being carried out."""
    query = (
        select(func.count())
        .select_from(EffectRow)
        .where(
            or_(
                E.state == "leased",
                (E.state == "pending") & (E.due <= now) & ~_waits_for_a_dead_one(),
            )
        )
    )
    return int(tx.session.execute(query).scalar() or 0)
