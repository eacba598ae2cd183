"""Pages of the native pager: the buttons of the direct messages and questions people are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.ids import ActionId, PageButton

if TYPE_CHECKING:
    from bot.domain.escalation import Page
    from handlers.turn import Handler, Turn


async def _page(turn: Turn) -> int:
    """The page behind the button; of a private incident only for those in it."""
    number = PageButton.decode(turn.action.get("value")).page
    page: Page = await turn.desk.pages.get(number)
    if page.incident is not None:
        await turn.incident(page.incident)
    return page.id


async def acknowledge(turn: Turn) -> None:
    """I was asked, and I come."""
    page = await turn.desk.pages.acknowledge(await _page(turn), by=turn.user, once=turn.once)
    incident = await turn.incident(page.incident)
    mine = (
        "is yours now" if incident.owner and incident.owner.slack_id == turn.user.id else "has you"
    )
    await turn.say(notices.said(f"Acknowledged: {incident.name} {mine}.", about=incident))


async def still_on_it(turn: Turn) -> None:
    """I am still on it."""
    page = await turn.desk.pages.confirm(await _page(turn), by=turn.user, once=turn.once)
    when = f" until {text.date(page.expires_at)}" if page.expires_at else ""
    await turn.say(notices.said(f"Good. Nobody else is paged{when}."))


async def escalate(turn: Turn) -> None:
    """The next level for these alerts, at once."""
    await turn.desk.pages.escalate(await _page(turn), by=turn.user, once=turn.once)
    await turn.say(notices.said("The next level is paged now."))


ACTIONS: dict[ActionId, Handler] = {
    ActionId.PAGE_ACKNOWLEDGE: acknowledge,
    ActionId.PAGE_ESCALATE: escalate,
    ActionId.STILL_ON_IT: still_on_it,
}
