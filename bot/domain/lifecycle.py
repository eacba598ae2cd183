"""The rules of an incident: ``decide`` functions from (state, wish, now) to (state, timeline, effects). Pure.

A wish that is fulfilled already raises ``AlreadyDone`` with who did it and when; one that breaks a rule raises
``UserError``. What the pager told (``vendor`` functions) never raises: the vendor's answer wins.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import drill, plan
from bot.domain.incident import (
    MUSTER,
    Actor,
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    Phase,
    Status,
)
from bot.errors import AlreadyDone, FieldError, UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.effects import Effect

TITLE_LIMIT = 500
NOTE_LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a use case saves in one transaction."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    effects: tuple[Effect, ...] = ()


def checked_title(title: str) -> str:
    """The title on one line; ``FieldError`` when there is none or it is too long to show anywhere."""
    clean = " ".join(_plain(title).split())
    if not _shows(clean):
        raise FieldError("title", "Give the incident a title: one line that says what is broken.")
    if len(clean) > TITLE_LIMIT:
        raise FieldError(
            "title",
            f"The title has {len(clean):,} characters; {TITLE_LIMIT} is the most. "
            "Put the rest into What is happening?",
        )
    return clean


def _shows(text: str) -> bool:
    """Whether there is anything to be seen: not only blanks, controls and zero-width characters."""
    return any(unicodedata.category(char)[0] not in "CZ" for char in text)


def _plain(text: str) -> str:
    """Without NUL and lone surrogates, which JSON can carry and nobody else takes."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def started(incident: Incident) -> Decision:
    """What a new incident sets in motion (PRODUCT.md, "What happens when an incident starts")."""
    entry = Entry(
        kind=EntryKind.TRIGGERED,
        at=incident.started_at,
        actor=incident.reporter,
        origin=incident.origin,
        text=incident.title,
        vendor_at=incident.started_at if incident.origin is Origin.PAGERDUTY else None,
    )
    return Decision(incident=incident, entries=(entry,), effects=plan.start(incident))


def _refuse_repeat(incident: Incident, wish: Status) -> None:
    """Raise when the incident has that status already, saying who and when."""
    if incident.status is not wish:
        return
    _refuse_merged(incident)
    who = incident.status_changed_by or MUSTER
    at = incident.status_changed_at or incident.updated_at
    raise AlreadyDone(
        f"{incident.name} is {wish.value} already: {who.name} did that.",
        who=who.name,
        slack_id=who.slack_id,
        at=at,
    )


def _moved(
    incident: Incident, status: Status, event: EntryKind, by: Actor, now: datetime
) -> Incident:
    return replace(
        incident,
        status=status,
        last_event=event.value,
        status_changed_at=now,
        status_changed_by=by,
        updated_at=now,
    )


def acknowledge(incident: Incident, by: Actor, now: datetime) -> Decision:
    """Take responsibility: the status is acknowledged and whoever did it owns it."""
    if incident.status is Status.RESOLVED:
        _refuse_resolved(incident, "acknowledged")
    _refuse_repeat(incident, Status.ACKNOWLEDGED)
    after = replace(
        _moved(incident, Status.ACKNOWLEDGED, EntryKind.ACKNOWLEDGED, by, now),
        acknowledged_at=incident.acknowledged_at or now,
        acknowledged_by=by,
        owners=(by,),
    )
    entry = Entry(kind=EntryKind.ACKNOWLEDGED, at=now, actor=by, origin=Origin.SLACK)
    effects = plan.changed(after, "acknowledge", by)
    known = any(by.is_same(owner) for owner in incident.owners)
    if by.slack_id and after.places.channel and not known:
        effects += plan.invite(
            after, by.slack_id, f"ack@{after.version}"
        )  # the work is in its channel
    return Decision(incident=after, entries=(entry,), effects=effects)


def _refuse_merged(incident: Incident) -> None:
    if incident.merged_into:
        raise UserError(
            f"{incident.name} was merged into INC-{incident.merged_into}. Go on there, or declare a new incident."
        )


