"""Who follows an incident: the subscriptions, read and changed inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from bot.domain.incident import EntryKind
from bot.store import sql
from bot.store.convert import to_entry

if TYPE_CHECKING:
    from bot.domain.incident import Entry
    from bot.store.tx import Tx

_S, _T = sql.SUBSCRIPTION.c, sql.ENTRY.c
_OF = select(_S.slack_id).where(_S.incident == bindparam("of")).order_by(_S.at, _S.slack_id)
_LAST_UPDATE = (
    select(sql.ENTRY)
    .where(_T.incident == bindparam("of"), _T.kind == EntryKind.STATUS_UPDATE.value)
    .order_by(_T.id.desc())
    .limit(1)
)


def followers(tx: Tx, number: int) -> list[str]:
    """Slack ids of everybody who subscribed, who came first first."""
    return list(tx.session.execute(_OF, {"of": number}).scalars())


def follow(tx: Tx, number: int, slack_id: str) -> bool:
    """Subscribe; False when they had before."""
    row = {"incident": number, "slack_id": slack_id, "at": tx.now}
    return sql.insert_new(tx.session, sql.SUBSCRIPTION, [row]) > 0


def unfollow(tx: Tx, number: int, slack_id: str) -> bool:
    """End a subscription; False when there was none."""
    gone = delete(sql.SUBSCRIPTION).where(_S.incident == number, _S.slack_id == slack_id)
    return sql.count(tx.session.execute(gone)) > 0


def last_update(tx: Tx, number: int) -> Entry | None:
    """The newest status update."""
    row = tx.session.execute(_LAST_UPDATE, {"of": number}).first()
    return to_entry(row) if row else None
