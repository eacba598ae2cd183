"""What a delivery means for the alert it is about: new, changed, over, told before, or late. Pure.

One alert is one row for ever: firing again updates it, never multiplies it. Deliveries may come twice, late and in any
order; the sender's own times decide where they say enough, the order of arrival where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.alerts import Alert

#: An alert told as firing so soon after its end, without a newer time, is a delivery that was overtaken. Later it is
#: believed: Alertmanager starts an alert it had given up again under its old time, and that must not be missed.
LATE = timedelta(minutes=2)
#: So many changes between open and over within so long is flapping; it is calm when nothing changed for a while.
FLAP_CHANGES = 4
FLAP_WINDOW = timedelta(minutes=10)
CALM = timedelta(minutes=5)


class News(StrEnum):
    """What a delivery told."""

    NEW = "new"  # never seen, open
    AGAIN = "again"  # was over, fires again
    CHANGED = "changed"  # a partial duplicate: the same alert, something about it is new
    ENDED = "ended"
    DUPLICATE = "duplicate"  # a full duplicate: nothing is new
    LATE = "late"  # overtaken by what is known already
    PAST = "past"  # never seen, and over already

    @property
    def is_told(self) -> bool:
        """Whether there is anything to show."""
        return self not in {News.DUPLICATE, News.LATE, News.PAST}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An alert as it is known. ``alert`` is what was told last, completed by what was told before.

    ``since`` is when it started, ``changed_at`` when it opened or ended (our time), ``flips`` the latest of those.
    """

    alert: Alert
    since: datetime
    first_seen: datetime
    seen_at: datetime
    changed_at: datetime
    id: int = 0
    group: int | None = None
    deliveries: int = 1
    duplicates: int = 0
    fires: int = 1
    flips: tuple[datetime, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.alert.is_open

    def calm_at(self) -> datetime | None:
        """When it stops being held for flapping if nothing changes; None when it does not flap."""
        if len(self.flips) < FLAP_CHANGES:
            return None
        newest = self.flips[-FLAP_CHANGES:]
        return newest[-1] + CALM if newest[-1] - newest[0] <= FLAP_WINDOW else None

    def is_flapping(self, now: datetime) -> bool:
        """Whether it goes on and off so fast that neither says much."""
        calm = self.calm_at()
        return calm is not None and now < calm

    def counts_as_open(self, now: datetime) -> bool:
        """Open, or over only for this moment of its flapping."""
        return self.is_open or self.is_flapping(now)


def settle(known: Stored | None, told: Alert, now: datetime) -> tuple[News, Stored]:
    """What a delivery means, and the alert as it is known afterwards."""
    if known is None:
        news = News.NEW if told.is_open else News.PAST
        since = told.started_at or told.ended_at or now
        return news, Stored(
            alert=told,
            since=since,
            first_seen=now,
            seen_at=now,
            changed_at=now,
            fires=int(told.is_open),
        )
    counted = replace(known, seen_at=now, deliveries=known.deliveries + 1)
    if _is_late(known, told, now):
        return News.LATE, replace(counted, duplicates=known.duplicates + 1)
    if known.is_open == told.is_open:
        return _unmoved(known, counted, told)
    merged = _merged(known.alert, told)
    flips = (*_recent(known.flips, now), now)[-2 * FLAP_CHANGES :]
    if told.is_open:
        since = told.started_at or told.updated_at or now
        after = replace(counted, alert=merged, since=since, fires=known.fires + 1)
        return News.AGAIN, replace(after, changed_at=now, flips=flips)
    since = told.started_at or known.since
    return News.ENDED, replace(counted, alert=merged, since=since, changed_at=now, flips=flips)


def _recent(flips: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """The changes that count for flapping: none once it has been calm."""
    if flips and now - flips[-1] >= CALM:
        return ()
    return tuple(at for at in flips if now - at <= FLAP_WINDOW)


def _unmoved(known: Stored, counted: Stored, told: Alert) -> tuple[News, Stored]:
    """Open as before, or over as before: whether anything about it is new."""
    merged = _merged(known.alert, told)
    if known.is_open and told.started_at and known.alert.started_at:
        # It is open since its first start; ends are compared with its latest (one in between may have been lost).
        merged = replace(merged, started_at=max(told.started_at, known.alert.started_at))
    if _same(known.alert, merged):
        known_alert = replace(known.alert, updated_at=merged.updated_at)
        return News.DUPLICATE, replace(counted, alert=known_alert, duplicates=known.duplicates + 1)
    since = known.since if known.is_open else merged.started_at or known.since
    return News.CHANGED, replace(counted, alert=merged, since=since)


def _is_late(known: Stored, told: Alert, now: datetime) -> bool:
    """Whether what is told was true before what is known."""
    last = known.alert
    if last.updated_at and told.updated_at and told.updated_at != last.updated_at:
        return told.updated_at < last.updated_at
    if not told.is_open:
        return _ended_before(known, told)
    if known.is_open:
        return False
    began = told.started_at or told.updated_at
    ended = last.ended_at or known.changed_at
    if began is None or began > ended:
        return False
    return now - known.changed_at < LATE


def _ended_before(known: Stored, told: Alert) -> bool:
    """Whether an end belongs to an earlier time it was open than the one that is known."""
    started = known.alert.started_at
    if started is None:
        return False
    if told.ended_at is not None:
        if not known.is_open and known.alert.ended_at is not None:
            return told.ended_at < known.alert.ended_at
        return told.ended_at <= started and told.started_at != started
    return told.started_at is not None and told.started_at < started


def _merged(known: Alert, told: Alert) -> Alert:
    """What is told, completed: an end often says less than a start."""
    opens_anew = told.is_open and not known.is_open
    return replace(
        told,
        description=told.description or known.description,
        severity=told.severity or known.severity,
        labels=told.labels or known.labels,
        url=told.url or known.url,
        started_at=told.started_at or (None if opens_anew else known.started_at),
        ended_at=told.ended_at or (known.ended_at if not told.is_open else None),
        updated_at=told.updated_at or known.updated_at,
        payload=told.payload,
    )


def _same(known: Alert, told: Alert) -> bool:
    """Whether a delivery says nothing new; a time of sending alone is no news."""
    return replace(told, updated_at=known.updated_at) == known
