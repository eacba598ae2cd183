"""What all forms share: inputs with their limits, and reading what was typed.

Too long is told beside the field, never cut in silence: inputs carry no ``max_length`` below
Slack's own 3,000, and ``parse`` judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from blocks import kit, text
from blocks.ids import ELEMENT, ActionId, BlockId, CallbackId
from bot.domain.incident import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blocks.ids import ActionId, ButtonValue
    from bot.domain.incident import Incident
    from bot.errors import FieldError

TITLE_LIMIT: Final = 24
INPUT_LIMIT: Final = 3000
OPTIONS_LIMIT: Final = 100
OPTION_VALUE_LIMIT: Final = 150
INITIAL_LIMIT: Final = 3000

Choice = tuple[str, str]  # value, label


class FieldErrors(Exception):
    """Fields that are wrong: block id to text, ready for ``ack(response_action="errors")``."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Keep the texts by block id."""
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def field_errors(error: FieldError) -> dict[str, str] | None:
    """A service's ``FieldError`` as Slack wants it, when its field is one of ours (``title``)."""
    block_id = f"field.{error.field}"
    return {block_id: text.truncate(str(error), 2000)} if block_id in set(BlockId) else None


def modal(
    title: str,
    callback: CallbackId,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    close: str = "Cancel",
    metadata: ButtonValue | None = None,
) -> dict[str, Any]:
    """A modal as JSON, within Slack's limits."""
    view = View(
        type="modal",
        callback_id=callback.value,
        title=kit.plain_text(title, TITLE_LIMIT),
        submit=kit.plain_text(submit, TITLE_LIMIT) if submit else None,
        close=kit.plain_text(close, TITLE_LIMIT),
        blocks=list(blocks[: kit.VIEW_BLOCKS]),
        private_metadata=metadata.encode() if metadata else None,
    )
    shown: dict[str, Any] = view.to_dict()
    return shown


def labelled(
    label: str,
    block_id: BlockId,
    element: InputInteractiveElement,
    *,
    optional: bool = True,
    hint: str | None = None,
    dispatch: bool | None = None,
) -> InputBlock:
    """One labelled input."""
    return InputBlock(
        label=label,
        element=element,
        block_id=block_id.value,
        optional=optional,
        hint=text.truncate(hint, 2000) if hint else None,
        dispatch_action=dispatch,
    )


def text_input(
    *, multiline: bool = False, initial: str = "", placeholder: str = "", focus: bool = False
) -> PlainTextInputElement:
    """A text input; what is filled in beforehand is cut to what Slack takes."""
    return PlainTextInputElement(
        action_id=ELEMENT,
        multiline=multiline or None,
        initial_value=text.truncate(text.clean(initial), INITIAL_LIMIT) or None,
        placeholder=kit.plain_text(placeholder, 150) if placeholder else None,
        focus_on_load=focus or None,
    )


def choose(
    label: str,
    block_id: BlockId,
    choices: Sequence[Choice],
    *,
    initial: str | None = None,
    otherwise: str,
    optional: bool = True,
    dispatch: ActionId | None = None,
) -> Block:
    """A labelled select; ``otherwise`` tells how to reach what does not fit 100 options.

    With ``dispatch`` every choice is told at once under that action.
    """
    if not _shown(choices, None):
        return kit.context(f"*{label}:* nothing is configured to choose from.")
    either = label.startswith("Or ")  # one of two ways, not a fact somebody may not know yet
    placeholder = "Not sure yet" if optional and not either else "Choose"
    return labelled(
        label,
        block_id,
        select(choices, initial=initial, placeholder=placeholder, action=dispatch),
        optional=optional,
        hint=more_choices(choices, otherwise=otherwise),
        dispatch=True if dispatch else None,
    )


def proposal(label: str, current: str, proposed: str) -> Block:
    """``current / proposed``: what is set and what it would become, both mrkdwn already."""
    return kit.context(f"*{text.inline(label, 80)}:* {current} / {proposed}")


def phase_choices() -> tuple[Choice, ...]:
    """The phases of an open incident."""
    return tuple(
        (phase.value, f"{kit.PHASE_EMOJI[phase]} {phase.value.capitalize()}")
        for phase in Phase
        if phase is not Phase.RESOLVED
    )


def about(incident: Incident) -> Block:
    """The small line that says which incident a form is about."""
    return kit.context(f"*{incident.name}* {text.inline(incident.title, 200)}")


