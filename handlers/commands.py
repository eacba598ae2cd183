"""``/incident``: one table of subcommands; each is a direct form and says what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import lists, notices, text, timeline
from blocks.drill import offered
from blocks.forms import (
    add_note,
    change_phase,
    change_severity,
    change_summary,
    change_title,
    pick_incident,
)
from blocks.forms import declare as declare_form
from blocks.forms import escalate as escalate_form
from blocks.forms import reassign as reassign_form
from blocks.ids import DeclareOrigin
from bot.domain.incident import Origin
from bot.domain.lifecycle import EscalationTarget
from bot.errors import UserError
from bot.services.incidents import NewIncident, SimilarOpen
from handlers import (
    action_items,
    afterwards,
    alerts,
    asking,
    drills,
    experts,
    grammar,
    linking,
    listing,
    merging,
    options,
    panel,
    privacy,
    report,
    roles,
    services,
    times,
    updates,
)
from handlers.command import Command, meant
from handlers.places import usable
from handlers.runlog import steps_of
from handlers.turn import NoIncidentMeant

if TYPE_CHECKING:
    from handlers.turn import Turn


async def incident_command(turn: Turn) -> None:
    """Every ``/incident``; unknown words do nothing and name the nearest known one."""
    words = grammar.split(str(turn.body.get("text", "")))
    if not words.verb:
        await bare(turn)
        return
    found = COMMANDS.get(ALIASES.get(words.verb, words.verb))
    if found is None:
        suggestion = grammar.nearest(words.verb, [*COMMANDS, *ALIASES], whole=True)
        await turn.say(notices.unknown_command(text.plain(words.verb), suggestion))
        return
    try:
        await found.run(turn, words.rest)
    except NoIncidentMeant:
        await options.ask(turn, words.verb, words.rest)


async def picked(turn: Turn) -> None:
    """The incident was chosen in the picker: the command as if it had been named at once."""
    chosen = pick_incident.parse(turn.view)
    await turn.incident(chosen.number)
    found = COMMANDS.get(ALIASES.get(chosen.verb, chosen.verb))
    if found is None:
        msg = (
            "That command is not there any more, so nothing was done. /incident help lists what is."
        )
        raise UserError(msg)
    await found.run(turn, f"INC-{chosen.number} {chosen.rest}".strip())


async def bare(turn: Turn) -> None:
    """In an incident channel its control panel, elsewhere the declare form."""
    here = await turn.desk.incidents.in_channel(turn.channel) if turn.channel else None
    if here is not None:
        await panel.open_panel(turn, here)
    else:
        await open_declare(turn)


async def open_declare(turn: Turn, title: str = "") -> None:
    """The declare form, at once."""
    origin = DeclareOrigin(channel=turn.channel, usable=await usable(turn))
    prefill = declare_form.Form(title=title, origin=origin)
    await turn.open(
        declare_form.build(
            severities=turn.desk.severity_choices(),
            services=turn.desk.service_choices(),
            prefill=prefill,
        )
    )


async def declare(turn: Turn, rest: str) -> None:
    """``declare [SEVn] <title>``: at once, unless a similar one is open."""
    if not rest:
        await open_declare(turn)
        return
    first, more = grammar.word_first(rest)
    severity = turn.desk.catalog.severity(first) if not first.isdigit() else None
    title = text.plain(more if severity else rest)
    if severity and not title:
        await open_declare(turn)
        return
    new = NewIncident(
        title=title, severity=severity.name if severity else None, by=turn.user, origin=Origin.SLACK
    )
    try:
        declared = await turn.desk.incidents.declare(new, once=turn.once, ask_similar=True)
    except SimilarOpen as similar:
        question = lists.similar_question(
            title, similar.similar, severity=new.severity, asked=turn.once
        )
        await turn.say(question)
        return
    await turn.say(notices.declared(declared.incident, again=declared.again))


async def show(turn: Turn, rest: str) -> None:
    """``show [INC-n]``."""
    incident, _ = await meant(turn, rest)
    await turn.say(lists.incident_details(incident, await turn.desk.card_context(incident)))


async def acknowledge(turn: Turn, rest: str) -> None:
    """``ack [INC-n]``."""
    incident, _ = await meant(turn, rest)
    after = await turn.desk.incidents.acknowledge(incident.number, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{after.name} is acknowledged; it is yours now.", about=after))


async def resolve(turn: Turn, rest: str) -> None:
    """``resolve [INC-n] [note]``."""
    incident, note = await meant(turn, rest, bare=False)
    after = await turn.desk.incidents.resolve(
        incident.number, by=turn.user, once=turn.once, note=text.plain(note)
    )
    await turn.say(notices.said(f"{after.name} is resolved.", about=after))


async def reopen(turn: Turn, rest: str) -> None:
    """``reopen [INC-n]``."""
    incident, _ = await meant(turn, rest)
    after = await turn.desk.incidents.reopen(incident.number, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{after.name} is open again.", about=after))


async def reassign(turn: Turn, rest: str) -> None:
    """``reassign [INC-n] @user [message]``; without a person the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    person, message = grammar.person_first(more)
    if person is None and more:
        msg = "Name the person with @, for example /incident reassign @ana."
        raise UserError(msg)
    if person is None:
        await turn.open(reassign_form.build(incident))
        return
    after = await turn.desk.incidents.reassign(
        incident.number, to=person, by=turn.user, once=turn.once, message=text.plain(message)
    )
    owner = after.owner.name if after.owner else "somebody"
    await turn.say(notices.said(f"{after.name} is with {owner} now.", about=after))


