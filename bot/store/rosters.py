"""Overrides, rosters made in Slack, copies of calendars. Runs inside a transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from bot.domain.catalog import Roster, RosterLayer
from bot.domain.plan import actor_data, actor_from
from bot.domain.roster import Override, Stint
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Actor
    from bot.store.tx import Tx

_O, _M, _C = sql.ROSTER_OVERRIDE.c, sql.ROSTER_MADE.c, sql.ROSTER_CALENDAR.c
_OVERRIDES = (
    select(sql.ROSTER_OVERRIDE).where(_O.roster == bindparam("of")).order_by(_O.made_at, _O.id)
)
_MADE = select(sql.ROSTER_MADE).where(_M.name == bindparam("of"))
_COPY = select(sql.ROSTER_CALENDAR).where(_C.roster == bindparam("of"))


@dataclass(frozen=True, kw_only=True)
class KeptOverride:
    """An override made in Slack, and who made it; ``until`` is when it ends for good, taken back or not."""

    id: int
    roster: str
    person: str
    replaces: str | None
    since: datetime
    until: datetime
    once: str
    swap: bool
    by: Actor | None

    @property
    def override(self) -> Override:
        """What it does."""
        return Override(
            person=self.person, since=self.since, until=self.until, replaces=self.replaces
        )


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The last copy of a calendar; ``problem`` is why there is no newer one."""

    stints: tuple[Stint, ...] = ()
    unmapped: tuple[str, ...] = ()
    problem: str | None = None
    fetched_at: datetime | None = None
    tried_at: datetime | None = None


# --- overrides -------------------------------------------------------------------------------------------------


def overrides(tx: Tx, roster: str) -> list[KeptOverride]:
    """All that were ever in force or will be, in the order they were made."""
    rows = tx.session.execute(_OVERRIDES, {"of": roster})
    found = (_override(row) for row in rows)
    return [each for each in found if each.since < each.until]


def override(tx: Tx, number: int) -> KeptOverride | None:
    """One of them, locked: whoever takes it back first is the one who did."""
    query = select(sql.ROSTER_OVERRIDE).where(_O.id == number).with_for_update()
    row = tx.session.execute(query).first()
    return _override(row) if row else None


def coming(tx: Tx) -> list[KeptOverride]:
    """Those of all rosters that are not over, the next one first."""
    live = or_(_O.removed_at.is_(None), _O.removed_at > tx.now)
    query = select(sql.ROSTER_OVERRIDE).where(_O.until > tx.now, live).order_by(_O.since, _O.id)
    return [_override(row) for row in tx.session.execute(query)]


def _override(row: Any) -> KeptOverride:
    return KeptOverride(
        id=row.id,
        roster=row.roster,
        person=row.person,
        replaces=row.replaces,
        since=row.since,
        until=min(row.until, row.removed_at) if row.removed_at else row.until,
        once=row.once,
        swap=row.swap,
        by=actor_from(row.made_by),
    )


def made_by_press(tx: Tx, once: str) -> list[KeptOverride]:
    """What that very press made: one override, or the two halves of a swap."""
    query = select(sql.ROSTER_OVERRIDE).where(_O.once == once).order_by(_O.id)
    return [_override(row) for row in tx.session.execute(query)]


def add_overrides(
    tx: Tx, roster: str, what: Sequence[Override], by: Actor, once: str
) -> list[KeptOverride]:
    """Keep an override, or the two of a swap; each is in force from its beginning on."""
    rows = [
        {
            "roster": roster,
            "person": each.person,
            "replaces": each.replaces,
            "since": each.since,
            "until": each.until,
            "once": once,
            "swap": len(what) > 1,
            "made_by": actor_data(by),
            "made_at": tx.now,
        }
        for each in what
    ]
    tx.session.execute(sql.ROSTER_OVERRIDE.insert(), rows)
    return made_by_press(tx, once)


def end_overrides(tx: Tx, kept: KeptOverride, by: Actor) -> None:
    """Take one back (a swap: both halves) from now on; what was until now stays true."""
    tx.session.execute(
        update(sql.ROSTER_OVERRIDE)
        .where(_O.once == kept.once, _O.removed_at.is_(None))
        .values(removed_at=tx.now, removed_by=actor_data(by))
    )


