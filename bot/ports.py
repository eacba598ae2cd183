"""What Muster needs from the world, as Protocols by capability. Providers implement those they have.

Every method raises ``ProviderError`` and nothing else, never retries by itself, and has a total timeout
shorter than an effect's lease. ``key`` parameters are our idempotency keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from bot.domain.issue_news import IssueNews
from bot.domain.page import Page, PageEvent
from bot.domain.presence import Status
from bot.ports_pager import Inbound, OnCall, Pager, PageRequest, PagerUser, Subscription

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.alert_silence import Silence
    from bot.domain.alert_sources import AlertSource
    from bot.domain.alerts import Alert, Mapped
    from bot.domain.catalog import Rule


class Clock(Protocol):
    """The time, injected."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


#: Told by vendors and defined in the domain, or the pager's (``bot.ports_pager``); the rest is defined here.
__all__ = [
    "Inbound",
    "IssueNews",
    "OnCall",
    "Page",
    "PageEvent",
    "PageRequest",
    "Pager",
    "PagerUser",
    "Subscription",
]

# --- chat ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message to post: Block Kit as JSON and the plain text that says the same."""

    text: str
    blocks: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A conversation as Slack knows it."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = False
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    created: datetime | None = None
    is_general: bool = False


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person of the workspace."""

    id: str
    name: str
    real_name: str = ""
    email: str | None = None
    tz: str = "UTC"
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_admin: bool = False
    status: Status = field(default_factory=Status)
    teams: tuple[str, ...] = ()  # the workspaces they belong to, as far as Slack says


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A Slack user group and who is in it."""

    id: str
    handle: str
    users: tuple[str, ...] = ()


class Chat(Protocol):
    """Slack's Web API as the worker uses it (slack.com/api; docs.slack.dev/reference/methods)."""

    async def identity(self) -> Mapping[str, Any]:
        """``auth.test``: ``user_id``, ``bot_id``, ``team_id``, ``url``, ``scopes`` (list)."""
        ...

    async def post(
        self, channel: str, message: Message, *, key: str, thread: str | None = None
    ) -> str:
        """Post and return the ``ts``; the message's metadata is ``muster`` with {"key": key}."""
        ...

    async def find_posted(
        self, channel: str, key: str, *, since: datetime, thread: str | None = None
    ) -> str | None:
        """The ``ts`` of the message our key was posted under at or after ``since`` (read by metadata), else None."""
        ...

    async def update(self, channel: str, ts: str, message: Message, *, key: str) -> None:
        """Edit in place, keeping the metadata."""
        ...

    async def delete(self, channel: str, ts: str) -> None:
        """Delete our own message; one that is gone already is fine."""
        ...

    async def tell(
        self, channel: str, user: str, message: Message, *, thread: str | None = None
    ) -> None:
        """Ephemeral message, seen by ``user`` only; at least once."""
        ...

    async def respond(self, response_url: str, message: Message, *, replace: bool = False) -> None:
        """Answer through a ``response_url`` (5 uses, 30 minutes)."""
        ...

    async def direct(self, user: str) -> str:
        """Open (or find) the direct conversation with ``user`` and return its channel id."""
        ...

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message."""
        ...

    async def create_channel(self, name: str, *, private: bool = False) -> Channel:
        """Create; raises ``CONFLICT`` with code ``name_taken``, ``INVALID`` with the other codes."""
        ...

    async def find_channel(self, name: str) -> Channel | None:
        """The channel of exactly that name, archived ones too, paging through the whole list."""
        ...

    async def channel_info(self, channel: str) -> Channel:
        """``conversations.info``."""
        ...

    async def join(self, channel: str) -> None:
        """Join a public channel; being in it already is fine."""
        ...

    async def set_topic(self, channel: str, topic: str) -> None:
        """At most 250 characters are kept."""
        ...

    async def set_purpose(self, channel: str, purpose: str) -> None:
        """At most 250 characters are kept."""
        ...

    async def invite(self, channel: str, users: Sequence[str]) -> tuple[str, ...]:
        """Invite; who is in already is fine; returns those who could not be invited."""
        ...

    async def pin(self, channel: str, ts: str) -> None:
        """Pin; pinned already is fine."""
        ...

    async def bookmarks(self, channel: str) -> Mapping[str, str]:
        """Title to bookmark id."""
        ...

    async def add_bookmark(self, channel: str, title: str, link: str, *, emoji: str = "") -> None:
        """Add a link to the channel's bookmark bar."""
        ...

    async def archive(self, channel: str) -> None:
        """Archive; archived already is fine."""
        ...

    async def react(self, channel: str, ts: str, emoji: str) -> None:
        """Add a reaction; there already is fine."""
        ...

    async def unreact(self, channel: str, ts: str, emoji: str) -> None:
        """Take our reaction back; not there is fine."""
        ...

    async def message(self, channel: str, ts: str) -> Mapping[str, Any] | None:
        """A message (or a reply) with its reactions, as Slack describes one; None when it is gone."""
        ...

    async def last_said(self, channel: str, *, since: datetime) -> datetime | None:
        """When a person (no app, not Slack itself) wrote there last, at or after ``since``."""
        ...

    async def replies(self, channel: str, ts: str) -> Sequence[Mapping[str, Any]]:
        """The thread of a message, with the message itself while it is there; none when nothing is left of it."""
        ...

    async def private_channels(self) -> frozenset[str]:
        """Ids of the private channels we are in, all pages."""
        ...

    async def channel_members(self, channel: str) -> Sequence[str]:
        """Slack ids of everybody in a conversation, all pages."""
        ...

    async def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """``views.publish``."""
        ...

    async def members(self) -> Sequence[Member]:
        """Everybody in the workspace, all pages."""
        ...

    async def member(self, user: str) -> Member:
        """``users.info``."""
        ...

    async def user_groups(self) -> Sequence[UserGroup]:
        """All enabled user groups with their members."""
        ...

    async def set_group(self, group_id: str, users: Sequence[str]) -> UserGroup:
        """Make exactly these people its members; Slack refuses none at all, guests and bots (INVALID)."""
        ...


