"""The native pager's rules: how a page walks its policy until somebody takes it. Pure, standard library only.

A **page** asks for one person to take an incident or a group of alerts. It climbs level by level (a round), begins
again as often as the policy repeats, and is then exhausted, which is said loudly. Acknowledging stops it; an
acknowledgement may expire, which opens it again. What is true of a page whatever is done to it: ``page_invariant``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.catalog import EscalationPolicy
    from bot.domain.incident import Actor

#: How long somebody who is paged without a policy has to answer.
ANSWER_WITHIN: Final = timedelta(minutes=5)
#: A round that reached nobody at all is tried again this much later, while rounds are left.
LOOK_AGAIN: Final = timedelta(minutes=1)
#: A bot that was just installed has to read who there is before it can page anybody: so long it is waited for.
GETTING_TO_KNOW: Final = timedelta(minutes=1)
#: "Still on it?" is asked so long before an acknowledgement expires, of a short one in its last quarter.
ASK_BEFORE: Final = timedelta(minutes=15)
#: How the timeline ends the line of a level that reached no one.
NOBODY_REACHED: Final = "nobody can be reached"
#: What happens within this is one piece of activity.
ONE_ACTIVITY: Final = timedelta(minutes=1)


class PageState(StrEnum):
    """Where a page stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"  # every level of every round was tried; it can still be acknowledged
    CLOSED = "closed"


class Next(StrEnum):
    """What its next step does."""

    NOTIFY = "notify"  # page the next level
    ASK = "ask"  # is whoever acknowledged still on it?
    EXPIRE = "expire"  # the acknowledgement is over


class DeliveryState(StrEnum):
    """What became of telling one person in one way."""

    PLANNED = "planned"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    SKIPPED = "skipped"