async def escalate(turn: Turn, rest: str) -> None:
    """``escalate [INC-n] [@user|policy|level]``; without a target the form opens."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(
            escalate_form.build(incident, choices=await panel.escalation_choices(turn, incident))
        )
        return
    person, message = grammar.person_first(more)
    target = EscalationTarget()
    if not person:
        target = await panel.escalation_target(turn, incident, text.plain(more))
    after = await turn.desk.incidents.escalate(
        incident.number,
        to=target,
        person=person,
        by=turn.user,
        once=turn.once,
        message=text.plain(message) if person else "",
    )
    await turn.say(notices.said(f"{after.name} is escalated.", about=after))


async def severity(turn: Turn, rest: str) -> None:
    """``severity [INC-n] SEV2 [reason]``."""
    incident, more = await meant(turn, rest, bare=False)
    name, reason = grammar.word_first(text.plain(more))
    if not name:
        await turn.open(change_severity.build(incident, severities=turn.desk.severity_choices()))
        return
    after = await turn.desk.incidents.set_severity(
        incident.number, name, by=turn.user, once=turn.once, reason=reason
    )
    was = f" (was {incident.severity})" if incident.severity else ""
    await turn.say(notices.said(f"{after.name} is {after.severity}{was}.", about=after))


async def phase(turn: Turn, rest: str) -> None:
    """``status [INC-n] investigating|identified|monitoring [reason]``."""
    incident, more = await meant(turn, rest, bare=False)
    name, reason = grammar.word_first(text.plain(more))
    if not name:
        await turn.open(change_phase.build(incident))
        return
    after = await turn.desk.incidents.set_phase(
        incident.number, name, by=turn.user, once=turn.once, reason=reason
    )
    await turn.say(
        notices.said(
            f"{after.name} is {after.phase.value} (was {incident.phase.value}).", about=after
        )
    )


async def title(turn: Turn, rest: str) -> None:
    """``title [INC-n] <text>``."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(change_title.build(incident))
        return
    after = await turn.desk.incidents.set_title(
        incident.number, text.plain(more), by=turn.user, once=turn.once
    )
    await turn.say(
        notices.said(f"{after.name} is called: {after.title} (was: {incident.title}).", about=after)
    )


