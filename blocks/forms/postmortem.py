"""*Post-mortem*: summary and impact, and where the draft goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_sdk.models.blocks import CheckboxesElement

from blocks import kit, text
from blocks.forms.base import INPUT_LIMIT, Answers, about, labelled, modal, option, text_input
from blocks.ids import ELEMENT, BlockId, CallbackId, IncidentButton
from bot.domain import postmortem as domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk.models.blocks import Block

    from bot.domain.incident import Incident
    from bot.domain.postmortem import Postmortem

REPLACE = "replace"


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was written; ``replaces``: the canvas is written anew."""

    number: int
    summary: str
    impact: str
    replaces: bool = False


def build(
    incident: Incident,
    *,
    summary: str = "",
    impact: str = "",
    post: Postmortem | None = None,
    repo: str | None = None,
) -> dict[str, Any]:
    """The form, filled in with what is known."""
    blocks: list[Block] = [
        about(incident),
        _field(
            "Summary", BlockId.SUMMARY, summary, "What happened, in a few sentences", focus=True
        ),
        _field("Impact", BlockId.IMPACT, impact, "Who noticed what, how many, for how long"),
    ]
    if post is not None and post.canvas:
        again = option(REPLACE, "Replace the canvas", "What people wrote in it is gone then")
        box = CheckboxesElement(action_id=ELEMENT, options=[again])
        blocks.append(labelled("Canvas", BlockId.REPLACE, box))
    blocks += [kit.context(where(incident, repo)), *_known(post)]
    metadata = IncidentButton(number=incident.number)
    return modal("Post-mortem", CallbackId.POSTMORTEM, blocks, submit="Draft", metadata=metadata)


def _field(
    label: str, block: BlockId, initial: str, placeholder: str, *, focus: bool = False
) -> Block:
    # Filled in cut, it would be saved cut: better an empty input that says so.
    fits = text.size(initial) <= INPUT_LIMIT
    hint = None if fits else "What is known is too long to edit here; leave it empty to keep it."
    typed = text_input(
        multiline=True, initial=initial if fits else "", placeholder=placeholder, focus=focus
    )
    return labelled(label, block, typed, hint=hint)


def where(incident: Incident, repo: str | None) -> str:
    """Where the draft goes, as mrkdwn."""
    channel = incident.places.channel
    canvas = f"the canvas of {text.channel_link(channel)}" if channel else "messages"
    path = text.inline(domain.path_of(incident), 80)
    pull = f", and a pull request to {text.inline(repo, 120)} ({path})" if repo else ""
    return f"The draft (with times, timeline, responders, action items and links) goes into {canvas}{pull}."


def _known(post: Postmortem | None) -> list[Block]:
    if post is None:
        return []
    line = f"Draft {post.revision} is of {text.date(post.drafted_at)}."
    if post.pull_url:
        line += f" {text.link(post.pull_url, f'{post.repo}#{post.pull}')}"
    told = [kit.context(f"GitHub: {text.inline(post.told, 900)}")] if post.told else []
    return [kit.context(line), *told]


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted; raises ``FieldErrors``."""
    answers = Answers(view)
    form = Form(
        number=IncidentButton.decode(view.get("private_metadata")).number,
        summary=answers.words(BlockId.SUMMARY),
        impact=answers.words(BlockId.IMPACT),
        replaces=answers.ticked(BlockId.REPLACE),
    )
    answers.check()
    return form
