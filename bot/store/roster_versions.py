"""How each roster was, from which moment on. Runs inside a transaction.

A roster that is edited, here or in muster.yml, must not change the answer to who was on call before.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from bot.store import sql
from bot.store.rosters import address_key, as_value, from_value, made_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.catalog import Roster
    from bot.store.tx import Tx

_V = sql.ROSTER_VERSION.c
#: What is kept of a calendar: its address is a secret, so only whether it is the same one can be told.
CALENDAR = "calendar"


class Version(NamedTuple):
    """A roster as it was from ``since`` on; ``value`` is None where there was none of that name."""

    since: datetime
    value: Mapping[str, Any] | None

    def roster(self, name: str, today: Roster | None) -> Roster | None:
        """The roster; its calendar only as long as it is the one it has ``today``."""
        if self.value is None:
            return None
        ical = today.ical if today else None
        same = ical is not None and address_key(ical) == self.value.get(CALENDAR)
        return from_value(name, {**self.value, "ical": ical if same else None})


def keep(tx: Tx, name: str, roster: Roster | None) -> None:
    """From now on the roster is like this (None: there is none); as it was already is nothing new."""
    value = _kept(roster) if roster else None
    newest = _one(tx, name, newest=True)
    if value != (newest.value if newest else None):
        tx.session.execute(
            sql.ROSTER_VERSION.insert(), {"roster": name, "since": tx.now, "value": value}
        )


def keep_file(tx: Tx, rosters: Mapping[str, Roster]) -> None:
    """The rosters of muster.yml as they are now; one that is neither there nor made in Slack is gone."""
    for name, roster in rosters.items():
        keep(tx, name, roster)
    for name in known(tx) - set(rosters) - set(made_names(tx)):
        keep(tx, name, None)


def known(tx: Tx) -> set[str]:
    """The names of all rosters that ever were."""
    return set(tx.session.execute(select(_V.roster).distinct()).scalars())


def at(tx: Tx, name: str, moment: datetime) -> Version | None:
    """The version that held at that moment; before the first one it is the first. None: never heard of it."""
    return _one(tx, name, until=moment) or _one(tx, name)


def _one(
    tx: Tx, name: str, *, until: datetime | None = None, newest: bool = False
) -> Version | None:
    query = select(_V.since, _V.value).where(_V.roster == name)
    if until is not None:
        query = query.where(_V.since <= until)
    order = _V.id.desc() if newest or until is not None else _V.id
    row: Any = tx.session.execute(query.order_by(order).limit(1)).first()
    return Version(row.since, row.value) if row else None


def _kept(roster: Roster) -> dict[str, Any]:
    value = as_value(roster)
    if address := value.pop("ical", None):
        value[CALENDAR] = address_key(address)
    found: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return found