# --- tickets -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A GitHub issue."""

    repo: str
    number: int
    url: str
    state: str = "open"
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    author: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that happened in a repository: a deployment, an issue."""

    title: str
    url: str | None = None
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """A repository's address and what was new there, newest first."""

    url: str
    deployments: tuple[Change, ...] = ()
    issues: tuple[Change, ...] = ()


class Tickets(Protocol):
    """GitHub issues (docs.github.com/rest/issues). ``repo`` is ``owner/name``."""

    async def open(
        self, repo: str, *, title: str, body: str, labels: Sequence[str], key: str
    ) -> Ticket:
        """Create; ``key`` is put into the body as a hidden marker. NOT_FOUND, INVALID code ``410`` issues disabled."""
        ...

    async def find(self, repo: str, key: str, *, since: datetime) -> Ticket | None:
        """The issue with our marker updated at or after ``since`` (by listing, the search index lags), else None."""
        ...

    async def edit_body(self, ticket: Ticket, body: str, *, key: str) -> None:
        """Replace the body (marker kept)."""
        ...

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """Comment; ``key`` is put in as a hidden marker."""
        ...

    async def has_comment(self, ticket: Ticket, key: str) -> bool:
        """Whether a comment with our marker is there."""
        ...

    async def withdraw(self, ticket: Ticket, *, title: str, body: str, key: str) -> None:
        """Replace title and body (marker kept) and close as not planned; withdrawn already is fine."""
        ...

    async def set_state(self, ticket: Ticket, *, is_open: bool, planned: bool = True) -> Ticket:
        """Open, closed as completed, or (not ``planned``) as not planned; so already is fine. The issue after that."""
        ...

    async def assign(self, ticket: Ticket, login: str | None) -> Ticket:
        """Exactly that person (nobody for None); INVALID when GitHub does not let them be assigned."""
        ...

    async def changed(
        self, repo: str, since: datetime
    ) -> tuple[Sequence[IssueNews], datetime | None]:
        """Issues changed at or after ``since``, oldest change first, one page; and from when to ask next."""
        ...

    async def look(self, repo: str, number: int, *, now: datetime) -> IssueNews:
        """One issue as it is ``now``: ``read``; or ``deleted``, ``transferred`` (with where it is), ``unseen``.

        The last: deleted, or moved to where our token sees nothing. NOT_FOUND and INVALID ``410`` only tell of the
        whole repository: it cannot be seen, or has no issues.
        """
        ...

    async def repository(self, repo: str) -> Mapping[str, Any]:
        """``has_issues``, ``permissions`` {push: bool}, ``archived``; NOT_FOUND when it cannot be seen."""
        ...

    async def recent(self, repo: str) -> Activity:
        """The newest deployments and open issues; NOT_FOUND when the repository cannot be seen."""
        ...

    async def account(self, login: str) -> str | None:
        """The login as it is written there; None when nobody has it."""
        ...

    async def login(self) -> str:
        """Whose token it is; the cheapest check."""
        ...


# --- alerts' sources ------------------------------------------------------------------------------------------


class Silences(Protocol):
    """Where a source of alerts is told to keep still for a time (Alertmanager)."""

    async def find(self, mark: str) -> list[Silence]:
        """The silences that are not over yet with that mark in their comment."""
        ...

    async def put(self, silence: Silence, *, now: datetime) -> str:
        """Make it, or change the one of its ``id``; the id it has now."""
        ...

    async def expire(self, silence_id: str) -> None:
        """End it now."""
        ...

    async def running_since(self) -> datetime:
        """When it was started: it knows nothing of what fired before until it is told again."""
        ...

    async def firing(self) -> frozenset[str]:
        """The fingerprints of all alerts that fire now, silenced or not."""
        ...


# --- who listens for us --------------------------------------------------------------------------------------


class DeadMan(Protocol):
    """An address outside that raises the alarm when it is not called any more."""

    async def ping(self) -> None:
        """All is well; ProviderError when that was not heard."""
        ...


# --- mapping -------------------------------------------------------------------------------------------------


class Router(Protocol):
    """Decides by configured jq rules what becomes of an incident (``channel``, ``announce``, ``ignore``)."""

    async def route(self, subject: Mapping[str, Any]) -> str:
        """The ``do`` of the first rule that matches."""
        ...


class AlertMapping(Protocol):
    """Turns the payloads of alert sources into alerts, by presets and by configured jq."""

    def source(self, name: str) -> AlertSource | None:
        """The source of that name: as configured, else the preset."""
        ...

    def refusal(self, name: str, payload: Any) -> str | None:
        """Why a payload cannot be this source's at all, None when it may be."""
        ...

    async def map(self, name: str, payload: Any) -> Mapped:
        """The alerts in a payload; every field that failed is named."""
        ...

    async def group_key(self, alert: Alert) -> tuple[str, str | None]:
        """What an alert is grouped by; and why the configured expression failed, if it did."""
        ...

    async def decide(self, alert: Alert) -> Rule | None:
        """The first routing rule that matches, None when none does."""
        ...


@dataclass(frozen=True)
class Delivery:
    """A webhook as it came in: verified, not yet interpreted."""

    source: str
    event_id: str
    event_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
