"""What a subcommand of ``/incident`` is, and how the incident it means is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handlers import grammar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.incident import Incident
    from handlers.turn import Turn


@dataclass(frozen=True)
class Command:
    """One subcommand: how it is written, what it does, who carries it out."""

    usage: str
    description: str
    run: Callable[[Turn, str], Awaitable[None]]


async def meant(turn: Turn, rest: str, *, bare: bool = True) -> tuple[Incident, str]:
    """The incident that is named first (``INC-12``; with ``bare`` also ``12``), else the channel's, and the rest."""
    number, more = grammar.number_first(rest, bare=bare)
    return await turn.incident(number), more