def _refuse_resolved(incident: Incident, verb: str) -> None:
    _refuse_merged(incident)
    who = incident.resolved_by or incident.status_changed_by or MUSTER
    raise AlreadyDone(
        f"{incident.name} is resolved and cannot be {verb}. Reopen it first: {who.name} resolved it.",
        who=who.name,
        slack_id=who.slack_id,
        at=incident.resolved_at or incident.updated_at,
    )


def resolve(incident: Incident, by: Actor, now: datetime, *, note: str = "") -> Decision:
    """Close it: phase and status are resolved, ``note`` says what fixed it."""
    _refuse_repeat(incident, Status.RESOLVED)
    note = checked_text("note", note)
    after = replace(
        _moved(incident, Status.RESOLVED, EntryKind.RESOLVED, by, now),
        phase=Phase.RESOLVED,
        resolved_at=now,
        resolved_by=by,
        resolution=note,
        next_update_at=None,
    )
    entry = Entry(kind=EntryKind.RESOLVED, at=now, actor=by, origin=Origin.SLACK, text=note)
    return Decision(
        incident=after, entries=(entry,), effects=plan.changed(after, "resolve", by, text=note)
    )


def reopen(incident: Incident, by: Actor, now: datetime) -> Decision:
    """Open a resolved incident again; it is triggered and nobody has acknowledged it."""
    if incident.is_open:
        raise UserError(
            f"{incident.name} is open ({incident.status.value}); there is nothing to reopen."
        )
    _refuse_merged(incident)
    if incident.drill:
        raise UserError(
            f"{incident.name} was a drill, and it is over. Start another with /incident drill."
        )
    after = replace(
        _moved(incident, Status.TRIGGERED, EntryKind.REOPENED, by, now),
        phase=Phase.INVESTIGATING,
        resolved_at=None,
        resolved_by=None,
        resolution="",
        mitigated_at=None,
        acknowledged_by=None,
    )
    entry = Entry(kind=EntryKind.REOPENED, at=now, actor=by, origin=Origin.SLACK)
    return Decision(incident=after, entries=(entry,), effects=plan.changed(after, "reopen", by))


def reassign(
    incident: Incident, to: Actor, by: Actor, now: datetime, *, message: str = ""
) -> Decision:
    """Hand it to one person; it is triggered again until they acknowledge (the pager's answer corrects that)."""
    if not incident.is_open:
        _refuse_resolved(incident, "reassigned")
    owner = incident.owner
    if owner and owner.is_same(to):
        raise AlreadyDone(
            f"{incident.name} is with {to.name} already.",
            who=to.name,
            slack_id=to.slack_id,
            at=incident.status_changed_at or incident.updated_at,
        )
    message = checked_text("message", message)
    after = replace(_moved(incident, Status.TRIGGERED, EntryKind.REASSIGNED, by, now), owners=(to,))
    if to.is_same(by) and incident.pager.kind is not PagerKind.PAGERDUTY:
        # Natively whoever takes it over has answered: nobody needs to be paged for that.
        taken_at = incident.acknowledged_at or now
        after = replace(
            after, status=Status.ACKNOWLEDGED, acknowledged_at=taken_at, acknowledged_by=by
        )
    entry = Entry(
        kind=EntryKind.REASSIGNED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=to.name,
        actor_target=to,
        text=message,
    )
    return Decision(
        incident=after,
        entries=(entry,),
        effects=plan.changed(after, "reassign", by, to=to, text=message),
    )


@dataclass(frozen=True, kw_only=True)
class EscalationTarget:
    """Where to escalate: a level of the policy, another policy, or a person (asked to respond)."""

    level: int | None = None
    policy_id: str | None = None
    policy_name: str | None = None
    person: Actor | None = None

    @property
    def label(self) -> str:
        """How people name it."""
        if self.person:
            return self.person.name
        if self.policy_name or self.policy_id:
            return self.policy_name or self.policy_id or ""
        return f"level {self.level}"


