"""Who is in the channels of private incidents, as Slack told us. Runs inside a transaction.

Rows are never deleted while the incident uses the channel: somebody who left is known to have left, so that a
delivery that comes late lets nobody in again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, bindparam, cast, delete, or_, select, update

from bot.domain.privacy import Membership, may_see
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.incident import Incident
    from bot.store.tx import Tx

_M, _I = sql.ROOM_MEMBER.c, sql.INCIDENT.c
#: In the place of a person: all members were read.
ALL = ""
#: How far Slack's clock and ours may be apart.
CLOCKS_APART = timedelta(minutes=2)

_ROWS = select(_M.channel, _M.slack_id, _M.present).where(
    _M.channel.in_(bindparam("rooms", expanding=True)), _M.slack_id.in_((bindparam("of"), ALL))
)
_ROOM = select(sql.ROOM_MEMBER).where(_M.channel == bindparam("room"))
_ROW = _ROOM.where(_M.slack_id == bindparam("of"))


def membership(tx: Tx, incident: Incident, slack_id: str) -> Membership:
    """What is known of one person and this incident's channel."""
    rooms = [incident.places.channel or incident.name, incident.name]
    rows = tx.session.execute(_ROWS, {"rooms": rooms, "of": slack_id}).all()
    read = any(row.slack_id == ALL and row.channel == rooms[0] for row in rows)
    known = {row.channel: row.present for row in rows if row.slack_id == slack_id}
    inside = known.get(rooms[0])
    if inside is None and not read:
        inside = known.get(incident.name)
    return Membership(inside=inside if slack_id else None, read=read)


def sees(tx: Tx, incident: Incident, slack_id: str) -> bool:
    """Whether somebody may see an incident, private or not."""
    return not incident.private or may_see(incident, slack_id, membership(tx, incident, slack_id))


def heard(tx: Tx, channel: str, slack_id: str, *, present: bool, at: datetime) -> None:
    """Slack told that somebody joined or left; what is older than what we know changes nothing."""
    row = tx.session.execute(_ROW, {"room": channel, "of": slack_id}).first()
    if row is None or row.changed_at is None or row.changed_at <= at:
        _save(tx, channel, {slack_id: present}, changed_at=at)


def expect(tx: Tx, incident: Incident, users: Iterable[str]) -> None:
    """These are being let in or were told of it: theirs as long as nothing else is known of them."""
    room = incident.places.channel or incident.name
    rows = [
        {"channel": room, "slack_id": u, "present": True, "changed_at": None, "heard_at": tx.now}
        for u in dict.fromkeys(users)
        if u
    ]
    sql.insert_new(tx.session, sql.ROOM_MEMBER, rows)


def expect_again(tx: Tx, incident: Incident, slack_id: str) -> None:
    """Somebody is let in whatever was known of them."""
    room = incident.places.channel or incident.name
    _save(tx, room, {slack_id: True}, changed_at=None)


def expected(tx: Tx, incident: Incident) -> list[str]:
    """Who was let in before the incident had a channel."""
    rows = tx.session.execute(_ROOM, {"room": incident.name}).all()
    return [row.slack_id for row in rows if row.present]


def were_read(
    tx: Tx, incident: Incident, channel: str, users: Iterable[str], began: datetime
) -> None:
    """All members, as a reading found them that ``began`` then; what was heard since then is newer."""
    inside = set(users)
    rows = {row.slack_id: row for row in tx.session.execute(_ROOM, {"room": channel})}
    newer = {u for u, row in rows.items() if row.changed_at and row.heard_at >= began}
    found = dict.fromkeys(inside, True) | {u: False for u in rows if u and u not in inside}
    wanted = {u: there for u, there in found.items() if u not in newer}
    _save(tx, channel, wanted | {ALL: True}, changed_at=began - CLOCKS_APART)
    tx.session.execute(delete(sql.ROOM_MEMBER).where(_M.channel == incident.name))


def forget(tx: Tx, channel: str) -> None:
    """We are not in that channel any more and hear nothing of it: nobody is known to be in it."""
    tx.session.execute(
        update(sql.ROOM_MEMBER)
        .where(_M.channel == channel, _M.slack_id != ALL)
        .values(present=False, heard_at=tx.now)
    )
    _save(tx, channel, {ALL: True}, changed_at=None)


def _save(tx: Tx, channel: str, people: dict[str, bool], *, changed_at: datetime | None) -> None:
    rows = [
        {"channel": channel, "slack_id": slack_id, "present": present, "changed_at": changed_at, "heard_at": tx.now}
        for slack_id, present in people.items()
    ]  # fmt: skip
    sql.upsert(tx.session, sql.ROOM_MEMBER, rows)


def maybe_seen(viewer: str) -> Any:
    """The condition for private incidents somebody may be in; ``sees`` judges each of them."""
    involved = select(sql.INVOLVEMENT.c.incident).where(sql.INVOLVEMENT.c.slack_id == viewer)
    rooms = select(_M.channel).where(_M.slack_id == viewer, _M.present.is_(True))
    # Before there is a channel people stand under the incident's name.
    before = ("INC-" + cast(_I.number, String)).in_(rooms)
    return and_(_I.private.is_(True), or_(_I.number.in_(involved), _I.channel.in_(rooms), before))
