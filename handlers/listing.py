"""``/incident list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import lists, text
from bot.errors import UserError
from handlers.command import Command

if TYPE_CHECKING:
    from handlers.turn import Turn


async def show_list(turn: Turn, rest: str) -> None:
    """``list [open|all|mine|<service>]``."""
    which = text.plain(rest).strip()
    scope = which.casefold() or "open"
    incidents, now = turn.desk.incidents, await turn.desk.incidents.now()
    me = turn.user.id
    if scope == "open":
        page, title = await incidents.listed(viewer=me), "Open incidents"
    elif scope == "all":
        page, title = await incidents.listed(open_only=False, viewer=me), "All incidents"
    elif scope == "mine":
        page, title = await incidents.listed(mine=me, viewer=me), "My open incidents"
    else:
        service = turn.desk.catalog.service(which)
        page = await incidents.listed(service=service.id if service else which, viewer=me)
        if not page.total and service is None:
            known = ", ".join(s.title for s in list(turn.desk.catalog.services.values())[:20])
            msg = f"There are no open incidents of a service {which}. Use open, all, mine or a service: {known or '-'}."
            raise UserError(msg)
        title = f"Open incidents of {service.title if service else which}"
    await turn.say(lists.incident_list(page.incidents, total=page.total, title=title, now=now))


COMMANDS = {"list": Command("list [open|all|mine|<service>]", "list incidents", show_list)}
