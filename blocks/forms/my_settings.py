"""*My settings*: what people know, when low urgency leaves them alone, and who they are elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import Block, StaticMultiSelectElement, TimePickerElement

from blocks import kit, linking, text
from blocks.forms.base import (
    OPTIONS_LIMIT,
    Answers,
    labelled,
    modal,
    option,
    text_input,
)
from blocks.ids import ELEMENT, BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.person_setting import PersonSetting

#: What an option shows at most.
LABEL: Final = 75


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was set."""

    skills: tuple[str, ...]
    quiet: tuple[str, str]


def build(
    setting: PersonSetting, *, skills: Sequence[str], tz: str, accounts: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The form; ``skills`` are all there are, ``accounts`` vendor and account of what is linked."""
    blocks: list[Block] = [*_skills(setting, skills)]
    blocks += _quiet(setting, tz)
    named = [f"*{text.inline(vendor, 40)}:* {text.inline(name, 120)}" for vendor, name in accounts]
    words = "\n".join(["*My accounts*", *(named or ["None are linked."])])
    blocks.append(kit.section(words, "settings.accounts", accessory=linking.button()))
    return modal("My settings", CallbackId.MY_SETTINGS, blocks, submit="Save")


def _skills(setting: PersonSetting, skills: Sequence[str]) -> list[Block]:
    """Those there are to choose from, and a text for others; what does not fit the list stands in the text."""
    fitting = [
        s
        for s in dict.fromkeys([*setting.skills, *skills])
        if text.size(s) <= LABEL and text.shows(s)
    ]
    listed = fitting[:OPTIONS_LIMIT]
    others = [skill for skill in setting.skills if skill not in listed]
    typed = labelled(
        "Further skills",
        BlockId.MORE_SKILLS,
        text_input(initial=", ".join(others), placeholder="redis, checkout"),
        hint="Separate them with commas. /incident expert finds you by them.",
    )
    if not listed:
        return [typed]
    options = {skill: option(skill, skill) for skill in listed}
    mine = [options[skill] for skill in setting.skills if skill in options]
    select = StaticMultiSelectElement(
        action_id=ELEMENT,
        placeholder=kit.plain_text("What you know", 150),
        options=list(options.values()),
        initial_options=mine or None,
    )
    return [labelled("Skills", BlockId.SKILLS, select), typed]


def _quiet(setting: PersonSetting, tz: str) -> list[Block]:
    begin, end = setting.quiet or (None, None)
    hint = "For low urgency only: what is urgent always reaches you."
    return [
        labelled("Quiet from", BlockId.QUIET_FROM, _clock(begin)),
        labelled("Quiet until", BlockId.QUIET_TO, _clock(end), hint=hint),
        kit.context(f"In your time zone, {text.inline(tz, 60)}."),
    ]


def _clock(initial: str | None) -> TimePickerElement:
    return TimePickerElement(
        action_id=ELEMENT, initial_time=initial, placeholder=kit.plain_text("Not set", 150)
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    typed = answers.words(BlockId.MORE_SKILLS)
    answers.check()
    further = (part.strip() for part in re.split(r"[,;\n]", typed))
    return Form(
        skills=(*answers.choices(BlockId.SKILLS), *(part for part in further if part)),
        quiet=(answers.clock(BlockId.QUIET_FROM), answers.clock(BlockId.QUIET_TO)),
    )