# --- rosters made in Slack -------------------------------------------------------------------------------------


def made(tx: Tx, name: str) -> Roster | None:
    """The roster of that name that was made in Slack."""
    row = tx.session.execute(_MADE, {"of": name}).first()
    return from_value(row.name, row.value or {}) if row else None


def made_names(tx: Tx) -> list[str]:
    """The names of all rosters made in Slack."""
    return list(tx.session.execute(select(_M.name).order_by(_M.name)).scalars())


def from_value(name: str, value: Mapping[str, Any]) -> Roster:
    """A roster from the shape it has in muster.yml, which was checked when it was stored."""
    return Roster(
        name=name,
        time_zone=value.get("time_zone") or "UTC",
        layers=tuple(_layer(each) for each in value.get("layers") or ()),
        overrides=tuple(dict(each) for each in value.get("overrides") or ()),
        user_group=value.get("user_group"),
        announce_in=value.get("announce_in"),
        ical=value.get("ical"),
    )


def _layer(value: Mapping[str, Any]) -> RosterLayer:
    rotate = value.get("rotate") or "weekly"
    return RosterLayer(
        people=tuple(str(person).lower() for person in value["people"]),
        rotate=rotate,
        handover=value.get("handover") or ("Mon 09:00" if rotate == "weekly" else "09:00"),
        start=str(value["start"]),
        only=value.get("only"),
    )


def as_value(roster: Roster) -> dict[str, Any]:
    """The shape a roster has in muster.yml, without what it leaves out."""
    layers = [
        {
            "people": list(layer.people),
            "rotate": layer.rotate,
            "handover": layer.handover,
            "start": layer.start,
            "only": _plain(layer.only) if layer.only else None,
        }
        for layer in roster.layers
    ]
    value = {
        "time_zone": roster.time_zone,
        "layers": [{k: v for k, v in layer.items() if v is not None} for layer in layers],
        "overrides": [_plain(each) for each in roster.overrides],
        "user_group": roster.user_group,
        "announce_in": roster.announce_in,
        "ical": roster.ical,
    }
    return {key: each for key, each in value.items() if each}


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, (tuple, list)) else v for k, v in value.items()}


# --- copies of calendars ---------------------------------------------------------------------------------------


def address_key(address: str) -> str:
    """What is kept of a calendar's address: enough to notice another one."""
    return hashlib.sha256(address.encode()).hexdigest()


def copy_of(tx: Tx, roster: Roster) -> Copy:
    """The last copy of the roster's calendar; empty when it was never fetched from this address."""
    row: Any = tx.session.execute(_COPY, {"of": roster.name}).first()
    if row is None or row.address != address_key(roster.ical or ""):
        return Copy()
    return Copy(
        stints=tuple(_stint(each) for each in row.stints or ()),
        unmapped=tuple(row.unmapped or ()),
        problem=row.problem,
        fetched_at=row.fetched_at,
        tried_at=row.tried_at,
    )


def _stint(value: Mapping[str, Any]) -> Stint:
    read = datetime.fromisoformat
    return Stint(person=value["person"], since=read(value["since"]), until=read(value["until"]))


def keep_copy(tx: Tx, roster: Roster, stints: Sequence[Stint], unmapped: Sequence[str]) -> None:
    """A fresh copy."""
    _keep(
        tx,
        roster,
        {
            "stints": [
                {"person": s.person, "since": s.since.isoformat(), "until": s.until.isoformat()}
                for s in stints
            ],
            "unmapped": list(unmapped),
            "problem": None,
            "fetched_at": tx.now,
        },
    )


def keep_problem(tx: Tx, roster: Roster, problem: str) -> None:
    """The calendar could not be fetched: the last copy of the same address stays."""
    nothing: dict[str, Any] = {"stints": [], "unmapped": [], "fetched_at": None}
    kept = {} if copy_of(tx, roster).tried_at else nothing
    _keep(tx, roster, kept | {"problem": problem})


def _keep(tx: Tx, roster: Roster, values: dict[str, Any]) -> None:
    address = address_key(roster.ical or "")
    row = {"roster": roster.name, "address": address, "tried_at": tx.now} | values
    sql.upsert(tx.session, sql.ROSTER_CALENDAR, [row])
