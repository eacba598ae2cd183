"""App Home: declare, mine, everything open, who is on call, and the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from blocks import kit, text
from blocks.ids import ActionId, CallbackId, IncidentButton
from blocks.lists import incident_line
from bot.domain.incident import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Incident

MAX_MINE: Final = 12
MAX_OPEN: Final = 25
ON_CALL_ROOM: Final = 6000


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The numbers: how many are open now, how the last ``days`` went (None: nothing to tell)."""

    open: int = 0
    days: int = 30
    declared: int = 0
    seconds_to_acknowledge: float | None = None
    seconds_to_resolve: float | None = None


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
    totals: Totals,
    now: datetime,
    on_call: Sequence[Duty] = (),
) -> dict[str, Any]:
    """The Home tab of one person."""
    declare = kit.button("Declare an incident", ActionId.DECLARE, style="danger")
    own = {incident.number for incident in mine}
    others = [each for each in open_incidents if each.number not in own]
    blocks: list[Block] = [
        kit.section(f"*Muster* · {_open_words(totals)}", "home.top", accessory=declare),
        *_part("My incidents", mine, MAX_MINE, len(mine), now, none="You have none."),
        *_part("Open incidents", others, MAX_OPEN, totals.open - len(own), now, none=_calm(own)),
        DividerBlock(),
        *_on_call(on_call),
        *_numbers(totals),
        kit.context(f"As of {text.date(now)}"),
    ]
    view = View(type="home", callback_id=CallbackId.HOME.value, blocks=blocks[: kit.VIEW_BLOCKS])
    shown: dict[str, Any] = view.to_dict()
    return shown


def totals_of(open_now: int, numbers: Mapping[str, Any]) -> Totals:
    """The totals from the store's ``numbers``."""
    return Totals(
        open=open_now,
        days=numbers["days"],
        declared=numbers["count"],
        seconds_to_acknowledge=numbers["mean_seconds_to_acknowledge"],
        seconds_to_resolve=numbers["mean_seconds_to_resolve"],
    )


def _open_words(totals: Totals) -> str:
    return text.plural(totals.open, "open incident") if totals.open else "no open incidents"


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


def _numbers(totals: Totals) -> list[Block]:
    facts = [f"*Declared:* {totals.declared:,}"]
    if totals.seconds_to_acknowledge is not None:
        facts.append(f"*Mean time to acknowledge:* {text.duration(totals.seconds_to_acknowledge)}")
    if totals.seconds_to_resolve is not None:
        facts.append(f"*Mean time to resolve:* {text.duration(totals.seconds_to_resolve)}")
    return [kit.section(f"*The last {text.plural(totals.days, 'day')}*"), kit.facts(facts)]