def select(
    choices: Sequence[Choice],
    *,
    initial: str | None = None,
    placeholder: str = "Choose",
    action: ActionId | None = None,
) -> StaticSelectElement:
    """A select of at most 100 choices; the chosen one is always among them."""
    options = {value: option(value, label) for value, label in _shown(choices, initial)}
    return StaticSelectElement(
        action_id=action.value if action else ELEMENT,
        options=list(options.values()),
        initial_option=options.get(initial) if initial else None,
        placeholder=kit.plain_text(placeholder, 150),
    )


def _shown(choices: Sequence[Choice], initial: str | None) -> list[Choice]:
    """The first 100 that fit a select, no value twice, keeping the chosen one."""
    fitting = {v: label for v, label in choices if v and text.size(v) <= OPTION_VALUE_LIMIT}
    kept = list(fitting.items())[:OPTIONS_LIMIT]
    if initial in fitting and initial not in dict(kept):
        kept[-1] = (initial, fitting[initial])
    return kept


def more_choices(choices: Sequence[Choice], *, otherwise: str) -> str | None:
    """A hint that not everything fits, and how to reach the rest."""
    hidden = len(choices) - len(_shown(choices, None))
    return f"{hidden:,} more do not fit here: {otherwise}" if hidden > 0 else None


def option(value: str, label: str, description: str | None = None) -> Option:
    """One choice; plain text, so that nothing in a label is obeyed."""
    return Option(
        value=value,
        text=kit.plain_text(text.one_line(label or value, 75, empty="(no name)"), 75),
        description=kit.plain_text(text.one_line(description, 75), 75) if description else None,
    )


def user_select(initial: str | None = None, *, action: ActionId | None = None) -> UserSelectElement:
    """Anybody in the workspace."""
    return UserSelectElement(
        action_id=action.value if action else ELEMENT,
        initial_user=initial or None,
        placeholder=kit.plain_text("Choose a person", 150),
    )


# --- reading -------------------------------------------------------------------------------------


class Answers:
    """What was filled in, by block id; collects what is wrong with it."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        """Read the state of a submitted view (or of one an action came from)."""
        self._values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
        self._errors: dict[str, str] = {}

    def _element(self, block_id: BlockId) -> Mapping[str, Any]:
        elements = list((self._values.get(block_id.value) or {}).values())
        return elements[0] if elements and isinstance(elements[0], dict) else {}

    def words(self, block_id: BlockId, *, limit: int = INPUT_LIMIT, required: str = "") -> str:
        """Typed text; ``required`` is what to say when there is none."""
        typed = text.unescape(str(self._element(block_id).get("value") or "")).strip()
        if required and not typed:
            self.refuse(block_id, required)
        if len(typed) > limit:
            self.refuse(
                block_id,
                f"That is {len(typed):,} characters; {limit:,} are possible. Please shorten it.",
            )
        return typed

    def choice(self, block_id: BlockId, *, required: str = "") -> str | None:
        """The value of the chosen option."""
        chosen = (self._element(block_id).get("selected_option") or {}).get("value")
        if required and not chosen:
            self.refuse(block_id, required)
        return str(chosen) if chosen else None

    def person(self, block_id: BlockId, *, required: str = "") -> str | None:
        """The Slack id of the chosen person."""
        chosen = self._element(block_id).get("selected_user")
        if required and not chosen:
            self.refuse(block_id, required)
        return str(chosen) if chosen else None

    def people(self, block_id: BlockId) -> tuple[str, ...]:
        """The Slack ids of the chosen people, once each."""
        chosen = self._element(block_id).get("selected_users") or ()
        return tuple(dict.fromkeys(str(one) for one in chosen))

    def stamp(self, block_id: BlockId) -> int | None:
        """The chosen moment, in seconds since 1970."""
        chosen = self._element(block_id).get("selected_date_time")
        return chosen if type(chosen) is int else None

    def phase(self, *, required: str = "") -> Phase | None:
        """The chosen phase of an open incident."""
        chosen = self.choice(BlockId.PHASE, required=required)
        if chosen and chosen not in dict(phase_choices()):
            self.refuse(BlockId.PHASE, "Choose one of the phases.")
            return None
        return Phase(chosen) if chosen else None

    def ticked(self, block_id: BlockId) -> bool:
        """Whether the (only) checkbox is ticked."""
        return bool(self._element(block_id).get("selected_options"))

    def refuse(self, block_id: BlockId, why: str) -> None:
        """Mark a field as wrong."""
        self._errors.setdefault(block_id.value, why)

    def check(self) -> None:
        """Raise everything that is wrong at once."""
        if self._errors:
            raise FieldErrors(self._errors)
