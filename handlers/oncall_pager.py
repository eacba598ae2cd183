"""``/incident oncall override|at`` where PagerDuty keeps the schedule: it is told or asked, and answers privately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import notices
from bot.domain.incident import PagerKind
from bot.domain.plan_people import Question
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Service
    from bot.domain.incident import Incident
    from bot.domain.when import Span
    from handlers.turn import Turn

ASKED: Final = "Asking PagerDuty who is on call then; the answer comes in a moment."


async def meant(turn: Turn, words: str) -> tuple[str, str] | None:
    """PagerDuty's schedule of that name (id and name); a roster of the same name is meant before it.

    Without a name it is PagerDuty's only one, where there are no rosters.
    """
    rosters = await turn.desk.standing_in.names()
    if not words.strip():
        known = await turn.desk.pager_schedules.names()
        only = [(own, name) for name, own in known.items()]
        return only[0] if len(only) == 1 and not rosters else None
    if any(words.strip().casefold() == name.casefold() for name in rosters):
        return None
    return await turn.desk.pager_schedules.named(words)


async def knows(turn: Turn, words: str) -> bool:
    """Whether PagerDuty can be asked about a schedule or service of that name."""
    return await _question(turn, words) is not None if words else False


async def override(
    turn: Turn,
    schedule: tuple[str, str],
    person: str,
    span: Span,
    *,
    instead_of: str | None = None,
) -> None:
    """Have PagerDuty told."""
    if instead_of:
        msg = (
            "PagerDuty's overrides replace whoever is on call in that time. Leave out whom it is "
            "instead of, and choose their times."
        )
        raise UserError(msg)
    stands_in = await turn.desk.pager_schedules.override(
        schedule, person, span, by=turn.user, once=turn.once, channel=turn.channel
    )
    told = f"Telling PagerDuty that {stands_in.name} stands in for {schedule[1]}; the answer comes in a moment."
    await turn.say(notices.said(told))


async def refuse_swap(turn: Turn, words: str = "") -> None:
    """PagerDuty knows no swaps; without a name that is said where no roster could be meant."""
    known = list(await turn.desk.pager_schedules.names())
    if words.strip():
        schedule = await meant(turn, words)
        name = kept = schedule[1] if schedule else ""
    else:
        name = known[0] if known and not await turn.desk.standing_in.names() else ""
        kept = name if len(known) == 1 else "Every schedule"
    if name:
        msg = (
            f"{kept} is kept at PagerDuty, which knows no swaps: make an override for each of the two "
            f"turns, as in /incident oncall override @ana {name} from Monday 9:00 until Friday 9:00."
        )
        raise UserError(msg)


async def ask_at(turn: Turn, words: str, moment: datetime) -> bool:
    """Have PagerDuty asked who is on call then; False when that is not PagerDuty's to say."""
    question = await _question(turn, words)
    if question is None:
        return False
    await turn.desk.pager_schedules.ask_at(question, moment, once=turn.once)
    return True


async def _question(turn: Turn, words: str) -> Question | None:
    """What is asked: a schedule, a service, the service of this channel's incident, or everything."""
    desk, user, channel = turn.desk, turn.user.id, turn.channel
    if schedule := await meant(turn, words) if words else None:
        own, name = schedule
        return Question(user=user, channel=channel, schedule=own, title=name)
    here = await desk.incidents.in_channel(channel) if channel and not words else None
    service = desk.catalog.service(words or (here.service if here else "") or "")
    if service is None and words:
        return None
    return about(turn, here, service)


def about(turn: Turn, here: Incident | None, service: Service | None) -> Question | None:
    """What PagerDuty is asked about an incident or a service (neither: everything); None when it pages for none."""
    asking = turn.desk.asking
    natively = here is not None and here.pager.kind is PagerKind.NATIVE
    if natively or not asking.at_pagerduty(None):
        return None
    page_service = service.pagerduty_service if service else None
    title = service.title if service else ""
    if here and page_service is None and here.pager.service_id:
        page_service, title = here.pager.service_id, title or here.service_title or here.name
    if not (page_service or asking.at_pagerduty(service)):
        return None
    return Question(user=turn.user.id, channel=turn.channel, service_id=page_service, title=title)
