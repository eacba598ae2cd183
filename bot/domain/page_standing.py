"""What a page that reached somebody asks of them by now: as it was sent, or nothing any more, and why. Pure.

The message they got is edited to say so. What is said of a page that is over stays true for ever, so that nobody has
to follow it: that an incident was opened again is the one thing that is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.domain.escalation import PageState
from bot.domain.incident import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.escalation import Delivery, Page
    from bot.domain.incident import Incident


class Stand(StrEnum):
    """How a page stands for one of those it reached."""

    WANTED = "wanted"  # as it was sent
    PASSED_ON = "passed_on"  # nobody has it, and others are paged as well
    UNANSWERED = "unanswered"  # nobody has it, and nobody is left to page
    TAKEN = "taken"
    OVER = "over"
    RESOLVED = "resolved"
    REOPENED = "reopened"  # it was resolved; what is wanted now has a page of its own


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The same with who took it (``mine``: whoever this message went to), since when, and why it is over."""

    stand: Stand
    by: Actor | None = None
    mine: bool = False
    at: datetime | None = None
    why: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether somebody is still to take it."""
        return self.stand in {Stand.WANTED, Stand.PASSED_ON, Stand.UNANSWERED}


AS_SENT: Final = Standing(stand=Stand.WANTED)


def of_resolved(incident: Incident) -> str:
    """Why a page ends with its incident."""
    return f"{incident.name} is resolved"


def standing(page: Page, delivery: Delivery, incident: Incident | None = None) -> Standing:
    """How that page stands for whoever that delivery went to; ``incident``: what it is about, as it is now."""
    if page.state is PageState.OPEN:
        current = (delivery.round, delivery.level) == (page.round, page.level)
        return AS_SENT if current else Standing(stand=Stand.PASSED_ON)
    if page.state is PageState.EXHAUSTED:
        return Standing(stand=Stand.UNANSWERED, why=page.ended)
    if page.state is PageState.ACKNOWLEDGED:
        by = page.acknowledged_by
        mine = by is not None and by.is_same(
            Actor(name=delivery.name, slack_id=delivery.slack_id, email=delivery.email)
        )
        return Standing(stand=Stand.TAKEN, by=by, mine=mine, at=page.acknowledged_at)
    if incident is not None and page.ended == of_resolved(incident):
        stand = Stand.REOPENED if incident.is_open else Stand.RESOLVED
        merged = f"merged into INC-{incident.merged_into}" if incident.merged_into else ""
        return Standing(stand=stand, at=page.ended_at, why=merged)
    return Standing(stand=Stand.OVER, at=page.ended_at, why=page.ended)


def changed(before: Page, after: Page, told: Iterable[Delivery]) -> list[Delivery]:
    """Of the messages that reached somebody: those that said something else before the page moved."""
    return [
        each
        for each in told
        if each.ts is not None and standing(before, each) != standing(after, each)
    ]


def reopened(pages: Iterable[Page], incident: Incident) -> list[Page]:
    """The pages that ended when the incident was resolved the last time, now that it is open again."""
    ended = [page for page in pages if page.ended_at and page.ended == of_resolved(incident)]
    last = max((page.ended_at for page in ended if page.ended_at), default=None)
    return [page for page in ended if page.ended_at == last]
