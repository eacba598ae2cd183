"""Pages of the native pager and their deliveries, read and changed inside a transaction.

Whoever changes a page has locked its incident or its group of alerts first, then the page.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, literal_column, select, update

from bot.domain.escalation import Delivery, DeliveryState, Next, Page, PageState
from bot.domain.plan import actor_data, actor_from
from bot.errors import NotFound
from bot.store import sql
from bot.store.convert import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.store.tx import Tx

_P, _D, _E = sql.PAGE.c, sql.PAGE_DELIVERY.c, sql.EFFECT.c
_PAGE = select(sql.PAGE).where(_P.id == bindparam("of"))
_ADD = insert(sql.PAGE)
_SAVE = update(sql.PAGE).where(_P.id == bindparam("of"))
_MARK = update(sql.PAGE).where(_P.id == bindparam("of"))
_OF_INCIDENT = select(sql.PAGE).where(_P.incident == bindparam("of")).order_by(_P.id)
_OF_GROUP = select(sql.PAGE).where(_P.alert_group == bindparam("of")).order_by(_P.id)
_LIVING = _P.state != PageState.CLOSED.value
_DELIVERIES = select(sql.PAGE_DELIVERY).where(_D.page == bindparam("of")).order_by(_D.id)
_DELIVERY = select(sql.PAGE_DELIVERY).where(_D.id == bindparam("of"))
_SAVE_DELIVERY = update(sql.PAGE_DELIVERY).where(_D.id == bindparam("of"))
#: In words SQLite can compare with the conditions of its partial indexes.
_ALIVE: Any = literal_column("state IN ('open', 'acknowledged')")
_UNTOLD: Any = literal_column("state = 'exhausted' AND told_at IS NULL")
_LARGEST = 2**31 - 1


# --- pages -----------------------------------------------------------------------------------------------------


def one(tx: Tx, page_id: int, *, lock: bool = True) -> Page:
    """The page; NotFound when there is none."""
    query = _PAGE.with_for_update() if lock else _PAGE
    row = tx.session.execute(query, {"of": page_id}).first() if page_id <= _LARGEST else None
    if row is None:
        msg = "There is no such page any more. /incident list shows the open incidents."
        raise NotFound(msg)
    return _page(row)


def add(tx: Tx, draft: Page) -> Page:
    """Insert; the id is given here and replaces the draft's."""
    result: Any = tx.session.execute(_ADD, _columns(draft))
    return replace(draft, id=result.inserted_primary_key[0])


def save(tx: Tx, changed: Page) -> Page:
    """Save it; its version is one more."""
    changed = replace(changed, version=changed.version + 1)
    tx.session.execute(_SAVE, _columns(changed) | {"of": changed.id})
    return changed


def of_incident(tx: Tx, number: int, *, living: bool = True, lock: bool = True) -> list[Page]:
    """The pages of an incident, oldest first; ``living``: those that are not closed."""
    return _all(tx, _OF_INCIDENT, number, living=living, lock=lock)


def of_group(tx: Tx, group: int, *, living: bool = True, lock: bool = True) -> list[Page]:
    """The pages of a group of alerts, oldest first; ``living``: those that are not closed."""
    return _all(tx, _OF_GROUP, group, living=living, lock=lock)


def _all(tx: Tx, query: Any, of: int, *, living: bool, lock: bool) -> list[Page]:
    query = query.where(_LIVING) if living else query
    rows = tx.session.execute(query.with_for_update() if lock else query, {"of": of})
    return [_page(row) for row in rows]


def alive(tx: Tx, limit: int) -> list[Page]:
    """Pages something is to happen to, those it is to happen to first in front."""
    query = select(sql.PAGE).where(_ALIVE).order_by(_P.next_at, _P.id).limit(limit)
    return [_page(row) for row in tx.session.execute(query)]


def untold(tx: Tx, limit: int) -> list[Page]:
    """Exhausted pages nobody was told of yet."""
    query = select(sql.PAGE).where(_UNTOLD).order_by(_P.id).limit(limit)
    return [_page(row) for row in tx.session.execute(query)]


# --- deliveries ------------------------------------------------------------------------------------------------


def plan(tx: Tx, wanted: Iterable[Delivery]) -> None:
    """Keep deliveries; one that is there already stays as it is."""
    sql.insert_new(tx.session, sql.PAGE_DELIVERY, [_delivery_columns(each) for each in wanted])


def deliveries(tx: Tx, page_id: int) -> list[Delivery]:
    """All deliveries of a page in the order they were planned."""
    return [_delivery(row) for row in tx.session.execute(_DELIVERIES, {"of": page_id})]


def delivery(tx: Tx, delivery_id: int, *, lock: bool = True) -> Delivery:
    """One delivery; NotFound."""
    query = _DELIVERY.with_for_update() if lock else _DELIVERY
    row = tx.session.execute(query, {"of": delivery_id}).first()
    if row is None:
        msg = "There is no such delivery any more."
        raise NotFound(msg)
    return _delivery(row)


