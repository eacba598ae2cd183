"""Drills: what only they have, how far their steps are, and the report before. Inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column, or_, select

from bot.domain.drill import Drill
from bot.domain.drill_report import Fact, Report
from bot.domain.effects import EffectKind
from bot.domain.plan import actor_data, actor_from
from bot.store import sql
from bot.store.convert import to_incident
from bot.store.effects import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_D, _E, _N = sql.DRILL.c, sql.EFFECT.c, sql.INCIDENT.c
#: What comes after a drill, or concerns it no more: its report does not wait for it.
_NOT_WAITED_FOR = (
    EffectKind.RUN_DRILL.value,
    EffectKind.NOTICE_ARCHIVING.value,
    EffectKind.ARCHIVE_CHANNEL.value,
    EffectKind.PAGE_NATIVE.value,  # what an incident that is over does not page
    EffectKind.PAGE_STEP.value,
)
#: In words SQLite can compare with the condition of its partial index.
_OPEN: Any = _N.status != literal_column("'resolved'")


def add(tx: Tx, drill: Drill) -> None:
    """A drill begins."""
    tx.session.execute(
        sql.DRILL.insert(),
        {
            "incident": drill.incident,
            "started_at": drill.started_at,
            "by": actor_data(drill.by),
            "pages": drill.pages,
            "people": list(drill.people),
            "scheduled_for": drill.scheduled_for,
        },
    )


def find(tx: Tx, number: int) -> Drill | None:
    """What only the drill of that number has."""
    row = tx.session.execute(select(sql.DRILL).where(_D.incident == number)).first()
    return _drill(row) if row else None


def running(tx: Tx) -> Drill | None:
    """The drill that is not reported yet, if there is one."""
    query = select(sql.DRILL).where(_D.reported_at.is_(None)).order_by(_D.incident).limit(1)
    row = tx.session.execute(query).first()
    return _drill(row) if row else None


def reported(tx: Tx, number: int, report: Report) -> None:
    """The drill is over and its report is written."""
    values = {"report": report.as_value(), "reported_at": tx.now}
    tx.session.execute(sql.DRILL.update().where(_D.incident == number).values(values))


def last_reported(tx: Tx, *, before: int | None = None) -> Drill | None:
    """The newest drill with a report, of those ``before`` that number."""
    query = select(sql.DRILL).where(_D.reported_at.is_not(None))
    if before is not None:
        query = query.where(_D.incident < before)
    row = tx.session.execute(query.order_by(_D.incident.desc()).limit(1)).first()
    return _drill(row) if row else None


def facts(tx: Tx, number: int) -> list[Fact]:
    """Every effect of the drill, in order."""
    query = select(sql.EFFECT).where(_E.incident == number).order_by(_E.id)
    return [
        Fact(
            kind=EffectKind(row.kind),
            key=row.key,
            state=row.state,
            created_at=row.created_at,
            settled_at=row.settled_at,
            attempts=row.attempts,
            reason=row.last_detail or row.last_reason or "",
        )
        for row in tx.session.execute(query)
        if row.state != "pending" or row.attempts or row.due <= tx.now
    ]


def unsettled(tx: Tx, number: int) -> bool:
    """Whether a step of the drill is neither done nor given up; what is not due yet is no step."""
    begun = or_(_E.attempts > 0, _E.due <= tx.now)
    query = select(func.count()).where(
        _E.incident == number, _E.state.in_(UNFINISHED), _E.kind.not_in(_NOT_WAITED_FOR), begun
    )
    return bool(tx.session.execute(query).scalar())


def open_real(tx: Tx, severities: Sequence[str]) -> Incident | None:
    """The newest real incident of one of these severities that is open; private ones as well."""
    query = (
        select(sql.INCIDENT)
        .where(_OPEN, _N.drill.is_(False), _N.severity.in_(severities))
        .order_by(_N.number.desc())
        .limit(1)
    )
    row = tx.session.execute(query).first()
    return to_incident(row) if row else None


def _drill(row: Any) -> Drill:
    return Drill(
        incident=row.incident,
        started_at=row.started_at,
        by=actor_from(row.by),
        pages=row.pages,
        people=tuple(row.people or ()),
        scheduled_for=row.scheduled_for,
        report=Report.from_value(row.report),
        reported_at=row.reported_at,
    )