async def summary(turn: Turn, rest: str) -> None:
    """``summary [INC-n] <text>``."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(change_summary.build(incident))
        return
    after = await turn.desk.incidents.set_summary(
        incident.number, text.plain(more), by=turn.user, once=turn.once
    )
    await turn.say(notices.said(f"The summary of {after.name} is set.", about=after))


async def note(turn: Turn, rest: str) -> None:
    """``note [INC-n] <text>``."""
    incident, more = await meant(turn, rest, bare=False)
    if not more:
        await turn.open(add_note.build(incident))
        return
    after = await turn.desk.incidents.annotate(
        incident.number, text.plain(more), by=turn.user, once=turn.once
    )
    await turn.say(notices.said(f"Noted on {after.name}.", about=after))


async def show_timeline(turn: Turn, rest: str) -> None:
    """``timeline [INC-n]``: what happened, and the run log of the steps."""
    incident, _ = await meant(turn, rest)
    view = await turn.desk.incidents.view(incident.number)
    now = await turn.desk.incidents.now()
    await turn.say(
        timeline.timeline_message(view.incident, view.entries, steps_of(view.steps), now=now)
    )


async def doctor(turn: Turn, rest: str) -> None:
    """``doctor``: the installation's health, as ``muster doctor`` shows it."""
    del rest
    if turn.desk.diagnose is None:
        msg = "Run muster doctor on the machine Muster runs on."
        raise UserError(msg)
    await turn.desk.incidents.may_act(turn.user)
    await turn.done(text="Looking at everything; the answer comes in a moment.")
    await turn.say(offered(notices.said(await turn.desk.diagnose())))


async def show_help(turn: Turn, rest: str) -> None:
    """``help``: generated from the table."""
    del rest
    commands = [
        notices.CommandHelp(usage=c.usage, description=c.description) for c in COMMANDS.values()
    ]
    await turn.say(notices.help_message(commands))


COMMANDS: dict[str, Command] = {
    "declare": Command(
        "declare [SEVn] <title>", "declare an incident; without a title the form opens", declare
    ),
    **listing.COMMANDS,
    "show": Command("show [INC-n]", "show one incident", show),
    "ack": Command("ack [INC-n]", "acknowledge: take responsibility", acknowledge),
    "reassign": Command("reassign [INC-n] @user [message]", "hand it to somebody else", reassign),
    "escalate": Command(
        "escalate [INC-n] [@user|policy|level]",
        "page the next level, a policy or a person",
        escalate,
    ),
    "resolve": Command("resolve [INC-n] [note]", "close it, and say what fixed it", resolve),
    "reopen": Command("reopen [INC-n]", "open a resolved incident again", reopen),
    "severity": Command("severity [INC-n] SEV2 [reason]", "change the severity", severity),
    "status": Command(
        "status [INC-n] investigating|identified|monitoring", "change the phase", phase
    ),
    "title": Command("title [INC-n] <text>", "change the title", title),
    "summary": Command("summary [INC-n] <text>", "say what is happening", summary),
    **roles.COMMANDS,
    **services.COMMANDS,
    **asking.COMMANDS,
    **experts.COMMANDS,
    **linking.COMMANDS,
    "note": Command("note [INC-n] <text>", "add a note to the timeline", note),
    **action_items.COMMANDS,
    **merging.COMMANDS,
    **privacy.COMMANDS,
    **updates.COMMANDS,
    **alerts.COMMANDS,
    "timeline": Command("timeline [INC-n]", "what happened, and the run log", show_timeline),
    **times.COMMANDS,
    **afterwards.COMMANDS,
    **report.COMMANDS,
    **drills.COMMANDS,
    "doctor": Command("doctor", "check the installation", doctor),
    "help": Command("help", "this list", show_help),
}
ALIASES: dict[str, str] = {
    "new": "declare",
    "create": "declare",
    "acknowledge": "ack",
    "phase": "status",
    "close": "resolve",
    "sev": "severity",
    "?": "help",
}
