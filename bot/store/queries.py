"""Named reads for lists, completion and look-ups; all return domain or plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column, or_, select

from bot.domain.incident import PagerKind
from bot.domain.moments import time_of
from bot.store import members, sql
from bot.store.convert import to_incident
from bot.store.effects import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

N, E, P, K = sql.INCIDENT.c, sql.EFFECT.c, sql.INVOLVEMENT.c, sql.INBOUND.c
A = sql.AFFECTED.c

#: In words SQLite can compare with the conditions of its partial indexes.
_OPEN: Any = N.status != literal_column("'resolved'")
_PENDING, _LEASED = UNFINISHED
_DEAD: Any = literal_column("'dead'")

#: Longer numbers are no incident's.
NUMBER_DIGITS = 9
#: Incidents are suggested by their titles from among so many of the newest open and closed ones.
LOOKED_BACK = 2000


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of incidents and how many there are in all."""

    incidents: tuple[Incident, ...]
    total: int


def incidents(
    tx: Tx,
    *,
    open_only: bool,
    service: str | None = None,
    mine: str | None = None,
    viewer: str | None = None,
    limit: int = 20,
    drills: bool = True,
) -> Page:
    """Newest first; ``mine`` and ``viewer`` are Slack ids; without ``drills`` real ones only.

    Private incidents are listed for a ``viewer`` who is in them only, and for nobody without one.
    """
    conditions: list[Any] = []
    if open_only:
        conditions.append(_OPEN)
    if service is not None:
        further = select(A.incident).where(A.service == service)
        titled = func.lower(N.service_title) == service.lower()
        conditions.append(or_(N.service == service, titled, N.number.in_(further)))
    own = _private(tx, viewer, conditions) if viewer else []
    public = (N.private.is_(False), *conditions)
    query = select(sql.INCIDENT).where(*public)
    count = select(func.count()).select_from(sql.INCIDENT).where(*public)
    if mine is not None:
        involved = select(P.incident).where(P.slack_id == mine)
        query = query.where(N.number.in_(involved))
        count = count.where(N.number.in_(involved))
    if not drills:
        query = query.where(N.drill.is_(False))
    rows = tx.session.execute(query.order_by(N.number.desc()).limit(limit))
    found = [to_incident(row) for row in rows]
    total = len(found) if len(found) < limit else int(tx.session.execute(count).scalar() or 0)
    if (
        not drills and len(found) >= limit
    ):  # counted apart: all others are counted by their index alone
        total -= int(tx.session.execute(count.where(N.drill)).scalar() or 0)
    if own:
        found = sorted([*own, *found], key=lambda each: -each.number)[:limit]
    return Page(incidents=tuple(found), total=total + len(own))


def _private(tx: Tx, viewer: str, conditions: Sequence[Any]) -> list[Incident]:
    """The private incidents somebody is in, newest first."""
    query = select(sql.INCIDENT).where(members.maybe_seen(viewer), *conditions)
    rows = tx.session.execute(query.order_by(N.number.desc()).limit(LOOKED_BACK))
    return [each for each in map(to_incident, rows) if members.sees(tx, each, viewer)]


def suggested(tx: Tx, words: str, slack_id: str, *, limit: int = 20) -> list[Incident]:
    """Incidents whose number or title fits: the one of that number, then open ones, then closed ones, newest first.

    Titles are looked for among the newest ``LOOKED_BACK`` open and closed ones. Private ones only for those who are in
    them now.
    """
    wanted = words.strip()
    number = _number(wanted.casefold().removeprefix("inc-").removeprefix("inc").lstrip("#"))
    fits: Any = func.lower(N.title).contains(wanted.casefold(), autoescape=True)
    newest = select(func.max(N.number)).scalar_subquery()
    some_open = select(N.number).where(N.private.is_(False), _OPEN).order_by(N.number.desc())
    private_mine = (N.private.is_(True), members.maybe_seen(slack_id))
    closed: Any = N.status == literal_column("'resolved'")
    conditions: tuple[tuple[tuple[Any, ...], ...], ...] = (
        ((N.number == number,),) if number else (),
        ((N.number.in_(some_open.limit(LOOKED_BACK)),), (_OPEN, *private_mine)),
        ((closed, N.private.is_(False), N.number > newest - LOOKED_BACK), (closed, *private_mine)),
    )
    found: dict[int, Incident] = {}
    for nth, group in enumerate(conditions):
        together: dict[int, Incident] = {}
        for each in group:
            query = select(sql.INCIDENT).where(*each, *((fits,) if wanted and nth else ()))
            rows = tx.session.execute(query.order_by(N.number.desc()).limit(limit))
            together |= {i.number: i for i in map(to_incident, rows)}
        allowed = (i for i in together.values() if members.sees(tx, i, slack_id))
        found |= {i.number: i for i in sorted(allowed, key=lambda i: -i.number)}
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _number(words: str) -> int:
    fits = words.isascii() and words.isdigit() and len(words) <= NUMBER_DIGITS
    return int(words) if fits else 0


def announced_as(tx: Tx, channel: str, ts: str) -> Incident | None:
    """The public incident whose announcement is that message.

    Looked for among the open ones and those declared within two days before: an announcement follows at once, or
    when Slack is back.
    """
    at = time_of(ts)
    near = N.created_at.between(at - timedelta(days=2), at + timedelta(minutes=5))
    for some in (near, _OPEN):
        query = select(sql.INCIDENT).where(
            some,
            N.private.is_(False),
            N.places["announcement_ts"].as_string() == ts,
            N.places["announcement_channel"].as_string() == channel,
        )
        if row := tx.session.execute(query.limit(1)).first():
            return to_incident(row)
    return None


def noted(tx: Tx, key: str) -> int | None:
    """The incident with an entry under that vendor's id."""
    query = select(sql.ENTRY.c.incident).where(sql.ENTRY.c.vendor_id == key).limit(1)
    found: int | None = tx.session.execute(query).scalar()
    return found


def on_services(tx: Tx, services: Sequence[str], *, besides: int, limit: int = 5) -> list[Incident]:
    """Open incidents on one of these services, newest first; private ones are never told of."""
    if not services:
        return []
    query = (
        select(sql.INCIDENT)
        .where(
            N.private.is_(False),
            _OPEN,
            N.drill.is_(False),
            N.service.in_(services),
            N.number != besides,
        )
        .order_by(N.number.desc())
        .limit(limit)
    )
    return [to_incident(row) for row in tx.session.execute(query)]


def open_pages(tx: Tx) -> dict[str, int]:
    """Pager id to number of every incident that is open here and known to the pager."""
    query = select(N.pager_id, N.number).where(N.pager_id.is_not(None), _OPEN)
    return {row.pager_id: row.number for row in tx.session.execute(query)}


def open_natively(tx: Tx) -> list[Incident]:
    """Every open incident the native pager pages for, oldest first."""
    natively = N.pager_kind == PagerKind.NATIVE.value
    query = select(sql.INCIDENT).where(natively, _OPEN).order_by(N.number)
    return [to_incident(row) for row in tx.session.execute(query)]


def last_delivery(tx: Tx, source: str, event_type: str, since: datetime) -> bool:
    """Whether a webhook of that type was kept since then."""
    query = select(K.id).where(
        K.source == source, K.event_type == event_type, K.received_at >= since
    )
    return tx.session.execute(query.limit(1)).first() is not None
