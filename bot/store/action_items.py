"""Action items in the database. Everything runs inside a transaction; whoever changes one has locked its incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, literal_column, or_, select, update

from bot.domain.action_item import ActionItem
from bot.domain.action_plan import change_issue, lane_of
from bot.domain.effects import EffectKind
from bot.domain.incident import Origin, TicketLink
from bot.domain.plan import actor_data, actor_from
from bot.errors import NotFound
from bot.store import sql
from bot.store.convert import storable, to_incident
from bot.store.effects import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_A, _N, _E = sql.ACTION_ITEM.c, sql.INCIDENT.c, sql.EFFECT.c
_ITEM = select(sql.ACTION_ITEM).where(_A.id == bindparam("of"))
_PRESENT = _A.withdrawn_at.is_(None)
_OF = select(sql.ACTION_ITEM).where(_A.incident == bindparam("of"), _PRESENT).order_by(_A.id)
_WITH_ISSUES = (
    select(sql.ACTION_ITEM)
    .where(_A.incident == bindparam("of"), _A.ticket_repo.is_not(None))
    .order_by(_A.id)
)
_OPENINGS = (
    select(_E.key)
    .where(_E.incident == bindparam("of"), _E.kind == EffectKind.OPEN_ACTION.value)
    .order_by(_E.id.desc())
)
_BY_MESSAGE = select(sql.ACTION_ITEM).where(
    _A.incident == bindparam("of"), _A.message == bindparam("message")
)
_COUNT = select(func.count(_A.done_at), func.count()).where(
    _A.incident == bindparam("of"), _PRESENT
)
#: Nothing is carried out after it.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_ADD = insert(sql.ACTION_ITEM)
_SAVE = update(sql.ACTION_ITEM).where(_A.id == bindparam("of"))
#: Not carried out yet, or only at or after a moment.
_NOT_BEFORE = or_(_E.state.in_(UNFINISHED), _E.settled_at >= bindparam("since"))
_PENDING = select(_E.id).where(
    _E.incident == bindparam("of"),
    _E.kind == EffectKind.CHANGE_ACTION.value,
    _NOT_BEFORE,
    _E.key.startswith(bindparam("prefix"), autoescape=False),
)
_TICKET_PENDING = select(_E.id).where(
    _E.incident == bindparam("of"),
    _E.kind == EffectKind.CHANGE_TICKET.value,
    _NOT_BEFORE,
)
#: In words SQLite can compare with the condition of its partial index.
_OPEN: Any = _N.status != literal_column("'resolved'")


def of_incident(tx: Tx, number: int) -> list[ActionItem]:
    """Oldest first, without those that were withdrawn."""
    return [_item(row) for row in tx.session.execute(_OF, {"of": number})]


def with_issues(tx: Tx, number: int) -> list[ActionItem]:
    """Those that have an issue or wait for one, also those that were withdrawn."""
    return [_item(row) for row in tx.session.execute(_WITH_ISSUES, {"of": number})]


def opening(tx: Tx, incident: Incident, item: ActionItem) -> str | None:
    """The key its issue was, or is being, opened under."""
    start = f"{lane_of(incident, item)}/open"
    keys = tx.session.execute(_OPENINGS, {"of": incident.number}).scalars()
    return next((key for key in keys if key == start or key.startswith(f"{start}@")), None)


def counted(tx: Tx, number: int) -> tuple[int, int]:
    """How many of them are done, and how many there are."""
    done, every = tx.session.execute(_COUNT, {"of": number}).one()
    return int(done), int(every)


def one(tx: Tx, item: int) -> ActionItem:
    """The item of that id, withdrawn or not; NotFound."""
    row = tx.session.execute(_ITEM, {"of": item}).first() if item < 2**31 else None
    if row is None:
        msg = "There is no such action item any more. /incident actions shows those there are."
        raise NotFound(msg)
    return _item(row)


def by_message(tx: Tx, number: int, message: str) -> ActionItem | None:
    """The item a message was made into, withdrawn or not."""
    row = tx.session.execute(_BY_MESSAGE, {"of": number, "message": message}).first()
    return _item(row) if row else None


def by_ticket(tx: Tx, repos: Collection[str], number: int) -> ActionItem | None:
    """The item whose issue that is; ``repos`` are the spellings of one repository."""
    found = _A.ticket_number == number, _A.ticket_repo.in_(sorted(repos))
    row = tx.session.execute(select(sql.ACTION_ITEM).where(*found).limit(1)).first()
    return _item(row) if row else None


def incident_of_ticket(tx: Tx, repos: Collection[str], number: int) -> Incident | None:
    """The incident whose own issue that is."""
    found = _N.ticket_repo.in_(sorted(repos)), _N.ticket_number == number
    row = tx.session.execute(select(sql.INCIDENT).where(*found).limit(1)).first()
    return to_incident(row) if row else None


def watched(tx: Tx, since: datetime) -> list[str]:
    """Repositories with issues that may still change something: of open or recent items, of open incidents."""
    alive = or_(_A.done_at.is_(None), _A.done_at >= since)
    items = select(_A.ticket_repo).where(_PRESENT, _A.ticket_number.is_not(None), alive).distinct()
    own = select(_N.ticket_repo).where(_OPEN, _N.ticket_number.is_not(None)).distinct()
    found = [*tx.session.execute(items).scalars(), *tx.session.execute(own).scalars()]
    return list(dict.fromkeys(found))


def watched_numbers(tx: Tx, repos: Collection[str], since: datetime) -> list[int]:
    """The same of one repository: which issues, in order. ``repos`` are the spellings of its name."""
    alive = or_(_A.done_at.is_(None), _A.done_at >= since)
    where = _A.ticket_repo.in_(sorted(repos)), _A.ticket_number.is_not(None)
    items = select(_A.ticket_number).where(_PRESENT, alive, *where)
    own = select(_N.ticket_number).where(
        _OPEN, _N.ticket_repo.in_(sorted(repos)), _N.ticket_number.is_not(None)
    )
    return sorted({*tx.session.execute(items).scalars(), *tx.session.execute(own).scalars()})


def change_pending(
    tx: Tx, incident: Incident, item: ActionItem, verb: str, since: datetime | None = None
) -> bool:
    """Whether a change of ours of that kind has not reached GitHub yet, or reached it only after ``since``."""
    prefix = change_issue(incident, item, verb).key.partition("@")[0] + "@"
    wanted = {"of": incident.number, "prefix": prefix, "since": since or NEVER}
    return tx.session.execute(_PENDING, wanted).first() is not None


def ticket_change_pending(tx: Tx, number: int, since: datetime | None = None) -> bool:
    """The same of closing or reopening the incident's own issue."""
    wanted = {"of": number, "since": since or NEVER}
    return tx.session.execute(_TICKET_PENDING, wanted).first() is not None


