"""Asking to be let in to a private incident: once per person, answered by the people in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Entry, EntryKind, Origin
from bot.errors import AlreadyDone

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor, Incident


class AccessState(StrEnum):
    """What became of a request."""

    ASKED = "asked"
    LET_IN = "let_in"
    DECLINED = "declined"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Somebody (``slack_id``) asks to be let in; ``channel`` and ``ts`` name the message that asks for it."""

    incident: int
    slack_id: str
    asked_at: datetime
    state: AccessState = AccessState.ASKED
    times: int = 1
    answered_at: datetime | None = None
    answered_by: Actor | None = None
    channel: str | None = None
    ts: str | None = None

    @property
    def key(self) -> str:
        """Under which its message is posted, and found again."""
        return f"INC-{self.incident}/access/{self.slack_id}/{self.times}"


def ask(before: Request | None, incident: Incident, slack_id: str, now: datetime) -> Request | None:
    """The new request; None when there is one that waits or was declined. Who was let in and left may ask again."""
    if before is not None and before.state is not AccessState.LET_IN:
        return None
    times = before.times + 1 if before else 1
    return Request(incident=incident.number, slack_id=slack_id, asked_at=now, times=times)


def answer(request: Request, *, let_in: bool, by: Actor, now: datetime) -> Request:
    """Answered once; AlreadyDone says by whom."""
    if request.state is not AccessState.ASKED and request.answered_by and request.answered_at:
        done = "let them in" if request.state is AccessState.LET_IN else "declined"
        who = request.answered_by
        raise AlreadyDone(
            f"That was answered already: {done} by {who.name}.",
            who=who.name,
            slack_id=who.slack_id,
            at=request.answered_at,
        )
    state = AccessState.LET_IN if let_in else AccessState.DECLINED
    return replace(request, state=state, answered_at=now, answered_by=by)


def show(request: Request) -> Effect:
    """Post the question, or show how it was answered."""
    return Effect(
        kind=EffectKind.ASK_ACCESS,
        key=f"{request.key}/{request.state.value}",
        lane=request.key,
        incident=request.incident,
        payload={"user": request.slack_id},
        rank=Rank.ANSWER,
    )


def answered(incident: Incident, request: Request) -> tuple[Effect, ...]:
    """The message shows it, whoever asked is invited and told."""
    letting: tuple[Effect, ...] = ()
    if request.state is AccessState.LET_IN and incident.places.channel:
        letting = plan.invite(incident, request.slack_id, f"access/{request.times}")
    told = Effect(
        kind=EffectKind.TELL_ACCESS,
        key=f"{request.key}/told",
        lane=f"{incident.name}/direct/{request.slack_id}",
        incident=incident.number,
        payload={"user": request.slack_id, "let_in": request.state is AccessState.LET_IN},
        rank=Rank.ANSWER,
        after=letting[0].key if letting else None,
    )
    return (show(request), *letting, told)


def entry(request: Request, who: Actor, by: Actor, now: datetime) -> Entry:
    """How it was answered, for the timeline."""
    verb = "let in" if request.state is AccessState.LET_IN else "did not let in"
    return Entry(
        kind=EntryKind.OTHER, at=now, actor=by, origin=Origin.SLACK, target=f"{verb} {who.name}"
    )
