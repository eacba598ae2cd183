"""The five times of an incident as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import kit, text
from bot.domain import times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Incident
    from bot.domain.times import Moment


def times_line(incident: Incident) -> str:
    """``Started … · Detected … · Acknowledged …`` in the reader's own zone; what is not known is left out."""
    known = [(m, at) for m, at in times.values(incident).items() if at is not None]
    return " · ".join(f"*{m.value.capitalize()}* {text.date(at)}" for m, at in known)


def times_blocks(incident: Incident) -> list[Block]:
    """The five, how long each took, and what about their order makes no sense."""
    lines = [f"🕰️ {times_line(incident)}"]
    took = [f"{text.duration(s.total_seconds())} {label}" for label, s in times.spans(incident)]
    if took:
        lines.append(f"⏱️ {' · '.join(took)}")
    lines += [f"⚠️ {line}" for line in times.warnings(incident)]
    return [kit.context("\n".join(lines))]


def corrected(incident: Incident, moments: Iterable[Moment]) -> str:
    """What was set, and a warning where the order makes no sense: plain text."""
    known = times.values(incident)
    said = " ".join(f"{m.value.capitalize()}: {times.said(known[m])}." for m in moments)
    odd = " ".join(times.warnings(incident))
    return f"{said} Please check the order: {odd}" if odd else said