def add(tx: Tx, draft: ActionItem) -> ActionItem:
    """Insert; the id is given here and replaces the draft's."""
    result: Any = tx.session.execute(_ADD, _columns(draft))
    return replace(draft, id=result.inserted_primary_key[0])


def save(tx: Tx, item: ActionItem) -> ActionItem:
    """Keep a changed item; as stored."""
    stored = replace(item, version=item.version + 1)
    tx.session.execute(_SAVE, _columns(stored) | {"of": item.id})
    return stored


def _columns(item: ActionItem) -> dict[str, Any]:
    ticket = item.ticket
    return {
        "incident": item.incident,
        "text": storable(item.text),
        "owner": actor_data(item.owner),
        "created_at": item.created_at,
        "created_by": actor_data(item.created_by),
        "done_at": item.done_at,
        "done_by": actor_data(item.done_by),
        "withdrawn_at": item.withdrawn_at,
        "origin": item.origin.value,
        "message": item.message,
        "said_by": actor_data(item.said_by),
        "link": storable(item.link),
        "ticket_repo": ticket.repo if ticket else None,
        "ticket_number": ticket.number if ticket else None,
        "ticket_url": ticket.url if ticket else None,
        "ticket_at": item.ticket_at,
        "assignee": storable(item.assignee),
        "touched": item.touched,
        "channel": item.channel,
        "ts": item.ts,
        "version": item.version,
    }


def _item(row: Any) -> ActionItem:
    ticket = None
    if row.ticket_repo:
        ticket = TicketLink(repo=row.ticket_repo, number=row.ticket_number, url=row.ticket_url)
    return ActionItem(
        id=row.id,
        incident=row.incident,
        text=row.text,
        owner=actor_from(row.owner),
        created_at=row.created_at,
        created_by=actor_from(row.created_by),
        done_at=row.done_at,
        done_by=actor_from(row.done_by),
        withdrawn_at=row.withdrawn_at,
        origin=Origin(row.origin),
        message=row.message,
        said_by=actor_from(row.said_by),
        link=row.link,
        ticket=ticket,
        ticket_at=row.ticket_at,
        assignee=row.assignee,
        touched=row.touched,
        channel=row.channel,
        ts=row.ts,
        version=row.version,
    )
