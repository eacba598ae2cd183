"""By which ways somebody is told of a page, and when: muster.yml, what they set in Slack, and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import ways
from bot.domain.quiet import QuietHours, clock_time
from bot.store import person_settings

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog
    from bot.domain.incident import Urgency
    from bot.domain.ways import PlannedWay
    from bot.store.tx import Tx


@dataclass(frozen=True, kw_only=True)
class Paged:
    """A person who is paged: who they are here, and at which of their ways they can be reached at all."""

    email: str | None
    slack_id: str | None
    ways: tuple[str, ...]


def timed(tx: Tx, catalog: Catalog, paged: Paged, urgency: Urgency) -> list[PlannedWay]:
    """Each way of theirs that takes a page of that urgency, with its time; the quiet hours they set in Slack win."""
    person = catalog.people.get((paged.email or "").casefold())
    known = tx.people.by_slack(paged.slack_id) if paged.slack_id else None
    own = _own_hours(tx, paged.slack_id) if paged.slack_id else None
    planned = ways.plan_ways(person, urgency, tx.now, known.tz if known else None, own)
    return [each for each in planned if each.way in paged.ways]


def _own_hours(tx: Tx, slack_id: str) -> QuietHours | None:
    quiet = person_settings.of(tx, slack_id).quiet
    if quiet is None:
        return None
    hours = QuietHours(*(clock_time(each) for each in quiet))
    return hours if hours.since != hours.until else None