def newer(tx: Tx, delivery: Delivery) -> bool:
    """Whether a later one to the same recipient by the same way is on its way as well."""
    query = select(_D.id).where(
        _D.page == delivery.page,
        _D.recipient == delivery.recipient,
        _D.way == delivery.way,
        _D.id > delivery.id,
        _D.state == DeliveryState.PLANNED.value,
    )
    return tx.session.execute(query.limit(1)).first() is not None


def placed(tx: Tx, page_id: int, channel: str, ts: str | None) -> None:
    """Where the page's proof is; changes nothing else about it."""
    tx.session.execute(_MARK.values(channel=channel, ts=ts), {"of": page_id})


def told(tx: Tx, page_id: int, step: int) -> None:
    """Everybody heard that nobody answered, unless the page went on meanwhile."""
    tx.session.execute(_MARK.where(_P.step == step).values(told_at=tx.now), {"of": page_id})


def save_delivery(tx: Tx, changed: Delivery) -> None:
    """Keep what became of it."""
    tx.session.execute(_SAVE_DELIVERY, _delivery_columns(changed) | {"of": changed.id})


def struggling(tx: Tx, keys: Sequence[str]) -> dict[str, str]:
    """Of effects that were tried and are not done: why, by key."""
    if not keys:
        return {}
    query = select(_E.key, _E.last_detail, _E.last_reason).where(
        _E.key.in_(keys[-500:]),
        _E.state.in_(("pending", "leased", "dead")),
        _E.last_reason.is_not(None),
    )
    return {row.key: row.last_detail or row.last_reason for row in tx.session.execute(query)}


# --- rows ------------------------------------------------------------------------------------------------------


def _page(row: Any) -> Page:
    return Page(
        id=row.id,
        incident=row.incident,
        group=row.alert_group,
        policy=row.policy,
        why=row.why,
        aside=row.aside,
        person=actor_from(row.person),
        by=actor_from(row.by),
        text=row.text,
        started_at=row.started_at,
        state=PageState(row.state),
        round=row.round,
        level=row.level,
        base=row.base,
        step=row.step,
        next=Next(row.next) if row.next else None,
        next_at=row.next_at,
        expires_after=timedelta(seconds=row.expires_seconds) if row.expires_seconds else None,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=actor_from(row.acknowledged_by),
        confirmed_at=row.confirmed_at,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        ended=row.ended,
        told_at=row.told_at,
        channel=row.channel,
        ts=row.ts,
        version=row.version,
    )


def _columns(page: Page) -> dict[str, Any]:
    expires = page.expires_after
    return {
        "incident": page.incident,
        "alert_group": page.group,
        "policy": page.policy,
        "why": page.why,
        "aside": page.aside,
        "person": actor_data(page.person),
        "by": actor_data(page.by),
        "text": storable(page.text),
        "started_at": page.started_at,
        "state": page.state.value,
        "round": page.round,
        "level": page.level,
        "base": page.base,
        "step": page.step,
        "next": page.next.value if page.next else None,
        "next_at": page.next_at,
        "expires_seconds": int(expires.total_seconds()) if expires else None,
        "acknowledged_at": page.acknowledged_at,
        "acknowledged_by": actor_data(page.acknowledged_by),
        "confirmed_at": page.confirmed_at,
        "asked_at": page.asked_at,
        "ended_at": page.ended_at,
        "ended": storable(page.ended),
        "told_at": page.told_at,
        "channel": page.channel,
        "ts": page.ts,
        "version": page.version,
    }


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        page=row.page,
        round=row.round,
        level=row.level,
        recipient=row.recipient,
        name=row.name,
        slack_id=row.slack_id,
        email=row.email,
        way=row.way,
        state=DeliveryState(row.state),
        reason=row.reason,
        planned_at=row.planned_at,
        due=row.due,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        seen_at=row.seen_at,
        acknowledged_at=row.acknowledged_at,
        failed_at=row.failed_at,
        channel=row.channel,
        ts=row.ts,
    )


def _delivery_columns(delivery: Delivery) -> dict[str, Any]:
    return {
        "page": delivery.page,
        "round": delivery.round,
        "level": delivery.level,
        "recipient": storable(delivery.recipient),
        "name": storable(delivery.name),
        "slack_id": delivery.slack_id,
        "email": delivery.email,
        "way": delivery.way,
        "state": delivery.state.value,
        "reason": storable(delivery.reason)[:500],
        "planned_at": delivery.planned_at,
        "due": delivery.due,
        "sent_at": delivery.sent_at,
        "delivered_at": delivery.delivered_at,
        "seen_at": delivery.seen_at,
        "acknowledged_at": delivery.acknowledged_at,
        "failed_at": delivery.failed_at,
        "channel": delivery.channel,
        "ts": delivery.ts,
    }


def forget_groups(tx: Tx, groups: Sequence[int]) -> None:
    """The pages of groups of alerts that are deleted go with them."""
    own = select(_P.id).where(_P.alert_group.in_(groups))
    tx.session.execute(delete(sql.PAGE_DELIVERY).where(_D.page.in_(own)))
    tx.session.execute(delete(sql.PAGE).where(_P.alert_group.in_(groups)))
