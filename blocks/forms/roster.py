"""*New roster* and *Edit roster*: one layer is a plain form, further ones can be added below it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import (
    Block,
    ConfirmObject,
    ConversationFilter,
    ConversationSelectElement,
    DatePickerElement,
    PlainTextInputElement,
    UserMultiSelectElement,
)

from blocks import kit, text
from blocks.forms.base import Answers, labelled, modal, text_input
from blocks.ids import ELEMENT, ActionId, BlockId, CallbackId, LayerButton, RosterButton, RosterForm
from bot.domain import roster_text
from bot.domain.roster_draft import MAX_LAYERS, MAX_PEOPLE, Draft, LayerDraft, day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Texts of layers stay far below Slack's 3,000.
SHORT: Final = 200


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was submitted, every text read; ``only`` are the hours by layer."""

    draft: Draft
    only: Mapping[str, Mapping[str, Any] | None]


def build(draft: Draft, *, gone: Sequence[str] = ()) -> dict[str, Any]:
    """The form as far as it is filled in. ``gone`` are addresses that would be left out."""
    is_new = not draft.version
    blocks: list[Block] = []
    if is_new:
        name = text_input(initial=draft.name, placeholder="primary", focus=not draft.name)
        blocks.append(
            labelled("Name", BlockId.NAME, name, optional=False, hint="One word, used in commands.")
        )
    else:
        blocks.append(kit.section(f"*{text.inline(draft.name, 80)}*"))
    zone = text_input(initial=draft.time_zone, placeholder="Europe/Berlin")
    blocks.append(labelled("Time zone", BlockId.TIME_ZONE, zone, optional=False))
    for n, layer in enumerate(draft.layers, 1):
        blocks += _layer(layer, n if len(draft.layers) > 1 else 0)
    if gone:
        named = ", ".join(text.inline(each, 80) for each in gone[:10])
        blocks.append(
            kit.context(f"⚠️ No active members of this workspace, left out when you save: {named}")
        )
    blocks += _rest(draft, is_new=is_new)
    return modal(
        "New roster" if is_new else "Edit roster",
        CallbackId.ROSTER,
        blocks,
        submit="Create" if is_new else "Save",
        metadata=RosterForm(
            name="" if is_new else draft.name,
            layers=",".join(layer.key for layer in draft.layers),
            version=str(draft.version),
        ),
    )


def _layer(layer: LayerDraft, number: int) -> list[Block]:
    """The fields of one layer; a lone one has no heading. Keys name the fields, whichever layer goes."""

    def of(block: BlockId) -> str:
        return f"{block.value}.{layer.key}"

    blocks: list[Block] = []
    if number:
        remove = kit.button(
            "Remove layer", ActionId.ROSTER_REMOVE_LAYER, LayerButton(key=layer.key),
            about=str(number),
        )  # fmt: skip
        wins = " (wins over those above where it applies)" if number > 1 else ""
        blocks.append(kit.section(f"*Layer {number}*{wins}", of(BlockId.LAYER), accessory=remove))
    people = UserMultiSelectElement(
        action_id=ELEMENT,
        initial_users=list(layer.people) or None,
        placeholder=kit.plain_text("In the order of their turns", 150),
    )
    start = DatePickerElement(action_id=ELEMENT, initial_date=day_of(layer.start) or None)
    fields: tuple[tuple[str, BlockId, Any, bool, str | None], ...] = (
        ("People", BlockId.PEOPLE, people, False, None),
        ("Rotation", BlockId.ROTATION, _text(layer.rotate, "weekly"), False,
         "weekly, daily, or a length like 12h, 10d or 2w"),
        ("Hand-over", BlockId.HANDOVER, _text(layer.handover, "Mon 09:00"), False,
         "Day and time for weekly, a time for daily"),
        ("Start", BlockId.START, start, False, None),
        ("Hours", BlockId.HOURS, _text(layer.hours, "Mon-Fri 09:00-17:00"), True,
         "Empty: always. Else like Sat, Sun 09:00-21:00, or 22:00-06:00"),
    )  # fmt: skip
    blocks += [
        labelled(label, of(block), element, optional=optional, hint=hint)
        for label, block, element, optional, hint in fields
    ]
    return blocks


def _text(initial: str, placeholder: str) -> PlainTextInputElement:
    return text_input(initial=initial, placeholder=placeholder)


