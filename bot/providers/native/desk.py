"""What the native pager is given: the use cases behind Slack's own buttons, so that nothing is decided twice.

``bot.services.native_desk`` keeps it; the composition root hands it over. ``by`` and ``to`` are members of the
workspace. Whatever breaks a rule raises ``UserError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident
    from bot.domain.roster import Rota
    from bot.ports_pager import PageRequest
    from bot.store.tx import Tx


class Verbs(Protocol):
    """What is done to an incident; each returns it as it is afterwards."""

    async def open(self, request: PageRequest, *, key: str, by: Actor) -> Incident:
        """Declare it; the same key gives the first one again."""
        ...

    async def acknowledge(self, number: int, *, by: Actor) -> Incident:
        """Take responsibility."""
        ...

    async def resolve(self, number: int, *, by: Actor, note: str) -> Incident:
        """Close it."""
        ...

    async def reopen(self, number: int, *, by: Actor) -> Incident:
        """Open it again."""
        ...

    async def reassign(self, number: int, *, to: Actor, by: Actor) -> Incident:
        """Hand it over."""
        ...

    async def escalate(self, number: int, words: str, *, by: Actor) -> Incident:
        """To ``level:2`` or ``policy:web``; UserError when there is no such thing."""
        ...

    async def page_person(self, number: int, *, to: Actor, by: Actor, message: str) -> Incident:
        """Ask one more person."""
        ...

    async def page_policy(self, number: int, name: str, *, by: Actor, message: str) -> Incident:
        """Ask whoever a policy reaches first."""
        ...


class Looks(Protocol):
    """What is read inside a transaction."""

    def opened(self, tx: Tx, key: str) -> Incident | None:
        """The incident that was opened under that key."""
        ...

    def reached(
        self, tx: Tx, notify: Sequence[str], at: datetime
    ) -> list[tuple[Actor, str | None]]:
        """Everybody that targets of a level mean at a moment, and the roster each is named by."""
        ...

    def roster_names(self, tx: Tx) -> list[str]:
        """All rosters."""
        ...

    def rota(self, tx: Tx, name: str) -> Rota | None:
        """A roster with its overrides."""
        ...


class StandIns(Protocol):
    """Overrides of rosters."""

    async def override(
        self, roster: str, *, to: Actor, since: datetime, until: datetime, by: Actor
    ) -> tuple[int, datetime, datetime]:
        """Somebody stands in; its number, and from when until when it is in force."""
        ...

    async def remove_override(self, roster: str, number: int, *, by: Actor) -> None:
        """Take one back; NotFound when that roster has none of that number."""
        ...


class Desk(Verbs, Looks, StandIns, Protocol):
    """All of it."""
