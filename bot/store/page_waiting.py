"""Deliveries of pages that wait: to be seen, for Slack, for their time. Runs inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, literal_column, select, update

from bot.domain.escalation import DeliveryState, PageState
from bot.store import sql

if TYPE_CHECKING:
    from datetime import datetime

    from bot.store.tx import Tx

_P, _D, _E = sql.PAGE.c, sql.PAGE_DELIVERY.c, sql.EFFECT.c
_UNSEEN = (
    select(_D.id)
    .join(sql.PAGE, _P.id == _D.page)
    .where(
        _D.slack_id == bindparam("of"),
        _D.way == "slack",
        _D.state.in_((DeliveryState.SENT.value, DeliveryState.DELIVERED.value)),
        _P.state != PageState.CLOSED.value,
    )
    .order_by(_D.id)
    .limit(50)
)
_ONE = (
    select(func.min(_D.id))
    .where(
        _D.page == _P.id,
        _D.round == _P.round,
        _D.level == _P.level,
        _D.state == DeliveryState.PLANNED.value,
        _D.way.in_(("slack", "channel")),
        func.coalesce(_D.due, _D.planned_at) < bindparam("before", type_=_D.due.type),
    )
    .scalar_subquery()
)
#: The first condition in the words of the partial index, so that SQLite uses it.
_WAITING = (
    select(_ONE)
    .select_from(sql.PAGE)
    .where(
        literal_column("state IN ('open', 'acknowledged')"), _P.state == literal_column("'open'")
    )
    .order_by(_P.next_at, _P.id)
    .limit(500)
)
_BRING_FORWARD = (
    update(sql.EFFECT)
    .where(_E.key == bindparam("of"), _E.state == literal_column("'pending'"))
    .values(due=bindparam("at", type_=_E.due.type))
)


def unseen(tx: Tx, slack_id: str) -> list[int]:
    """Direct messages of living pages that person has given no sign of having seen."""
    return list(tx.session.execute(_UNSEEN, {"of": slack_id}).scalars())


def waiting_for_slack(tx: Tx, before: datetime) -> list[int]:
    """For each open page whose level has waited for Slack since before then: one of those deliveries."""
    found = tx.session.execute(_WAITING, {"before": before}).scalars()
    return sorted(each for each in found if each is not None)


def send_now(tx: Tx, key: str) -> None:
    """The effect of a delivery that was kept for later is due."""
    tx.session.execute(_BRING_FORWARD, {"of": key, "at": tx.now})
    tx.emitted = True
