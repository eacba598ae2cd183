"""App Home: declare, mine, everything open, who is on call, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from blocks import kit, report, text
from blocks.alerts import group_part
from blocks.ids import ActionId, CallbackId, IncidentButton
from blocks.lists import incident_line
from bot.domain.incident import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.alert_groups import GroupView
    from bot.domain.incident import Actor, Incident
    from bot.domain.report import Statistics

MAX_MINE: Final = 12
MAX_OPEN: Final = 22
MAX_ALERTS: Final = 5
ON_CALL_ROOM: Final = 6000
#: So many severities, and so many services, have a line of numbers.
GROUPS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Who is on call for what; nobody is worth telling too."""

    label: str
    people: tuple[Actor, ...] = ()
    until: datetime | None = None


def home_view(
    *,
    mine: Sequence[Incident],
    open_incidents: Sequence[Incident],
    open_total: int,
    statistics: Statistics,
    now: datetime,
    on_call: Sequence[Duty] = (),
    alerts: tuple[Sequence[GroupView], int] = ((), 0),
) -> dict[str, Any]:
    """The Home tab of one person."""
    declare = kit.button("Declare an incident", ActionId.DECLARE, style="danger")
    own = {incident.number for incident in mine if not incident.drill}  # drills are counted nowhere
    others = [each for each in open_incidents if each.number not in own]
    blocks: list[Block] = [
        kit.section(f"*Muster* · {_open_words(open_total)}", "home.top", accessory=declare),
        *_part("My incidents", mine, MAX_MINE, len(mine), now, none="You have none."),
        *_part("Open incidents", others, MAX_OPEN, open_total - len(own), now, none=_calm(own)),
        *_alerts(*alerts),
        DividerBlock(),
        *_on_call(on_call),
        *_numbers(statistics),
        kit.actions([kit.button("My settings", ActionId.MY_SETTINGS)], "home.settings"),
        kit.context(f"As of {text.date(now)}"),
    ]
    view = View(type="home", callback_id=CallbackId.HOME.value, blocks=blocks[: kit.VIEW_BLOCKS])
    shown: dict[str, Any] = view.to_dict()
    return shown


def _open_words(count: int) -> str:
    return text.plural(count, "open incident") if count else "no open incidents"


def _calm(own: set[int]) -> str:
    return "No others." if own else "All quiet."


def _part(
    title: str, incidents: Sequence[Incident], most: int, total: int, now: datetime, *, none: str
) -> list[Block]:
    """A heading and up to ``most`` incidents, each with its actions."""
    blocks: list[Block] = [DividerBlock(), kit.section(f"*{title}*")]
    different = list({each.number: each for each in incidents}.values())
    for incident in different[:most]:
        blocks += _incident(incident, now)
    if not different:
        blocks.append(kit.context(none))
    hidden = max(total, len(different)) - min(len(different), most)
    if different and hidden > 0:
        blocks.append(kit.context(f"{hidden:,} more: `/incident list open`"))
    return blocks


def _incident(incident: Incident, now: datetime) -> list[Block]:
    target = IncidentButton(number=incident.number)
    wanted = [("More", ActionId.MORE)]
    if incident.is_open:
        wanted.insert(0, ("Join", ActionId.JOIN))
    if incident.status is Status.TRIGGERED:
        wanted.insert(0, ("Acknowledge", ActionId.ACKNOWLEDGE))
    return [
        kit.section(incident_line(incident, now), f"home.{incident.number}"),
        kit.actions(
            [kit.button(label, action, target, about=incident.name) for label, action in wanted],
            f"home.{incident.number}.actions",
        ),
    ]


def _alerts(views: Sequence[GroupView], total: int) -> list[Block]:
    """Firing alerts that no open incident covers; nothing at all when there are none."""
    if not views:
        return []
    blocks: list[Block] = [DividerBlock(), kit.section("*Firing alerts without an incident*")]
    for view in views[:MAX_ALERTS]:
        blocks += group_part(view, "home.alerts")
    hidden = max(total, len(views)) - min(len(views), MAX_ALERTS)
    if hidden > 0:
        blocks.append(kit.context(f"{hidden:,} more: `/incident alerts`"))
    return blocks


def _on_call(duties: Sequence[Duty]) -> list[Block]:
    if not duties:
        return []
    lines = [_duty(duty) for duty in duties]
    kept, hidden = kit.fit(lines, ON_CALL_ROOM)
    more = [f"{hidden:,} more: `/incident oncall`"] if hidden else []
    return kit.paragraphs(["*On call*", *kept, *more])


def _duty(duty: Duty) -> str:
    people = [text.mention(person) for person in duty.people[:10]]
    if len(duty.people) > len(people):
        people.append(f"{len(duty.people) - len(people):,} more")
    line = f"{text.inline(duty.label, 120, empty='On call')}: {', '.join(people) or '⚠️ nobody'}"
    return f"{line} until {text.date(duty.until)}" if duty.until else line


def _numbers(found: Statistics) -> list[Block]:
    """Numbers in words: charts and tables are for messages only, a button sends them."""
    heading = kit.section(
        f"*The last {text.plural(found.days, 'day')}*",
        "home.numbers",
        accessory=kit.button("Charts", ActionId.CHARTS),
    )
    told = [
        *report.group_lines(found.severities, report.NO_SEVERITY, GROUPS),
        *report.group_lines(found.services, report.NO_SERVICE, GROUPS),
    ]
    return [heading, kit.facts(report.words(found)), *kit.paragraphs(told)]