#: Nobody heard of these.
UNHEARD: Final = frozenset({DeliveryState.FAILED, DeliveryState.SKIPPED})
#: In this order a delivery only ever goes forward.
PROGRESS: Final = (
    DeliveryState.PLANNED, DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN,
    DeliveryState.ACKNOWLEDGED,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page. ``round`` and ``level`` are what was notified last (level 0: the person).

    While ``round`` is before ``base`` nothing was notified yet, and ``level`` is where it is to begin (0: at the first
    level that is there).
    """

    id: int = 0
    incident: int | None = None
    group: int | None = None  # of alerts, when there is no incident
    policy: str = ""  # empty: it is for the person alone
    why: str = "started"
    aside: bool = False  # somebody is asked beside whoever owns it; who owns it and the status stay as they are
    person: Actor | None = None  # paged before level 1
    by: Actor | None = None  # whoever wanted it
    text: str = ""  # what they wrote
    started_at: datetime
    state: PageState = PageState.OPEN
    round: int = 0
    level: int = 0
    base: int = 1  # the round it began with, since an acknowledgement expired
    step: int = 0
    next: Next | None = None
    next_at: datetime | None = None
    expires_after: timedelta | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: Actor | None = None
    confirmed_at: datetime | None = None
    asked_at: datetime | None = None
    ended_at: datetime | None = None
    ended: str = ""  # why it is exhausted or closed, in words
    told_at: datetime | None = None  # that nobody answered
    channel: str | None = None  # where its proof is
    ts: str | None = None
    version: int = 0

    @property
    def name(self) -> str:
        """How effects call it."""
        return f"page/{self.id}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state in {PageState.EXHAUSTED, PageState.CLOSED}

    @property
    def expires_at(self) -> datetime | None:
        """When the acknowledgement is over, unless it is confirmed."""
        if self.state is not PageState.ACKNOWLEDGED or self.expires_after is None:
            return None
        since = self.confirmed_at or self.acknowledged_at
        return since + self.expires_after if since else None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Telling one person (or channel) of a page in one way: ``slack``, ``channel`` or ``apprise:<n>``."""

    id: int = 0
    page: int = 0
    round: int
    level: int
    recipient: (
        str  # a Slack id, else an e-mail address, else #channel or the target nobody stands behind
    )
    name: str
    slack_id: str | None = None
    email: str | None = None
    way: str = "slack"
    state: DeliveryState = DeliveryState.PLANNED
    reason: str = ""
    planned_at: datetime
    due: datetime | None = None  # when it goes out, if not at once; the reason says why
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    acknowledged_at: datetime | None = None
    failed_at: datetime | None = None
    channel: str | None = None  # the message it is
    ts: str | None = None

    @property
    def key(self) -> str:
        """Its effect's key, unique for ever."""
        return f"page/{self.page}/{self.round}/{self.level}/{self.recipient}/{self.way}"

    @property
    def heard(self) -> bool:
        """Whether it may have reached somebody, or may still."""
        return self.state not in UNHEARD


@dataclass(frozen=True, kw_only=True)
class Rung:
    """The level to notify now, and which were skipped on the way because it is not their time."""

    round: int
    level: int
    skipped: tuple[int, ...] = ()
    all_outside: bool = False  # no level is there at this time: the last one is paged all the same


# --- where it goes next ----------------------------------------------------------------------------------------


def rung_after(
    policy: EscalationPolicy | None, *, round_: int, level: int, base: int, now: datetime
) -> Rung | None:
    """The level after that one; None when every round is over.

    A level outside its hours is passed over at once. When no level is within its hours the last one is paged, once
    each round.
    """
    if policy is None or not policy.levels:
        return None
    last = len(policy.levels)
    there = [
        n for n, each in enumerate(policy.levels, 1) if each.only is None or each.only.cover(now)
    ]
    outside = not there
    there = there or [last]
    found = next((n for n in there if n > level), None)
    if found is None:
        round_, level, found = round_ + 1, 0, there[0]
    if round_ > base + policy.repeat:
        return None
    skipped = () if outside else tuple(n for n in range(level + 1, found))
    return Rung(round=round_, level=found, skipped=skipped, all_outside=outside)


def rung_of(page: Page, policy: EscalationPolicy | None, now: datetime) -> Rung | None:
    """What a page notifies with its next step; None when it is at its end. A person comes before level 1."""
    level = page.level
    if page.round < page.base:
        if page.person is not None:
            return Rung(round=page.base, level=0)
        if policy is not None and 1 <= level <= len(policy.levels):
            return Rung(round=page.base, level=level)  # asked for by name, whatever its hours
        level = 0
    return rung_after(
        policy, round_=max(page.round, page.base), level=level, base=page.base, now=now
    )


def wait_after(policy: EscalationPolicy | None, level: int) -> timedelta:
    """How long that level (0: the person) has to answer."""
    if policy is None or not policy.levels:
        return ANSWER_WITHIN
    return policy.levels[min(max(level, 1), len(policy.levels)) - 1].wait


def first_told(planned: Iterable[Delivery], now: datetime) -> datetime:
    """From when on somebody of a level can answer: while all of them are held back, nobody is waited for in vain."""
    return max(now, min((each.due or now for each in planned if each.heard), default=now))


# --- what changes it -------------------------------------------------------------------------------------------


def planned(page: Page, what: Next | None, at: datetime | None) -> Page:
    """The page with another next step (None: nothing happens by itself any more)."""
    return replace(page, next=what, next_at=at, step=page.step + 1)


def opened(page: Page, now: datetime) -> Page:
    """A new page: its first step is due at once."""
    return planned(replace(page, state=PageState.OPEN), Next.NOTIFY, now)


def notified(page: Page, rung: Rung, wait: timedelta, now: datetime) -> Page:
    """That level was notified: the next one follows after its wait."""
    return planned(replace(page, round=rung.round, level=rung.level), Next.NOTIFY, now + wait)


def passed(page: Page, rung: Rung) -> Page:
    """That level reached nobody; what comes after it is found at once."""
    return replace(page, round=rung.round, level=rung.level)


def looked_again(page: Page, now: datetime, after: timedelta = LOOK_AGAIN) -> Page:
    """A whole round reached nobody: the next one begins a little later."""
    return planned(page, Next.NOTIFY, now + after)


def hurried(page: Page, now: datetime) -> Page:
    """Nobody of this level can answer any more, or somebody wants help at once: do not wait."""
    if page.state is not PageState.OPEN:
        return page
    return planned(page, Next.NOTIFY, now)


def exhausted(page: Page, why: str, now: datetime) -> Page:
    """Every round is over."""
    over = replace(page, state=PageState.EXHAUSTED, ended_at=now, ended=why, told_at=None)
    return planned(over, None, None)


def closed(page: Page, why: str, now: datetime) -> Page:
    """Nobody is needed any more."""
    if page.state is PageState.CLOSED:
        return page
    return planned(replace(page, state=PageState.CLOSED, ended_at=now, ended=why), None, None)


def acknowledged(page: Page, by: Actor, now: datetime) -> Page:
    """Somebody takes it: nobody else is paged, until that expires."""
    if page.state in {PageState.ACKNOWLEDGED, PageState.CLOSED}:
        return page
    taken = replace(
        page, state=PageState.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by, confirmed_at=now,
        asked_at=None, ended_at=None, ended="",
    )  # fmt: skip
    return _asked_later(taken, now)


def confirmed(page: Page, now: datetime) -> Page:
    """Whoever acknowledged is still on it. Within a moment of the last sign nothing changes, unless they were asked."""
    if page.state is not PageState.ACKNOWLEDGED or page.expires_after is None:
        return page
    recent = page.confirmed_at is not None and now - page.confirmed_at < ONE_ACTIVITY
    if recent and page.asked_at is None:
        return page
    return _asked_later(replace(page, confirmed_at=now, asked_at=None), now)


def _asked_later(page: Page, now: datetime) -> Page:
    if page.expires_after is None:
        return planned(page, None, None)
    before = min(ASK_BEFORE, page.expires_after / 4)
    return planned(page, Next.ASK, now + page.expires_after - before)


def asked(page: Page, now: datetime) -> Page:
    """They were asked: without an answer it expires."""
    return planned(replace(page, asked_at=now), Next.EXPIRE, page.expires_at or now)


def expired(page: Page, now: datetime) -> Page:
    """The acknowledgement is over: the policy begins anew, at once."""
    again = replace(
        page, state=PageState.OPEN, base=page.round + 1, level=0, person=None, acknowledged_at=None,
        acknowledged_by=None, confirmed_at=None, asked_at=None, started_at=page.started_at,
    )  # fmt: skip
    return planned(again, Next.NOTIFY, now)


def progressed(
    delivery: Delivery, state: DeliveryState, now: datetime, reason: str = ""
) -> Delivery:
    """A delivery got further (or failed); what is behind where it stands already changes nothing."""
    if state in UNHEARD:
        if delivery.state is not DeliveryState.PLANNED:
            return delivery
        return replace(delivery, state=state, reason=reason, failed_at=now)
    if delivery.state in UNHEARD and state is not DeliveryState.ACKNOWLEDGED:
        return delivery
    reached = PROGRESS.index(state)
    if delivery.state in PROGRESS and reached <= PROGRESS.index(delivery.state):
        return delivery
    moment = {f"{state.value}_at": now} if state is not DeliveryState.PLANNED else {}
    return replace(delivery, state=state, reason=reason, **moment)  # type: ignore[arg-type]
