"""*Run a fire drill*: service, severity, who takes part, and whether people are paged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import CheckboxesElement, UserMultiSelectElement

from blocks import kit, text
from blocks.forms.base import Answers, choose, labelled, modal, option
from blocks.ids import ELEMENT, BlockId, CallbackId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_sdk.models.blocks import Block

    from blocks.forms.base import Choice

#: More people than that are no drill but a meeting.
MOST = 30


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was filled in; ``people`` are Slack ids."""

    service: str | None = None
    severity: str | None = None
    people: tuple[str, ...] = ()
    page: bool = False
    urgent: bool = False


def build(
    *, services: Sequence[Choice] = (), severities: Sequence[Choice] = (), channel: str = ""
) -> dict[str, Any]:
    """The form; ``channel`` is where drills are announced."""
    about = (
        "A test incident that goes through all steps and reports how long each took. It is marked as a drill "
        f"everywhere and announced in #{text.inline(channel, 80)} only."
    )
    blocks: list[Block] = [
        kit.section(about),
        choose(
            "Service",
            BlockId.SERVICE,
            services,
            otherwise="/incident drill <service> takes any of them.",
        ),
        choose(
            "Severity",
            BlockId.SEVERITY,
            severities,
            otherwise="/incident drill <severity> takes any of them.",
        ),
        labelled("Who takes part", BlockId.PEOPLE, _people()),
        labelled("Paging", BlockId.PAGE, _box("page", "Page whoever a real incident would page")),
        labelled("Urgency", BlockId.URGENT, _box("high", "High urgency at PagerDuty (it wakes people)")),
    ]  # fmt: skip
    return modal("Run a fire drill", CallbackId.DRILL, blocks, submit="Start the drill")


def _people() -> UserMultiSelectElement:
    return UserMultiSelectElement(
        action_id=ELEMENT,
        placeholder=kit.plain_text("Only me", 150),
        max_selected_items=MOST,
    )


def _box(value: str, label: str) -> CheckboxesElement:
    return CheckboxesElement(action_id=ELEMENT, options=[option(value, label)])


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        service=answers.choice(BlockId.SERVICE),
        severity=answers.choice(BlockId.SEVERITY),
        people=answers.people(BlockId.PEOPLE),
        page=answers.ticked(BlockId.PAGE),
        urgent=answers.ticked(BlockId.URGENT),
    )
    answers.check()
    return form
