"""*Post an update*: one honest line for everybody who waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blocks import kit, text
from blocks.entries import entry_words
from blocks.forms.base import (
    Answers,
    Choice,
    about,
    choose,
    labelled,
    modal,
    phase_choices,
    text_input,
)
from blocks.ids import BlockId, CallbackId, IncidentButton
from blocks.updates import next_update as next_update_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Entry, Incident, Phase


#: Seconds until the next update, and how people say it.
NEXT_UPDATES: Final[tuple[Choice, ...]] = (
    ("900", "15 minutes"),
    ("1800", "30 minutes"),
    ("3600", "1 hour"),
    ("7200", "2 hours"),
    ("14400", "4 hours"),
    ("86400", "1 day"),
    ("0", "no promise"),
)
#: No promise reaches further than this, seconds.
LONGEST: Final = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class Form:
    """The update; ``phase`` None leaves it, ``next_update`` is seconds or None for no promise."""

    number: int
    update: str
    phase: Phase | None = None
    next_update: int | None = None


def build(
    incident: Incident, *, next_update: int | None = None, last: Entry | None = None
) -> dict[str, Any]:
    """The form; ``next_update`` (seconds) is chosen, ``last`` is the update people know so far."""
    phase = choose(
        "Phase", BlockId.PHASE, phase_choices(), initial=incident.phase.value, otherwise=""
    )
    after = choose(
        "Next update in",
        BlockId.NEXT_UPDATE,
        _choices(next_update),
        initial=str(next_update) if next_update else None,
        otherwise="",
    )
    typed = text_input(
        multiline=True, placeholder="What people notice, what we do, what to expect", focus=True
    )
    update = labelled("Update", BlockId.UPDATE, typed, optional=False)
    return modal(
        "Post an update",
        CallbackId.POST_UPDATE,
        [about(incident), *_known(incident, last), phase, update, after],
        submit="Post",
        metadata=IncidentButton(number=incident.number),
    )


def _choices(usual: int | None) -> list[Choice]:
    """The usual ones, and what the severity asks for when it is none of them."""
    choices = dict(NEXT_UPDATES)
    if usual and str(usual) not in choices:
        choices[str(usual)] = text.duration(usual)
    return sorted(choices.items(), key=lambda choice: int(choice[0]) or LONGEST + 1)


def _known(incident: Incident, last: Entry | None) -> list[Block]:
    """What was told last, by whom and when, and what was promised."""
    if last is None:
        return [kit.context("No update was posted yet.")]
    who = text.mention(last.actor, nobody="Somebody")
    blocks: list[Block] = [
        kit.context(f"*Last update* by {who}, {text.date(last.at)}:"),
        kit.section(text.quote(entry_words(last) or "(nothing)", 900)),
    ]
    promised = next_update_line(incident)
    return [*blocks, kit.context(promised)] if promised else blocks


def _seconds(chosen: str | None) -> int | None:
    if chosen is None or not (chosen.isascii() and chosen.isdigit()):
        return None
    seconds = int(chosen[:9])
    return seconds if 0 < seconds <= LONGEST else None


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    after = answers.choice(BlockId.NEXT_UPDATE)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        update=answers.words(BlockId.UPDATE, required="Write the update."),
        phase=answers.phase(),
        next_update=_seconds(after),
    )
    answers.check()
    return form
