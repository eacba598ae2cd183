"""What the doctor is given: settings, catalog, the vendors as Protocols, and a few questions as callbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.ports import SystemClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.doctor.github_webhook import Hooks
    from bot.domain.catalog import Catalog, Roster
    from bot.errors import Problem
    from bot.ports import Chat, Clock, DeadMan, Pager, Silences, Tickets
    from bot.services.reachability import Unreachable
    from bot.settings import Settings

MANIFEST = Path(__file__).parents[2] / "manifest.yml"


@dataclass(frozen=True, kw_only=True)
class Database:
    """How the database is: whether a write went through, where its schema is, where it should be."""

    writable: bool
    revision: str | None
    head: str
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Everything to look at; what is None is told as not looked at."""

    settings: Settings
    catalog: Catalog
    chat: Chat
    pager: Pager | None = None
    tickets: Tickets | None = None
    hooks: Hooks | None = None  # GitHub's webhooks
    silences: Mapping[str, Silences] = field(default_factory=dict)  # by the source of the alerts
    clock: Clock = field(default_factory=SystemClock)
    manifest: Path = MANIFEST
    router_problems: Sequence[Problem] = ()
    #: apps.connections.open with the app token; gives Slack's Date header, raises ProviderError.
    open_socket: Callable[[], Awaitable[datetime | None]] | None = None
    database: Callable[[], Awaitable[Database]] | None = None
    #: Every roster's name and what is wrong with it, None when nothing is.
    rosters: Callable[[], Awaitable[Sequence[tuple[str, str | None]] | None]] | None = None
    #: Asks for an address from outside or inside; gives what is wrong, None when it answers.
    reach: Callable[[str], Awaitable[str | None]] | None = None
    deadman: DeadMan | None = None  # somebody outside hears when we fall silent
    #: Who is counted on and cannot be reached; None when the database cannot tell.
    unreachable: Callable[[], Awaitable[Sequence[Unreachable] | None]] | None = None
    #: People's addresses at PagerDuty by theirs in Slack, as they are linked.
    linked: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    #: Whether Apprise knows what to do with an address; asking sends nothing.
    usable: Callable[[str], bool] | None = None
    #: All rosters, those made in Slack as well, and why Slack refused the user group of one.
    handovers: Callable[[], Awaitable[Sequence[tuple[Roster, str | None]]]] | None = None
    #: Whether to mend PagerDuty's webhook subscription and make missing webhooks at GitHub.
    fix: bool = False
    #: Shows a line that exists only once (a new webhook secret): the terminal, never a log.
    tell: Callable[[str], None] | None = None
    #: Asks before an old subscription is deleted (another installation's, perhaps); None = yes.
    agree: Callable[[str], Awaitable[bool]] | None = None
    #: Waits until a signed ``pagey.ping`` that came after the given moment is stored.
    pinged: Callable[[datetime], Awaitable[bool]] | None = None
