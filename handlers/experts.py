"""``/incident expert``, *Invite*, and *My settings* on Home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import experts as shown
from blocks import notices, text
from blocks.forms import choose_skill, message_view, my_settings
from blocks.ids import ActionId, CallbackId, ExpertButton
from bot.domain.identities import KNOWN_BY
from bot.errors import UserError
from handlers import grammar
from handlers.command import Command

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message
    from handlers.turn import Handler, Turn

_VENDORS = {"pagerduty": "PagerDuty", "github": "GitHub"}


async def expert(turn: Turn, rest: str) -> None:
    """``expert [INC-n] [skill]``: without a skill the form in an incident's channel, else all skills."""
    number, more = grammar.number_first(rest)
    incident = await turn.incident(number) if number is not None else await _here(turn)
    words = text.plain(more).strip()
    if words:
        await turn.say(await _found(turn, words, incident))
        return
    skills = await turn.desk.experts.skills()
    if incident is None or not skills:
        await turn.say(shown.all_skills(skills))
    else:
        await turn.open(choose_skill.build(incident, skills))


async def _here(turn: Turn) -> Incident | None:
    return await turn.desk.incidents.in_channel(turn.channel) if turn.channel else None


async def _found(turn: Turn, words: str, incident: Incident | None) -> Message:
    """Who knows it; an unknown skill names the nearest, and all of them while they are few."""
    found = await turn.desk.experts.named(words)
    if found is None:
        raise UserError(await _unknown(turn, words))
    skill, people = found
    number = incident.number if incident is not None and incident.is_open else None
    return shown.found(skill, people, number=number, here=incident is None)


async def _unknown(turn: Turn, words: str) -> str:
    skills = await turn.desk.experts.skills()
    nearest = grammar.nearest(words.casefold(), skills)
    offer = f" Did you mean /incident expert {nearest}?" if nearest else ""
    listed = ", ".join(skills[:20]) + (f" and {len(skills) - 20} more" if len(skills) > 20 else "")  # noqa: PLR2004
    known = f" Known: {listed}." if skills else " Set yours in my Home tab (My settings)."
    return f"Nobody here knows {text.one_line(words, 80)}.{offer}{known}"


async def choose(turn: Turn) -> None:
    """The skill was chosen: who knows it, in place of the form."""
    form = choose_skill.parse(turn.view)
    incident = await turn.incident(form.number)
    await turn.replace(message_view("Who knows about it", await _found(turn, form.skill, incident)))


async def invite(turn: Turn) -> None:
    """**Invite**: a briefing and an invitation to the incident's channel."""
    pressed = ExpertButton.decode(turn.action.get("value"))
    await turn.incident(pressed.number)
    after = await turn.desk.experts.invite(
        pressed.number, pressed.user, pressed.skill, by=turn.user, once=turn.once
    )
    person = await turn.desk.people.known(pressed.user)
    words = f"{person.name} is invited, and told what is happening and why you ask."
    await turn.say(notices.said(words, about=after))


# --- my settings -----------------------------------------------------------------------------------------------


async def settings(turn: Turn) -> None:
    """**My settings**: the form."""
    found = await turn.desk.experts.settings(turn.user)
    accounts = [
        (_VENDORS[vendor.value], f"{link.name or link.account} ({KNOWN_BY[link.known_by]})")
        for vendor, link in found.links.items()
    ]
    await turn.open(
        my_settings.build(found.setting, skills=found.skills, tz=found.tz, accounts=accounts)
    )


async def save(turn: Turn) -> None:
    """Keep them."""
    form = my_settings.parse(turn.view)
    await turn.desk.experts.set(skills=form.skills, quiet=form.quiet, by=turn.user)


COMMANDS: dict[str, Command] = {
    "expert": Command(
        "expert [INC-n] [skill]", "who knows it, who of them is there now; invite them", expert
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.INVITE_EXPERT: invite,
    ActionId.MY_SETTINGS: settings,
}
VIEWS: dict[CallbackId, Handler] = {
    CallbackId.CHOOSE_SKILL: choose,
    CallbackId.MY_SETTINGS: save,
}
