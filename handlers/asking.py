"""Asking for help: ``/incident page``, *Page someone*, and who is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, text
from blocks.forms import page_someone
from blocks.ids import ActionId, CallbackId
from blocks.oncall import OnDuty, on_call_message
from bot.domain.incident import PagerKind
from bot.domain.plan_people import Question
from bot.errors import UserError
from handlers import grammar, oncall
from handlers.command import Command, meant

if TYPE_CHECKING:
    from typing import Any

    from bot.domain.catalog import Service
    from bot.domain.incident import Incident
    from bot.services.asking import PolicyChoice
    from handlers.turn import Handler, Turn


async def page(turn: Turn, rest: str) -> None:
    """``page [INC-n] @user|<policy> [message]``; without a target the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(await form(turn, incident))
        return
    person, message = grammar.person_first(more)
    if person is not None:
        words = await _page_person(turn, incident, person, text.plain(message))
    else:
        words = await _page_policy(turn, incident, text.plain(more))
    await turn.say(notices.said(words, about=incident))


async def _page_person(turn: Turn, incident: Incident, person: str, message: str) -> str:
    await turn.desk.asking.page_person(
        incident.number, person, by=turn.user, once=turn.once, message=message
    )
    paged = await turn.desk.people.known(person)
    at_pager = incident.pager.kind is PagerKind.PAGERDUTY
    if at_pager and not paged.pagerduty_id:
        return f"{paged.name} has no PagerDuty account, so I paged them by direct message only."
    return f"{paged.name} is paged{' by PagerDuty and' if at_pager else ''} by direct message."


async def _page_policy(turn: Turn, incident: Incident, words: str) -> str:
    choices = await turn.desk.asking.policies(incident)
    found = _policy_first(choices, words)
    if found is None:
        names = [choice.name for choice in choices]
        nearest = grammar.nearest(words.casefold(), names)
        offer = f" Did you mean /incident page {nearest}?" if nearest else ""
        also = f", or one of: {', '.join(names[:10])}" if names else ""
        msg = f"I know no policy {words}, so nobody was paged.{offer} Name a person with @{also}."
        raise UserError(msg)
    policy, message = found
    await turn.desk.asking.page_policy(
        incident.number, policy, by=turn.user, once=turn.once, message=message
    )
    return f"Whoever {policy.name} reaches first is paged."


def _policy_first(choices: list[PolicyChoice], words: str) -> tuple[PolicyChoice, str] | None:
    """The policy whose name (or PagerDuty id) the words begin with, the longest one, and the rest."""
    folded = f"{' '.join(words.split())} "
    best: tuple[int, PolicyChoice] | None = None
    for choice in choices:
        for name in (choice.name, choice.id):
            start = f"{' '.join((name or '').split())} "
            fits = start.strip() and folded.casefold().startswith(start.casefold())
            if fits and (best is None or len(start) > best[0]):
                best = (len(start), choice)
    return (best[1], folded[best[0] :].strip()) if best else None


async def form(turn: Turn, incident: Incident) -> dict[str, Any]:
    """*Page someone* for the incident as it stands."""
    choices = await turn.desk.asking.policies(incident)
    return page_someone.build(incident, policies=[(c.id or c.name, c.name) for c in choices])


async def ask(turn: Turn) -> None:
    """The form."""
    await turn.open(await form(turn, await turn.target()))


async def submit(turn: Turn) -> None:
    """Page whoever was chosen."""
    filled = page_someone.parse(turn.view)
    incident = await turn.incident(filled.number)
    if filled.person:
        await _page_person(turn, incident, filled.person, filled.message)
        return
    for choice in await turn.desk.asking.policies(incident):
        if filled.policy in {choice.id, choice.name}:
            await turn.desk.asking.page_policy(
                incident.number, choice, by=turn.user, once=turn.once, message=filled.message
            )
            return
    msg = "That policy is not there any more, so nobody was paged."
    raise UserError(msg)


# --- who is on call --------------------------------------------------------------------------------------------


async def on_call(turn: Turn, rest: str) -> None:
    """``oncall [INC-n|service|roster|all]``: in an incident's channel that of its service, elsewhere everybody."""
    number, rest = grammar.number_first(rest)
    here = await turn.incident(number) if number else None
    if await oncall.subcommand(turn, rest):
        return
    words = text.plain(rest).strip()
    if words and await oncall.one_roster(turn, words):
        return
    if not words and here is None and turn.channel:
        here = await turn.desk.incidents.in_channel(turn.channel)
    known = turn.desk.catalog.service
    service = known(here.service or "") if here else _service(turn, words)
    page_service = service.pagerduty_service if service else None
    title = service.title if service else ""
    if here and page_service is None and here.pager.service_id:
        page_service, title = here.pager.service_id, title or here.service_title or here.name
    if page_service or turn.desk.asking.at_pagerduty(service):
        question = Question(
            user=turn.user.id,
            channel=turn.channel,
            service_id=page_service,
            title=title,
        )
        await turn.desk.asking.ask_pagerduty(question, once=turn.once)
        coming = "Asking PagerDuty who is on call; the answer comes in a moment."
        await turn.say(oncall.with_rosters(notices.said(coming), await oncall.now(turn, service)))
        return
    native = await turn.desk.asking.native_duties(service)
    duties = [
        OnDuty(policy=d.policy, level=d.level, people=d.people, others=d.others, until=d.until)
        for d in native
    ]
    await turn.say(on_call_message(duties, title=title, rosters=await oncall.now(turn, service)))


def _service(turn: Turn, words: str) -> Service | None:
    """The service of that name; None for all of them. Unknown ones are answered with the nearest."""
    if not words or words.casefold() == "all":
        return None
    found = turn.desk.catalog.service(words)
    if found is None:
        known = [w for s in turn.desk.catalog.services.values() for w in (s.id, s.title)]
        nearest = grammar.nearest(words.casefold(), known)
        offer = f" Did you mean /incident oncall {nearest}?" if nearest else ""
        msg = f"There is no service {words}.{offer} /incident oncall all shows everybody."
        raise UserError(msg)
    return found


COMMANDS: dict[str, Command] = {
    "page": Command(
        "page [INC-n] @user|<policy> [message]", "ask one more person or a policy to help", page
    ),
    "oncall": Command(
        "oncall [INC-n|service|roster|all] · oncall override|swap|at|overrides",
        "who is on call; stand in, swap turns, who it was at a moment",
        on_call,
    ),
}
ACTIONS: dict[ActionId, Handler] = {ActionId.PAGE_SOMEONE: ask, **oncall.ACTIONS}
VIEWS: dict[CallbackId, Handler] = {CallbackId.PAGE_SOMEONE: submit, **oncall.VIEWS}