def _rest(draft: Draft, *, is_new: bool) -> list[Block]:
    buttons = []
    if len(draft.layers) < MAX_LAYERS:
        buttons.append(kit.button("Add a layer", ActionId.ROSTER_ADD_LAYER))
    blocks: list[Block] = [kit.actions(buttons, "roster.layers")] if buttons else []
    group = _text(draft.user_group, "oncall")
    where = ConversationSelectElement(
        action_id=ELEMENT,
        initial_conversation=draft.announce_in,
        placeholder=kit.plain_text("Choose a channel", 150),
        filter=ConversationFilter(include=["public", "private"], exclude_bot_users=True),
    )
    blocks += [
        labelled(
            "User group", BlockId.USER_GROUP, group,
            hint="A Slack user group that is kept equal to who is on call",
        ),
        labelled(
            "Announce in", BlockId.ANNOUNCE_IN, where,
            hint="Where hand-overs are told, and that nobody is on call",
        ),
    ]  # fmt: skip
    if not is_new:
        blocks.append(kit.actions([delete_button(draft.name)], "roster.delete"))
    return blocks


def delete_button(name: str) -> Any:
    """**Delete roster**, which Slack asks about first."""
    sure = ConfirmObject(
        title=kit.plain_text("Delete this roster?", 100),
        text=kit.plain_text(
            f"{text.one_line(name, 80)} and its overrides to come are gone for good; nobody is on call in it any more.",
            300,
        ),
        confirm=kit.plain_text("Delete", 30),
        deny=kit.plain_text("Keep", 30),
        style="danger",
    )
    return kit.button(
        "Delete roster", ActionId.ROSTER_DELETE, RosterButton(name=name), style="danger",
        confirm=sure, about=name,
    )  # fmt: skip


# --- reading -----------------------------------------------------------------------------------------------------


def draft(view: Mapping[str, Any]) -> Draft:
    """The form as it is filled in now, right or wrong: for showing it again with all that was typed."""
    answers = Answers(view)
    kept = RosterForm.decode(view.get("private_metadata"))
    layers = tuple(_read_layer(answers, key) for key in kept.layers.split(",") if key)
    return Draft(
        name=kept.name or answers.words(BlockId.NAME),
        time_zone=answers.words(BlockId.TIME_ZONE),
        layers=layers,
        user_group=answers.words(BlockId.USER_GROUP),
        announce_in=answers.conversation(BlockId.ANNOUNCE_IN),
        version=int(kept.version) if kept.version.isdecimal() else 0,
    )


def _read_layer(answers: Answers, key: str) -> LayerDraft:
    return LayerDraft(
        key=key,
        people=answers.people(f"{BlockId.PEOPLE.value}.{key}"),
        rotate=answers.words(f"{BlockId.ROTATION.value}.{key}"),
        handover=answers.words(f"{BlockId.HANDOVER.value}.{key}"),
        start=answers.date(f"{BlockId.START.value}.{key}") or "",
        hours=answers.words(f"{BlockId.HOURS.value}.{key}"),
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted, read; raises ``FieldErrors`` with everything that is wrong at once."""
    typed, answers = draft(view), Answers(view)
    only: dict[str, Mapping[str, Any] | None] = {}

    def read(block: str, how: Callable[[str], Any], words: str) -> Any:
        if len(words) > SHORT:
            answers.refuse(block, f"That is {len(words):,} characters; {SHORT} are possible.")
            return words
        try:
            return how(words)
        except ValueError as error:
            answers.refuse(block, str(error))
            return words

    layers = []
    for layer in typed.layers:
        key = layer.key
        rotate = read(f"{BlockId.ROTATION.value}.{key}", roster_text.rotation, layer.rotate)
        handover = read(
            f"{BlockId.HANDOVER.value}.{key}",
            partial(roster_text.handover, rotate=rotate),
            layer.handover,
        )
        only[key] = read(f"{BlockId.HOURS.value}.{key}", roster_text.hours, layer.hours)
        if not layer.people:
            answers.refuse(f"{BlockId.PEOPLE.value}.{key}", "Choose at least one person.")
        if len(layer.people) > MAX_PEOPLE:
            answers.refuse(f"{BlockId.PEOPLE.value}.{key}", f"At most {MAX_PEOPLE} people.")
        if not day_of(layer.start):
            answers.refuse(f"{BlockId.START.value}.{key}", "Choose the day it begins.")
        layers.append(replace(layer, rotate=rotate, handover=handover))
    zone = read(BlockId.TIME_ZONE, roster_text.time_zone, typed.time_zone)
    name = typed.name if typed.version else read(BlockId.NAME, roster_text.name, typed.name)
    group = read(BlockId.USER_GROUP, roster_text.group, typed.user_group)
    answers.check()
    read_draft = replace(typed, name=name, time_zone=zone, layers=tuple(layers), user_group=group)
    return Form(draft=read_draft, only=only)
