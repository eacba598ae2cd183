"""``/incident report`` and Home's charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, report, text
from blocks.forms import message_view
from blocks.ids import ActionId
from bot.domain.report import DAYS, checked_days
from handlers.command import Command

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def show_report(turn: Turn, rest: str) -> None:
    """``report [days]``: the numbers at once, the charts directly."""
    days = checked_days(text.plain(rest))
    await turn.desk.reports.send(turn.user.id, days, once=turn.once)
    await turn.say(report.short_message(await turn.desk.reports.statistics(days)))


async def send_charts(turn: Turn) -> None:
    """Home shows numbers only; its button sends the charts."""
    await turn.desk.reports.send(turn.user.id, DAYS, once=turn.once)
    sent = notices.said("The charts are in your direct messages with me.")
    await turn.open(message_view("Charts", sent))


COMMANDS = {"report": Command("report [days]", "how the last days went, with charts", show_report)}
ACTIONS: dict[ActionId, Handler] = {ActionId.CHARTS: send_charts}
