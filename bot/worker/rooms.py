"""Where the announcement channel and the admin channel are: looked up once, remembered in the database."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import structlog

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from bot.ports import Channel, Chat
    from bot.store.work import Work

log = structlog.get_logger()

_ID = re.compile(r"[CG][A-Z0-9]{7,}")
PURPOSES = {
    "incidents": "Muster announces every incident here.",
    "alerts": "Muster shows alerts here, one card for those that belong together.",
    "drills": "Muster announces drills here, test incidents in which nothing is broken, and reports how they went.",
}


class Rooms:
    """Resolves ``SLACK_INCIDENTS_CHANNEL`` and ``SLACK_ADMIN_CHANNEL`` (id or name). Never on a hot path twice."""

    def __init__(
        self,
        work: Work,
        chat: Chat,
        *,
        incidents: str,
        admins: str | None,
        alerts: str = "alerts",
        drills: str = "fire-drill",
    ) -> None:
        """``incidents``, ``alerts`` and ``drills`` are created when they are absent; ``admins`` is not."""
        self._work = work
        self._chat = chat
        self._wanted = {
            "incidents": incidents,
            "admins": admins,
            "alerts": alerts,
            "drills": drills,
        }
        self._known: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self.problem: str | None = None

    async def announcements(self) -> str:
        """The announcement channel's id; ProviderError with how to mend it when the bot cannot see it."""
        return await self._room("incidents", create=True)

    async def admins(self) -> str | None:
        """The admin channel's id, None when none is set."""
        if not self._wanted["admins"]:
            return None
        return await self._room("admins", create=False)

    async def alerts(self) -> str:
        """The alerts channel's id; ProviderError with how to mend it when the bot cannot see it."""
        return await self._room("alerts", create=True)

    async def drills(self) -> str:
        """The drill channel's id; ProviderError with how to mend it when the bot cannot see it."""
        return await self._room("drills", create=True)

    async def named(self, name: str) -> str:
        """The id of a channel of that name; ProviderError when there is none the bot can see."""
        if name.lstrip("#") == (self._wanted["incidents"] or "").lstrip("#"):
            return await self.announcements()
        role = f"named:{name}"
        self._wanted[role] = name
        return await self._room(role, create=False)

    async def _room(self, role: str, *, create: bool) -> str:
        if role in self._known:
            return self._known[role]
        async with self._lock:
            if role not in self._known:
                self._known[role] = await self._resolve(role, create=create)
            return self._known[role]

    async def _resolve(self, role: str, *, create: bool) -> str:
        wanted = (self._wanted[role] or "").lstrip("#")
        remembered = await self._work.read(lambda tx: tx.value(f"room:{role}"))
        if remembered and remembered.get("wanted") == wanted:
            return str(remembered["id"])
        try:
            channel = await self._find(wanted, role, create=create)
        except ProviderError as error:
            if role == "incidents" and error.reason not in {
                Reason.UNAVAILABLE,
                Reason.RATE_LIMITED,
            }:
                self.problem = error.detail
            raise
        if role == "incidents":
            self.problem = None
        await self._work.write(
            lambda tx: tx.set_value(f"room:{role}", {"wanted": wanted, "id": channel})
        )
        log.info("slack.room", role=role, channel=channel)
        return channel

    async def _find(self, wanted: str, role: str, *, create: bool) -> str:
        if _ID.fullmatch(wanted):
            found: Channel | None = await self._chat.channel_info(wanted)
        else:
            found = await self._named(wanted, role, create=create)
        if found is None:
            raise ProviderError(
                "slack", Reason.NOT_FOUND, _hidden(wanted), code="channel_not_found"
            )
        if not found.is_member and not found.is_private:
            await self._chat.join(found.id)
        return found.id

    async def _named(self, name: str, role: str, *, create: bool) -> Channel | None:
        """Create first: one call instead of listing the workspace; only a taken name is looked for."""
        if not create:
            return await self._chat.find_channel(name)
        try:
            channel = await self._chat.create_channel(name)
        except ProviderError as error:
            # Another may have made it meanwhile, or our own lost call did; only a taken name that is
            # not to be seen is somebody's private channel.
            found = await self._chat.find_channel(name)
            if found is None and error.code != "name_taken":
                raise
            return found
        await self._chat.set_purpose(channel.id, PURPOSES[role])
        return await self._chat.channel_info(channel.id)

    async def forget(self, role: str) -> None:
        """It is not there any more: look again next time."""
        self._known.pop(role, None)
        await self._work.write(lambda tx: tx.set_value(f"room:{role}", None))


def _hidden(name: str) -> str:
    return (
        f"there is a channel #{name} I cannot see. Invite me there (/invite @Muster in #{name}), "
        "or name another channel where you configured it (SLACK_INCIDENTS_CHANNEL, muster.yml)"
    )
