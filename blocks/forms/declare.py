"""*Declare an incident*. Submitting it twice gives one incident: the view's id is its once-key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    PlainTextInputElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig

from blocks import kit, text
from blocks.forms.base import (
    Answers,
    Choice,
    choose,
    labelled,
    modal,
    option,
    text_input,
)
from blocks.ids import (
    ELEMENT,
    ActionId,
    BlockId,
    CallbackId,
    DeclareOrigin,
)
from blocks.lists import similar_offers
from bot.domain.lifecycle import TITLE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Incident


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was filled in; also what to fill in beforehand."""

    title: str = ""
    severity: str | None = None
    service: str | None = None
    description: str = ""
    private: bool = False
    use_channel: bool = False
    origin: DeclareOrigin = field(default_factory=DeclareOrigin)


def build(
    *,
    severities: Sequence[Choice] = (),
    services: Sequence[Choice] = (),
    prefill: Form | None = None,
    similar: Sequence[Incident] = (),
) -> dict[str, Any]:
    """The form; ``similar`` open incidents are offered above the fields."""
    given = prefill or Form()
    blocks: list[Block] = [
        labelled(
            "Title",
            BlockId.TITLE,
            _title_input(given.title),
            optional=False,
            hint="One line: what is broken, for whom? Press Enter to look for similar incidents.",
            dispatch=True,
        )
    ]
    blocks += similar_offers(similar)
    blocks += _choices(given, severities, services)
    words = text_input(multiline=True, initial=given.description)
    blocks.append(labelled("What is happening?", BlockId.DESCRIPTION, words))
    blocks.append(
        labelled(
            "Private incident",
            BlockId.PRIVATE,
            _box("private", "Only people I invite may see it", ticked=given.private),
        )
    )
    if given.origin.usable:
        box = _box("channel", "Run it in the channel I am in now", ticked=given.use_channel)
        blocks.append(labelled("Use this channel", BlockId.USE_CHANNEL, box))
    return modal(
        "Declare an incident",
        CallbackId.DECLARE,
        blocks,
        submit="Declare",
        metadata=given.origin,
    )


def _choices(given: Form, severities: Sequence[Choice], services: Sequence[Choice]) -> list[Block]:
    severity = choose(
        "Severity",
        BlockId.SEVERITY,
        severities,
        initial=given.severity,
        otherwise="/incident severity <name> sets any of them.",
    )
    service = choose(
        "Service",
        BlockId.SERVICE,
        services,
        initial=given.service,
        otherwise="/incident service add <name> sets any of them.",
        dispatch=ActionId.SERVICE_CHOSEN,
    )
    return [severity, service]


def _title_input(initial: str) -> PlainTextInputElement:
    return PlainTextInputElement(
        action_id=ActionId.TITLE_TYPED.value,
        initial_value=text.truncate(" ".join(text.clean(initial).split()), 3000) or None,
        placeholder=kit.plain_text("Checkout fails for all customers", 150),
        dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
        focus_on_load=True,
    )


def _box(value: str, label: str, *, ticked: bool) -> CheckboxesElement:
    only = option(value, label)
    return CheckboxesElement(
        action_id=ELEMENT, options=[only], initial_options=[only] if ticked else None
    )


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    title = answers.words(BlockId.TITLE, limit=TITLE_LIMIT, required="Please say what is broken.")
    form = Form(
        title=" ".join(title.split()),
        severity=answers.choice(BlockId.SEVERITY),
        service=answers.choice(BlockId.SERVICE),
        description=answers.words(BlockId.DESCRIPTION),
        private=answers.ticked(BlockId.PRIVATE),
        use_channel=answers.ticked(BlockId.USE_CHANNEL),
        origin=DeclareOrigin.decode(view.get("private_metadata")),
    )
    if form.private and form.use_channel:
        why = "A private incident gets a private channel of its own. Untick one of the two."
        answers.refuse(BlockId.USE_CHANNEL, why)
    answers.check()
    return form


def draft(view: Mapping[str, Any]) -> Form:
    """What is filled in so far, right or wrong: to render the form again with similar ones."""
    answers = Answers(view)
    return Form(
        title=answers.words(BlockId.TITLE),
        severity=answers.choice(BlockId.SEVERITY),
        service=answers.choice(BlockId.SERVICE),
        description=answers.words(BlockId.DESCRIPTION),
        private=answers.ticked(BlockId.PRIVATE),
        use_channel=answers.ticked(BlockId.USE_CHANNEL),
        origin=DeclareOrigin.decode(view.get("private_metadata")),
    )
