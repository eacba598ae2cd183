"""The signed link of a page: look at it and acknowledge, without Slack. Nothing here asks Slack for anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain import page_link
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.page_link import GOOD_FOR, PATH
from bot.domain.quiet import zone_named
from bot.errors import AlreadyDone, NotFound
from bot.services.page_actions import answer_delivery
from bot.services.page_subjects import subject_of
from bot.store import pages
from bot.store.tx import LARGEST
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.escalation import Delivery, Page
    from bot.domain.page_words import Subject
    from bot.services.base import House
    from bot.services.escalating import Escalating
    from bot.store.tx import Tx


class LinkState(StrEnum):
    """What a link can still do."""

    OPEN = "open"
    USED = "used"  # by whoever holds it
    TAKEN = "taken"  # somebody else acknowledged
    CLOSED = "closed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """What the page behind a link shows: plain text, not yet escaped."""

    state: LinkState
    heading: str
    lines: tuple[str, ...] = ()
    url: str = ""  # where it is talked about in Slack


_UNKNOWN = LinkView(
    state=LinkState.UNKNOWN,
    heading="This link is not valid",
    lines=(
        "It may have been cut off: open the whole address as it stands in the message.",
        "In Slack, /incident list shows what is open and /incident ack acknowledges it.",
    ),
)


@dataclass(frozen=True)
class _Held:
    """What a valid token leads to."""

    page: Page
    delivery: Delivery
    subject: Subject
    until: datetime


class PageLinks:
    """Links for pages beyond Slack, and what happens when somebody opens or uses one."""

    def __init__(
        self, house: House, escalating: Escalating, *, secret: str, public_url: str | None
    ) -> None:
        """Links are signed with a key derived from ``secret``; without a public address there are none."""
        self._house = house
        self._work = house.work
        self._escalating = escalating
        self._key = page_link.derived(secret)
        self._public = public_url

    def link(self, page: Page, delivery: Delivery, now: datetime) -> str:
        """The address to acknowledge this delivery's page under; empty without PUBLIC_URL."""
        if not self._public:
            return ""
        token = page_link.token(
            self._key,
            page=page.id,
            delivery=delivery.id,
            person=delivery.recipient,
            until=now + GOOD_FOR,
        )
        return f"{self._public}{PATH}/{token}"

    async def look(self, token: str, *, seen: bool) -> LinkView:
        """What the link stands for now; ``seen``: somebody (or a program for them) opened it."""
        view = await self._work.read(lambda tx: self._look(tx, token))
        if seen and view.state is LinkState.OPEN:
            await self._work.write(lambda tx: self._opened(tx, token), patience=PATIENCE)
        return view

    async def acknowledge(self, token: str) -> LinkView:
        """Acknowledge as the person paged; a link that cannot any more says why and changes nothing.

        Raises NotAllowed when that person may not act, Busy when the database did not take it.
        """
        return await self._work.write(lambda tx: self._acknowledge(tx, token), patience=PATIENCE)

    # --- inside a transaction ----------------------------------------------------------------------------------

    def _held(self, tx: Tx, token: str) -> _Held | None:
        claim = page_link.read(token)
        if claim is None or claim.delivery > LARGEST:
            return None
        try:
            delivery = pages.delivery(tx, claim.delivery, lock=False)
            page = pages.one(tx, delivery.page, lock=False)
        except NotFound:
            return None
        if not page_link.valid(self._key, claim, page=page.id, person=delivery.recipient):
            return None
        return _Held(page, delivery, subject_of(tx, page), claim.until)

    def _look(self, tx: Tx, token: str) -> LinkView:
        held = self._held(tx, token)
        return _UNKNOWN if held is None else _view(tx, held)

    def _opened(self, tx: Tx, token: str) -> None:
        held = self._held(tx, token)
        if held is not None:
            self._escalating.delivered(
                tx, held.delivery.id, DeliveryState.SEEN, reason="opened the link"
            )

    def _acknowledge(self, tx: Tx, token: str) -> LinkView:
        held = self._held(tx, token)
        view = _UNKNOWN if held is None else _view(tx, held)
        if held is None or view.state is not LinkState.OPEN:
            return view
        if tx.remember(f"page-link/{held.delivery.id}", held.page.incident):
            try:
                answer_delivery(self._house, tx, held.delivery)
            except AlreadyDone as done:
                where = held.subject
                return LinkView(
                    state=LinkState.TAKEN, heading=where.name, lines=(str(done),), url=where.url
                )
        return self._look(tx, token)


def _view(tx: Tx, held: _Held) -> LinkView:
    page, delivery, subject = held.page, held.delivery, held.subject
    person = tx.people.by_slack(delivery.slack_id) if delivery.slack_id else None
    clock = _Clock(person.tz if person else "UTC", tx.now)
    state, said = _state(page, delivery, held.until, clock)
    what = (subject.title,) if state is LinkState.OPEN else ()
    return LinkView(state=state, heading=subject.name, lines=(*what, *said), url=subject.url)


def _state(
    page: Page, delivery: Delivery, until: datetime, clock: _Clock
) -> tuple[LinkState, tuple[str, ...]]:
    if page.state is PageState.CLOSED:
        return LinkState.CLOSED, (f"Nobody is needed any more: {page.ended or 'it is over'}.",)
    if delivery.state is DeliveryState.ACKNOWLEDGED and delivery.acknowledged_at:
        said = f"You acknowledged it at {clock.says(delivery.acknowledged_at)}."
        if page.state is PageState.ACKNOWLEDGED:
            return LinkState.USED, (said, "Nobody else is paged. Go on in its channel in Slack.")
        again = (
            "It pages again since. This link was good once: use the newest message you have of it."
        )
        return LinkState.USED, (said, again)
    if page.state is PageState.ACKNOWLEDGED:
        who = page.acknowledged_by.name if page.acknowledged_by else "Somebody"
        when = clock.says(page.acknowledged_at) if page.acknowledged_at else ""
        return LinkState.TAKEN, (
            f"{who} acknowledged it at {when}. Nothing is left to do for you.",
        )
    if until <= clock.now:
        said = f"This link was good until {clock.says(until)}, and it still waits for somebody."
        return LinkState.EXPIRED, (said, "Acknowledge it in Slack, or use a newer message of it.")
    return LinkState.OPEN, (
        f"{delivery.name}, you are paged since {clock.says(delivery.planned_at)}.",
        "Acknowledging says that you are coming."
        if page.aside
        else "Acknowledging takes it over: nobody else is paged.",
    )


@dataclass(frozen=True)
class _Clock:
    """The clock on the reader's wall."""

    zone: str
    now: datetime

    def says(self, moment: datetime) -> str:
        """``03:12``, with the day when it is not today's."""
        zone = zone_named(self.zone)
        local, today = moment.astimezone(zone), self.now.astimezone(zone).date()
        day = "" if local.date() == today else f" on {local:%d %b}"
        return f"{local:%H:%M}{day} ({self.zone.replace('_', ' ')})"
