"""The use cases of roles: taking, giving, handing over, giving up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import roles
from bot.errors import FieldError
from bot.services.members import member

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents


class Roles:
    """Who holds which role. The configured roles (``muster.yml``) are the only ones."""

    def __init__(self, house: House, incidents: Incidents) -> None:
        """Given the shared parts, and how an incident is changed."""
        self._house = house
        self._incidents = incidents

    def named(self, name: str) -> str:
        """The configured role of that name, whatever the case; FieldError lists them."""
        wanted = " ".join(name.split()).casefold()
        found = next((r.name for r in self._house.catalog.roles if r.name.casefold() == wanted), "")
        if not found:
            names = ", ".join(r.name for r in self._house.catalog.roles) or "none are configured"
            field, text = "role", f"There is no role {name}. Choose one of: {names}."
            raise FieldError(field, text)
        return found

    async def assign(
        self, number: int, role: str, *, to: str, by: SlackUser, once: str
    ) -> Incident:
        """Give a role to the member ``to`` (Slack id, may be ``by``); UserError when they cannot take it."""
        wanted = self.named(role)
        return await self._incidents.change(
            number,
            by,
            once,
            lambda tx, i, who: roles.assign(i, wanted, member(tx, i, to, who), who, tx.now),
        )

    async def release(self, number: int, role: str, *, by: SlackUser, once: str) -> Incident:
        """Nobody holds the role any more."""
        wanted = self.named(role)
        return await self._incidents.change(
            number, by, once, lambda tx, i, who: roles.release(i, wanted, who, tx.now)
        )
