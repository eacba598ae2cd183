"""What the auditor of pages looks at: bounded reads, each by an index."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column, select

from bot.domain.effects import EffectKind
from bot.domain.incident import PagerKind
from bot.store import sql
from bot.store.convert import to_incident
from bot.store.effects import UNFINISHED

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_E, _I, _P = sql.EFFECT.c, sql.INCIDENT.c, sql.PAGE.c
#: In words SQLite can compare with the conditions of its partial indexes.
_DEAD: Any = _E.state == literal_column("'dead'")
_OPEN: Any = _I.status != literal_column("'resolved'")
#: What moves a page, or begins one.
MOVING = (EffectKind.PAGE_STEP, EffectKind.PAGE_NATIVE, EffectKind.PAGE_ALERTS)
#: An incident that was triggered longer ago was triggered before pages were kept.
RECENT = timedelta(days=1)


def waiting(tx: Tx, kind: EffectKind) -> list[dict[str, Any]]:
    """What the effects of a kind that are not done carry."""
    query = select(_E.payload).where(_E.kind == kind.value, _E.state.in_(UNFINISHED))
    return list(tx.session.execute(query).scalars())


def dead(tx: Tx, limit: int) -> list[tuple[int, str]]:
    """Effects that move pages and were given up: id and key."""
    kinds = [kind.value for kind in MOVING]
    query = select(_E.id, _E.key).where(_DEAD, _E.provider == "muster", _E.kind.in_(kinds))
    return [(row.id, row.key) for row in tx.session.execute(query.limit(limit))]


def unpaged(tx: Tx, limit: int) -> list[Incident]:
    """Triggered incidents of the native pager that nobody is paged for, and nobody is about to be."""
    since = func.coalesce(_I.status_changed_at, _I.created_at)
    page = select(_P.id).where(
        _P.incident == _I.number, _P.aside.is_(False), _P.state.in_(("open", "exhausted"))
    )
    coming = select(_E.id).where(
        _E.incident == _I.number, _E.kind == EffectKind.PAGE_NATIVE.value, _E.state.in_(UNFINISHED)
    )
    query = (
        select(sql.INCIDENT)
        .where(
            _OPEN,
            _I.status == "triggered",
            _I.pager_kind == PagerKind.NATIVE.value,
            _I.opens_channel.is_(True),
            since > tx.now - RECENT,
            ~page.exists(),
            ~coming.exists(),
        )
        .order_by(_I.number)
        .limit(limit)
    )
    return [to_incident(row) for row in tx.session.execute(query)]
