"""Buttons: decode what the button carries, call one use case. A button never depends on finding its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices, timeline
from blocks.forms import add_note, change_phase, change_severity, message_view
from blocks.forms import declare as declare_form
from blocks.forms import escalate as escalate_form
from blocks.forms import reassign as reassign_form
from blocks.forms import resolve as resolve_form
from blocks.ids import ActionId, DeclareButton, StepButton
from bot.domain.incident import Origin
from bot.services.incidents import NewIncident
from handlers import (
    action_items,
    afterwards,
    alerts,
    asking,
    commands,
    drills,
    edits,
    experts,
    linking,
    mention,
    merging,
    paging,
    panel,
    privacy,
    report,
    roles,
    rosters,
    services,
    times,
    updates,
)
from handlers.runlog import steps_of

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from handlers.turn import Handler, Turn


async def _target(turn: Turn) -> Incident:
    return await turn.target()


async def _shown_in_panel(turn: Turn, after: Incident) -> None:
    """A press in the control panel or on Home shows its result there; on a card the card itself changes."""
    if turn.view.get("type") == "home":
        await turn.done()
        await turn.desk.open_home(turn.user.id)
    if turn.view.get("type") != "modal":
        return
    context = await turn.desk.card_context(after)
    view = panel.build(after, context)
    await turn.replace(view)


async def acknowledge(turn: Turn) -> None:
    """Take responsibility for the incident behind the pressed button."""
    incident = await _target(turn)
    after = await turn.desk.incidents.acknowledge(incident.number, by=turn.user, once=turn.once)
    await _shown_in_panel(turn, after)


async def reopen(turn: Turn) -> None:
    """Open a resolved incident again."""
    incident = await _target(turn)
    after = await turn.desk.incidents.reopen(incident.number, by=turn.user, once=turn.once)
    await _shown_in_panel(turn, after)


async def resolve(turn: Turn) -> None:
    """Ask what fixed it; the form's submission resolves."""
    await turn.open(resolve_form.build(await _target(turn)))


async def reassign(turn: Turn) -> None:
    """Ask whom to give it to."""
    await turn.open(reassign_form.build(await _target(turn)))


async def escalate(turn: Turn) -> None:
    """Ask where to escalate."""
    incident = await _target(turn)
    await turn.open(
        escalate_form.build(incident, choices=await panel.escalation_choices(turn, incident))
    )


async def more(turn: Turn) -> None:
    """The control panel."""
    await panel.open_panel(turn, await _target(turn))


async def open_channel(turn: Turn) -> None:
    """A channel for an incident that was only announced."""
    incident = await _target(turn)
    after = await turn.desk.incidents.open_channel(incident.number, by=turn.user, once=turn.once)
    await _shown_in_panel(turn, after)


async def ask_severity(turn: Turn) -> None:
    """The severity form."""
    await turn.open(
        change_severity.build(await _target(turn), severities=turn.desk.severity_choices())
    )


async def ask_phase(turn: Turn) -> None:
    """The phase form."""
    await turn.open(change_phase.build(await _target(turn)))


async def ask_note(turn: Turn) -> None:
    """The note form."""
    await turn.open(add_note.build(await _target(turn)))


async def show_timeline(turn: Turn) -> None:
    """The timeline as a modal."""
    incident = await _target(turn)
    view = await turn.desk.incidents.view(incident.number)
    now = await turn.desk.incidents.now()
    await turn.open(
        timeline.timeline_view(view.incident, view.entries, steps_of(view.steps), now=now)
    )


async def declare(turn: Turn) -> None:
    """The declare form, from Home."""
    await commands.open_declare(turn)


async def declare_anyway(turn: Turn) -> None:
    """The question about a similar incident was answered: declare."""
    asked = DeclareButton.decode(turn.action.get("value"))
    new = NewIncident(title=asked.title, severity=asked.severity, by=turn.user, origin=Origin.SLACK)
    declared = await turn.desk.incidents.declare(new, once=asked.asked or turn.once)
    await turn.say(notices.declared(declared.incident, again=declared.again))


async def join(turn: Turn) -> None:
    """Join the incident that looks the same, instead of declaring another."""
    incident = await _target(turn)
    after = await turn.desk.incidents.join(incident.number, by=turn.user, once=turn.once)
    answer = notices.said(f"You are invited to the channel of {after.name}.", about=after)
    if turn.view.get("type") == "modal":
        await turn.replace(message_view("Joined", answer))
    else:
        await turn.say(answer)


async def title_typed(turn: Turn) -> None:
    """Enter in the title field, or another service: offer what looks the same, keeping all that was typed."""
    draft = declare_form.draft(turn.view)
    similar = await turn.desk.incidents.similar(draft.title, draft.service)
    offered = any(
        str(b.get("block_id")).startswith("similar.") for b in turn.view.get("blocks", ())
    )
    if not similar and not offered:
        await turn.done()
        return
    await turn.replace(
        declare_form.build(
            severities=turn.desk.severity_choices(),
            services=turn.desk.service_choices(),
            prefill=draft,
            similar=similar,
        )
    )


async def retry_step(turn: Turn) -> None:
    """Try a failed step again."""
    step = StepButton.decode(turn.action.get("value"))
    await turn.incident(step.number)
    if not await turn.desk.incidents.retry_step(step.effect_id, step.number, by=turn.user):
        await turn.say(notices.said("That step is not waiting for a retry any more."))


async def dismiss_step(turn: Turn) -> None:
    """Let a failed step rest."""
    step = StepButton.decode(turn.action.get("value"))
    await turn.incident(step.number)
    if not await turn.desk.incidents.dismiss_step(step.effect_id, step.number, by=turn.user):
        await turn.say(notices.said("That step is not waiting for anything any more."))


async def nothing(turn: Turn) -> None:
    """A link button or an input inside a form: only acknowledged."""
    await turn.done()


ACTIONS: dict[ActionId, Handler] = {
    ActionId.ACKNOWLEDGE: acknowledge,
    ActionId.REASSIGN: reassign,
    ActionId.ESCALATE: escalate,
    ActionId.RESOLVE: resolve,
    ActionId.REOPEN: reopen,
    ActionId.MORE: more,
    ActionId.OPEN_CHANNEL: open_channel,
    ActionId.CHANGE_SEVERITY: ask_severity,
    ActionId.CHANGE_PHASE: ask_phase,
    ActionId.ADD_NOTE: ask_note,
    ActionId.TIMELINE: show_timeline,
    ActionId.DECLARE: declare,
    ActionId.DECLARE_ANYWAY: declare_anyway,
    ActionId.JOIN: join,
    ActionId.TITLE_TYPED: title_typed,
    ActionId.SERVICE_CHOSEN: title_typed,
    ActionId.RETRY: retry_step,
    ActionId.DISMISS: dismiss_step,
    **report.ACTIONS,
    **drills.ACTIONS,
    **alerts.ACTIONS,
    **merging.ACTIONS,
    **mention.ACTIONS,
    **updates.ACTIONS,
    **edits.ACTIONS,
    **roles.ACTIONS,
    **rosters.ACTIONS,
    **services.ACTIONS,
    **times.ACTIONS,
    **afterwards.ACTIONS,
    **asking.ACTIONS,
    **paging.ACTIONS,
    **action_items.ACTIONS,
    **privacy.ACTIONS,
    **experts.ACTIONS,
    **linking.ACTIONS,
}
