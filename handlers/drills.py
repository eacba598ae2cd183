"""``/incident drill``: start one, and how the last one went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import drill as shown
from blocks import text
from blocks.forms import drill as drill_form
from blocks.ids import ActionId, CallbackId
from bot.errors import UserError
from bot.services.drills import NewDrill
from handlers import grammar
from handlers.command import Command

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn

#: Words of the direct form; everything else names the service, except a severity.
PAGE, URGENT, NOW = "page", "high", "now"


async def drill(turn: Turn, rest: str) -> None:
    """``drill [service] [SEVn] [page] [high] [@people]``; without anything the form opens."""
    words = text.plain(rest).split()
    if not words:
        await ask_drill(turn)
    elif words[0].casefold() == "report":
        await show_report(turn, " ".join(words[1:]))
    else:
        await _start(turn, wanted(turn, rest))


def wanted(turn: Turn, rest: str) -> NewDrill:
    """What the direct form asks for."""
    people = text.mentioned_users(rest)
    words = text.plain(grammar.without_people(rest)).split()
    found = {PAGE: False, URGENT: False, NOW: False}
    severity, named = None, []
    whole = turn.desk.catalog.service(" ".join(words))
    for word in words if whole is None else ():
        key = word.casefold()
        known = turn.desk.catalog.severity(word) if not word.isdigit() else None
        if key in found:
            found[key] = True
        elif known is not None and severity is None:
            severity = known.name
        else:
            named.append(word)
    service = whole.id if whole else " ".join(named)
    return NewDrill(
        by=turn.user,
        service=service or None,
        severity=severity,
        pages=found[PAGE],
        urgent=found[URGENT],
        people=people,
    )


async def _start(turn: Turn, new: NewDrill) -> None:
    begun = await turn.desk.drills.start(new, once=turn.once)
    rules = turn.desk.catalog.drills
    await turn.say(shown.started(begun.incident, begun.drill, rules, again=begun.again))


async def show_report(turn: Turn, rest: str) -> None:
    """``drill report [INC-n]``: how the last drill (or that one) went."""
    number, _ = grammar.number_first(rest, bare=True)
    found = await turn.desk.drills.reports(number)
    going_on = found.running.incident if found.running else None
    if number is not None and found.last is None:
        msg = f"INC-{number} was no drill. /incident drill report shows the last one."
        raise UserError(msg)
    report = found.last.drill.report if found.last else None
    if found.last is None or report is None:
        await turn.say(shown.none_yet(going_on))
        return
    before = found.before.report if found.before else None
    message = shown.report_message(found.last.incident, report, before)
    await turn.say(shown.with_running(going_on, message) if going_on else message)


async def ask_drill(turn: Turn) -> None:
    """The form."""
    await turn.open(
        drill_form.build(
            services=turn.desk.service_choices(),
            severities=turn.desk.severity_choices(),
            channel=turn.desk.catalog.drills.channel,
        )
    )


async def submit_drill(turn: Turn) -> None:
    """Start it; the form shows what that did."""
    form = drill_form.parse(turn.view)
    new = NewDrill(
        by=turn.user, service=form.service, severity=form.severity, pages=form.page,
        urgent=form.urgent, people=form.people,
    )  # fmt: skip
    await _start(turn, new)


COMMANDS: dict[str, Command] = {
    "drill": Command(
        "drill now|report|[service] [SEVn] [page] [high] [@people]",
        "run a test incident that pages only you unless you say page; report: how the last one went",
        drill,
    ),
}
ACTIONS: dict[ActionId, Handler] = {ActionId.DRILL: ask_drill}
VIEWS: dict[CallbackId, Handler] = {CallbackId.DRILL: submit_drill}
