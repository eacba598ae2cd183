"""The timeline: one line per event in the incident's channel, and the whole of it on request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from blocks import kit, text
from blocks.card import merged_into
from blocks.entries import entry_line, entry_words
from blocks.forms.base import modal
from blocks.ids import ActionId, BlockId, CallbackId, IncidentButton
from blocks.steps import FailedStep, failed_steps
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Entry, Incident
    from bot.ports import Message

MAX_ENTRIES: Final = 400
MAX_FAILURES: Final = 5
VIEW_ROOM: Final = 24_000  # JSON writes an emoji as twelve bytes, and 250 KB is the most
LINE_LIMIT: Final = 600
ONE_LINE: Final = 120


class StepState(StrEnum):
    """How far a step of the run log is."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    DISMISSED = "dismissed"


_STEP_EMOJI: Final = {
    StepState.DONE: "✅",
    StepState.WAITING: "⏳",
    StepState.FAILED: "⚠️",
    StepState.DISMISSED: "🚫",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the run log: an effect as people read it."""

    label: str
    state: StepState
    effect_id: int
    reason: str = ""
    at: datetime | None = None
    provider: str = ""
    stopped: bool = False


#: What is under the news that the incident's issue was deleted.
_NO_ISSUE = "The incident has no GitHub issue any more; nothing further is written there."


def entry_message(incident: Incident, entry: Entry) -> Message:
    """One event as the incident's channel shows it: ``👀 @ana acknowledged · from PagerDuty``."""
    said = entry_words(entry)
    if len(said) <= ONE_LINE and "\n" not in said:
        words = entry_line(entry, text.prose(said))
        blocks: list[Block] = [kit.section(words)]
    else:
        words = entry_line(entry, text.inline(said, 1500))
        blocks = [kit.section(part) for part in _long(entry_line(entry), said)]
    if entry.kind is EntryKind.RESOLVED and incident.merged_into is not None:
        blocks.append(kit.section(f"🔀 Go on in *{merged_into(incident)}*"))
    if entry.kind is EntryKind.TICKET:
        blocks += _about_issue(incident, entry)
    if incident.private:
        return kit.message(f"🔒 News in private incident {incident.name}", blocks)
    return kit.message(f"{incident.name} {words}", blocks)


def _about_issue(incident: Incident, entry: Entry) -> list[Block]:
    """The issue and the incident have parted ways: say so, and offer what joins them again."""
    target, ticket = IncidentButton(number=incident.number), incident.ticket
    issue = text.link(ticket.url, f"{ticket.repo}#{ticket.number}") if ticket else "the issue"
    if entry.target not in {"closed", "reopened"}:
        return [kit.context(issue if ticket else _NO_ISSUE)]
    closed = entry.target == "closed"
    if closed is not incident.is_open:  # so they agree by now
        return [kit.context(issue)]
    label, action = ("Resolve", ActionId.RESOLVE) if closed else ("Reopen", ActionId.REOPEN)
    state = "still open" if closed else "resolved"
    return [
        kit.context(f"{issue} · {incident.name} is {state}; {label} if that has changed too."),
        kit.actions([kit.button(label, action, target, about=incident.name)], BlockId.ACTIONS),
    ]


def _long(line: str, said: str) -> list[str]:
    """All of a long text, quoted, in as many sections as it takes (nothing typed is lost)."""
    parts = text.chunks(text.quote(said, kit.MESSAGE_ROOM - 1000), kit.SECTION_LIMIT - 800)
    # A line cut in two needs its mark again to stay a quotation.
    quoted = [part if part.startswith("> ") else f"> {part}" for part in parts]
    return [f"{line}\n{quoted[0]}", *quoted[1:]] if quoted else [line]


def timeline_message(
    incident: Incident, entries: Sequence[Entry], steps: Sequence[Step], *, now: datetime
) -> Message:
    """``/incident timeline``: newest last, then the run log with the failed steps' buttons."""
    blocks = _body(incident, entries, now=now, room=kit.MESSAGE_ROOM // 2)
    blocks += _run_log(incident, steps, room=kit.MESSAGE_ROOM // 4)
    if incident.private:
        return kit.message(f"🔒 Timeline of private incident {incident.name}", blocks)
    shown = [_dated(entry) for entry in _ordered(entries)[-12:]]
    counted = text.plural(len(entries), "entry", "entries")
    return kit.message("\n".join([f"Timeline of {incident.name}, {counted}:", *shown]), blocks)


def timeline_view(
    incident: Incident, entries: Sequence[Entry], steps: Sequence[Step], *, now: datetime
) -> dict[str, Any]:
    """The same as a modal, which has room for more."""
    return modal(
        "Timeline",
        CallbackId.TIMELINE,
        [
            *_body(incident, entries, now=now, room=VIEW_ROOM),
            *_run_log(incident, steps, room=kit.MESSAGE_ROOM // 2),
        ],
        close="Close",
        metadata=IncidentButton(number=incident.number),
    )


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.at, entry.id or 0))


def _dated(entry: Entry) -> str:
    said = entry_words(entry)
    line = entry_line(entry, text.inline(said, 300) if said else "")
    return text.truncate(f"{text.date(entry.at)}  {line}", LINE_LIMIT)


def _body(incident: Incident, entries: Sequence[Entry], *, now: datetime, room: int) -> list[Block]:
    title = text.inline(incident.title, 200)
    age = text.ago(incident.started_at, now)
    blocks: list[Block] = [
        kit.section(f"*{incident.name}* {title}\n{kit.status_words(incident)} · started {age}")
    ]
    newest_first = [_dated(entry) for entry in reversed(_ordered(entries)[-MAX_ENTRIES:])]
    kept, _ = kit.fit(newest_first, room)
    hidden = len(entries) - len(kept)
    if hidden:
        blocks.append(kit.context(f"{hidden:,} earlier, all of them in the incident's export"))
    return blocks + (kit.paragraphs(kept[::-1]) or [kit.context("Nothing has happened yet.")])


def _run_log(incident: Incident, steps: Sequence[Step], *, room: int) -> list[Block]:
    """What Muster did or tried: every step, and buttons for those that failed."""
    if not steps:
        return []
    failed = [step for step in steps if step.state is StepState.FAILED]
    others = [_step_line(step) for step in steps if step.state is not StepState.FAILED]
    kept, hidden = kit.fit(others[::-1], room)  # the newest matter most
    lines = ["*Run log*"] + ([text.plural(hidden, "earlier step")] if hidden else [])
    blocks = kit.paragraphs([*lines, *kept[::-1]])
    return blocks + failed_steps(incident.number, map(_as_failure, failed), MAX_FAILURES)


def _as_failure(step: Step) -> FailedStep:
    return FailedStep(
        effect_id=step.effect_id,
        label=step.label,
        reason=step.reason,
        provider=step.provider,
        stopped=step.stopped,
    )


def _step_line(step: Step) -> str:
    """``✅ Channel · 14:02`` or ``⏳ GitHub issue: GitHub asks to wait``."""
    line = f"{_STEP_EMOJI[step.state]} {text.inline(step.label, 100, empty='Step')}"
    if text.shows(step.reason):
        line += f": {text.inline(step.reason, 300)}"
    if step.state is StepState.DISMISSED:
        line += " (dismissed)"
    return f"{line} · {text.date(step.at, '{time}')}" if step.at else line