def escalate(
    incident: Incident,
    to: EscalationTarget,
    by: Actor,
    now: datetime,
    *,
    message: str = "",
    people: tuple[Actor, ...] = (),
) -> Decision:
    """Ask for more help: the next level, another policy or one more person.

    Like PagerDuty the native pager gives the incident to whoever is asked now (``people``), and another policy is its
    own from then on.
    """
    if not incident.is_open:
        _refuse_resolved(incident, "escalated")
    if incident.pager.kind is PagerKind.NOBODY and to.person is None:
        raise UserError(
            f"Nobody is paged for {incident.name}: it has no escalation policy. Name a person to page instead."
        )
    message = checked_text("message", message)
    after = _moved(incident, Status.TRIGGERED, EntryKind.ESCALATED, by, now)
    if to.person:  # one more person is asked; whoever owns it still does
        after = replace(incident, last_event=EntryKind.ESCALATED.value, updated_at=now)
    elif incident.pager.kind is PagerKind.NATIVE:
        policy = to.policy_name or incident.pager.policy_name
        pager = replace(incident.pager, level=to.level or 1, policy_name=policy)
        after = replace(after, pager=pager, owners=people)
    else:  # another policy begins with its first level; which one it is, PagerDuty tells
        after = replace(after, pager=replace(incident.pager, level=to.level or 1))
    entry = Entry(
        # A person is asked to respond: under that name the pager tells it back.
        kind=EntryKind.RESPONDER_ADDED if to.person else EntryKind.ESCALATED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=to.label,
        actor_target=to.person,
        text=message,
    )
    return Decision(
        incident=after,
        entries=(entry,),
        effects=plan.changed(after, "escalate", by, target=to, text=message),
    )


def checked_text(field: str, text: str) -> str:
    """Free text as typed; ``FieldError`` when it is longer than any vendor takes."""
    text = _plain(text).strip()
    if len(text) > NOTE_LIMIT:
        raise FieldError(
            field, f"That text has {len(text):,} characters; {NOTE_LIMIT:,} is the most."
        )
    return text


def annotate(incident: Incident, text: str, by: Actor, now: datetime) -> Decision:
    """Add a note to the timeline, the channel, the pager and the GitHub issue."""
    text = checked_text("note", text)
    if not text:
        raise FieldError("note", "Write the note after the word: /incident note <text>.")
    after = replace(incident, last_event=EntryKind.ANNOTATED.value, updated_at=now)
    entry = Entry(kind=EntryKind.ANNOTATED, at=now, actor=by, origin=Origin.SLACK, text=text)
    return Decision(incident=after, entries=(entry,), effects=plan.noted(after, text, by))


def set_field(
    incident: Incident, kind: EntryKind, value: str, by: Actor, now: datetime, *, reason: str = ""
) -> Decision:
    """Change severity, phase, title or summary; the entry says from what to what and why."""
    column = {
        EntryKind.SEVERITY: "severity",
        EntryKind.PHASE: "phase",
        EntryKind.TITLE: "title",
        EntryKind.SUMMARY: "description",
    }[kind]
    before = getattr(incident, column) or ""
    if kind is EntryKind.TITLE and incident.drill:
        value = drill.titled(value)
    if kind is EntryKind.PHASE and value == Phase.RESOLVED:
        raise UserError(f"To close {incident.name} use resolve; it also says what fixed it.")
    if value == before:
        raise UserError(f"{incident.name} has that {column} already: {value}.")
    if kind is EntryKind.PHASE and not incident.is_open:
        _refuse_resolved(incident, "moved to another phase")
    changes: dict[str, object] = {
        column: Phase(value) if kind is EntryKind.PHASE else value,
        "updated_at": now,
    }
    if kind is EntryKind.PHASE and value == Phase.MONITORING and incident.mitigated_at is None:
        changes["mitigated_at"] = now
    after = replace(incident, **changes)  # type: ignore[arg-type]
    entry = Entry(
        kind=kind,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=value,
        text=checked_text("reason", reason)
        or (f"was {before}" if before and column != "description" else ""),
    )
    return Decision(incident=after, entries=(entry,), effects=plan.edited(after, kind, by))
