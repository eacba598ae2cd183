"""Two people exchange turns: which turns those are, and the overrides that exchange them. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.roster import Override, Shift
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.roster import Rota

#: Who has no turn within this has none.
AHEAD: Final = timedelta(days=400)


def next_turn(rota: Rota, email: str, now: datetime) -> Shift | None:
    """Somebody's next whole turn that has not begun yet."""
    for shift in rota.shifts(now, now + AHEAD):
        if email in shift.people:
            whole = _whole(rota, email, shift.since, shift)
            if whole.since > now:
                return whole
    return None


def turn_at(rota: Rota, email: str, at: datetime, now: datetime) -> Shift | None:
    """Somebody's turn that runs at that moment, as far as it lies ahead; None when they are not on call then."""
    if email not in rota.on_duty(at):
        return None
    around = next(s for s in rota.shifts(at - AHEAD, at + AHEAD) if s.since <= at < s.until)
    whole = _whole(rota, email, at, around)
    return Shift(since=max(whole.since, now), until=whole.until, people=whole.people)


def _whole(rota: Rota, email: str, at: datetime, shift: Shift) -> Shift:
    """The turn from hand-over to hand-over where the plan says so; where an override or a calendar does, the shift."""
    turn = rota.turn(at)
    if turn is not None and turn.people == (email,):
        return turn
    return Shift(since=shift.since, until=shift.until, people=(email,))


def exchange(first: Shift, second: Shift) -> tuple[Override, Override]:
    """Each stands in for the other wherever the other would be on call; UserError when the two overlap."""
    (one,), (other,) = first.people, second.people
    if first.since < second.until and second.since < first.until:
        msg = "These two turns overlap, so there is nothing to exchange. Choose other turns."
        raise UserError(msg)
    return (
        Override(person=other, since=first.since, until=first.until, replaces=one),
        Override(person=one, since=second.since, until=second.until, replaces=other),
    )
