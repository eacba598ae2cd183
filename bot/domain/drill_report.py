"""The report of a fire drill: every step of the incident, whether it worked, how long it took. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from bot.domain.effects import EffectKind
from bot.domain.escalation import NOBODY_REACHED
from bot.domain.incident import MUSTER, EntryKind, PagerKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.drill import Drill
    from bot.domain.incident import Entry, Incident


class Step(StrEnum):
    """The steps of an incident that a drill watches, in the order people expect them."""

    ANNOUNCEMENT = "announcement"
    CHANNEL = "channel"
    CARD = "card"
    TOPIC = "topic"
    BOOKMARKS = "bookmarks"
    INVITATIONS = "invitations"
    PAGE = "page"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    ISSUE = "issue"
    UPDATE = "update"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"


LABELS: Final = {
    Step.ANNOUNCEMENT: "Announcement",
    Step.CHANNEL: "Channel",
    Step.CARD: "Card in the channel",
    Step.TOPIC: "Topic",
    Step.BOOKMARKS: "Bookmarks",
    Step.INVITATIONS: "Invitations",
    Step.PAGE: "Page",
    Step.ACKNOWLEDGED: "Acknowledged",
    Step.NOTE: "PagerDuty note",
    Step.ISSUE: "GitHub issue",
    Step.UPDATE: "Status update",
    Step.RESOLVED: "Resolved everywhere",
    Step.POSTMORTEM: "Post-mortem draft",
}
_SLACK = "Run /incident doctor: it names the missing scope or right in Slack."
_PAGER = "Run /incident doctor: it checks the PagerDuty key, service and From address."
_GITHUB = "Run /incident doctor: it checks GITHUB_TOKEN and the repository."
MENDS: Final = {
    Step.ANNOUNCEMENT: _SLACK,
    Step.CHANNEL: "A workspace owner allows it under Permissions, Channel Management.",
    Step.CARD: _SLACK,
    Step.TOPIC: _SLACK,
    Step.BOOKMARKS: _SLACK,
    Step.INVITATIONS: _SLACK,
    Step.PAGE: "Look at the escalation policy and at /incident oncall: whom should this have reached?",
    Step.ACKNOWLEDGED: "Ask whoever was paged whether the page reached them, and how.",
    Step.NOTE: _PAGER,
    Step.ISSUE: _GITHUB,
    Step.UPDATE: _SLACK,
    Step.RESOLVED: "Close by hand what is still open, then run /incident doctor.",
    Step.POSTMORTEM: _SLACK,
}


class Outcome(StrEnum):
    """What became of a step; ``LEFT_OUT`` was not to be done in this drill."""

    DONE = "done"
    FAILED = "failed"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One effect of the drill, as the effect table knows it."""

    kind: EffectKind
    key: str
    state: str
    created_at: datetime
    settled_at: datetime | None = None
    attempts: int = 1
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One step: ``at`` is seconds from the drill's start until it was done, ``took`` since it was asked for."""

    step: Step
    outcome: Outcome
    at: float | None = None
    took: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Every step of one drill; ``lasted`` is seconds until it was resolved."""

    results: tuple[Result, ...]
    lasted: float = 0.0

    @property
    def failed(self) -> tuple[Result, ...]:
        """The steps that did not work."""
        return tuple(r for r in self.results if r.outcome is Outcome.FAILED)

    def of(self, step: Step) -> Result | None:
        """What became of one step."""
        return next((r for r in self.results if r.step is step), None)

    def as_value(self) -> dict[str, Any]:
        """To be kept in the database."""
        rows = [[r.step.value, r.outcome.value, r.at, r.took, r.detail] for r in self.results]
        return {"lasted": self.lasted, "results": rows}

    @classmethod
    def from_value(cls, value: dict[str, Any] | None) -> Report | None:
        """As kept in the database; a step of another version is left out."""
        if not value:
            return None
        known = {step.value for step in Step}
        results = tuple(
            Result(step=Step(step), outcome=Outcome(outcome), at=at, took=took, detail=detail)
            for step, outcome, at, took, detail in value["results"]
            if step in known
        )
        return cls(results=results, lasted=value["lasted"])


@dataclass(frozen=True)
class Watched:
    """Which effects a step consists of: their kinds, and what their keys contain."""

    kinds: frozenset[EffectKind]
    part: str = ""

    def among(self, facts: Sequence[Fact]) -> list[Fact]:
        """Those of them, the oldest first."""
        return [f for f in facts if f.kind in self.kinds and self.part in f.key]


def _watched(*kinds: EffectKind, part: str = "") -> Watched:
    return Watched(frozenset(kinds), part)


_EFFECTS: Final = {
    Step.ANNOUNCEMENT: _watched(EffectKind.ANNOUNCE),
    Step.CHANNEL: _watched(EffectKind.CREATE_CHANNEL),
    Step.CARD: _watched(EffectKind.POST_CARD, EffectKind.PIN_CARD),
    Step.TOPIC: _watched(EffectKind.SET_TOPIC),
    Step.BOOKMARKS: _watched(EffectKind.ADD_BOOKMARK),
    Step.INVITATIONS: _watched(EffectKind.INVITE),
    Step.PAGE: _watched(EffectKind.OPEN_PAGE, EffectKind.PAGE_NATIVE, EffectKind.DELIVER_PAGE),
    Step.NOTE: _watched(EffectKind.NOTE_PAGE, part="/page-note/channel:"),
    Step.ISSUE: _watched(EffectKind.OPEN_TICKET),
    Step.UPDATE: _watched(EffectKind.MIRROR_UPDATE),
    Step.RESOLVED: _watched(EffectKind.CHANGE_PAGE, EffectKind.CHANGE_TICKET, part="/resolve@"),
    Step.POSTMORTEM: _watched(EffectKind.WRITE_CANVAS, EffectKind.SHARE_POSTMORTEM),
}


def report(
    incident: Incident, drill: Drill, facts: Sequence[Fact], entries: Sequence[Entry]
) -> Report:
    """What became of every step, by the times of the effect table."""
    ended = incident.resolved_at
    return Report(
        results=tuple(_result(step, incident, drill, facts, entries) for step in Step),
        lasted=(ended - drill.started_at).total_seconds() if ended else 0.0,
    )


def _result(
    step: Step, incident: Incident, drill: Drill, facts: Sequence[Fact], entries: Sequence[Entry]
) -> Result:
    if why := _unwanted(step, incident, drill):
        return Result(step=step, outcome=Outcome.LEFT_OUT, detail=why)
    if step is Step.ACKNOWLEDGED:
        return _acknowledged(drill, entries)
    among = _EFFECTS[step].among(facts)
    # Of the pages the first one: what follows is the reserve, or whom people page further on.
    found = _told(step, drill, among[:1] if step is Step.PAGE else among)
    if step is Step.CHANNEL and incident.places.channel is None:
        detail = "Slack refused a channel, so it ran in the announcement's thread."
        return Result(step=step, outcome=Outcome.FAILED, detail=detail)
    if step is Step.PAGE and found.outcome is Outcome.DONE and (who := _unreached(entries)):
        return Result(step=step, outcome=Outcome.FAILED, at=found.at, detail=who)
    if step is Step.RESOLVED and not among and incident.resolved_at:
        at = _since(drill, incident.resolved_at)  # there is no pager and no issue to resolve it at
        return Result(step=step, outcome=Outcome.DONE, at=at, took=0.0)
    return found


def _unwanted(step: Step, incident: Incident, drill: Drill) -> str:
    """Why a step was not to be done in this drill; empty when it was."""
    quiet = drill.by is None and not drill.pages
    in_thread = incident.places.in_thread
    at_pagerduty = incident.pager.kind is PagerKind.PAGERDUTY
    nothing_to_link = not (incident.places.announcement_url or incident.pager.url)
    reasons = (
        (_IN_THE_CHANNEL, in_thread, "it ran in the announcement's thread"),
        ({Step.PAGE}, quiet, "this drill pages nobody"),
        ({Step.ACKNOWLEDGED}, quiet, "nobody was paged, so the drill did it"),
        ({Step.NOTE}, not at_pagerduty, "it is not at PagerDuty"),
        ({Step.ISSUE}, incident.ticket is None, "no repository on GitHub is configured"),
        ({Step.BOOKMARKS}, nothing_to_link, "there was nothing to link"),
    )
    return next((why for steps, holds, why in reasons if step in steps and holds), "")


#: Steps there are only where there is a channel (an update is told in the thread anyway).
_IN_THE_CHANNEL: Final = {
    Step.TOPIC,
    Step.CARD,
    Step.BOOKMARKS,
    Step.INVITATIONS,
    Step.UPDATE,
    Step.NOTE,
}


def _acknowledged(drill: Drill, entries: Sequence[Entry]) -> Result:
    """By the timeline: what the drill does at the pager is told there of whoever owns the key."""
    first = next((e for e in entries if e.kind is EntryKind.ACKNOWLEDGED), None)
    if first is None:
        detail = "nobody acknowledged it"
        return Result(step=Step.ACKNOWLEDGED, outcome=Outcome.FAILED, detail=detail)
    at, who = _since(drill, first.at), first.actor
    if who is not None and who.is_same(MUSTER):
        detail = "nobody did, so the drill did it itself"
        return Result(step=Step.ACKNOWLEDGED, outcome=Outcome.FAILED, at=at, detail=detail)
    detail = f"by {who.name}" if who else ""
    return Result(step=Step.ACKNOWLEDGED, outcome=Outcome.DONE, at=at, took=at, detail=detail)


def _told(step: Step, drill: Drill, facts: Sequence[Fact]) -> Result:
    """What a step's effects say of it; an effect another one took over does not count."""
    counted = [f for f in facts if f.state != "cancelled"] or list(facts)
    done = [f for f in counted if f.state == "done" and f.settled_at is not None]
    bad = [f for f in counted if f.state != "done"]
    at = _since(drill, done[0].settled_at) if done and done[0].settled_at else None
    if not counted:
        return Result(step=step, outcome=Outcome.FAILED, detail="it was never begun")
    if bad:
        return Result(step=step, outcome=Outcome.FAILED, at=at, detail=_why(bad[0]))
    took = max((f.settled_at - f.created_at).total_seconds() for f in done if f.settled_at)
    tries = max(f.attempts for f in done)
    detail = f"after {tries} attempts" if tries > 1 else ""
    return Result(step=step, outcome=Outcome.DONE, at=at, took=took, detail=detail)


def _why(fact: Fact) -> str:
    if fact.state == "cancelled":
        return f"dismissed: {fact.reason}" if fact.reason else "dismissed"
    if fact.state == "dead":
        return fact.reason or "it was given up"
    return f"not done yet: {fact.reason}" if fact.reason else "not done yet"


def _since(drill: Drill, at: datetime) -> float:
    return max((at - drill.started_at).total_seconds(), 0.0)


def _unreached(entries: Sequence[Entry]) -> str:
    """What the timeline says of the first page, if that reached nobody."""
    pages = [e for e in entries if e.kind is EntryKind.PAGER]
    return (
        pages[0].text if pages and pages[0].text.partition("\n")[0].endswith(NOBODY_REACHED) else ""
    )
