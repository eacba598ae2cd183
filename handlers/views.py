"""Submitted forms: parse, call one use case, then acknowledge (which closes the modal)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import notices
from blocks.forms import (
    add_note,
    change_phase,
    change_severity,
    declare,
    escalate,
    message_view,
    reassign,
    resolve,
)
from blocks.ids import CallbackId
from bot.domain.incident import Origin
from bot.domain.lifecycle import EscalationTarget
from bot.domain.moments import Said
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
    merging,
    messages,
    panel,
    roles,
    rosters,
    services,
    times,
    updates,
)

if TYPE_CHECKING:
    from blocks.ids import DeclareOrigin
    from handlers.turn import Handler, Turn


async def submit_declare(turn: Turn) -> None:
    """Declare; the same submission again shows the first one's incident."""
    form = declare.parse(turn.view)
    new = NewIncident(
        title=form.title,
        severity=form.severity,
        service=form.service,
        description=form.description,
        private=form.private,
        by=turn.user,
        origin=Origin.SLACK,
        said_in=form.origin.channel,
        message=_message(form.origin),
        channel=form.origin.channel if form.use_channel and form.origin.usable else None,
    )
    declared = await turn.desk.incidents.declare(new, once=turn.once)
    if declared.again:
        await turn.replace(
            message_view(declared.incident.name, notices.declared(declared.incident, again=True))
        )
    elif form.origin.channel is None:  # opened on Home: that shows it
        await turn.done()
        await turn.desk.open_home(turn.user.id)


def _message(origin: DeclareOrigin) -> Said | None:
    """The message the form was opened from."""
    if not origin.channel or not origin.message_ts:
        return None
    return Said(
        channel=origin.channel, ts=origin.message_ts, thread=origin.thread_ts,
        author=origin.author, text=origin.words or "",
    )  # fmt: skip


async def submit_reassign(turn: Turn) -> None:
    """Hand it over."""
    form = reassign.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.reassign(
        form.number, to=form.person, by=turn.user, once=turn.once, message=form.message
    )


async def submit_escalate(turn: Turn) -> None:
    """Escalate to a level, a policy or a person."""
    form = escalate.parse(turn.view)
    incident = await turn.incident(form.number)
    target = EscalationTarget()
    if form.target and not form.person:
        target = await panel.escalation_target(turn, incident, form.target)
    await turn.desk.incidents.escalate(
        form.number,
        to=target,
        person=form.person,
        by=turn.user,
        once=turn.once,
        message=form.message,
    )


async def submit_resolve(turn: Turn) -> None:
    """Close it with what fixed it."""
    form = resolve.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.resolve(
        form.number, by=turn.user, once=turn.once, note=form.resolution
    )


async def submit_note(turn: Turn) -> None:
    """Add the note."""
    form = add_note.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.annotate(form.number, form.note, by=turn.user, once=turn.once)


async def submit_severity(turn: Turn) -> None:
    """Change the severity."""
    form = change_severity.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.set_severity(
        form.number, form.severity, by=turn.user, once=turn.once, reason=form.reason
    )


async def submit_phase(turn: Turn) -> None:
    """Change the phase."""
    form = change_phase.parse(turn.view)
    await turn.incident(form.number)
    await turn.desk.incidents.set_phase(
        form.number, form.phase, by=turn.user, once=turn.once, reason=form.reason
    )


VIEWS: dict[CallbackId, Handler] = {
    CallbackId.DECLARE: submit_declare,
    CallbackId.REASSIGN: submit_reassign,
    CallbackId.ESCALATE: submit_escalate,
    CallbackId.RESOLVE: submit_resolve,
    CallbackId.ADD_NOTE: submit_note,
    CallbackId.CHANGE_SEVERITY: submit_severity,
    CallbackId.CHANGE_PHASE: submit_phase,
    **messages.VIEWS,
    **merging.VIEWS,
    **updates.VIEWS,
    CallbackId.PICK_INCIDENT: commands.picked,
    **edits.VIEWS,
    **roles.VIEWS,
    **rosters.VIEWS,
    **services.VIEWS,
    **times.VIEWS,
    **afterwards.VIEWS,
    **asking.VIEWS,
    **action_items.VIEWS,
    **alerts.VIEWS,
    **experts.VIEWS,
    **linking.VIEWS,
    **drills.VIEWS,
}
