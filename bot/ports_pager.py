"""What Muster needs from whoever pages, as Protocols by capability, and the values they speak in.

``Paging``, ``OnCalls`` and ``Schedules`` are kept by every pager, Muster's own (``bot.providers.native``) too, and
one contract suite holds for all of them (tests/contracts/test_pagers.py). The other Protocols are what PagerDuty can
do beyond that; ``Pager`` is all of it. The rules of ``bot.ports`` hold: ``ProviderError`` and nothing else, no
retries, a total timeout for every call. ``by`` is the e-mail address of whoever acts; one the pager does not know
raises INVALID with code ``1008``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.incident import Urgency
    from bot.domain.page import Page, PageEvent


# --- values --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """A page to open."""

    title: str
    details: str
    service_id: str
    urgency: Urgency
    priority: str | None = None
    #: The pager's id of the one person it is given to; else the policy decides.
    assignee: str | None = None


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One webhook event in our words: which page it concerns, what it says, and the page if it carries one."""

    id: str
    type: str
    occurred_at: datetime
    page_id: str | None
    event: PageEvent | None
    page: Page | None
    service_id: str | None = None  # of an event about a service


@dataclass(frozen=True, kw_only=True)
class PagerUser:
    """A person at the pager."""

    id: str
    name: str
    email: str
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """Who is on call: level 1 first."""

    user: PagerUser
    level: int
    policy_id: str
    policy_name: str
    schedule: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule (natively a roster): who takes turns."""

    id: str
    name: str
    time_zone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A stretch of time and who is on call in it; nobody is a gap."""

    since: datetime
    until: datetime
    users: tuple[PagerUser, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Override:
    """Somebody takes a schedule over for a time.

    Without ``id`` it cannot be removed by what is known of it: it is over, or the pager tells no id once it has begun.
    """

    id: str
    user: PagerUser
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A webhook subscription at the pager."""

    id: str
    url: str
    active: bool
    events: tuple[str, ...] = ()
    description: str = ""
    disabled: bool = False
    secret: str | None = None


# --- what every pager can --------------------------------------------------------------------------------------


class Paging(Protocol):
    """Pages: open one, take it, hand it on, ask for more help, close it."""

    async def open(self, request: PageRequest, *, key: str, by: str) -> Page:
        """Create under ``key``; if it is there already (open or closed) return that one."""
        ...

    async def find(self, key: str) -> Page | None:
        """The page that was opened under that key, whatever its state."""
        ...

    async def page(self, page_id: str, *, history: bool = True) -> Page:
        """The page now, with all that happened as ``events`` (oldest first) unless ``history`` is off."""
        ...

    async def open_pages(self) -> Sequence[Page]:
        """All triggered and acknowledged pages (without history)."""
        ...

    async def acknowledge(self, page_id: str, *, by: str) -> Page:
        """Acknowledge; CONFLICT when resolved already, fine when acknowledged already."""
        ...

    async def resolve(self, page_id: str, *, by: str, resolution: str = "") -> Page:
        """Resolve; fine when resolved already."""
        ...

    async def reopen(self, page_id: str, *, by: str) -> Page:
        """Trigger a resolved page again."""
        ...

    async def reassign(self, page_id: str, user_id: str, *, by: str) -> Page:
        """Assign to one user (it is triggered anew)."""
        ...

    async def escalate(
        self, page_id: str, *, by: str, level: int | None = None, policy_id: str | None = None
    ) -> Page:
        """Escalate to a level of its policy, or to another policy; INVALID ``1006``: no such level."""
        ...

    async def request_responder(
        self, page_id: str, target_id: str, *, by: str, message: str = "", policy: bool = False
    ) -> None:
        """Ask a person (or whoever a policy reaches) to join, in the name of whoever has the address ``by``."""
        ...


class OnCalls(Protocol):
    """Who is on call, and by which escalation policy."""

    async def on_call(
        self, service_id: str | None = None, *, at: datetime | None = None
    ) -> Sequence[OnCall]:
        """Who is on call now (or ``at`` a moment), for a service's policy or for all; level 1 first.

        One entry per person, policy and level. PagerDuty looks at most 90 days ahead (INVALID).
        """
        ...

    async def policies(self) -> Mapping[str, tuple[str, int]]:
        """Id to (name, number of levels)."""
        ...

    async def policy_of(self, service_id: str) -> tuple[str, str, int]:
        """(policy id, name, number of levels) of a service."""
        ...


class Schedules(Protocol):
    """Who takes turns, and who stands in for whom."""

    async def schedules(self) -> Sequence[Schedule]:
        """All of them, by name."""
        ...

    async def shifts(self, schedule_id: str, since: datetime, until: datetime) -> Sequence[Shift]:
        """Who is on call from ``since`` to ``until``, overrides applied: without a hole, a gap is a shift of nobody.

        Neighbours differ. NOT_FOUND for an unknown schedule, INVALID for a period that does not end after its start.
        """
        ...

    async def overrides(
        self, schedule_id: str, since: datetime, until: datetime
    ) -> Sequence[Override]:
        """The overrides that touch that period, the earliest first."""
        ...

    async def override(
        self, schedule_id: str, user_id: str, since: datetime, until: datetime, *, by: str
    ) -> Override:
        """Let somebody take over; where overrides overlap the last one counts. Not idempotent: look at them first.

        INVALID when it does not end after its start or the person is unknown.
        """
        ...

    async def remove_override(self, schedule_id: str, override_id: str, *, by: str) -> None:
        """Take one back; one that is under way ends now. NOT_FOUND when there is none of that id."""
        ...


class AnyPager(Paging, OnCalls, Schedules, Protocol):
    """What every pager keeps, under one contract."""


# --- what PagerDuty can beyond that ----------------------------------------------------------------------------


class PageFields(Protocol):
    """What is written on a page, and what two pages have in common."""

    async def merge(self, page_id: str, into: str, *, by: str) -> None:
        """Resolve a page as part of another; INVALID when these pages cannot be, merged already is fine."""
        ...

    async def set_priority(self, page_id: str, priority: str, *, by: str) -> Page:
        """Set the priority by its name (P1..P5)."""
        ...

    async def set_title(self, page_id: str, title: str, *, by: str) -> Page:
        """Give the page another title."""
        ...

    async def add_note(self, page_id: str, text: str, *, by: str) -> str:
        """Add a note and return its id."""
        ...

    async def find_note(self, page_id: str, text: str) -> str | None:
        """The id of the note with exactly that text, else None."""
        ...

    async def publish(self, page_id: str, message: str, *, by: str) -> str:
        """Publish a status update to the page's stakeholders and return its id; INVALID where the plan has none."""
        ...


class PageNews(Protocol):
    """What happened at the pager while nobody told us."""

    async def pages_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> Sequence[Page]:
        """Pages created at or after ``since`` (and before ``until``), any state, oldest first (without history)."""
        ...

    async def changed_since(self, since: datetime) -> Sequence[str]:
        """Ids of pages with log entries at or after ``since``."""
        ...


class Accounts(Protocol):
    """The people and things the pager knows, and what its plan allows."""

    async def user_by_email(self, email: str) -> PagerUser | None:
        """Exact match, case-insensitive."""
        ...

    async def users(self) -> Sequence[PagerUser]:
        """Everybody with an account."""
        ...

    async def services(self) -> Mapping[str, str]:
        """Id to name."""
        ...

    async def priorities(self) -> Sequence[str]:
        """Names, most severe first; empty when the account has none."""
        ...

    async def abilities(self) -> Sequence[str]:
        """What the account's plan allows; also the cheapest check of a token."""
        ...

    async def is_account_key(self) -> bool:
        """Whether the token is an account key (``GET /users/me`` answers 400) rather than a person's."""
        ...


class Subscriptions(Protocol):
    """Webhooks the pager sends."""

    async def subscriptions(self) -> Sequence[Subscription]:
        """Webhook subscriptions."""
        ...

    async def subscribe(
        self, url: str, events: Sequence[str], *, service_id: str | None = None
    ) -> Subscription:
        """Create one; its secret is told only this once."""
        ...

    async def enable(self, subscription_id: str) -> None:
        """Switch a disabled subscription on again."""
        ...

    async def unsubscribe(self, subscription_id: str) -> None:
        """Delete one."""
        ...

    async def ping(self, subscription_id: str) -> None:
        """Ask for a ``pagey.ping``."""
        ...


class Pager(AnyPager, PageFields, PageNews, Accounts, Subscriptions, Protocol):
    """PagerDuty's REST API as Muster uses it: ``by`` goes into the From header, ``key`` is the ``incident_key``."""
